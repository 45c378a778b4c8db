"""One trial: a budget of labels, spent by each way of choosing, and what the model is then worth in another light.

The choice knows what ``greenlight label pick`` knows after a watch over production: every answer, and how far each
picture is from those that the model was judged by, from the table that the watch's own job leaves.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.judging import judge_alone
from tests.bench.labelling.production import Shot, take
from tests.containers.serving.drift.test_program import Watched
from tests.containers.serving.evaluation.test_program import Job
from workflow.contract.drift import PICTURES
from workflow.demo.loop.turn import MORE_EPOCHS, MORE_SLOWLY
from workflow.demo.sample import SAMPLE_TRAINING, make_sample
from workflow.demo.sample.fasteners import CLASSES
from workflow.labelling.choice import choose
from workflow.labelling.scores import read_scores
from workflow.labelling.worth import Known

ROOT = Path(__file__).parents[3]
GOING_ON = {**SAMPLE_TRAINING, "hyperparameters": {**SAMPLE_TRAINING["hyperparameters"], "lr0": MORE_SLOWLY}}
"""How a model is trained on with what was labelled: as in the demonstration of the loop."""
CHOSEN, RANDOM = "greenlight label", "at random"
"""The ways of choosing."""


@dataclass(frozen=True)
class Size:
    """How large a trial is: benches of production in either light, pictures that are held out, and the budget.

    ``judged`` pictures are what the model was judged by before it was released, and what a watch compares with.
    """

    plain: int = 54
    shifted: int = 6
    judged: int = 32
    held_out: int = 40
    budget: int = 16
    more_epochs: int = MORE_EPOCHS


@dataclass(frozen=True)
class Outcome:
    """A way's figures of the held-out pictures in the shifted and the plain light, and how it spent its budget."""

    shifted: float
    plain: float
    chosen_shifted: int
    benches: int
    shifted_benches: int


@dataclass(frozen=True)
class Pythons:
    """The interpreters of both images."""

    training: Path
    serving: Path


