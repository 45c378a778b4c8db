"""Looks at a folder of labelled images before anything is uploaded or started.

Finds the images, their labels and the class names, and names the file and line of every slip it sees.
Reads only this machine's files; what the images hold is the preparation job's to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workflow.errors import UsageError
from workflow.labels import problem_of

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
SPLITS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The splits, and the folder names that mean them."""
SHOWN = 5
"""Slips named in full; the rest are counted."""
FOREIGN = {".json": "COCO", ".xml": "VOC", ".manifest": "Ground Truth"}
"""Labels of other formats, by the suffix of their files."""


@dataclass(frozen=True)
class Dataset:
    """A folder that passed: ``files`` maps each key below the dataset's prefix to the file it comes from."""

    folder: Path
    name: str
    classes: tuple[str, ...]
    files: dict[str, Path]
    splits: dict[str, int]
    objects: int

    @property
    def images(self) -> int:
        """Images of all splits."""
        return sum(self.splits.values())

    def text(self) -> str:
        """The dataset in a few words, such as ``64 + 16 + 16 pictures of fasteners``."""
        return " + ".join(str(count) for count in self.splits.values()) + f" pictures of {self.name}"


def read_dataset(folder: Path) -> Dataset:
    """Read and check a folder in a YOLO layout. Raises UsageError naming what was looked for, or file and line."""
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder.")
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file: give the folder that holds images/, labels/ and data.yaml.")
    places = _places(folder)
    images = {split: _images(place) for split, (place, _) in places.items()}
    labels = {
        image: label
        for split, (place, label_folder) in places.items()
        for image in images[split]
        if (label := label_folder / image.relative_to(place).with_suffix(".txt")).is_file()
    }
    if not labels:
        raise UsageError(_nothing_to_learn(folder, bool(places)))
    settings = _settings_file(folder)
    classes = _class_names(settings)
    objects = _check(list(labels.values()), classes)
    every = [image for found in images.values() for image in found]
    files = {path.relative_to(folder).as_posix(): path for path in (*every, *labels.values())}
    return Dataset(
        folder=folder,
        name=_slug(folder.resolve().name),
        classes=classes,
        files={**files, "data.yaml": settings},
        splits={split: len(found) for split, found in images.items()},
        objects=objects,
    )


def _places(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Images folder and labels folder of each split that is there; one split ``all`` where there are none."""
    found: dict[str, tuple[Path, Path]] = {}
    for split, names in SPLITS.items():
        places = [(folder / name / "images", folder / name / "labels") for name in names]
        places += [(folder / "images" / name, folder / "labels" / name) for name in names]
        present = [place for place in places if place[0].is_dir()]
        if len(present) > 1:
            raise UsageError(f"{folder}: the {split} split is there twice: {present[0][0]} and {present[1][0]}")
        if present:
            found[split] = present[0]
    if not found and (folder / "images").is_dir():
        found["all"] = (folder / "images", folder / "labels")
    return found


def _images(place: Path) -> list[Path]:
    return sorted(
        path
        for path in place.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _nothing_to_learn(folder: Path, laid_out: bool) -> str:
    """Why a folder without usable labels cannot be used: no images, no labels, another format or another layout."""
    images = len(_images(folder))
    if not images:
        return f"{folder} holds no images: Greenlight looked for {', '.join(IMAGE_SUFFIXES)} in it and below it."
    foreign = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in FOREIGN]
    labels = [path for path in sorted(folder.rglob("*.txt")) if path.name != "classes.txt"]
    if labels and not laid_out:
        return (
            f"{folder} holds {images} images and {len(labels)} text files, but not in a layout Greenlight knows.\n"
            f"  It knows train/images + train/labels, images/train + labels/train, and images + labels.\n"
            '  See README, "Your own images".'
        )
    lines = [
        f"{folder} holds {images} image{'s' if images != 1 else ''} and no labels.",
        f"  Greenlight looked for {folder}/labels/**, {folder}/*.json (COCO), {folder}/*.xml (VOC)"
        " and *.manifest (Ground Truth).",
    ]
    if foreign:
        kind = FOREIGN[foreign[0].suffix.lower()]
        lines.append(f"  It found {foreign[0]}, which may be {kind}: export those labels as YOLO and try again.")
    return "\n".join([*lines, '  See README, "Your own images".'])


def _settings_file(folder: Path) -> Path:
    present = [path for name in ("data.yaml", "data.yml") if (path := folder / name).is_file()]
    present = present or sorted(folder.glob("*.y*ml"))
    if len(present) == 1:
        return present[0]
    what = "holds " + " and ".join(path.name for path in present) if present else "holds none"
    raise UsageError(
        f"{folder}: one data.yaml that names the classes is needed, and the folder {what}.\n"
        "  One line is enough, for example:  names: [bolt, nut, washer]"
    )


def _class_names(settings: Path) -> tuple[str, ...]:
    import yaml

    try:
        document = yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{settings}:{mark.line + 1}" if mark else str(settings)
        raise UsageError(f"{place}: is not readable YAML: {getattr(error, 'problem', None) or error}") from error
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[at] for at in range(len(names))]
    if not isinstance(names, list) or not names:
        raise UsageError(f"{settings}: 'names' must list the classes, for example  names: [bolt, nut, washer]")
    classes = tuple(str(name).strip() for name in names)
    if not all(classes) or len(set(classes)) != len(classes):
        raise UsageError(f"{settings}: every class needs a name of its own, found {', '.join(classes)}")
    if document.get("nc", len(classes)) != len(classes):
        raise UsageError(f"{settings}: nc is {document['nc']!r}, but names has {len(classes)}")
    return classes


def _check(labels: list[Path], classes: tuple[str, ...]) -> int:
    """Count the boxes of all label files. Raises UsageError naming file and line of what cannot be used."""
    slips: list[str] = []
    objects = 0
    for label in labels:
        try:
            text = label.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            slips.append(f"  {label}:1: not a text in UTF-8")
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                objects += 1
                if problem := problem_of(line, len(classes)):
                    slips.append(f"  {label}:{number}: {problem}")
    if slips:
        count = f"{len(slips)} label line{'s' if len(slips) != 1 else ''} cannot be used:"
        rest = [f"  and {len(slips) - SHOWN} more"] if len(slips) > SHOWN else []
        raise UsageError("\n".join([count, *slips[:SHOWN], *rest]))
    if not objects:
        raise UsageError(f"the {len(labels)} label files hold no box: nothing could be learned from them.")
    return objects


def _slug(name: str) -> str:
    clean = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name.lower())
    return "-".join(part for part in clean.split("-") if part)[:50] or "dataset"
