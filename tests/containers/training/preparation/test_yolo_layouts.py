"""All that is called YOLO: labels beside the pictures, lists for splits, names in a text, and every task."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import Files, Outcome, bring, draw

BOXES = {name: f"{at % 2} 0.{at + 2} 0.5 0.25 0.5\n" for at, name in enumerate("abcdef")}
"""A box of its own for every picture, of two classes in turn."""
SPLITS = {"train": "abc", "validation": "de", "test": "f"}
NAMES = "bolt\nnut\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    return tmp_path / "mine"


def beside(folder: str = "", names: str = "abcdef") -> Files:
    """Pictures with a label beside each."""
    return {f"{folder}{name}.png": None for name in names} | {f"{folder}{name}.txt": BOXES[name] for name in names}


def lists(before: str, **called: str) -> Files:
    """A list of pictures for each split, which lie where ``before`` says."""
    return {
        f"{file.replace('__', '/')}.txt": "".join(f"{before}{name}.png\n" for name in SPLITS[split])
        for split, file in called.items()
    }


def assert_own_splits(found: Outcome) -> None:
    """Every picture is in the split where the lists have it, with its very box."""
    assert found.splits == {split: len(names) for split, names in SPLITS.items()}, found.said
    assert (found.report.classes, found.report.task, found.report.format) == (("bolt", "nut"), "detect", "yolo")
    assert found.rows == {(split, name): BOXES[name] for split, names in SPLITS.items() for name in names}


# --- labels beside pictures --------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "photos/", "images/", "photos/monday/"])
def test_a_flat_folder_of_labelimg_is_one_set(root: Path, tmp_path: Path, folder: str) -> None:
    """``classes.txt`` among the labels is no label; a picture without one shows nothing; a README is nothing."""
    files = beside(folder) | {f"{folder}classes.txt": NAMES, f"{folder}empty.png": None, "README.txt": "mine"}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"all": 7}, found.said
    assert (found.report.classes, found.report.task) == (("bolt", "nut"), "detect")
    assert {name: rows for (_, name), rows in found.rows.items()} == {**BOXES, "empty": ""}
    assert len(found.notes("missing-label")) == 1
    assert not found.notes("orphan-label") + found.notes("unused-file")


def test_classes_txt_is_no_label_even_of_a_picture_called_classes(root: Path, tmp_path: Path) -> None:
    """It names the classes, whatever lies beside it."""
    found = bring(draw(root, beside() | {"classes.txt": NAMES, "classes.png": None}), tmp_path)
    assert {name: rows for (_, name), rows in found.rows.items()} == {**BOXES, "classes": ""}, found.said


DARKNET = "classes = 2\ntrain  = {0}train.txt\nvalid  = {0}valid.txt\ntest = {0}test.txt\nnames = {0}obj.names\n"


@pytest.mark.parametrize("before", ["data/obj/", "/home/somebody/darknet/data/obj/", "C:\\me\\data\\obj\\", "obj/"])
def test_darknets_lists_are_the_splits(root: Path, tmp_path: Path, before: str) -> None:
    """Paths that begin where another machine has them."""
    files = beside("data/obj/") | lists(before, train="data/train", validation="data/valid", test="data/test")
    files |= {"data/obj.data": DARKNET.format("data/"), "data/obj.names": NAMES, "cfg/yolo.cfg": "[net]\n"}
    assert_own_splits(bring(draw(root, files), tmp_path))


def test_cvats_yolo_1_1_is_read_with_its_subsets(root: Path, tmp_path: Path) -> None:
    """A folder for each subset, which is called like no split: the lists are."""
    files = beside("obj_train_data/", "abc") | beside("obj_valid_data/", "de") | beside("obj_test_data/", "f")
    for split, word in (("train", "train"), ("validation", "valid"), ("test", "test")):
        files |= lists(f"data/obj_{word}_data/", **{split: word})
    files |= {"obj.data": DARKNET.format("data/") + "backup = backup/\n", "obj.names": NAMES}
    assert_own_splits(bring(draw(root, files), tmp_path))


@pytest.mark.parametrize("words", [("train", "val", "test"), ("train2017", "val2017", "testing")])
def test_lists_called_like_splits_are_used_without_a_word(root: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Also where nothing names them; a picture without a label that is in none is left out by name."""
    files = beside("obj/") | lists("obj/", **dict(zip(SPLITS, words, strict=True))) | {"obj/classes.txt": NAMES}
    found = bring(draw(root, files | {"obj/more.png": None}), tmp_path)
    assert_own_splits(found)
    assert found.notes("unused-file") == ["obj/more.png: in no split's folder or list; left out"]
    said = bring(draw(root, {"obj/more.txt": BOXES["a"]}), tmp_path / "again").said
    assert "labelled pictures are in no split: obj (1)" in said