class Trial:
    """The model that production serves, and the pictures that it is measured on: the same in all rounds."""

    def __init__(self, pythons: Pythons, work: Path, size: Size, model: Path, pictures: Path) -> None:
        """Judge and measure ``model``, the folder that a training job has left; ``pictures`` are what it was shown."""
        self._python, self._work, self._size, self._pictures = pythons.training, work, size, pictures
        self.held_out = {
            name: write_set(work / f"held-out-{name}", take(work / f"drawn-{name}", 9_999, *counts, series=1))
            for name, counts in {"shifted": (0, size.held_out), "plain": (size.held_out, 0)}.items()
        }
        self._weights = model / "weights.pt"
        self._watched = Watched(pythons.serving, judge(pythons.serving, work / "judged", model, size.judged))
        self.start = work / "start"
        self._order(self.start, None, 0, 0)
        self._learn(self.start)

    def round(self, seed: int) -> Mapping[str, Outcome]:
        """Draw production anew, watch it, choose in every way, and train on with what was chosen."""
        size, work = self._size, self._work / f"round-{seed}"
        shots = {one.name: one for one in take(work / "production", seed, size.plain, size.shifted)}
        self._order(work / "asked", None, 0, 0, work / "production")
        self._learn(work / "asked")
        answers = json.loads((work / "asked" / "answers.json").read_text())
        drift = self._watch(work / "watch", shots.values())
        known = [Known(name, answers[name], drift=drift[name]) for name in sorted(shots)]

        def fetch(ids: Sequence[str]) -> Mapping[str, Path]:
            return {one: shots[one].file for one in ids}

        ways: dict[str, Callable[[], Sequence[str]]] = {
            CHOSEN: lambda: [one.id for one in choose(known, size.budget, fetch)],
            RANDOM: lambda: random.Random(seed).sample(sorted(shots), size.budget),
        }
        picks = {way: [shots[name] for name in pick()] for way, pick in ways.items()}
        folders = {way: work / f"way-{at}" for at, way in enumerate(ways)}
        for way, folder in folders.items():
            data = self._shown_and(picks[way], folder / "data")
            self._order(folder, data, size.more_epochs, seed)
        self._learn(*folders.values())
        return {way: tell(json.loads((folders[way] / "figures.json").read_text()), picks[way]) for way in ways}

    def figures(self) -> Mapping[str, Any]:
        """What production's model is worth, before anything was labelled."""
        return dict(json.loads((self.start / "figures.json").read_text()))

    def _watch(self, folder: Path, shots: Iterable[Shot]) -> Mapping[str, float]:
        """How far each picture is from what the model was judged by, as the job of a watch says it."""
        window = {f"captured/kept/2026/12/01/{one.file.name}": one.file.read_bytes() for one in shots}
        status, said = self._watched.watch(folder, window)
        if status:
            raise RuntimeError(said)
        return read_scores((folder / "processing/output/drift" / PICTURES).read_bytes(), PICTURES)

    def _shown_and(self, picked: Sequence[Shot], folder: Path) -> Path:
        """The first training's pictures with what was chosen, as a data.yaml."""
        for kind in ("images", "labels"):
            (folder / kind / "train").mkdir(parents=True)
            for file in (self._pictures / kind / "train").iterdir():
                (folder / kind / "train" / file.name).symlink_to(file.resolve())
        for one in picked:
            (folder / "images" / "train" / one.file.name).symlink_to(one.file.resolve())
            (folder / "labels" / "train" / f"{one.name}.txt").write_text(one.row)
        return write_data(folder, "images/train")

    def _order(self, folder: Path, data: Path | None, epochs: int, seed: int, ask: Path | None = None) -> None:
        """Write down what production's model shall learn, be measured on and be asked, in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        job = {
            "data": str(data or ""),
            "weights": str(self._weights),
            "epochs": epochs,
            "seed": seed,
            "settings": GOING_ON,
            "measure": {} if ask else {name: str(file) for name, file in self.held_out.items()},
            "ask": str(ask or ""),
        }
        (folder / "job.json").write_text(json.dumps(job))

    def _learn(self, *folders: Path) -> None:
        """Do what is written in the folders, one after the other."""
        with (folders[0] / "log").open("w") as log:
            command = [str(part) for part in (self._python, "-m", "tests.bench.labelling.learn", *folders)]
            subprocess.run(command, cwd=ROOT, check=True, stdout=log, stderr=subprocess.STDOUT)


def judge(python: Path, folder: Path, model: Path, pictures: int) -> Job:
    """Judge a model by pictures of the sample that it has not seen, as a run's evaluation does."""
    job = Job(python, folder)
    job.describe(list(CLASSES))
    make_sample(folder / "sample", train=0, validation=0, test=pictures)
    for kind in ("images", "labels"):
        (folder / "sample" / kind / "test").rename(job.inputs / "test" / kind)
    judge_alone(job, model, folder / "model")
    return job


def tell(figures: Mapping[str, Sequence[float]], picked: Sequence[Shot]) -> Outcome:
    """What came of a way."""
    benches = {(one.name.rpartition("-")[0], one.shifted) for one in picked}
    shifted = sum(one.shifted for one in picked)
    return Outcome(figures["shifted"][1], figures["plain"][1], shifted, len(benches), sum(away for _, away in benches))


def write_set(folder: Path, shots: Sequence[Shot]) -> Path:
    """Pictures with their labels as a dataset of ultralytics."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for one in shots:
        (folder / "images" / one.file.name).symlink_to(one.file.resolve())
        (folder / "labels" / f"{one.name}.txt").write_text(one.row)
    return write_data(folder, "images")


def write_data(folder: Path, images: str) -> Path:
    """A data.yaml beside the pictures."""
    file = folder / "data.yaml"
    file.write_text(f"path: {folder.resolve()}\ntrain: {images}\nval: {images}\nnames: [bolt, nut, washer]\n")
    return file
