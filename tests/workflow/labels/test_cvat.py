"""CVAT's XML for images as it is exported, and as it should not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.labels import cvat_xml
from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled

BOX = '<box label="nut" occluded="0" xtl="10" ytl="10" xbr="30" ybr="20" z_order="0"/>'
TURNED = '<box label="nut" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90.00"/>'
POLYGON = '<polygon label="bolt" points="10,10;50,10;50,40"/>'
LABELS = ("nut", "bolt")


def meta(*labels: str, where: str = "task") -> str:
    """The head of a file: labels by their names, or as they stand in it."""
    named = [label if "<" in label else f"<name>{label}</name><color>#fff</color>" for label in labels]
    listed = "".join(f"<label>{label}<attributes></attributes></label>" for label in named)
    owner = "<owner><username>me</username></owner>"
    return f"<version>1.1</version><meta><{where}><name>x</name><labels>{listed}</labels>{owner}</{where}></meta>"


def image(*shapes: str, name: str = "a.jpg", subset: str = "", size: str = 'width="100" height="50"') -> str:
    """The element of a picture."""
    said = f' subset="{subset}"' if subset else ""
    return f'\n<image id="0" name="{name}"{said} {size}>\n{"".join(shapes)}\n</image>'


def export(root: Path, *parts: str, head: str | None = None, pictures: tuple[str, ...] = ("images/a.jpg",)) -> Path:
    """``annotations.xml`` and its pictures."""
    for picture in pictures:
        (root / picture).parent.mkdir(parents=True, exist_ok=True)
        (root / picture).write_text("x")
    text = f"<annotations>{meta(*LABELS) if head is None else head}{''.join(parts)}\n</annotations>\n"
    (root / "annotations.xml").write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{text}', encoding="utf-8")
    return root


def first(root: Path, task: str = "auto") -> Labelled:
    """The labels of the first picture."""
    source = open_source(root, task=task)
    return source.labels(source.entries[0], 100, 50)


@pytest.mark.parametrize("where", ["task", "project", "job"])
def test_classes_are_the_labels_in_the_order_of_the_file(tmp_path: Path, where: str) -> None:
    """Whether a task, a project or a job was exported; one without an object is a class all the same."""
    source = open_source(export(tmp_path, image(BOX), head=meta("nut", "bölt &amp; screw", where=where)))
    assert (source.format, source.task, source.problems) == ("cvat", "detect", [])
    assert source.classes == ("nut", "bölt & screw")
    assert [(row.class_id, row.numbers, row.line) for row in first(tmp_path).rows] == [(0, (0.2, 0.3, 0.2, 0.2), 4)]


def test_a_label_is_one_however_its_letters_are_composed(tmp_path: Path) -> None:
    """An é of one letter is declared, and one of two is drawn."""
    export(tmp_path, image(BOX.replace("nut", "cafe\u0301")), head=meta("caf\u00e9"))
    assert (open_source(tmp_path).classes, len(first(tmp_path).rows)) == (("caf\u00e9",), 1)


def test_without_declared_labels_the_classes_are_those_of_objects(tmp_path: Path) -> None:
    """By their letters; and a label that is not declared where others are is told."""
    assert open_source(export(tmp_path, image(BOX, POLYGON), head=""), task="segment").classes == ("bolt", "nut")
    [problem] = first(export(tmp_path, image(BOX), head=meta("bolt"))).problems
    assert (problem.kind, problem.line, problem.message) == (
        "unknown-class",
        4,
        "nut (box): 'nut' is not among the classes",
    )


@pytest.mark.parametrize(
    ("subsets", "splits", "refused"),
    [
        (("Train", "Validation", "Test"), ("train", "validation", "test"), ""),
        (("train", "val", "val"), ("train", "validation", "validation"), ""),
        (("default", "", "default"), ("", "", ""), ""),
        (("monday", "monday", "monday"), ("", "", ""), ""),
        (("train", "holdout", "holdout"), ("train", "", ""), "subsets are called holdout"),
        (("train", "", "test"), ("train", "", "test"), "pictures of no split lie beside those of others"),
    ],
)
def test_a_subset_is_a_split(tmp_path: Path, subsets: tuple[str, ...], splits: tuple[str, ...], refused: str) -> None:
    """One for all is none; of several, one that is called like no split is refused, and so is a picture in none."""
    images = [image(BOX, name=f"{at}.jpg", subset=subset) for at, subset in enumerate(subsets)]
    source = open_source(export(tmp_path, *images, pictures=tuple(f"images/{at}.jpg" for at in range(3))))
    assert tuple(entry.split for entry in source.entries) == splits
    layout = [problem.message for problem in source.problems if problem.kind == "layout"]
    assert bool(layout) == bool(refused)
    assert refused in "".join(layout)


def test_pictures_of_one_name_in_two_subsets_are_found(tmp_path: Path) -> None:
    """A project is exported with a folder for each."""
    images = [image(BOX, name="a.jpg", subset="train"), image(name="a.jpg", subset="test")]
    source = open_source(export(tmp_path, *images, pictures=("images/train/a.jpg", "images/test/a.jpg")))
    assert [(entry.image, entry.split) for entry in source.entries] == [
        ("images/train/a.jpg", "train"),
        ("images/test/a.jpg", "test"),
    ]
    assert [len(source.labels(entry, 100, 50).rows) for entry in source.entries] == [1, 0]


def test_a_turned_box_is_turned_about_its_middle_clockwise(tmp_path: Path) -> None:
    """And one beside it that is not is turned by nothing."""
    export(tmp_path, image(TURNED, TURNED.replace("90.00", "30.0"), BOX))
    source = open_source(tmp_path)
    assert (source.task, source.problems) == ("obb", [])
    quarter, third, upright = first(tmp_path).rows
    assert quarter.numbers == pytest.approx((0.25, 0.1, 0.25, 0.5, 0.15, 0.5, 0.15, 0.1))
    left, top = 20 + -10 * 0.8660254 - -5 * 0.5, 15 + -10 * 0.5 + -5 * 0.8660254
    assert third.numbers[:2] == pytest.approx((left / 100, top / 50))
    assert upright.numbers == pytest.approx((0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.1, 0.4))


def test_masks_ellipses_and_polygons_are_outlines(tmp_path: Path) -> None:
    """A mask's runs go along the rows of its box; the area in its outline is that of its pixels."""
    mask = '<mask label="nut" rle="1, 2, 2, 1" left="10" top="20" width="3" height="2"/>'
    ellipse = '<ellipse label="nut" cx="50" cy="25" rx="20" ry="10" rotation="90"/>'
    export(tmp_path, image(mask, ellipse, POLYGON))
    assert (open_source(tmp_path).task, open_source(tmp_path).problems) == ("segment", [])
    runs, round_, drawn = (row.numbers for row in first(tmp_path).rows)
    assert {(round(x * 100), round(y * 50)) for x, y in zip(runs[0::2], runs[1::2], strict=True)} == {
        (11, 20), (13, 20), (13, 22), (12, 22), (12, 21), (11, 21)
    }  # fmt: skip
    assert (min(round_[0::2]), max(round_[0::2])) == pytest.approx((0.4, 0.6))
    assert (min(round_[1::2]), max(round_[1::2])) == pytest.approx((0.1, 0.9))
    assert drawn == (0.1, 0.2, 0.5, 0.2, 0.5, 0.8)


