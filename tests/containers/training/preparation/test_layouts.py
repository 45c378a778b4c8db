"""What lies on a person's disk is what is trained on: the same splits, classes and task, or a refusal that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import Files, bring, draw, pictures

NAMES = "names: [bolt]\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    return tmp_path / "mine"


def yaml(spelling: str, **places: str) -> str:
    """A data.yaml of one class that names a folder for each split."""
    return NAMES + "".join(f"{split}: {spelling.format(place)}\n" for split, place in places.items())


# --- splits ------------------------------------------------------------------------------------


def test_own_splits_that_data_yaml_names_elsewhere_are_used_and_told(root: Path, tmp_path: Path) -> None:
    """Twelve, six and four pictures stay twelve, six and four."""
    files: Files = {"data.yaml": yaml("../{}/images", train="train", val="valid", test="test")}
    for split, count in (("train", 12), ("val", 6), ("test", 4)):
        files |= pictures(f"images/{split}", f"labels/{split}", count)
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"train": 12, "validation": 6, "test": 4}
    assert {name: split.images for name, split in found.report.splits.items()} == found.splits
    assert "the test split is read from images/test, which is called like it" in found.notes("moved-split")[2]


def test_a_folder_named_for_all_splits_is_split_as_the_folders_below_are_called(root: Path, tmp_path: Path) -> None:
    """``images`` is no split where ``images/train2017`` and ``images/val2017`` are."""
    files: Files = {"data.yaml": NAMES + "train: images\nval: images\n"}
    for split, count in (("train2017", 8), ("val2017", 4)):
        files |= pictures(f"images/{split}", f"labels/{split}", count)
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"train": 8, "validation": 4}
    assert len(found.notes("moved-split")) == 2


def test_a_split_that_is_named_and_not_there_is_made_and_told(root: Path, tmp_path: Path) -> None:
    """Each with what data.yaml says of it."""
    places = yaml("../{}/images", val="valid", test="test")
    found = bring(draw(root, {"data.yaml": places, **pictures("train/images", "train/labels", 12)}), tmp_path)
    assert found.splits == {"train": 12}
    assert [note.partition(" split ")[2] for note in found.notes("made-split")] == [
        f"is made from the training pictures: data.yaml names {place}/images, where no picture is"
        for place in ("valid", "test")
    ]


def test_one_folder_for_two_splits_is_told(root: Path, tmp_path: Path) -> None:
    """The second is made of the first."""
    files: Files = {"data.yaml": NAMES + "train: images\nval: ./images\n", **pictures("images", "labels", 12)}
    [note] = bring(draw(root, files), tmp_path).notes("made-split")
    assert note.endswith("data.yaml names images for train and validation alike")


REFUSED = [
    pytest.param(
        {"data.yaml": yaml("../{}/images", train="train", val="valid"), **pictures("images", "labels", 4)},
        ["train/images, where no picture is", "labelled pictures are in images (4)", "correct the line train:"],
        id="a heap where splits are named",
    ),
    pytest.param(
        {
            "data.yaml": yaml("{}/images", train="train", val="valid"),
            **pictures("train/images", "train/labels", 4),
            **pictures("holdout/images", "holdout/labels", 3),
        },
        ["valid/images, where no picture is", "labelled pictures are in holdout/images (3)"],
        id="a split called otherwise",
    ),
    pytest.param(
        {
            "data.yaml": NAMES,
            **pictures("images/train", "labels/train", 4),
            **pictures("images/more", "labels/more", 3),
        },
        ["labelled pictures are in no split: images/more (3)", "train: [images/train, images/more]"],
        id="labelled pictures beside the splits",
    ),
    pytest.param(
        {
            "data.yaml": NAMES + "train: images\nval: images/val\n",
            **pictures("images", "labels", 4),
            **pictures("images/val", "labels/val", 3),
        },
        ["the validation split, images/val, lies in the train split, images"],
        id="a split in another",
    ),
    pytest.param(
        {"data.yaml": NAMES + "train: lists/train.txt\n", **pictures("images", "labels", 4)},
        ["lists/train.txt, where no picture is", "images (4)"],
        id="a list that is lost",
    ),
]


@pytest.mark.parametrize(("files", "words"), REFUSED)
def test_splits_that_nobody_can_tell_are_refused_with_what_is_there(
    root: Path, tmp_path: Path, files: Files, words: list[str]
) -> None:
    """What was looked for, what there is, and the key that decides."""
    found = bring(draw(root, files), tmp_path)
    assert all(word in found.said for word in words), found.said


# --- boxes or classes --------------------------------------------------------------------------


def test_folders_with_labels_are_no_classes(root: Path, tmp_path: Path) -> None:
    """Two sessions below one split hold boxes, not pictures of two classes."""
    files: Files = {"data.yaml": NAMES}
    for folder in ("train/x", "train/y", "val/x"):
        files |= pictures(f"{folder}/images", f"{folder}/labels", 4)
    found = bring(draw(root, files), tmp_path)
    assert (found.report.task, found.report.classes) == ("detect", ("bolt",))
    assert found.splits == {"train": 8, "validation": 4}


@pytest.mark.parametrize("task", ["auto", "classify"])
def test_pictures_with_labels_beside_them_are_not_read_as_classes(root: Path, tmp_path: Path, task: str) -> None:
    """Neither by itself nor where somebody asks for it."""
    found = bring(draw(root, {**pictures("cat", "cat", 4), **pictures("dog", "dog", 4)}), tmp_path, task=task)
    assert found.said
    assert found.report.errors
    if task == "classify":
        assert "cat/cat0.txt: a label lies in" in "\n".join(found.notes("layout"))


ANIMALS = {**pictures("animals/cat", "", 6), **pictures("animals/dog", "", 6), **pictures("docs", "", 2)}


def test_two_readings_of_class_folders_are_refused_with_both(root: Path, tmp_path: Path) -> None:
    """Animals and documents, or cats and dogs: nobody guesses."""
    said = bring(draw(root, ANIMALS), tmp_path).said
    assert "two readings: the classes animals, docs, or cat, dog in the folders below" in said
    assert "data.yaml decides, such as  names: [cat, dog]" in said


def test_the_names_in_data_yaml_decide_which_folders_are_classes(root: Path, tmp_path: Path) -> None:
    """The other folder is left out, picture by picture."""
    found = bring(draw(root, {**ANIMALS, "data.yaml": "names: [dog, cat]\n"}), tmp_path)
    assert (found.report.task, found.report.classes, found.splits) == ("classify", ("dog", "cat"), {"all": 12})
    assert found.notes("unused-file") == [f"docs/docs{n}.png: in no class's folder; left out" for n in range(2)]


def test_names_that_no_folder_has_are_refused(root: Path, tmp_path: Path) -> None:
    """With what is there."""
    found = bring(draw(root, {**ANIMALS, "data.yaml": "names: [horse]\n"}), tmp_path, task="classify")
    [said] = found.notes("layout")
    assert said == "data.yaml: names horse, and no folder with pictures is called so: " + (
        "animals/cat (6), animals/dog (6), docs (2)"
    )


def test_class_names_that_yaml_would_change_are_refused(root: Path, tmp_path: Path) -> None:
    """Nobody's classes are called False and True."""
    found = bring(draw(root, {"data.yaml": "names: [no, yes]\n", **pictures("images", "labels", 8)}), tmp_path)
    assert "data.yaml:1: names: YAML reads no as False: quote it, 'no'" in found.said
    assert not found.report.classes


