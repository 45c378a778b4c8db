"""The processing job that turns an uploaded folder into what training and evaluation read.

Copies the images and labels of a sound dataset and writes the report on any dataset. A dataset with
errors is no failure of this job: it writes the report, hands on nothing, and the flow rejects it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from containers.training.dataset import Dataset, Sample, judge
from containers.training.folders import Folders
from containers.training.images import file_digest
from workflow.contract import VERSION

MANIFEST = "manifest.json"


class CopyError(RuntimeError):
    """An image changed while it was copied."""


def prepare(folders: Folders, *, seed: str) -> None:
    """Judge the dataset and write the three outputs, each of which exists afterwards in any case."""
    training, test, report = (folders.prepared(name) for name in ("training", "test", "report"))
    for folder in (training, test, report):
        folder.mkdir(parents=True, exist_ok=True)
    dataset = judge(folders.dataset, seed=seed, progress=_say)
    if dataset.splits:
        write_training(dataset, training)
        write_test(dataset, test)
    _write_json(report / "dataset-report.json", dataset.report.document())
    _summary(dataset)


def write_training(dataset: Dataset, folder: Path) -> None:
    """The training channel: data.yaml, images and labels of train and validation, and a digest for every file."""
    files: dict[str, str] = {}
    for split in ("train", "validation"):
        files |= _copy(dataset.splits[split], folder, f"images/{split}", f"labels/{split}")
    document = {
        "path": ".",
        "train": "images/train",
        "val": "images/validation",
        "names": dict(enumerate(dataset.report.classes)),
    }
    (folder / "data.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    files["data.yaml"] = file_digest(folder / "data.yaml")
    manifest = {"version": VERSION, "digest": dataset.report.digest, "files": dict(sorted(files.items()))}
    _write_json(folder / MANIFEST, manifest)


def write_test(dataset: Dataset, folder: Path) -> None:
    """The held-out images, which training never sees, and their labels."""
    _copy(dataset.splits["test"], folder, "images", "labels")
    classes = list(dataset.report.classes)
    _write_json(folder / "data.json", {"version": VERSION, "classes": classes, "digest": dataset.report.digest})


def _copy(samples: list[Sample], folder: Path, images: str, labels: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for sample in samples:
        image = f"{images}/{sample.pair.name}"
        label = str(Path(labels, sample.pair.name).with_suffix(".txt"))
        for name in (image, label):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample.pair.image, folder / image)
        (folder / label).write_bytes(sample.label)
        files |= {name: file_digest(folder / name) for name in (image, label)}
        if files[image] != sample.image_digest:
            raise CopyError(f"{sample.shown} changed while it was copied")
    return files


def _write_json(file: Path, document: object) -> None:
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _summary(dataset: Dataset) -> None:
    report = dataset.report
    for finding in report.findings[:20]:
        _say(f"{finding.severity}: {finding.text()}")
    for name, split in report.splits.items():
        _say(f"{name}: {split.images} images, {split.objects} boxes")
    _say(f"classes: {', '.join(report.classes) or 'none'}")
    _say(f"{report.errors} errors, {report.warnings} warnings, digest {report.digest}")


def _say(line: str) -> None:
    print(line, flush=True)