SKELETON = "<name>person</name><type>skeleton</type>"
POINTS = [f"<name>{name}</name><type>points</type><parent>person</parent>" for name in ("left", "right", "nose")]


def point(name: str, place: str, said: str = "") -> str:
    """A point of a skeleton."""
    return f'<points label="{name}" {said} points="{place}"/>'


def test_skeletons_are_key_points_with_the_box_around_them(tmp_path: Path) -> None:
    """In the order of their labels; hidden ones count, those outside are not labelled; left mirrors right."""
    parts = point("nose", "20,10") + point("left", "40,30", 'occluded="1"') + point("right", "1,1", 'outside="1"')
    export(tmp_path, image(f'<skeleton label="person">{parts}</skeleton>'), head=meta("nut", SKELETON, *POINTS))
    source = open_source(tmp_path)
    assert (source.task, source.classes, source.keypoints, source.flip) == ("pose", ("person",), (3, 3), (1, 0, 2))
    [row] = first(tmp_path).rows
    assert row.numbers == pytest.approx((0.3, 0.4, 0.2, 0.4, 0.4, 0.6, 1, 0, 0, 0, 0.2, 0.2, 2))


def test_skeletons_become_boxes_where_boxes_are_asked_for(tmp_path: Path) -> None:
    """Told as whatever is drawn in more detail; they are no outlines, and no turned boxes."""
    parts = point("nose", "20,10") + point("left", "40,30") + point("right", "1,1", 'outside="1"')
    export(tmp_path, image(f'<skeleton label="nut">{parts}</skeleton>'))
    found = first(tmp_path, "detect")
    assert [row.numbers for row in found.rows] == [pytest.approx((0.3, 0.4, 0.2, 0.4))]
    assert [(problem.kind, problem.action) for problem in found.problems] == [("simplified-object", "noted")]
    assert found.problems[0].message.startswith("images/a.jpg: 1 object is drawn in more detail than detect needs")
    beyond = parts.replace("40,30", "120,30")
    [problem] = first(export(tmp_path, image(f'<skeleton label="nut">{beyond}</skeleton>')), "detect").problems[:1]
    assert (problem.kind, problem.message.endswith(": right 1.2")) == ("outside-image", True)
    for task in ("segment", "obb"):
        found = first(tmp_path, task)
        assert (found.rows, [problem.kind for problem in found.problems]) == ((), ["wrong-task"])


