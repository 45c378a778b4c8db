"""Writes what training and evaluation read, from a dataset that was judged to be sound.

Pictures are copied, never linked: a link would make the output a second name of the source, and whoever repairs or
cuts the one changes the other. Every copy is of bytes that were examined: a file that changed since ends the job. What
names the rest is written last, so that a job that fails half-way leaves nothing that could be taken for a dataset.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from containers.training.preparation.catalogue import Array, Catalogue
from containers.training.preparation.judgement import Judged
from containers.training.preparation.processes import map_in_order
from containers.training.preparation.survey import Progress, Say
from workflow.contract.dataset_report import SPLITS
from workflow.contract.reading import VERSION
from workflow.labels.source import Source

TEST = SPLITS.index("test")


class CopyError(RuntimeError):
    """A picture changed between its examination and its copy."""


@dataclass(frozen=True)
class Target:
    """The two folders that are handed on."""

    training: Path
    test: Path

    def names(self, name: str, split: int) -> tuple[str, str]:
        """Where a picture and its label go, relative to the folder of its split."""
        below = "" if split == TEST else f"/{SPLITS[split]}"
        label = PurePosixPath(name).with_suffix(".txt")
        return f"images{below}/{name}", f"labels{below}/{label}"

    def folder(self, split: int) -> Path:
        """The folder that a split's files go to."""
        return self.test if split == TEST else self.training


@dataclass(frozen=True)
class _Copier:
    """Copies ranges of ``places``, in any process; how many pictures it copied."""

    catalogue: Catalogue
    places: Array
    root: Path
    target: Target

    def __call__(self, part: range) -> int:
        made: set[str] = set()
        for at in self.places[part.start : part.stop].tolist():
            entry, row = self.catalogue.entries[at], self.catalogue.rows[at]
            split = int(row["split"])
            data = (self.root / entry.image).read_bytes()
            if hashlib.sha256(data).digest() != row["digest"].tobytes():
                raise CopyError(f"{entry.image} changed while the dataset was prepared: start the run again")
            folder = self.target.folder(split)
            for name, content in zip(
                self.target.names(entry.name, split), (data, self.catalogue.label(at)), strict=True
            ):
                path = f"{folder}/{name}"
                parent = path.rpartition("/")[0]
                if parent not in made:
                    Path(parent).mkdir(parents=True, exist_ok=True)
                    made.add(parent)
                with open(path, "xb", buffering=0) as stream:  # noqa: PTH123 - opened for every picture
                    _write_all(stream, content)
        return len(part)


def _write_all(stream: FileIO, content: bytes) -> None:
    view = memoryview(content)
    try:
        while view:
            view = view[stream.write(view) :]
    except OSError as error:
        # Which of two disks is full, only the name of the file tells.
        raise OSError(error.errno, error.strerror, stream.name) from error


def copy_pictures(judged: Judged, root: Path, target: Target, present: Array, say: Say) -> None:
    """Copy the pictures that are ``present`` on this host, and their labels. Raises CopyError, and OSError as it is."""
    catalogue = judged.catalogue
    places = np.flatnonzero(catalogue.rows["kept"] & present)
    progress = Progress("copied", len(places), say)
    for count in map_in_order(_Copier(catalogue, places, root, target), len(places)):
        progress.add(count)


def write_documents(judged: Judged, source: Source, target: Target) -> None:
    """Write what describes the two folders: classes, digests of all files, and the dataset's own report."""
    report = judged.report
    target.training.mkdir(parents=True, exist_ok=True)
    target.test.mkdir(parents=True, exist_ok=True)
    points = None if source.keypoints is None else list(source.keypoints)
    shared = {"version": VERSION, "digest": report.digest, "task": source.task, "classes": list(source.classes)}
    write_json(target.test / "data.json", {**shared, "keypoints": points})
    data: dict[str, Any] = {"path": ".", "train": "images/train", "val": "images/validation"}
    data["names"] = dict(enumerate(source.classes))
    if points:
        data["kpt_shape"] = points
    if source.flip is not None:
        data["flip_idx"] = list(source.flip)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    (target.training / "data.yaml").write_text(text, encoding="utf-8")
    write_json(target.training / "dataset.json", replace(report, findings=()).document())
    head = {**shared, "keypoints": points, "flip": None if source.flip is None else list(source.flip)}
    _write_manifest(target, judged.catalogue, head)


def write_json(file: Path, document: object) -> None:
    """Write a document as all of this project's are."""
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_manifest(target: Target, catalogue: Catalogue, head: dict[str, Any]) -> None:
    """Write ``manifest.json`` a line at a time: it names every file, and there may be a million."""
    start = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    with (target.training / "manifest.json").open("w", encoding="utf-8") as stream:
        stream.write(f'{start},\n "files": {{')
        between = "\n"
        for name, digest in _files(target, catalogue):
            stream.write(f'{between}  {json.dumps(name, ensure_ascii=False)}: "{digest}"')
            between = ",\n"
        stream.write("\n }\n}\n")


def _files(target: Target, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Every file of the training folder but the manifest, with its digest."""
    for name in ("data.yaml", "dataset.json"):
        yield name, hashlib.sha256((target.training / name).read_bytes()).hexdigest()
    for which, field in enumerate(("digest", "label_digest")):
        digests = catalogue.rows[field]
        for split in range(TEST):
            for at in catalogue.of(split).tolist():
                yield target.names(catalogue.entries[at].name, split)[which], digests[at].tobytes().hex()