# --- pictures that are no part of the data -----------------------------------------------------


def annotation(right: int) -> str:
    """VOC's XML of one bolt in a picture of 32 x 24 pixels."""
    box = f"<bndbox><xmin>4</xmin><ymin>4</ymin><xmax>{right}</xmax><ymax>20</ymax></bndbox>"
    return f"<annotation><object><name>bolt</name>{box}</object></annotation>"


OUTSIDE = ["doc/screen.png", "example.png", "drawn/images0.png"]


@pytest.mark.parametrize(
    ("images", "labels"), [("images", "annotations"), ("photos", "photos"), ("JPEGImages", "Annotations")]
)
def test_pictures_outside_a_set_of_xml_are_left_out_and_named(
    root: Path, tmp_path: Path, images: str, labels: str
) -> None:
    """A screenshot, an example and a drawing are no pictures without objects; one beside the labelled ones is."""
    files: Files = dict.fromkeys([f"{images}/p{number}.png" for number in range(9)] + OUTSIDE)
    files |= {f"{labels}/p{number}.xml": annotation(10 + number) for number in range(8)}
    found = bring(draw(root, files), tmp_path)
    assert (found.report.format, found.splits) == ("voc", {"all": 9})
    assert found.notes("missing-label") == [f"{images}/p8.png: no XML: taken as an image without objects"]
    said = [f"{name}: no label names this image; left out" for name in sorted(OUTSIDE)]
    assert found.notes("unused-file") == said
    assert found.report.counted["unused-file"] == 3