def test_a_box_among_skeletons_is_no_person(tmp_path: Path) -> None:
    """Nor is an outline whose corners are as many as its numbers would be."""
    corners = ";".join(["10,10", "50,10", "50,40", "40,40", "30,40", "20,40", "10,30"][:7])
    skeleton = f'<skeleton label="person">{point("nose", "20,10")}{point("left", "40,30")}</skeleton>'
    polygon = f'<polygon label="person" points="{corners};11,29"/>'
    points = [*POINTS, "<name>tail</name><type>points</type><parent>person</parent>"]
    found = first(export(tmp_path, image(skeleton, polygon, BOX), head=meta(SKELETON, *points)))
    assert len(found.rows) == 1
    assert [(problem.kind, problem.line) for problem in found.problems] == [("wrong-task", 4), ("unknown-class", 4)]


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        ('<polyline label="nut" points="1,2;3,4"/>', "wrong-task", "nut (polyline): cannot be read as an object"),
        ('<points label="nut" points="1,2"/>', "wrong-task", "nut (points): cannot be read as an object"),
        ('<cuboid label="nut" xtl1="1"/>', "wrong-task", "nut (cuboid): cannot be read as an object"),
        (BOX.replace('"10"', '"ten"'), "malformed-row", "xtl is 'ten', no number"),
        (BOX.replace('xtl="10"', ""), "malformed-row", "xtl is '', no number"),
        (BOX.replace('"10"', '"inf"'), "malformed-row", "xtl is inf, no finite number"),
        (BOX.replace("nut", ""), "unknown-class", "an object (box): '' is not among the classes"),
        (BOX.replace('"30"', '"130"'), "outside-image", "the box leaves the image: right 1.3"),
        (BOX.replace('"30"', '"5"'), "empty-box", "a box of no area"),
        (POLYGON.replace("50,10;", ""), "malformed-row", "points must be 3 or more pairs of numbers"),
        (POLYGON.replace("50,10;", "x;"), "malformed-row", "points must be pairs of numbers"),
        ('<mask label="nut" rle="1, 9" left="1" top="1" width="3" height="2"/>', "malformed-row", "counts come to 10"),
        ('<mask label="nut" rle="6" left="1" top="1" width="3" height="2"/>', "malformed-row", "the mask is empty"),
        ('<mask label="nut" rle="x" left="1" top="1" width="3" height="2"/>', "malformed-row", "rle must be whole"),
        (
            '<mask label="nut" rle="1" left="1" top="1" width="999999" height="999999"/>',
            "malformed-row",
            "a mask of 999999x999999 pixels",
        ),
    ],
)
def test_a_broken_object_is_told_with_its_line(tmp_path: Path, shape: str, kind: str, message: str) -> None:
    """And the others are read."""
    found = first(export(tmp_path, image(BOX, "\n", shape)), "detect")
    [problem] = found.problems
    assert (problem.kind, problem.file, problem.line, len(found.rows)) == (kind, "annotations.xml", 5, 1)
    assert message in problem.message


