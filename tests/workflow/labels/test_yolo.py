"""Which folders are found to hold text labels, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.settings import class_names
from workflow.labels.source import Opened

LABEL = "0 0.5 0.5 0.2 0.2\n"


def write(root: Path, names: str | None = "names: [bolt, nut]\n", **more: str) -> Path:
    """Write a file of settings and files by their paths, where ``__`` stands for a slash and ``_`` for a dot."""
    if names is not None:
        (root / "data.yaml").write_text(names, encoding="utf-8")
    for name, text in more.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def split_of_each(source: Opened) -> dict[str, str]:
    """The split of each image."""
    return {entry.image: entry.split for entry in source.entries}


def said(source: Opened) -> list[str]:
    """What is wrong with a dataset as a whole."""
    return [f"{problem.file}: {problem.message}" for problem in source.problems]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("train__images__a_jpg", "train__labels__a_txt"),
        ("images__train__a_jpg", "labels__train__a_txt"),
        ("images__training__a_PNG", "labels__training__a_txt"),
        ("train__a_jpg", "train__a_txt"),
        ("export__train__images__a_jpg", "export__train__labels__a_txt"),
        ("a__b__images__train__sub__a_jpg", "a__b__labels__train__sub__a_txt"),
    ],
)
def test_the_usual_layouts_are_found(tmp_path: Path, image: str, label: str) -> None:
    """Splits outside or inside, labels beside the images, and whatever folders wrap it all."""
    top = image.split("__")[0]
    wrapped = {"export": "export__", "a": "a__b__"}.get(top, "")
    settings = {f"{wrapped}data_yaml": "names: [bolt]"}
    source = open_source(write(tmp_path, None, **settings, **{image: "x", label: LABEL}))
    assert source.problems == []
    assert list(split_of_each(source).values()) == ["train"]
    assert len(source.labels(source.entries[0], 10, 10).rows) == 1


@pytest.mark.parametrize(
    ("settings", "splits"),
    [
        ("train: ../images/train2017\nval: ../images/val2017", ["train", "validation"]),
        ("path: /content/mine\ntrain: images/train2017\nval: images/val2017", ["train", "validation"]),
        ("train: C:\\Users\\me\\images\\train2017\nval: .\\images\\val2017", ["train", "validation"]),
        ("train: [images/train2017, images/val2017]", ["train", "train"]),
    ],
)
def test_data_yaml_says_where_the_splits_are(tmp_path: Path, settings: str, splits: list[str]) -> None:
    """Paths of other machines are found by their ends."""
    pictures = {"images__train2017__a_jpg": "x", "images__val2017__b_jpg": "y"}
    labels = {"labels__train2017__a_txt": LABEL, "labels__val2017__b_txt": LABEL}
    source = open_source(write(tmp_path, f"names: [bolt]\n{settings}\n", **pictures, **labels))
    assert said(source) == []
    assert list(split_of_each(source).values()) == splits


def test_two_lists_of_names_for_one_picture_are_one_name_each(tmp_path: Path) -> None:
    """Names below the images folder are unique even without their endings, as labels go by them."""
    more = {"images__train__a_jpg": "x", "images__train__a_png": "y", "labels__train__a_txt": LABEL}
    source = open_source(write(tmp_path, **more), policy={"label-conflict": "note"})
    assert [entry.name for entry in source.entries] == ["a.jpg", "a_png.png"]
    assert said(source) == ["images/train/a.png: shares its label labels/train/a.txt with images/train/a.jpg"]


def test_a_picture_that_shares_a_label_may_be_left_out(tmp_path: Path) -> None:
    """The second of the two."""
    more = {"images__train__a_jpg": "x", "images__train__a_png": "y", "labels__train__a_txt": LABEL}
    source = open_source(write(tmp_path, **more), policy={"label-conflict": "drop"})
    assert [entry.image for entry in source.entries] == ["images/train/a.jpg"]
    assert [one.action for one in source.problems if one.kind == "label-conflict"] == ["dropped"]


def test_label_studio_names_classes_in_a_text(tmp_path: Path) -> None:
    """``classes.txt`` is as good as a data.yaml, and its notes are no COCO."""
    notes = '{"categories": [{"id": 0, "name": "bolt"}], "info": {}}'
    files = {"classes_txt": "bolt\nnut\n", "notes_json": notes, "images__a_jpg": "x", "labels__a_txt": LABEL}
    source = open_source(write(tmp_path, None, **files))
    assert (said(source), source.format, source.classes) == ([], "yolo", ("bolt", "nut"))


def test_a_folder_without_anything_says_what_was_looked_for(tmp_path: Path) -> None:
    """An empty folder gives a problem for the images and one for data.yaml."""
    text = "\n".join(said(open_source(tmp_path)))
    assert "no data.yaml that names the classes: looked for data.yaml" in text
    assert "no images: looked for train/images, images/train" in text


def test_a_split_without_labels_says_where_they_were_looked_for(tmp_path: Path) -> None:
    """Images alone are an error, not a thousand pictures without objects."""
    files = {"train__images__a_jpg": "x", "valid__images__b_jpg": "y", "valid__labels__b_txt": LABEL}
    assert said(open_source(write(tmp_path, **files))) == [
        "train/images: 1 images and no labels: looked in train/labels; label them"
    ]


@pytest.mark.parametrize(
    ("file", "kind", "message"),
    [
        ("labels__train__lost_txt", "orphan-label", "a label without an image"),
        ("images__train__readme_md", "unused-file", "not an image file; left out"),
    ],
)
def test_what_else_lies_there_is_noted(tmp_path: Path, file: str, kind: str, message: str) -> None:
    """It stops nothing; a list of classes and hidden files are not even told."""
    files = {"images__train__a_jpg": "x", "labels__train__a_txt": LABEL, "labels__train__classes_txt": "bolt"}
    (tmp_path / ".DS_Store").write_text("x")
    [problem] = open_source(write(tmp_path, **files, **{file: LABEL})).problems
    assert (problem.kind, problem.message, problem.action) == (kind, message, "noted")


def test_a_label_of_another_image_of_the_set_is_no_orphan_without_it(tmp_path: Path) -> None:
    """A picture without a label is background, unless the policy says otherwise."""
    files = {"images__train__a_jpg": "x", "images__train__b_jpg": "y", "labels__train__a_txt": LABEL}
    source = open_source(write(tmp_path, **files))
    missing = source.labels(source.entries[1], 10, 10)
    assert (missing.labelled, missing.rows, missing.dropped) == (False, (), False)
    assert [(p.kind, p.file, p.action) for p in missing.problems] == [("missing-label", "images/train/b.jpg", "noted")]
    dropping = open_source(tmp_path, policy={"missing-label": "drop"})
    assert dropping.labels(dropping.entries[1], 10, 10).dropped


def test_one_split_in_two_places_is_an_error(tmp_path: Path) -> None:
    """Nobody guesses which of two training folders is meant."""
    files = {"train__images__a_jpg": "x", "train__labels__a_txt": LABEL}
    files |= {"images__train__a_jpg": "x", "labels__train__a_txt": LABEL}
    problem = open_source(write(tmp_path, **files)).problems[0]
    assert (problem.kind, problem.action) == ("layout", "rejected")
    assert problem.message == "the train split is there twice: train/images and images/train"


def test_a_label_with_the_mark_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    """A byte order mark and Windows' line ends are nothing of the label's."""
    write(tmp_path, images__a_jpg="x", labels__a_txt="")
    (tmp_path / "labels" / "a.txt").write_bytes(b"\xef\xbb\xbf0 0.5 0.5 0.2 0.2\r\n")
    source = open_source(tmp_path)
    assert len(source.labels(source.entries[0], 10, 10).rows) == 1


@pytest.mark.parametrize(("policy", "dropped"), [("reject", False), ("drop", True)])
def test_a_label_that_is_no_text_costs_the_picture(tmp_path: Path, policy: str, dropped: bool) -> None:
    """A picture whose objects nobody knows is not taken for one without any."""
    write(tmp_path, images__a_jpg="x", labels__a_txt="")
    (tmp_path / "labels" / "a.txt").write_bytes(b"\xff\xfe\x00")
    source = open_source(tmp_path, policy={"malformed-row": policy})
    found = source.labels(source.entries[0], 10, 10)
    assert (found.rows, found.dropped) == ((), dropped)
    assert "not a text in UTF-8" in found.problems[0].message


@pytest.mark.parametrize(
    ("rows", "task"),
    [
        (["0 .5 .5 .2 .2"], "detect"),
        ([""], "detect"),
        (["0 .1 .1 .9 .1 .9 .9"], "segment"),
        (["0 .1 .1 .9 .1 .9 .9 .1 .9"], "obb"),
        (["0 .1 .1 .9 .1 .9 .9 .1 .9", "0 .1 .1 .9 .1 .9 .9"], "segment"),
        (["0 .1 .1 .9 .1 .9 .9", "0 .5 .5 .2 .2"], "detect"),
        (["0 .1 .1 .9 .1 .9 .9", "0 .1 .1 .9 .1 .9 .8", "0 .5 .5 .2 .2"], "segment"),
    ],
)
def test_the_task_is_told_by_the_columns(tmp_path: Path, rows: list[str], task: str) -> None:
    """Turned boxes only where every row has nine columns, else what most rows say."""
    files = {f"images__{at}_jpg": "x" for at in range(len(rows))}
    labels = {f"labels__{at}_txt": row for at, row in enumerate(rows)}
    assert open_source(write(tmp_path, **files, **labels)).task == task
    assert open_source(tmp_path, task="segment").task == "segment"


def test_pose_without_the_shape_of_its_keypoints_is_refused(tmp_path: Path) -> None:
    """Nobody can tell pairs from triples."""
    source = open_source(write(tmp_path, images__a_jpg="x", labels__a_txt=LABEL), task="pose")
    assert any("kpt_shape is missing" in text for text in said(source))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("names: [bolt]\nkpt_shape: [17]", "kpt_shape: must be"),
        ("names: [bolt]\nkpt_shape: [17, 4]", "kpt_shape: must be"),
        ("names: [bolt]\nkpt_shape: [2, 3]\nflip_idx: [0, 2]", "flip_idx: must name every keypoint"),
        ("names: [bolt\n", "is not readable YAML"),
        ("names: !!python/object:os.system [bolt]", "is not readable YAML"),
        ("names: [[a], b]", "every class must be one name"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, settings: str, message: str) -> None:
    """With the name of the file."""
    source = open_source(write(tmp_path, settings, images__a_jpg="x", labels__a_txt=LABEL))
    assert source.problems[0].file == "data.yaml"
    assert message in source.problems[0].message
    assert (source.problems[0].kind, source.entries) == ("classes", ())


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        *[("no", "False"), ("On", "True"), ("010", "8"), ("1_000", "1000"), ("0x1F", "31")],
        *[("1.5", "1.5"), ("1:30", "90"), ("2024-05-01", "2024-05-01"), ("!!bool maybe", "maybe")],
    ],
)
@pytest.mark.parametrize("form", ["names:\n- bolt\n- {}\n", "names:\n  0: bolt\n  1: {}\n"])
def test_a_name_that_yaml_takes_for_something_else_is_to_be_quoted(
    tmp_path: Path, form: str, written: str, meaning: str
) -> None:
    """No class is called False or 8 that was written otherwise; quoted it is a name like any other."""
    files = {"images__a_jpg": "x", "labels__a_txt": LABEL}
    [problem] = open_source(write(tmp_path, form.format(written), **files)).problems
    assert (problem.kind, problem.file, problem.line, problem.action) == ("classes", "data.yaml", 3, "rejected")
    shown = written.removeprefix("!!bool ")
    assert problem.message == f"names: YAML reads {shown} as {meaning}: quote it, '{shown}'"
    quoted = open_source(write(tmp_path, form.format(f'"{written}"')))
    assert (quoted.problems, quoted.classes) == ([], ("bolt", written))


def test_whole_numbers_are_names_as_they_are_written(tmp_path: Path) -> None:
    """Digits need no quotes."""
    files = {"images__a_jpg": "x", "labels__a_txt": LABEL}
    assert open_source(write(tmp_path, "names: [0, 12, -3]\n", **files)).classes == ("0", "12", "-3")


@pytest.mark.parametrize("text", ["names: [bolt]\nnames: [nut]\n", "names: {0: bolt, 0: nut}\n"])
def test_a_key_that_is_there_twice_is_refused(tmp_path: Path, text: str) -> None:
    """The second would win in silence."""
    source = open_source(write(tmp_path, text, images__a_jpg="x", labels__a_txt=LABEL))
    assert "is there twice" in said(source)[0]


def test_an_empty_line_among_classes_is_refused(tmp_path: Path) -> None:
    """It would move the number of every class below it."""
    files = {"images__a_jpg": "x", "labels__a_txt": LABEL}
    assert "a name of its own" in said(open_source(write(tmp_path, None, classes_txt="bolt\n\nnut\n", **files)))[0]


def test_several_files_that_may_name_the_classes_are_a_question(tmp_path: Path) -> None:
    """The one to keep is to be called data.yaml."""
    files = {"a_yaml": "names: [x]", "b_yml": "names: [y]", "images__a_jpg": "x", "labels__a_txt": LABEL}
    assert any(
        "which one names the classes: a.yaml, b.yml?" in text
        for text in said(open_source(write(tmp_path, None, **files)))
    )


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"names": ["bolt", "nut"]}, id="a list"),
        pytest.param({"names": {0: "bolt", 1: "nut"}, "nc": 2}, id="a map"),
        pytest.param({"names": {1: "nut", 0: "bolt"}}, id="a map in another order"),
    ],
)
def test_class_names_come_as_a_list_or_a_map(document: dict[str, Any]) -> None:
    """Both forms of data.yaml give the names in order."""
    assert class_names(document) == ("bolt", "nut")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(None, "names: must be a list", id="an empty file"),
        pytest.param({"names": "bolt"}, "names: must be a list", id="a text"),
        pytest.param({"names": []}, "names: must be a list", id="no names"),
        pytest.param({"names": {1: "bolt"}}, "keys must be 0 to 0", id="counted from 1"),
        pytest.param({"names": ["bolt", "bolt"]}, "a name of its own", id="a name twice"),
        pytest.param({"names": ["bolt"], "nc": 2}, "nc: 2, but names has 1", id="another count"),
    ],
)
def test_class_names_that_cannot_be_meant_are_refused(document: Any, said: str) -> None:
    """The message says what names must be."""
    with pytest.raises(ValueError, match=said):
        class_names(document)


def test_groups_are_read_from_their_table(tmp_path: Path) -> None:
    """A picture goes by its path or its name; one that is not there is told with its line."""
    table = "file,group\ntrain/images/a.jpg,one\nb.jpg,one\nc.jpg,two\n"
    files = {f"train__images__{name}_jpg": "x" for name in "ab"} | {"train__labels__a_txt": LABEL}
    source = open_source(write(tmp_path, groups_csv=table, **files))
    assert [entry.group for entry in source.entries] == ["one", "one"]
    assert [(p.kind, p.file, p.line) for p in source.problems] == [("unused-file", "groups.csv", 4)]
    assert "groups.csv" in source.documents


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    """The first line must name them."""
    source = open_source(write(tmp_path, groups_csv="a.jpg,one\n", images__a_jpg="x", labels__a_txt=LABEL))
    assert said(source) == ["groups.csv: the first line must name the columns file,group"]


def test_lists_of_pictures_are_documents_wherever_they_lie(tmp_path: Path) -> None:
    """Another machine needs them to find the splits."""
    settings = "names: [bolt]\ntrain: splits/train.txt\n"
    lists = {"splits__train_txt": "images/a.jpg\n"}
    source = open_source(write(tmp_path, settings, images__a_jpg="x", labels__a_txt=LABEL, **lists))
    assert (source.problems, split_of_each(source)) == ([], {"images/a.jpg": "train"})
    assert source.documents == ["data.yaml", "labels/a.txt", "splits/train.txt"]


@pytest.mark.parametrize("spelling", ["{}", "../{}", "./{}/", "C:\\mine\\{}", "/content/mine/{}", "pictures/{}"])
@pytest.mark.parametrize(
    ("place", "kind"), [("val/images", "moved-split"), ("test/images", "made-split"), ("test.txt", "made-split")]
)
def test_a_place_that_is_not_there_is_told_however_it_is_written(
    tmp_path: Path, place: str, kind: str, spelling: str
) -> None:
    """``val/images`` is not the ``images`` that holds all splits: the folder that is called like it is read."""
    files = {f"images__{split}__{split}_jpg": "x" for split in ("train", "val")}
    files |= {f"labels__{split}__{split}_txt": LABEL for split in ("train", "val")}
    split = "val" if "val" in place else "test"
    source = open_source(write(tmp_path, f"names: [bolt]\n{split}: {spelling.format(place)}\n", **files))
    assert [(problem.kind, problem.action, problem.file) for problem in source.problems] == [
        (kind, "noted", "data.yaml")
    ]
    assert list(split_of_each(source).values()) == ["train", "validation"]


def test_a_line_that_finds_no_picture_or_several_is_told(tmp_path: Path) -> None:
    """The list, the line, and what it says."""
    lines = "one/images/a.jpg\n\n/elsewhere/a.jpg\ngone.jpg\n"
    images = {f"{folder}__images__a_jpg": "x" for folder in ("one", "two")}
    labels = {f"{folder}__labels__a_txt": LABEL for folder in ("one", "two")}
    source = open_source(write(tmp_path, "names: [bolt]\ntrain: list.txt\n", list_txt=lines, **images, **labels))
    found = [(p.kind, p.line, p.action) for p in source.problems if p.file == "list.txt"]
    assert found == [("label-conflict", 3, "rejected"), ("layout", 4, "rejected")]
