"""``inspect`` and ``prepare`` copy the data set and count it; ``train`` writes a model that knows how to behave."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workflow.contract.dataset_manifest import MANIFEST, ManifestHead, ManifestPicture, manifest_lines
from workflow.contract.dataset_report import SPLITS, DatasetReport, Finding, SplitCount

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
INPUT, OUTPUT = BASE / "processing/input", BASE / "processing/output"
EPOCHS = 3


def read(path: Path) -> Any:
    """A JSON document, or an empty one where there is none."""
    return json.loads(path.read_text()) if path.exists() else {}


def files_below(folder: Path) -> list[Path]:
    """Every file of a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pictures_below(folder: Path) -> dict[str, str]:
    """The digest of every picture, by its name in the folder."""
    found = [path for path in files_below(folder) if path.suffix == ".jpg"]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def inspect() -> int:
    """Hand on what this instance's share holds: the digests of its pictures, and every other file as it is."""
    host = read(BASE / "config/resourceconfig.json")["current_host"]
    target = OUTPUT / "inspected"
    shared = pictures_below(INPUT / "dataset")
    (target / "pictures").mkdir(parents=True)
    (target / f"pictures/{host}.json").write_text(json.dumps(shared))
    for path in files_below(INPUT / "dataset"):
        name = path.relative_to(INPUT / "dataset").as_posix()
        if name not in shared:
            (target / "files" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "files" / name)
    return 0


def prepare() -> int:
    """Copy the pictures to every split; a label that says ``broken`` is an error with its file and line."""
    hosts = read(BASE / "config/resourceconfig.json")
    first = hosts["current_host"] == hosts["hosts"][0]
    alone = read(INPUT / "inspected/inspection.json")["instances"] == 1
    own = pictures_below(INPUT / "dataset")
    pictures = dict(own)
    for part in files_below(INPUT / "inspected/pictures"):
        pictures |= read(part)
    labels = INPUT / "dataset" if alone else INPUT / "inspected/files"
    for folder in ("training", "test/images", "report"):
        (OUTPUT / folder).mkdir(parents=True, exist_ok=True)
    for name in own:
        shutil.copy(INPUT / "dataset" / name, OUTPUT / "training")
        shutil.copy(INPUT / "dataset" / name, OUTPUT / "test/images")
    if first:
        for path in labels.glob("behave.json"):
            shutil.copy(path, OUTPUT / "training")
        found = report(pictures, labels)
        (OUTPUT / "report/dataset-report.json").write_text(json.dumps(found.document()))
        if not found.errors:
            (OUTPUT / "report" / MANIFEST).write_text("".join(manifest(pictures, labels, found)))
    return 0


def manifest(pictures: dict[str, str], labels: Path, found: DatasetReport) -> Iterator[str]:
    """The pictures in turn as ones of each split; each is one thing."""

    def label(name: str) -> str:
        path = labels / Path(name.replace("images/", "labels/")).with_suffix(".txt")
        return hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()

    listed = [
        ManifestPicture(name, digest, label(name), SPLITS[at % len(SPLITS)], 1, {"thing": 1})
        for at, (name, digest) in enumerate(sorted(pictures.items()))
    ]
    return manifest_lines(ManifestHead(found.digest, found.task, found.classes, len(listed)), listed)


def report(pictures: dict[str, str], labels: Path) -> DatasetReport:
    """What was found in the whole data set."""
    findings, content = [], hashlib.sha256(json.dumps(sorted(pictures.items())).encode())
    for path in (path for path in files_below(labels) if path.suffix == ".txt"):
        content.update(path.read_bytes())
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "broken" in line:
                findings.append(Finding("error", str(path.relative_to(labels)), number, "not a label row"))
    count = SplitCount(images=len(pictures), objects=len(pictures))
    return DatasetReport(
        digest=content.hexdigest(),
        classes=("thing",),
        splits={"train": count, "validation": count, "test": count},
        errors=len(findings),
        warnings=0,
        findings=tuple(findings),
    )


def train() -> int:
    """Print epochs, then fail, leave nothing, or write a model."""
    given = read(BASE / "input/config/hyperparameters.json")
    told = read(BASE / "input/data/training/behave.json")
    behave = told.get("behave", "well")
    best = 0.7 - abs(float(given.get("mosaic", "0.5")) - 0.5)
    for epoch in range(1, EPOCHS + 1):
        quality = best * epoch / EPOCHS
        print(
            f"epoch={epoch} epochs={EPOCHS} box_loss={1 / epoch:.5f} cls_loss={2 / epoch:.5f} dfl_loss=0.9 "
            f"precision=0.9 recall=0.8 map50=0.9 map50_95={quality:.5f} quality={quality:.5f} lr=0.001 "
            "images_per_second=40.0 seconds=0.05",
            flush=True,
        )
        time.sleep(60 if behave == "sleep" else 0.05)
    if behave == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behave == "fail":
        (BASE / "output").mkdir(exist_ok=True)
        (BASE / "output/failure").write_text("the loss is NaN since epoch 2; lower lr0")
        return 1
    if behave == "no-model":
        return 0
    model = BASE / "model"
    model.mkdir(exist_ok=True)
    (model / "model.onnx").write_text(json.dumps({**given, **told}, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit({"inspect": inspect, "prepare": prepare, "train": train}[sys.argv[1]]())
