"""Finds images and their labels in an uploaded folder: the two usual YOLO layouts and one without splits.

``train/images`` + ``train/labels`` (Roboflow), ``images/train`` + ``labels/train`` (Ultralytics), or
``images`` + ``labels``. Looks at names only; knows nothing of what the files hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from containers.training.images import SUFFIXES
from workflow.contract import Finding

SPLITS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The splits, and the folder names that mean them."""

UNSPLIT = "all"
"""The one split of a dataset that has none."""


@dataclass(frozen=True)
class Pair:
    """One image and where its label belongs; ``name`` is the image's path below its images folder."""

    image: Path
    label: Path
    name: str


@dataclass
class Layout:
    """What was found: class names, pairs by split, and what is wrong already."""

    classes: tuple[str, ...] = ()
    splits: dict[str, list[Pair]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def find_layout(root: Path) -> Layout:
    """Look through a dataset's folder; whatever is missing or in doubt becomes a finding."""
    layout = Layout()
    layout.classes = _classes(root, layout.findings)
    folders = _split_folders(root, layout.findings)
    for split, (images, labels) in folders.items():
        layout.splits[split] = _pairs(root, split, images, labels, layout.findings)
    if not folders:
        looked = "train/images, images/train and images (and the same for valid, val, validation and test)"
        layout.findings.append(Finding("error", ".", 0, f"no images: looked for {looked}"))
    return layout


def _split_folders(root: Path, findings: list[Finding]) -> dict[str, tuple[Path, Path]]:
    found: dict[str, tuple[Path, Path]] = {}
    for split, names in SPLITS.items():
        places = [(root / name / "images", root / name / "labels") for name in names]
        places += [(root / "images" / name, root / "labels" / name) for name in names]
        present = [place for place in places if place[0].is_dir()]
        if len(present) > 1:
            both = " and ".join(place[0].relative_to(root).as_posix() for place in present)
            findings.append(Finding("error", ".", 0, f"the {split} split is there twice: {both}"))
        if present:
            found[split] = present[0]
    if not found and (root / "images").is_dir():
        found[UNSPLIT] = (root / "images", root / "labels")
    return found


def _pairs(root: Path, split: str, images: Path, labels: Path, findings: list[Finding]) -> list[Pair]:
    pairs: list[Pair] = []
    owners: dict[Path, str] = {}
    for image in sorted(path for path in images.rglob("*") if path.is_file()):
        shown = image.relative_to(root).as_posix()
        if image.name.startswith(".") or image.suffix.lower() not in SUFFIXES:
            findings.append(Finding("warning", shown, 0, "not an image file; left out"))
            continue
        name = image.relative_to(images)
        label = labels / name.with_suffix(".txt")
        if label in owners:
            message = f"shares its label {label.relative_to(root).as_posix()} with {owners[label]}"
            findings.append(Finding("error", shown, 0, message))
            continue
        owners[label] = shown
        pairs.append(Pair(image, label, name.as_posix()))
    there = sorted(path for path in labels.rglob("*.txt") if path.is_file()) if labels.is_dir() else []
    for label in there:
        if label not in owners and label.name != "classes.txt":
            findings.append(Finding("warning", label.relative_to(root).as_posix(), 0, "a label without an image"))
    where = images.relative_to(root).as_posix()
    if not pairs:
        findings.append(Finding("error", where, 0, f"the {split} split holds no images"))
    elif not any(label in owners for label in there):
        looked = labels.relative_to(root).as_posix()
        findings.append(Finding("error", where, 0, f"{len(pairs)} images and no labels: looked in {looked}"))
    return pairs


# --- class names -------------------------------------------------------------------------------


def _classes(root: Path, findings: list[Finding]) -> tuple[str, ...]:
    named = [root / "data.yaml", root / "data.yml"]
    others = sorted(path for path in root.glob("*.y*ml") if path not in named) if root.is_dir() else []
    present = [path for path in named if path.is_file()] or others
    if not present:
        message = "no data.yaml: looked for data.yaml, data.yml and another .yaml file that names the classes"
        findings.append(Finding("error", ".", 0, message))
        return ()
    if len(present) > 1:
        message = f"which one names the classes: {', '.join(path.name for path in present)}? Keep one as data.yaml"
        findings.append(Finding("error", ".", 0, message))
        return ()
    try:
        return class_names(yaml.safe_load(present[0].read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        findings.append(Finding("error", present[0].name, 0, f"cannot be read as YAML: {text}"))
    except ValueError as error:
        findings.append(Finding("error", present[0].name, 0, str(error)))
    return ()


def class_names(document: Any) -> tuple[str, ...]:
    """The class names of a data.yaml in order. Raises ValueError saying what ``names`` must be."""
    names = document.get("names") if isinstance(document, Mapping) else None
    if isinstance(names, Mapping):
        if sorted(names, key=str) != sorted(range(len(names)), key=str):
            raise ValueError(f"names: the keys must be 0 to {len(names) - 1}, found {', '.join(map(str, names))}")
        names = [names[at] for at in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError("names: must be a list of class names or a map from 0, 1, … to class names")
    classes = tuple(str(name).strip() for name in names)
    if not all(classes) or len(set(classes)) != len(classes):
        raise ValueError(f"names: every class needs a name of its own, found {', '.join(classes)}")
    count = document.get("nc", len(classes))
    if count != len(classes):
        raise ValueError(f"nc: {count!r}, but names has {len(classes)}")
    return classes
