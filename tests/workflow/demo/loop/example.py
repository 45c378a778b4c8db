"""A turn of the loop as it may have gone, with pictures of the sample and answers that were made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workflow.demo.loop.labels import Task
from workflow.demo.loop.pairs import Pair
from workflow.demo.loop.story import Compared, Score, Story
from workflow.demo.sample.evening import DAY, EVENING, take_pictures
from workflow.demo.sample.fasteners import CLASSES
from workflow.demo.sample.photograph import SIDE
from workflow.drift.outcome import Outcome
from workflow.labelling.task import Handed, HandedPicture
from workflow.predictions.prediction import Prediction

HOSTILE = "<img src=x onerror=alert(1)>"


def figure(name: str, became: str, drifted: bool = True) -> dict[str, Any]:
    """A figure of a watch."""
    return {"name": name, "became": became, "drifted": drifted, "distance": 0.81}


def answer(file: Path, rows: str, share: float) -> Prediction:
    """One that finds the first of a picture's objects, as large a share of them, and a bolt in the corner."""
    found = []
    lines = rows.splitlines()
    for row in lines[: round(share * len(lines))]:
        number, x, y, across, down = (float(part) * SIDE for part in row.split())
        at = int(number / SIDE)
        box = [x - across / 2, y - down / 2, x + across / 2, y + down / 2]
        found.append({"class_id": at, "class": CLASSES[at], "score": 0.9, "box": box})
    if share < 1:
        found.append({"class_id": 0, "class": CLASSES[0], "score": 0.3, "box": [0, 0, 30, 30]})
    return Prediction(file, "digest", SIDE, SIDE, tuple(found))


def make_story(folder: Path) -> Story:
    """The turn, with its pictures in a folder."""
    truth = take_pictures(folder / "unseen", 5, {DAY: 1, EVENING: 6})
    files = list(truth)
    (folder / "task" / "images").mkdir(parents=True)
    for file in files[1:4]:
        (folder / "task" / "images" / file.name).write_bytes(file.read_bytes())
    pictures = tuple(HandedPicture(file.name, f"kept/{file.name}", HOSTILE, SIDE, SIDE, ()) for file in files[1:4])
    handed = Handed("fasteners", "yolo", "detect", CLASSES, "2026-11-30T12:00:00+00:00", pictures)
    figures = [figure("brightness", f"darker {HOSTILE}"), figure("blur", "blurred"), figure("size", "", drifted=False)]
    return Story(
        versions=("1", "2"),
        sent={DAY: 16, EVENING: 40},
        pictures=(files[0], files[1]),
        drift=Outcome({}, "s3://bucket/drift/one/found/", {"line": "it has drifted", "figures": figures}),
        task=Task(handed, folder / "task"),
        lights={file.name: EVENING for file in files[1:4]},
        objects=9,
        run="data-2026-11-30T12-00-00-abc",
        answered=(210, 31),
        lost=0,
        old=Compared(32, Score(0.802, 0.77, 0.84), Score(0.809, 0.78, 0.84), Score(0.007, -0.02, 0.03)),
        new=Compared(32, Score(0.202, 0.15, 0.24), Score(0.609, 0.55, 0.66), Score(0.407, 0.35, 0.46)),
        pairs=[
            Pair.of(answer(file, rows, 0.5), answer(file, rows, 1), rows, CLASSES)
            for file, rows in truth.items()
            if file != files[0]
        ],
        seconds=125.0,
    )
