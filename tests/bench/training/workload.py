"""The pictures and settings that both train with: the sample's, at its size, for as many epochs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.containers.training.channels import digests
from tests.containers.training.jobs import write_json
from workflow.contract.hyperparameters import as_text
from workflow.demo.sample import SAMPLE_TRAINING, make_sample
from workflow.demo.sample.fasteners import CLASSES

PICTURES = 64
EPOCHS = 30


@dataclass(frozen=True)
class Workload:
    """A training channel as the preparation writes it, and the hyperparameters of a job."""

    channel: Path
    hyperparameters: dict[str, str]

    def job(self, folder: Path) -> Path:
        """The folders of a training job on this workload."""
        (folder / "input/data").mkdir(parents=True)
        (folder / "input/data/training").symlink_to(self.channel)
        write_json(folder / "input/config/hyperparameters.json", self.hyperparameters)
        return folder


def make_workload(folder: Path) -> Workload:
    """Draw the sample and lay it out as a channel."""
    make_sample(folder / "sample", train=PICTURES, test=1)
    channel = folder / "channel"
    for kind in ("images", "labels"):
        for split, name in (("train", "train"), ("val", "validation")):
            (channel / kind).mkdir(parents=True, exist_ok=True)
            (folder / "sample" / kind / split).rename(channel / kind / name)
    write_json(channel / "dataset.json", {"version": 1})
    manifest = {
        "version": 1,
        "digest": "the sample's",
        "task": "detect",
        "classes": list(CLASSES),
        "keypoints": None,
        "flip": None,
        "files": digests(channel),
    }
    (channel / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    own = {"model": SAMPLE_TRAINING["model"], "epochs": EPOCHS, "seed": 0, "precision": "bf16"}
    own |= {key: SAMPLE_TRAINING[key] for key in ("image_size", "batch")}
    given = {**own, **SAMPLE_TRAINING["hyperparameters"]}
    return Workload(channel, {key: as_text(value) for key, value in given.items()})
