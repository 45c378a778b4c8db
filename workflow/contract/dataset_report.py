"""``dataset-report.json``: what the preparation found in images and labels, and what it did about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workflow.contract import reading
from workflow.contract.model import TASKS
from workflow.contract.reading import VERSION, ContractError, check_version, mapping

SPLITS = ("train", "validation", "test")
"""The splits of a dataset, the most held-out last."""

POLICIES = ("reject", "drop", "repair", "note")
"""What may be done about a finding, the strictest first: refuse the dataset, leave the thing out and count it, mend it
and count it, or go on and say so."""

ACTIONS: Mapping[str, str] = {"reject": "rejected", "drop": "dropped", "repair": "repaired", "note": "noted"}
"""What was done about a finding, by its policy."""

FORMAT_NAMES: Mapping[str, str] = {
    "yolo": "YOLO",
    "coco": "COCO",
    "voc": "Pascal VOC",
    "ground-truth": "Ground Truth",
    "labelme": "LabelMe",
    "cvat": "CVAT",
    "label-studio": "Label Studio",
}
"""What people call each way in which labels may be written."""


PAGE = "data.html"
"""The page that shows all of it to people, beside the report."""


@dataclass(frozen=True)
class FindingKind:
    """One thing that may be wrong: its ``default`` policy, the policies that make sense, and what to do about it."""

    default: str
    allowed: tuple[str, ...]
    advice: str


_FIXABLE = ("reject", "drop", "repair")
_ROW = ("reject", "drop")
_SAY = ("reject", "note")

FINDINGS: Mapping[str, FindingKind] = {
    # Rows of labels: `drop` leaves out the object, `repair` mends it.
    "not-a-number": FindingKind("reject", _ROW, "give every column a finite number"),
    "malformed-row": FindingKind("reject", _ROW, "give the row the columns its task has"),
    "unknown-class": FindingKind("reject", _ROW, "name the class, or correct the row's number"),
    "fractional-class": FindingKind("reject", _ROW, "write the class as a whole number"),
    "empty-box": FindingKind("reject", _ROW, "draw the object anew or remove its row"),
    "outside-image": FindingKind("reject", _FIXABLE, "draw the object inside the picture, or repair to clip it"),
    "overhanging-box": FindingKind("repair", _FIXABLE, "an edge leaves the picture by at most a pixel"),
    "wrong-task": FindingKind(
        "reject", _FIXABLE, "label the whole set for one task, or repair to take a box's corners"
    ),
    "simplified-object": FindingKind("note", _SAY, "the box around what is drawn is all that the task needs"),
    "repeated-object": FindingKind("drop", ("reject", "drop", "note"), "the same row stands there twice"),
    "crowd": FindingKind("drop", _ROW, "a crowd is no single object"),
    # Pictures: `drop` leaves out the picture with its labels.
    "missing-images": FindingKind("reject", _ROW, "copy the pictures there; drop goes on with those that are there"),
    "unreadable-image": FindingKind("reject", _ROW, "export or copy the picture again"),
    "truncated-image": FindingKind("reject", _ROW, "copy the picture again: its end is missing"),
    "enormous-image": FindingKind("reject", _ROW, "scale the picture down"),
    "tiny-image": FindingKind("reject", _ROW, "leave out pictures shorter than 10 pixels on a side"),
    "rotated-image": FindingKind("note", ("reject", "drop", "note"), "it is shown and learned upright, as EXIF says"),
    "missing-label": FindingKind("note", ("reject", "drop", "note"), "taken as a picture without objects"),
    "orphan-label": FindingKind("note", _SAY, "a label without a picture teaches nothing"),
    "unused-file": FindingKind("note", _SAY, "no part of the set by its format's own lists, folders or neighbours"),
    "repeated-image": FindingKind("note", ("reject", "drop", "note"), "the same picture counts twice"),
    "near-duplicate": FindingKind(
        "note", _SAY, "a copy in another form, size, light or cut; name groups to keep a series together"
    ),
    "leaked-image": FindingKind("reject", _ROW, "no picture may be in two splits; drop leaves it out of training"),
    "leaked-near-duplicate": FindingKind(
        "note", (*_ROW, "note"), "a copy in another form, size, light or cut is in two splits"
    ),
    "label-conflict": FindingKind(
        "reject", (*_ROW, "note"), "two pictures share one label, or one picture two that mean different things"
    ),
    # The whole set.
    "layout": FindingKind("reject", ("reject",), "lay the files out as the documentation shows"),
    "moved-split": FindingKind("note", _SAY, "correct data.yaml, which names another place"),
    "made-split": FindingKind("note", _SAY, "add the pictures, or take the line out of data.yaml"),
    "joined-folders": FindingKind("note", _SAY, "call folders and lists that are splits train, val and test"),
    "linked-folder": FindingKind("note", _SAY, "its files count as if they lay here"),
    "classes": FindingKind("reject", ("reject",), "name every class once"),
    "alike-classes": FindingKind("note", _SAY, "give both one name where they are one class"),
    "empty-split": FindingKind("reject", ("reject",), "every split needs labelled pictures"),
    "absent-class": FindingKind("note", _SAY, "a class absent from a split is not learned or not measured there"),
    "imbalance": FindingKind("note", _SAY, "add pictures of the rare class"),
    "lost-objects": FindingKind("note", _SAY, "mend their rows, so that the figures are right"),
    "many-objects": FindingKind("reject", _SAY, "raise max_detections: what is above it is never found"),
    "many-tiles": FindingKind(
        "reject", _SAY, "set a larger image_size, or tiles=off: the endpoint refuses such a picture"
    ),
    "small-objects": FindingKind(
        "note", _SAY, "set a larger image_size, or tiles=auto where pictures are larger than it"
    ),
}
"""Every kind of finding. What would mislead the evaluation rejects unless the input says otherwise."""


@dataclass(frozen=True)
class Finding:
    """One thing the preparation noticed. ``file`` is relative to the dataset, or the dataset's name where it is about
    the whole; ``line`` counts from 1, 0 if none.

    ``severity`` is ``error`` for what rejects the dataset and ``warning`` for all else; ``kind`` is one of FINDINGS,
    ``action`` one of ACTIONS' values.
    """

    severity: str
    file: str
    line: int
    message: str
    kind: str = "layout"
    action: str = "rejected"
    advice: str = ""

    def text(self) -> str:
        """The finding on one line, with its kind, by which a policy names it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message} [{self.kind}]"


