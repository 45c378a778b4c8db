"""Run by the training image's Python: trains, measures and answers, as one program of ultralytics.

``python -m tests.bench.labelling.learn WORK…``: for each folder reads ``job.json`` with ``data`` (a data.yaml),
``weights``, ``epochs`` (0 for no training), ``seed``, ``measure`` (data.yaml files by name), and
``ask`` (a folder of pictures, or empty). Leaves ``best.pt``, ``figures.json`` with the mAP50 and mAP50-95 of each
measure, and ``answers.json``.
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from containers.training.environment import set_up

CONFIDENCE = 0.25
"""Below which an endpoint answers nothing, unless it is told otherwise."""


def main(work: Path) -> None:
    """Do what the job says."""
    job = json.loads((work / "job.json").read_text())
    from ultralytics import YOLO

    settings = job["settings"]
    quiet: dict[str, Any] = {"plots": False, "verbose": False, "workers": 0}
    last = YOLO(job["weights"])
    if job["epochs"]:
        own = {"imgsz": settings["image_size"], "batch": settings["batch"], **settings["hyperparameters"]}
        places = {"project": str(work), "name": "run", "exist_ok": True}
        last.train(data=job["data"], epochs=job["epochs"], seed=job["seed"], val=False, **places, **quiet, **own)
        shutil.copyfile(work / "run" / "weights" / "last.pt", work / "best.pt")
        last = YOLO(work / "best.pt")
    figures = {}
    for name, data in job["measure"].items():
        found = last.val(data=data, imgsz=settings["image_size"], project=str(work), name=name, exist_ok=True, **quiet)
        figures[name] = [float(found.box.map50), float(found.box.map)]
    (work / "figures.json").write_text(json.dumps(figures))
    if job["ask"]:
        answers = {
            Path(one.path).stem: _answer(one)
            for one in last.predict(
                job["ask"], imgsz=settings["image_size"], conf=CONFIDENCE, stream=True, verbose=False, save=False
            )
        }
        (work / "answers.json").write_text(json.dumps(answers))


def _answer(one: Any) -> dict[str, Any]:
    height, width = one.orig_shape
    boxes = zip(one.boxes.cls.tolist(), one.boxes.conf.tolist(), one.boxes.xyxy.tolist(), strict=True)
    detections = [{"class": one.names[int(number)], "score": score, "box": box} for number, score, box in boxes]
    return {"width": width, "height": height, "detections": detections}


if __name__ == "__main__":
    set_up(Path(sys.argv[1]) / "configuration")
    for folder in sys.argv[1:]:
        main(Path(folder))