def test_pictures_outside_the_folders_of_yolo_are_left_out_and_named(root: Path, tmp_path: Path) -> None:
    """They are counted, whatever the format."""
    files: Files = {"data.yaml": NAMES, **pictures("images", "labels", 8), **dict.fromkeys(OUTSIDE)}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"all": 8}
    assert found.notes("unused-file") == [f"{name}: in no split's folder; left out" for name in sorted(OUTSIDE)]


# --- splits that are made ----------------------------------------------------------------------


def test_splits_that_are_made_have_objects_in_each(root: Path, tmp_path: Path) -> None:
    """One class, ten pictures, the first six without an object: no split is made that would then be refused."""
    files: Files = {"data.yaml": NAMES, **pictures("images", "labels", 10)}
    files |= {f"labels/images{number}.txt": "" for number in range(6)}
    report = bring(draw(root, files), tmp_path).report
    assert report.errors == 0
    assert all(split.objects for split in report.splits.values())
    assert len(report.splits) == 3


def test_a_class_that_cannot_be_in_every_split_is_told_with_the_reason(root: Path, tmp_path: Path) -> None:
    """Two pictures of nuts are in two splits."""
    files: Files = {"data.yaml": "names: [bolt, nut]\n", **pictures("images", "labels", 12)}
    files |= dict.fromkeys(("labels/images3.txt", "labels/images7.txt"), "1 0.5 0.5 0.25 0.25\n")
    found = bring(draw(root, files), tmp_path)
    [note] = found.notes("absent-class")
    assert note.endswith("nut: no object in validation: 2 pictures cannot be in 3 splits")


# --- links -------------------------------------------------------------------------------------


def test_links_to_folders_are_followed_inside_and_outside(root: Path, tmp_path: Path) -> None:
    """Each file once, under the name that tells what it is; circles end; and all of it is told."""
    outside = tmp_path / "outside"
    draw(outside, {**pictures("train", "annotated", 8), **pictures("held", "held", 3)})
    draw(root, {"data.yaml": NAMES, **pictures("raw/val", "labels/val", 4)})
    for name, target in {
        "images/train": outside / "train",
        "labels/train": outside / "annotated",
        "images/val": Path("../raw/val"),
        "test": outside / "held",
        "latest": root / "labels",
        "images/again": root,
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)
    found = bring(root, tmp_path)
    assert found.splits == {"train": 8, "validation": 4, "test": 3}
    notes = dict(note.split(": ", 1) for note in found.notes("linked-folder"))
    assert list(notes) == ["images/again", "images/train", "images/val", "labels/train", "latest", "test"]
    assert notes["images/val"] == "leads to ../raw/val, whose files are read as if they lay here"
    assert notes["latest"] == f"leads to {root}/labels, which is read as labels already"
    assert notes["images/again"] == f"leads to {root}, in which it lies itself"
    assert not found.notes("unused-file")


def test_one_folder_under_two_names_alike_is_refused(root: Path, tmp_path: Path) -> None:
    """Cats that are dogs as well, or pictures that are in two splits."""
    draw(tmp_path / "outside", pictures("cat", "", 4))
    for name in ("cat", "dog"):
        root.mkdir(exist_ok=True)
        (root / name).symlink_to(tmp_path / "outside" / "cat")
    draw(root, pictures("bird", "", 3))
    assert "which is read as cat already: which of the two is meant? Keep one" in bring(root, tmp_path).said


@pytest.mark.parametrize("name", ["labels", "labels/images3.txt", "images/more.png"])
def test_a_link_to_nothing_is_no_missing_label_and_no_missing_picture(root: Path, tmp_path: Path, name: str) -> None:
    """What is gone is told before it is trained without."""
    draw(root, {"data.yaml": NAMES, **pictures("images", "" if name == "labels" else "labels", 8)})
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to("../gone")
    found = bring(root, tmp_path)
    assert found.said
    assert f"{name}: is a link to ../gone, and nothing is there" in found.report.findings[0].text()
