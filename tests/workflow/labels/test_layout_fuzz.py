"""However folders are called, linked and described: what is read is what lies there, or it is refused."""

from __future__ import annotations

import json
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.datasets.check import read_dataset
from workflow.labels.files import split_named
from workflow.labels.recognition import open_source

FOLDERS = {
    "train": ("train", "Train", "training", "train2017", "fit"),
    "validation": ("val", "valid", "validation", "val2017", "dev"),
    "test": ("test", "testing", "Test", "holdout"),
}
KEYS = {"train": "train", "validation": "val", "test": "test"}
CLASSES = ("bolt", "nut screw", "no", "010", "1", "1.5", "~", "cat", "train")
SPELLINGS = ("{}", "../{}", "./{}/", "C:\\me\\{}", "/home/test/mine/{}", "mine/{}")

Meaning = dict[str, tuple[str, str]]
"""Split and class of each picture by the stem of its name."""


@dataclass
class Drawn:
    """Files to write, and what the person who laid them out means by them."""

    files: dict[str, str] = field(default_factory=dict)
    meaning: Meaning = field(default_factory=dict)
    task: str = "detect"
    places: dict[str, str] = field(default_factory=dict)
    """Where the pictures of each split really are."""

    def names_splits(self) -> bool:
        """Whether data.yaml has a line for any split."""
        return any(f"\n{key}: " in self.files.get("data.yaml", "") for key in KEYS.values())

    def without_splits(self) -> Meaning:
        """The meaning to somebody whom nothing tells of splits: no folder is called like one, no line names any."""
        told = any(split_named(part) for name in self.files for part in name.split("/")[:-1])
        told = (
            told or self.names_splits() or any(split_named(name[:-4]) for name in self.files if name.endswith(".txt"))
        )
        return self.meaning if told else {stem: ("", name) for stem, (_, name) in self.meaning.items()}


def decompose(stem: str) -> str:
    """The same name as another disk writes it."""
    return unicodedata.normalize("NFD", stem)


def label_file(stem: str) -> str:
    """The text with a picture's label: an é in the picture's name is another's in its."""
    return f"{decompose(stem)}.{'txt' if stem.isascii() else 'TXT'}"