@dataclass(frozen=True)
class SplitCount:
    """How much one split holds."""

    images: int
    objects: int


@dataclass(frozen=True)
class ClassCount:
    """How often a class occurs: its objects by split, and the median side of its boxes in pixels of ``image_size``."""

    name: str
    objects: Mapping[str, int]
    median_side: float = 0.0


@dataclass(frozen=True)
class DatasetReport:
    """``dataset-report.json``. ``errors`` and ``warnings`` count all findings, ``findings`` shows some of each kind.

    ``keypoints`` is how many an object has and how many numbers each, None but for pose. ``counted`` maps a kind of
    finding to how often it was found, ``noted`` to how often it was no more than that, a note and no problem,
    ``rejected`` to how often it rejects the dataset under the run's ``policy``; ``sizes`` the picture sizes seen most
    (``640x480``) to how often.
    """

    digest: str
    classes: tuple[str, ...]
    splits: Mapping[str, SplitCount]
    errors: int
    warnings: int
    findings: tuple[Finding, ...]
    task: str = "detect"
    format: str = "yolo"
    keypoints: tuple[int, int] | None = None
    class_counts: tuple[ClassCount, ...] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> dict[str, int]:
        """How often each kind was found that is more than a note, the most frequent first."""
        left = {kind: count - self.noted.get(kind, 0) for kind, count in self.counted.items()}
        return dict(sorted(((kind, count) for kind, count in left.items() if count > 0), key=lambda one: -one[1]))

    @staticmethod
    def parse(document: object) -> DatasetReport:
        """Read ``dataset-report.json``. Raises ContractError on another version, a missing key or a wrong type."""
        top = mapping(document, "dataset-report.json")
        check_version(top, "dataset-report.json")
        classes = reading.sequence(top, "classes", "")
        if not all(isinstance(name, str) for name in classes):
            raise ContractError(f"classes: must be a list of names, found {classes!r}")
        return DatasetReport(
            digest=reading.text(top, "digest", ""),
            classes=tuple(classes),
            splits={
                name: SplitCount(
                    images=reading.count(mapping(split, name), "images", f"splits.{name}"),
                    objects=reading.count(mapping(split, name), "objects", f"splits.{name}"),
                )
                for name, split in mapping(top.get("splits"), "splits").items()
            },
            errors=reading.count(top, "errors", ""),
            warnings=reading.count(top, "warnings", ""),
            findings=tuple(_finding(item) for item in reading.sequence(top, "findings", "")),
            task=reading.choice(top, "task", "", TASKS),
            format=reading.text(top, "format", ""),
            keypoints=_keypoints(top.get("keypoints")),
            class_counts=tuple(_class_count(item) for item in reading.sequence(top, "class_counts", "")),
            counted=_counts(top, "counted"),
            sizes=_counts(top, "sizes"),
            # The report of a champion's data may be older than these keys.
            noted=_counts(top, "noted") if "noted" in top else {},
            rejected=_counts(top, "rejected") if "rejected" in top else {},
            policy=_policy(top["policy"]) if "policy" in top else {},
        )

    def document(self) -> dict[str, Any]:
        """The document as it is written to ``dataset-report.json``."""
        return {
            "version": VERSION,
            "digest": self.digest,
            "task": self.task,
            "format": self.format,
            "classes": list(self.classes),
            "keypoints": None if self.keypoints is None else list(self.keypoints),
            "splits": {name: asdict(split) for name, split in self.splits.items()},
            "class_counts": [asdict(one) for one in self.class_counts],
            "sizes": dict(self.sizes),
            "errors": self.errors,
            "warnings": self.warnings,
            "counted": dict(self.counted),
            "noted": dict(self.noted),
            "rejected": dict(self.rejected),
            "policy": dict(self.policy),
            "findings": [asdict(finding) for finding in self.findings],
        }