def test_lists_that_nobody_knows_for_splits_are_told(root: Path, tmp_path: Path) -> None:
    """All pictures are one set, and the lists are named, in which somebody chose."""
    files = beside("obj/") | lists("obj/", train="fit", validation="dev") | {"classes.txt": NAMES}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"all": 6}, found.said
    assert [note.partition(":")[0] for note in found.notes("joined-folders")] == ["dev.txt", "fit.txt"]


def test_lists_that_data_yaml_names_meet_labels_beside_the_pictures(root: Path, tmp_path: Path) -> None:
    """And the classes that it does not name are in a list below."""
    files = beside("obj/") | lists("./obj/", train="a", validation="b", test="c")
    files |= {"data.yaml": "train: a.txt\nval: b.txt\ntest: c.txt\n", "obj/_darknet.labels": NAMES}
    assert_own_splits(bring(draw(root, files), tmp_path))


def test_a_list_that_darknet_names_and_that_is_lost_is_told(root: Path, tmp_path: Path) -> None:
    """The split is made, and the file that named it is named."""
    files = beside("obj/") | {"train.txt": "".join(f"obj/{name}.png\n" for name in BOXES)}
    files |= {"obj.data": "train = train.txt\nvalid = valid.txt\nnames = obj.names\n", "obj.names": NAMES}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"train": 6}, found.said
    [note] = found.notes("made-split")
    assert note.endswith("obj.data names valid.txt, where no picture is")


# --- the names of the classes ------------------------------------------------------------------


def test_roboflows_darknet_export_names_its_classes_in_every_split(root: Path, tmp_path: Path) -> None:
    """The same three times over."""
    files: Files = {}
    for split, folder in (("train", "train/"), ("validation", "valid/"), ("test", "test/")):
        files |= beside(folder, SPLITS[split]) | {f"{folder}_darknet.labels": NAMES}
    assert_own_splits(bring(draw(root, files), tmp_path))


@pytest.mark.parametrize("data", [{}, {"data.yaml": "nc: 2\ntrain: train\nval: val\n"}])
def test_two_lists_of_classes_that_disagree_are_refused_with_both(root: Path, tmp_path: Path, data: Files) -> None:
    """LabelImg numbers the classes of each folder in the order in which they were drawn."""
    files = beside("train/", "abc") | beside("val/", "def") | data
    files |= {"train/classes.txt": NAMES, "val/classes.txt": "nut\nbolt\n"}
    said = bring(draw(root, files), tmp_path).said
    assert "val/classes.txt: names nut, bolt, and train/classes.txt names bolt, nut: which is meant?" in said
    draw(root, {"data.yaml": "names: [bolt, nut]\n"})
    found = bring(root, tmp_path / "again")
    assert found.report.classes == ("bolt", "nut"), found.said


def test_darknet_says_which_list_of_classes_is_meant(root: Path, tmp_path: Path) -> None:
    """And how many there are, which must be so."""
    files = beside() | {
        "obj.data": "classes = 2\nnames = data/obj.names\n",
        "obj.names": NAMES,
        "coco.names": "person\n",
    }
    assert bring(draw(root, files), tmp_path).report.classes == ("bolt", "nut")
    draw(root, {"obj.data": "classes = 3\nnames = data/obj.names\n"})
    assert "obj.data: classes = 3, and obj.names names 2" in bring(root, tmp_path / "again").said
    draw(root, {"obj.data": "names = data/mine.names\n"})
    lost = "obj.data: names = data/mine.names, and no such list of classes is here; there is coco.names, obj.names"
    assert lost in bring(root, tmp_path / "lost").said


def test_two_files_of_settings_are_a_question(root: Path, tmp_path: Path) -> None:
    """Each may name other splits; ``data.yaml`` is the one that decides."""
    files = beside() | {"obj.data": "names = obj.names\n", "obj.names": NAMES, "mine.yaml": "names: [nut, bolt]\n"}
    said = bring(draw(root, files), tmp_path).said
    assert "which one names the classes: mine.yaml, obj.data? Keep one as data.yaml" in said
    (root / "mine.yaml").rename(root / "data.yaml")
    assert bring(root, tmp_path / "again").report.classes == ("nut", "bolt")


# --- Roboflow's exports of every task ----------------------------------------------------------

RING = "0.25 0.25 0.5 0.5 0.25 0.75 0.125 0.5"
OUTLINE = "0.25 0.25 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5"
POINTS = "0.5 0.5 0.25 0.5 0.5 0.5 2 0.25 0.5 1"


def roboflow(rows: dict[str, str], settings: str = "") -> Files:
    """A folder for each split, with a data.yaml whose paths go up and the two READMEs."""
    places = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
    files: Files = {"data.yaml": f"{places}nc: 2\nnames: ['bolt', 'nut']\n{settings}roboflow:\n  workspace: me\n"}
    files |= {"README.roboflow.txt": "mine - v1", "README.dataset.txt": "# mine"}
    for split, folder in (("train", "train"), ("validation", "valid"), ("test", "test")):
        for name in SPLITS[split]:
            files |= {f"{folder}/images/{name}.png": None, f"{folder}/labels/{name}.txt": rows[name]}
    return files


