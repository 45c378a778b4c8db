"""Run by the training image's Python: ultralytics' own training, as a plain script calls it.

``python -m tests.bench.training.plain JOB FOLDER own|equal``: what a training job is given, where to work, and the
threads, ultralytics' own (one fewer than processors) or all as in our job. Prints the time of each epoch's end.
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from containers.training.channel import lay_out, read_channel
from containers.training.environment import set_up
from containers.training.fit import training_arguments
from containers.training.folders import Folders
from containers.training.hyperparameters import read_settings
from containers.training.order import Order


def main(job: Path, folder: Path, threads: str) -> None:
    """Train with the arguments that our job would give, and nothing beside it."""
    folders = Folders(job)
    settings = read_settings(json.loads(folders.hyperparameters.read_text(encoding="utf-8")))
    channel = read_channel(folders.channel("training"))
    cores = set_up(folder / "configuration")
    import torch
    from ultralytics import YOLO

    def use_all(trainer: Any) -> None:
        torch.set_num_threads(cores)

    data = lay_out(channel, folders.channel("training"), folder / "data")
    run = folder / "run"
    network = YOLO(f"{settings.model}.yaml")
    if threads == "equal":
        network.add_callback("on_train_start", use_all)
    order = Order(settings, channel.task, str(data), str(run), None, "", None, "", {})
    network.train(**training_arguments(order))
    with (run / "results.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            print(f"epoch {row['epoch']} ended after {row['time']}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