def name_format(format: str, task: str) -> str:
    """The format of a dataset's labels as people call it; ``format`` is empty where none was recognised."""
    if task == "classify" and format == "yolo":
        return "class folders"
    return FORMAT_NAMES.get(format, format) or "no known format"


def _finding(value: object) -> Finding:
    item = mapping(value, "finding")
    return Finding(
        severity=reading.choice(item, "severity", "finding", ("error", "warning")),
        file=reading.text(item, "file", "finding"),
        line=reading.count(item, "line", "finding"),
        message=reading.text(item, "message", "finding"),
        kind=reading.text(item, "kind", "finding"),
        action=reading.text(item, "action", "finding"),
        advice=reading.text(item, "advice", "finding"),
    )


def _policy(value: object) -> Mapping[str, str]:
    found = mapping(value, "policy")
    return {kind: reading.choice(found, kind, "policy", POLICIES) for kind in found}


def _keypoints(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ContractError(f"keypoints: must be null or [how many, numbers of each], found {value!r}")
    many, numbers = (reading.count({"number": entry}, "number", "keypoints") for entry in value)
    return many, numbers


def _class_count(value: object) -> ClassCount:
    item = mapping(value, "class_counts")
    objects = mapping(item.get("objects"), "class_counts.objects")
    return ClassCount(
        name=reading.text(item, "name", "class_counts"),
        objects={split: reading.count(objects, split, "class_counts.objects") for split in objects},
        median_side=reading.number(item, "median_side", "class_counts"),
    )


def _counts(top: Mapping[str, Any], key: str) -> Mapping[str, int]:
    found = mapping(top.get(key), key)
    return {name: reading.count(found, name, key) for name in found}
