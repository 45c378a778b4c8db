"""Folders as people have them, read by ``upload``, sent, and prepared: both must see the same."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.containers.training.preparation.conftest import Job, plain
from workflow.contract.dataset_report import DatasetReport
from workflow.datasets.check import Dataset, read_dataset
from workflow.errors import UsageError

BOX = "0 0.5 0.5 0.25 0.25\n"


Files = dict[str, str | None]
"""What to write: a text, or None for a picture."""


@dataclass(frozen=True)
class Outcome:
    """What became of a folder: what ``upload`` made of it or said, and the report on what it is or was sent as.

    ``rows`` is what the preparation handed on as the label of each picture, by its split and its name without ending.
    """

    report: DatasetReport
    dataset: Dataset | None
    said: str
    rows: dict[tuple[str, str], str]

    @property
    def splits(self) -> dict[str, int]:
        """Pictures of each split that the folder itself has."""
        assert self.dataset, self.said
        return self.dataset.splits

    def notes(self, kind: str) -> list[str]:
        """The findings of a kind, one line each."""
        return [plain(finding) for finding in self.report.findings if finding.kind == kind]


def draw(root: Path, files: Files) -> Path:
    """Write files; every picture is another."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            seed = int.from_bytes(name.encode()[-24:], "big")
            Image.fromarray(np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(path)
        else:
            path.write_text(text, encoding="utf-8")
    return root


def pictures(folder: str, labels: str, count: int, label: str = BOX) -> Files:
    """So many pictures in one folder, and their labels in another; none where that is empty."""
    name = folder.replace("/", "-")
    found: Files = {}
    for number in range(count):
        found[f"{folder}/{name}{number}.png"] = None
        if labels:
            found[f"{labels}/{name}{number}.txt"] = label
    return found


def bring(root: Path, base: Path, task: str = "auto", format: str = "auto") -> Outcome:
    """Read a folder as ``upload`` does, prepare it, and examine what would be sent, which must come to the same.

    What is refused here must be refused by the preparation.
    """
    there = _prepare(base / "there", root, task, format)
    dataset, said = None, ""
    try:
        dataset = read_dataset(root, task=task, format=format)
    except UsageError as error:
        said = str(error)
    if dataset is None:
        assert there.report.errors, f"only upload refuses: {said}"
        return Outcome(there.report, None, said, {})
    for key, path in dataset.files.items():
        place = base / "sent" / key
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    sent = _prepare(base / "arrived", base / "sent", task, program="examine").report
    assert (sent.digest, sent.errors, sent.splits) == (there.report.digest, there.report.errors, there.report.splits)
    return Outcome(there.report, dataset, "", _read_rows(there))


def _prepare(base: Path, dataset: Path, task: str, format: str = "auto", program: str = "prepare") -> Job:
    job = Job(base)
    job.dataset.parent.mkdir(parents=True)
    job.dataset.symlink_to(dataset)
    job.record(task=task, format=format)
    assert job.run(program) == 0
    return job


def _read_rows(job: Job) -> dict[tuple[str, str], str]:
    found = {}
    for name, data in job.handed_on().items():
        channel, kind, *folders = name.split("/")
        if kind == "labels":
            split = "test" if channel == "test" else folders[0]
            found[split, folders[-1].removesuffix(".txt")] = data.decode()
    return found