@pytest.mark.parametrize(
    ("task", "row", "handed_on", "settings"),
    [
        pytest.param("detect", "0.5 0.5 0.25 0.5", "0.5 0.5 0.25 0.5", "", id="boxes"),
        pytest.param("segment", OUTLINE, OUTLINE, "", id="outlines"),
        pytest.param("segment", f"{OUTLINE} 0.25 0.25", OUTLINE, "", id="closed outlines"),
        pytest.param("obb", RING, RING, "", id="turned boxes"),
        pytest.param("obb", f"{RING} 0.25 0.25", RING, "", id="turned boxes as closed rings"),
        pytest.param("pose", POINTS, POINTS, "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n", id="key points"),
    ],
)
def test_roboflows_export_of_every_task_is_told_by_its_rows(
    root: Path, tmp_path: Path, task: str, row: str, handed_on: str, settings: str
) -> None:
    """Splits, classes and every number; nothing is worth a note but what this small set lacks."""
    rows = {name: f"{at % 2} {row}\n" for at, name in enumerate(BOXES)}
    found = bring(draw(root, roboflow(rows, settings)), tmp_path)
    assert (found.report.task, found.report.classes) == (task, ("bolt", "nut")), found.said
    assert found.splits == {"train": 3, "validation": 2, "test": 1}
    assert {rows.split(" ", 1)[1].strip() for rows in found.rows.values()} == {handed_on}
    assert found.report.counted.keys() <= {"absent-class", "small-objects", "near-duplicate", "leaked-near-duplicate"}


def test_roboflows_folders_of_classes_are_a_classification(root: Path, tmp_path: Path) -> None:
    """Its READMEs are no labels."""
    files: Files = {"README.roboflow.txt": "mine", "README.dataset.txt": "# mine"}
    for folder, many in (("train", 3), ("valid", 2), ("test", 1)):
        files |= {f"{folder}/{name}/{folder}{at}.png": None for name in ("bolt", "nut") for at in range(many)}
    found = bring(draw(root, files), tmp_path)
    assert (found.report.task, found.report.classes) == ("classify", ("bolt", "nut")), found.said
    assert found.splits == {"train": 6, "validation": 4, "test": 2}


def test_closed_rings_and_open_ones_are_turned_boxes_alike(root: Path, tmp_path: Path) -> None:
    """But where one row is an outline, all are."""
    rows = {name: f"0 {RING}{' 0.25 0.25' * (name < 'c')}\n" for name in BOXES}
    assert bring(draw(root, roboflow(rows)), tmp_path).report.task == "obb"
    draw(root, {"train/labels/a.txt": f"0 {OUTLINE}\n"})
    assert bring(root, tmp_path / "again").report.task == "segment"


# --- outlines where boxes are wanted -----------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "row", "shape"),
    [
        ("detect", "0 0.5 0.5 0.5 0.5\n", "the box around each is taken"),
        # In pixels, 32 x 24, the hull of the outline has its smallest rectangle along the picture's own edges.
        ("obb", "0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n", "the smallest turned box around each is taken"),
    ],
)
def test_outlines_are_taken_for_boxes_where_somebody_asks_for_them(
    root: Path, tmp_path: Path, task: str, row: str, shape: str
) -> None:
    """Without a policy, noted once for each picture, and sent as they are."""
    outline = "0 0.25 0.25 0.5 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n"
    found = bring(draw(root, roboflow(dict.fromkeys(BOXES, outline))), tmp_path, task=task)
    assert (found.report.task, found.report.errors) == (task, 0), found.said
    assert set(found.rows.values()) == {row}
    assert found.report.noted["simplified-object"] == 6
    assert found.notes("simplified-object")[0].endswith(f"1 object is drawn in more detail than {task} needs: {shape}")


def test_outlines_among_boxes_are_boxes_by_themselves(root: Path, tmp_path: Path) -> None:
    """The most rows say what the set is for; a box among outlines misleads and is refused as before."""
    rows = {**BOXES, "b": "1 0.25 0.25 0.75 0.25 0.5 0.75\n"}
    found = bring(draw(root, roboflow(rows)), tmp_path)
    assert found.report.task == "detect", found.said
    assert found.rows["train", "b"] == "1 0.5 0.5 0.5 0.5\n"
    rows = dict.fromkeys(BOXES, f"0 {OUTLINE}\n") | {"b": BOXES["b"]}
    said = bring(draw(root, roboflow(rows)), tmp_path / "again").said
    assert "wrong-task" in said
    assert "with task=detect all become boxes" in said