def yolo(where: Callable[[str, str], str]) -> Callable[[Drawn, str, str, str, int, str], None]:
    """A layout of text labels; ``where`` makes a folder of a split's and ``images`` or ``labels``."""

    def add(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
        images, labels = (where(folder, kind).strip("/") for kind in ("images", "labels"))
        drawn.files |= {f"{images}/{stem}.jpg": stem, f"{labels}/{label_file(stem)}": f"{number} .5 .5 .2 .2\n"}
        drawn.places[split] = images

    return add


def listed(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """Labels beside the pictures, and a list for each split: the way of Darknet."""
    drawn.files |= {f"obj/{stem}.jpg": stem, f"obj/{label_file(stem)}": f"{number} .5 .5 .2 .2\n"}
    drawn.places[split] = f"{folder}.txt" if split else "obj"
    if split:
        before = drawn.files.get(f"{folder}.txt", "")
        drawn.files[f"{folder}.txt"] = f"{before}/home/me/data/obj/{decompose(stem)}.JPG\n"


def classes(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """A folder for each class."""
    drawn.files[f"{folder}/{name}/{stem}.jpg".lstrip("/")] = stem
    drawn.places[split] = folder
    drawn.task = "classify"


def voc(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """XML beside the pictures."""
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    folder = folder or "photos"
    drawn.files[f"{folder}/{stem}.jpg"] = stem
    drawn.files[f"{folder}/{decompose(stem)}.xml"] = (
        f"<annotation><object><name>{name}</name>{box}</object></annotation>"
    )
    drawn.places[split] = folder


def labelme(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """LabelMe's JSON beside the pictures."""
    folder = folder or "photos"
    shape = {"label": name, "points": [[1, 1], [9, 9]], "shape_type": "rectangle"}
    drawn.files[f"{folder}/{stem}.jpg"] = stem
    drawn.files[f"{folder}/{decompose(stem)}.json"] = json.dumps({"shapes": [shape], "imagePath": "C:\\other.jpg"})
    drawn.places[split] = folder


def cvat(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """One XML file, whose subsets are the splits."""
    box = f'<box label="{name}" xtl="1" ytl="1" xbr="9" ybr="9"/>'
    image = f'<image name="{decompose(stem)}.JPG" subset="{folder or "default"}" width="64" height="64">{box}</image>'
    before = drawn.files.get("annotations.xml", "<annotations></annotations>").removesuffix("</annotations>")
    drawn.files["annotations.xml"] = f"{before}{image}</annotations>"
    drawn.files[f"images/{stem}.jpg"] = stem
    drawn.places[split] = "images"


def label_studio(drawn: Drawn, split: str, folder: str, stem: str, number: int, name: str) -> None:
    """An export for each split."""
    value = {"x": 1, "y": 1, "width": 9, "height": 9, "rotation": 0, "rectanglelabels": [name]}
    annotation = {"result": [{"type": "rectanglelabels", "value": value}]}
    tasks = json.loads(drawn.files.get(f"{folder or 'tasks'}.json", "[]"))
    tasks.append({"data": {"image": f"/data/upload/1/01234567-{decompose(stem)}.jpg"}, "annotations": [annotation]})
    drawn.files[f"{folder or 'tasks'}.json"] = json.dumps(tasks)
    drawn.files[f"photos/{stem}.jpg"] = stem
    drawn.places[split] = "photos"


TOOLS = ("voc", "labelme", "cvat", "label-studio")
"""Layouts in which data.yaml says nothing."""
LAYOUTS = {
    "roboflow": yolo(lambda folder, kind: f"{folder}/{kind}"),
    "ultralytics": yolo(lambda folder, kind: f"{kind}/{folder}"),
    "beside": yolo(lambda folder, kind: folder or "images"),
    "flat": yolo(lambda folder, kind: folder or "photos"),
    "listed": listed,
    "sessions": yolo(lambda folder, kind: f"{folder}/monday/{kind}"),
    "classes": classes,
    "voc": voc,
    "labelme": labelme,
    "cvat": cvat,
    "label-studio": label_studio,
}


@st.composite
def datasets(draw: st.DrawFn) -> Drawn:
    """A folder as somebody might have it, right or nearly so."""
    drawn = Drawn()
    layout = draw(st.sampled_from(list(LAYOUTS)))
    least = 2 if layout == "classes" else 1  # pictures of a single class are told apart by nobody
    names = draw(st.lists(st.sampled_from(CLASSES), min_size=least, max_size=3, unique=layout not in TOOLS))
    splits = draw(st.sampled_from([[""], ["train"], ["train", "validation"], ["train", "test"], list(FOLDERS)]))
    called = {split: draw(st.sampled_from(FOLDERS[split])) if split else "" for split in splits}
    accent = draw(st.sampled_from(["", "", "é"]))
    for split in splits:
        for at in range(draw(st.integers(least, 3))):
            stem, number = f"{split}p{at}{accent}", (at + draw(st.integers(0, 1)) * (least < 2)) % len(names)
            LAYOUTS[layout](drawn, split, called[split], stem, number, names[number])
            drawn.meaning[stem] = (split, names[number])
    if draw(st.booleans()) and splits != [""] and layout != "listed":
        chosen = draw(st.sampled_from(splits))
        folder = drawn.places[chosen]
        stems = [stem for stem, (split, _) in drawn.meaning.items() if split == chosen]
        drawn.files[f"{chosen}-list.txt"] = "".join(f"{folder}/{stem}.jpg\n" for stem in stems)
        drawn.places[chosen] = f"{chosen}-list.txt"
    texts = layout not in (*TOOLS, "classes")
    if texts and draw(st.booleans()):
        where = draw(st.sampled_from(["classes.txt", "obj.names", "deep/down/classes.txt"]))
        drawn.files[where] = "".join(f"{name}\n" for name in names)
    elif texts or (layout == "classes" and draw(st.booleans())):
        drawn.files["data.yaml"] = draw(settings_files(drawn, names))
    # Beside folders of classes, without a word, a folder of documents is one more class.
    if layout != "classes" or splits != [""] or "data.yaml" in drawn.files:
        for extra in draw(st.lists(st.sampled_from(["doc/screen.jpg", "example.jpg", "doc/a/more.jpg"]), max_size=2)):
            drawn.files[extra] = "extra"
    return drawn


@st.composite
def settings_files(draw: st.DrawFn, drawn: Drawn, names: list[str]) -> str:
    """A data.yaml: its names quoted or not, its places left out, right, stale, or those of another split."""
    quote = '"' if draw(st.booleans()) else ""
    told = any(split_named(part) for name in drawn.files for part in name.split("/")[:-1])
    lines = ["names:", *(f"  {at}: {quote}{name}{quote}" for at, name in enumerate(names))]
    for split, key in KEYS.items():
        place = draw(st.sampled_from(["", "right", "right", "stale", "flat", "gone"]))
        said = {
            "right": drawn.places.get(split, ""),
            "stale": f"{draw(st.sampled_from(FOLDERS[split]))}/images",
            "flat": "images" if told else "",  # where that is all there is, it decides
            "gone": f"gone/{key}.txt",
        }.get(place)
        if said:
            lines.append(f"{key}: {draw(st.sampled_from(SPELLINGS)).format(said)}")
    return "\n".join(lines) + "\n"


def lay_out(root: Path, drawn: Drawn, wrapping: str, linked: str) -> None:
    """Write the files; one folder at the top becomes a link to where ``linked`` says."""
    for name, text in drawn.files.items():
        path = root / wrapping / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    tops = sorted(path for path in (root / wrapping).iterdir() if path.is_dir())
    if linked and tops:
        place = root.parent / "outside" if linked == "outside" else root / wrapping / linked
        place.mkdir(exist_ok=True, parents=True)
        tops[-1].rename(place / "kept")
        tops[-1].symlink_to(place / "kept")


def read(root: Path) -> tuple[str, Meaning, set[str], set[str]] | None:
    """Task and meaning as they are read, the pictures that are told to be left out, and the kinds of all that is told;
    None for a refusal.
    """
    source = open_source(root)
    labelled = [(entry, source.labels(entry, 64, 64)) for entry in source.entries]
    problems = [*source.problems, *(one for _, found in labelled for one in found.problems)]
    # The preparation refuses a picture that is in two splits, as it refuses any other leak.
    twice = len({entry.image for entry in source.entries}) < len(source.entries)
    if twice or any(problem.action == "rejected" for problem in problems):
        return None
    meaning = {
        Path(entry.image).stem: (entry.split, source.classes[found.rows[0].class_id]) for entry, found in labelled
    }
    left = {Path(problem.file).stem for problem in source.problems if problem.kind == "unused-file"}
    assert meaning.keys().isdisjoint(left)
    return source.task, meaning, left, {problem.kind for problem in source.problems}


def flatten(meaning: Meaning) -> Meaning:
    """Training pictures alone are as good as no split: the others are taken from them."""
    if {split for split, _ in meaning.values()} <= {"train", ""}:
        return {stem: ("", name) for stem, (_, name) in meaning.items()}
    return meaning


@settings(deadline=None, max_examples=250)
@given(datasets(), st.sampled_from(["", "export", "a/b"]), st.sampled_from(["", "", "outside", "store", "pool/x"]))
def test_what_is_read_is_what_lies_there_or_it_is_refused(drawn: Drawn, wrapping: str, linked: str) -> None:
    """Never another split, class or task in silence; and what is sent is read as the folder was."""
    with tempfile.TemporaryDirectory() as base:
        root = Path(base) / "mine"
        lay_out(root, drawn, wrapping, linked)
        found = read(root)
        if found is None:
            return
        task, meaning, left, kinds = found
        # Where data.yaml names folders, the labelled pictures of others are left out one by one.
        told = {stem: what for stem, what in drawn.meaning.items() if stem in left and drawn.names_splits()}
        assert task == drawn.task
        assert flatten(meaning | told) in (flatten(drawn.meaning), flatten(drawn.without_splits()))
        if flatten(meaning | told) != flatten(drawn.meaning):
            assert "joined-folders" in kinds
        for key, path in read_dataset(root).files.items():
            (Path(base) / "sent" / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, Path(base) / "sent" / key)
        again = read(Path(base) / "sent")
        assert again
        assert again[:2] == (task, meaning)