def test_tags_of_whole_pictures_are_counted_and_not_read(tmp_path: Path) -> None:
    """They draw nothing."""
    [note] = open_source(export(tmp_path, image(BOX, '<tag label="nut"/>', '<tag label="bolt"/>'))).problems
    assert (note.kind, note.action, note.message) == (
        "unused-file",
        "noted",
        "2 tags of whole pictures are not read",
    )


def test_a_size_that_contradicts_the_picture_is_told(tmp_path: Path) -> None:
    """By the picture's name."""
    source = open_source(export(tmp_path, image(BOX)))
    [problem] = source.labels(source.entries[0], 50, 100).problems
    assert (problem.kind, problem.message) == (
        "malformed-row",
        "images/a.jpg: drawn on 100x50 pixels, and the picture has 50x100",
    )


def test_the_tracks_of_a_video_are_refused_with_what_to_export(tmp_path: Path) -> None:
    """They would be read as no object at all."""
    track = f'\n<track id="0" label="nut">{BOX}</track>'
    [problem] = open_source(export(tmp_path, track)).problems
    assert (problem.kind, problem.line) == ("layout", 3)
    assert "export the task as CVAT for images 1.1" in problem.message


HOSTILE = {
    "an entity": ('<!DOCTYPE annotations [<!ENTITY a "b">]><annotations>&a;</annotations>', "declares a document type"),
    "a file of another machine": (
        '<!DOCTYPE annotations SYSTEM "file:///etc/passwd"><annotations/>',
        "declares a document type",
    ),
    "depth": (f"<annotations>{'<a>' * 100_000}", "is nested too deeply"),
    "depth in a picture": (f'<annotations><image name="a.jpg">{"<a>" * 100_000}', "is nested too deeply"),
    "a long word": (f'<annotations><image name="a.jpg{"x" * 70_000}', "holds a word of more than 20,000 bytes"),
    "many objects": (
        f'<annotations><image name="a.jpg">{BOX * 1000}</image></annotations>',
        "holds a picture with more",
    ),
    "a long label": (f"<annotations>{meta('n' * 2000)}", "declares a label of more than 1,000 letters"),
    "an end that is missing": ("<annotations><image name='a.jpg'>", "is not readable XML: no element found"),
    "bytes": ("<annotations>\0", "is not readable XML"),
}


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    """Before it takes memory, or reads anything else."""
    monkeypatch.setattr(cvat_xml, "LARGEST", 20_000)
    monkeypatch.setattr(cvat_xml, "CHUNK", 10_000)
    export(tmp_path)
    (tmp_path / "annotations.xml").write_text(text)
    source = open_source(tmp_path)
    assert (source.format, source.entries) == ("cvat", ())
    [problem] = source.problems
    assert (problem.kind, problem.file, problem.action) == ("layout", "annotations.xml", "rejected")
    assert message in problem.message


def test_names_that_leave_the_dataset_find_nothing(tmp_path: Path) -> None:
    """Only pictures of this folder are ever read."""
    (tmp_path / "out.jpg").write_text("x")
    root = export(tmp_path / "in", image(BOX), image(BOX, name="../out.jpg"), image(BOX, name="/etc/passwd.jpg"))
    assert [entry.image for entry in open_source(root).entries] == ["images/a.jpg"]


def test_a_picture_is_read_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lie before it, and where pieces of the file break."""
    monkeypatch.setattr(cvat_xml, "PIECE", 7)
    monkeypatch.setattr(cvat_xml, "CHUNK", 11)
    names = [f"ä{at}.jpg" for at in range(50)]
    images = [image(BOX.replace('"30"', f'"{at + 20}"'), name=name) for at, name in enumerate(names)]
    source = open_source(export(tmp_path, *images, pictures=tuple(f"images/{name}" for name in names)))
    widths = [source.labels(entry, 100, 50).rows[0].numbers[2] for entry in source.entries]
    assert widths == [pytest.approx((at + 10) / 100) for at in range(50)]
