"""Pascal VOC's XML as tools write it, and as it should not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled
from workflow.labels.voc import XmlError, read_annotation

BOX = "<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>30</xmax><ymax>30</ymax></bndbox>"
BOLT = f"<object><name>bolt</name>{BOX}</object>"


def voc(root: Path, *objects: str, head: str = "", size: str = "100") -> Path:
    """One picture called a.jpg, 100 x 50 pixels, and its XML beside it; each object begins a line."""
    (root / "a.jpg").write_text("x")
    said = f"<size><width>{size}</width><height>50</height><depth>3</depth></size>"
    text = "\n".join([f"{head}<annotation><filename>a.jpg</filename>{said}", *objects, "</annotation>"])
    (root / "a.xml").write_text(text, encoding="utf-8")
    return root


def first(root: Path, policy: dict[str, str] | None = None) -> Labelled:
    """The labels of the first picture."""
    source = open_source(root, format="voc", policy=policy or {})
    return source.labels(source.entries[0], 100, 50)


def test_classes_are_the_names_in_order_of_their_letters(tmp_path: Path) -> None:
    """VOC numbers no class."""
    source = open_source(voc(tmp_path, BOLT.replace("bolt", "nut"), BOLT))
    assert (source.format, source.classes) == ("voc", ("bolt", "nut"))
    assert [(row.class_id, row.line) for row in first(tmp_path).rows] == [(1, 2), (0, 3)]


def test_what_is_difficult_or_truncated_is_kept(tmp_path: Path) -> None:
    """It is an object all the same."""
    marked = BOLT.replace("<bndbox>", "<truncated>1</truncated><difficult>1</difficult><bndbox>")
    assert [row.numbers for row in first(voc(tmp_path, marked)).rows] == [(0.2, 0.4, 0.2, 0.4)]


def test_the_parts_of_a_person_are_no_objects(tmp_path: Path) -> None:
    """VOC draws heads and hands into the object."""
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"
    found = first(voc(tmp_path, BOLT.replace("</object>", part)))
    assert [row.numbers for row in found.rows] == [(0.2, 0.4, 0.2, 0.4)]


@pytest.mark.parametrize(
    ("broken", "kind", "message"),
    [
        (BOLT.replace("30", "10"), "empty-box", "bolt: a box of no area"),
        (BOLT.replace("30</xmax>", "300</xmax>"), "outside-image", "bolt: the box leaves the image: right 3"),
        (BOLT.replace("30</xmax>", "x</xmax>"), "not-a-number", "bolt: xmax is 'x', no number"),
        (BOLT.replace("30</xmax>", "nan</xmax>"), "not-a-number", "'nan' is not a finite number"),
        ("<object><name>bolt</name></object>", "malformed-row", "bolt: xmin is None"),
        (f"<object>{BOX}</object>", "unknown-class", "an object without a name"),
    ],
)
def test_a_broken_object_is_told_with_its_line(tmp_path: Path, broken: str, kind: str, message: str) -> None:
    """The line on which the object begins."""
    [problem] = first(voc(tmp_path, BOLT, broken)).problems
    assert (problem.kind, problem.file, problem.line) == (kind, "a.xml", 3)
    assert message in problem.message


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE annotation [<!ENTITY a "bolt">]>',
        '<!DOCTYPE annotation SYSTEM "http://example.com/a.dtd">',
        '<!DOCTYPE annotation [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, doctype: str) -> None:
    """No entity is ever read, from the file or from elsewhere."""
    (tmp_path / "b.jpg").write_text("x")
    (tmp_path / "b.xml").write_text(f"<annotation><filename>b.jpg</filename>{BOLT}</annotation>")
    found = first(voc(tmp_path, BOLT.replace("bolt", "&a;"), head=doctype))
    assert (found.rows, found.problems[0].kind, found.problems[0].action) == ((), "malformed-row", "rejected")
    assert "declares a document type" in found.problems[0].message


def test_broken_xml_is_told_with_its_line_and_costs_the_picture(tmp_path: Path) -> None:
    """A picture whose objects nobody knows is left out where the policy drops."""
    (tmp_path / "b.jpg").write_text("x")
    (tmp_path / "b.xml").write_text(f"<annotation><filename>b.jpg</filename>{BOLT}</annotation>")
    voc(tmp_path, BOLT, "</broken>")
    found = first(tmp_path, {"malformed-row": "drop"})
    assert (found.problems[0].file, found.problems[0].line, found.dropped) == ("a.xml", 3, True)


@pytest.mark.parametrize(
    "text",
    [
        "<page><object><name>bolt</name></object></page>",
        '<?xml version="1.0" encoding="klingon"?><annotation/>',
        '<?xml version="1.0" encoding="shift_jis"?><annotation/>',
        "<annotation/>",
        "",
        "no xml",
    ],
)
def test_what_is_no_annotation_is_refused(text: str) -> None:
    """Pages and the like are XML as well."""
    with pytest.raises(XmlError):
        read_annotation(text.encode())


def test_a_picture_without_xml_is_background(tmp_path: Path) -> None:
    """And is said to be, as in every format."""
    (tmp_path / "b.jpg").write_text("x")
    source = open_source(voc(tmp_path, BOLT))
    missing = source.labels(source.entries[1], 10, 10)
    assert (missing.labelled, [problem.kind for problem in missing.problems]) == (False, ["missing-label"])


def test_a_size_of_nothing_is_that_of_the_picture(tmp_path: Path) -> None:
    """Some tools write 0 for what they do not know."""
    [row] = first(voc(tmp_path, BOLT, size="0")).rows
    assert row.numbers == (0.2, 0.4, 0.2, 0.4)


def test_an_xml_without_a_picture_is_noted(tmp_path: Path) -> None:
    """It teaches nothing."""
    voc(tmp_path, BOLT)
    (tmp_path / "lost.xml").write_text(f"<annotation><filename>lost.jpg</filename>{BOLT}</annotation>")
    [problem] = open_source(tmp_path).problems
    assert (problem.kind, problem.file, problem.action) == ("orphan-label", "lost.xml", "noted")


def test_boxes_alone_are_read(tmp_path: Path) -> None:
    """Another task is refused by name."""
    [problem] = open_source(voc(tmp_path, BOLT), task="segment").problems
    assert "holds boxes, and the task is segment" in problem.message


@pytest.mark.parametrize("line", ["a", "a  1", "a.jpg", "'a'", '"JPEGImages/a.jpg"', "C:\\mine\\JPEGImages\\a.jpg"])
@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_the_lists_of_image_sets_are_read_as_tools_write_them(tmp_path: Path, line: str, name: str) -> None:
    """With quotes, folders and endings; a line of no picture is told."""
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / f"{name}.txt").write_text(f"{line}\ngone\n")
    source = open_source(voc(tmp_path, BOLT), format="voc")
    assert [entry.split for entry in source.entries] == ["validation"]
    assert [(problem.kind, problem.line) for problem in source.problems] == [("orphan-label", 2)]


def test_what_no_list_names_is_left_out_and_told(tmp_path: Path) -> None:
    """The lists place pictures in the set: one that is in none is neither trained on nor measured with."""
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\n")
    (tmp_path / "b.jpg").write_text("x")
    (tmp_path / "b.xml").write_text(f"<annotation><filename>b.jpg</filename>{BOLT}</annotation>")
    source = open_source(voc(tmp_path, BOLT), format="voc")
    assert [(entry.image, entry.split) for entry in source.entries] == [("a.jpg", "train")]
    assert [(problem.kind, problem.file) for problem in source.problems] == [("unused-file", "b.jpg")]


def test_lists_of_other_pictures_are_refused(tmp_path: Path) -> None:
    """Splits that somebody made are not made anew because their names are wrong."""
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("gone\n")
    source = open_source(voc(tmp_path, BOLT), format="voc")
    assert [problem.kind for problem in source.problems if problem.action == "rejected"] == ["layout"]


def test_pictures_of_one_name_have_the_split_of_their_folder(tmp_path: Path) -> None:
    """A list that names folders means them."""
    for folder in ("left", "right"):
        for kind, ending, text in (
            ("JPEGImages", "jpg", "x"),
            ("Annotations", "xml", f"<annotation>{BOLT}</annotation>"),
        ):
            (tmp_path / kind / folder).mkdir(parents=True)
            (tmp_path / kind / folder / f"a.{ending}").write_text(text)
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text("left/a\n")
    (tmp_path / "ImageSets" / "Main" / "test.txt").write_text("right/a\n")
    source = open_source(tmp_path, format="voc")
    assert [(entry.image[11:], entry.split) for entry in source.entries] == [
        ("left/a.jpg", "train"),
        ("right/a.jpg", "test"),
    ]
