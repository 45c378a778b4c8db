"""COCO's JSON as tools write it, and as it should not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled, Opened

CATEGORIES = [{"id": 7, "name": "nut", "supercategory": "part"}, {"id": 3, "name": "bolt", "supercategory": "part"}]
SQUARE = [10, 10, 30, 10, 30, 30, 10, 30]
TRIANGLE = [10, 10, 30, 10, 30, 30]


def coco(root: Path, *annotations: dict[str, Any], file: str = "instances.json", **document: Any) -> Path:
    """One picture of 100 x 50 pixels called a.jpg with annotations; keys of the document may be replaced."""
    whole = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}],
        "categories": CATEGORIES,
        "annotations": [
            {"id": at, "image_id": 1, "category_id": 3, "bbox": [10, 10, 20, 20], "iscrowd": 0, **annotation}
            for at, annotation in enumerate(annotations, start=1)
        ],
        **document,
    }
    (root / "a.jpg").write_text("x")
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return root


def first(source: Opened, width: int = 100, height: int = 50) -> Labelled:
    """The labels of the first picture."""
    return source.labels(source.entries[0], width, height)


def said(source: Opened) -> list[tuple[str, str]]:
    """What is wrong with a dataset as a whole."""
    return [(problem.kind, problem.message) for problem in source.problems]


def test_categories_become_classes_in_the_order_of_their_ids(tmp_path: Path) -> None:
    """Ids may have gaps and come in any order."""
    source = open_source(coco(tmp_path, {}, {"category_id": 7}))
    assert (source.format, source.classes) == ("coco", ("bolt", "nut"))
    assert [(row.class_id, row.numbers) for row in first(source).rows] == [
        (0, (0.2, 0.4, 0.2, 0.4)),
        (1, (0.2, 0.4, 0.2, 0.4)),
    ]


def test_a_picture_without_annotations_is_one_without_objects(tmp_path: Path) -> None:
    """It was looked at, so its label is not missing."""
    found = first(open_source(coco(tmp_path)))
    assert (found.rows, found.problems, found.labelled) == ((), (), True)


def test_crowds_are_left_out_and_counted(tmp_path: Path) -> None:
    """Their run lengths are no object's outline."""
    mask = {"size": [50, 100], "counts": [5000]}
    found = first(open_source(coco(tmp_path, {}, {"iscrowd": 1, "segmentation": mask})))
    assert len(found.rows) == 1
    assert [(problem.kind, problem.action) for problem in found.problems] == [("crowd", "dropped")]


@pytest.mark.parametrize(
    ("annotation", "kind", "message"),
    [
        ({"category_id": 9}, "unknown-class", "category 9"),
        ({"bbox": [10, 10, 0, 20]}, "empty-box", "no area"),
        ({"bbox": [10, 10, 20]}, "malformed-row", "bbox must be four numbers"),
        ({"bbox": ["10", 10, 20, 20]}, "malformed-row", "bbox must be four numbers"),
        ({"bbox": None}, "malformed-row", "bbox must be four numbers"),
        ({"bbox": [float("nan"), 10, 20, 20]}, "not-a-number", "'nan'"),
        ({"bbox": [90, 10, 20, 20]}, "outside-image", "right 1.1"),
        ({"bbox": [80.5, 10, 20, 20]}, "overhanging-box", "right 1.005"),
    ],
)
def test_a_broken_annotation_is_named_by_picture_and_id(
    tmp_path: Path, annotation: dict[str, Any], kind: str, message: str
) -> None:
    """A file of one line has no lines to name."""
    [problem] = first(open_source(coco(tmp_path, annotation), task="detect")).problems
    assert (problem.kind, problem.file) == (kind, "instances.json")
    assert problem.message.startswith("a.jpg: annotation 1: ")
    assert message in problem.message


@pytest.mark.parametrize(
    ("outline", "task"),
    [([], "detect"), ([SQUARE], "detect"), ([TRIANGLE], "segment"), ([TRIANGLE, SQUARE], "segment")],
)
def test_a_rectangle_around_the_box_is_no_outline(tmp_path: Path, outline: list[Any], task: str) -> None:
    """Tools write one for every box; what people drew has another shape."""
    assert open_source(coco(tmp_path, {"segmentation": outline})).task == task


def test_the_input_chooses_boxes_of_a_set_that_has_outlines(tmp_path: Path) -> None:
    """COCO has both for each object."""
    source = open_source(coco(tmp_path, {"segmentation": [TRIANGLE]}), task="detect")
    assert first(source).rows[0].numbers == (0.2, 0.4, 0.2, 0.4)


def test_an_outline_is_a_row_of_its_corners(tmp_path: Path) -> None:
    """In fractions of the picture."""
    source = open_source(coco(tmp_path, {"segmentation": [TRIANGLE]}))
    assert first(source).rows[0].numbers == (0.1, 0.2, 0.3, 0.2, 0.3, 0.6)


def test_the_parts_of_an_object_are_joined(tmp_path: Path) -> None:
    """One row: forward over the first part, the bridge, the second, and back."""
    other = [60, 10, 80, 10, 80, 30, 60, 30]
    [row] = first(open_source(coco(tmp_path, {"segmentation": [TRIANGLE, other]}))).rows
    points = set(zip(row.numbers[0::2], row.numbers[1::2], strict=True))
    assert {(0.1, 0.2), (0.3, 0.6), (0.6, 0.2), (0.8, 0.6)} <= points


@pytest.mark.parametrize("counts", [[510, 20, 30, 20, 4420], "n?d0N:0V:"], ids=["numbers", "a text"])
def test_a_mask_is_a_row_of_its_outline(tmp_path: Path, counts: Any) -> None:
    """Two columns of twenty pixels are a box two pixels wide."""
    if isinstance(counts, str):
        counts = compress([510, 20, 30, 20, 4420])
    source = open_source(coco(tmp_path, {"segmentation": {"size": [50, 100], "counts": counts}}))
    [row] = first(source).rows
    points = set(zip(row.numbers[0::2], row.numbers[1::2], strict=True))
    assert points == {(0.1, 0.2), (0.12, 0.2), (0.12, 0.6), (0.1, 0.6)}


def compress(counts: list[int]) -> str:
    """The compressed text of some counts."""
    from tests.workflow.labels.test_outlines import compressed

    return compressed(counts)


def test_keypoints_bring_their_mirror_images_by_their_names(tmp_path: Path) -> None:
    """Left and right change places in a mirrored picture."""
    person = [{"id": 1, "name": "person", "keypoints": ["nose", "left_eye", "right_eye"]}]
    points = [10, 10, 2, 20, 20, 1, 0, 0, 0]
    source = open_source(coco(tmp_path, {"category_id": 1, "keypoints": points}, categories=person))
    assert (source.task, source.keypoints, source.flip) == ("pose", (3, 3), (0, 2, 1))
    assert first(source).rows[0].numbers == (0.2, 0.4, 0.2, 0.4, 0.1, 0.2, 2.0, 0.2, 0.4, 1.0, 0.0, 0.0, 0.0)


def test_an_object_without_a_labelled_keypoint_counts_like_a_crowd(tmp_path: Path) -> None:
    """COCO's own evaluation ignores both."""
    person = [{"id": 1, "name": "person", "keypoints": ["nose"]}]
    both = ({"category_id": 1, "keypoints": [10, 10, 2]}, {"category_id": 1, "keypoints": [0, 0, 0]})
    found = first(open_source(coco(tmp_path, *both, categories=person)))
    assert (len(found.rows), [problem.kind for problem in found.problems]) == (1, ["crowd"])


def test_files_that_number_categories_otherwise_meet_by_name(tmp_path: Path) -> None:
    """Each split may come from another export."""
    coco(tmp_path, {}, file="train.json")
    other = [{"id": 1, "name": "nut"}, {"id": 2, "name": "bolt"}]
    images = [{"id": 1, "file_name": "b.jpg", "width": 100, "height": 50}]
    coco(tmp_path, {"category_id": 2}, file="val.json", categories=other, images=images)
    (tmp_path / "b.jpg").write_text("x")
    source = open_source(tmp_path)
    assert [entry.split for entry in source.entries] == ["train", "validation"]
    assert [source.labels(entry, 100, 50).rows[0].class_id for entry in source.entries] == [0, 0]


def test_boxes_and_keypoints_in_files_of_their_own_are_chosen_by_the_task(tmp_path: Path) -> None:
    """As COCO itself is delivered; captions are neither."""
    person = [{"id": 1, "name": "person", "keypoints": ["nose"]}]
    points = {"category_id": 1, "keypoints": [10, 10, 2]}
    coco(tmp_path, {}, file="annotations/instances_val2017.json")
    coco(tmp_path, points, file="annotations/person_keypoints_val2017.json", categories=person)
    coco(tmp_path, {}, file="annotations/captions_val2017.json", categories=[])
    assert (open_source(tmp_path).classes, open_source(tmp_path, task="pose").classes) == (("bolt", "nut"), ("person",))


def test_the_same_name_in_two_folders_is_told_by_the_folder_of_its_file(tmp_path: Path) -> None:
    """Exports number the pictures of each split from 1."""
    for split in ("train", "valid"):
        coco(tmp_path, {}, file=f"{split}/_annotations.coco.json")
        (tmp_path / split / "a.jpg").write_text("x")
    (tmp_path / "a.jpg").unlink()
    source = open_source(tmp_path)
    assert {entry.image: entry.split for entry in source.entries} == {
        "train/a.jpg": "train",
        "valid/a.jpg": "validation",
    }


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ({"images": [{"id": 1, "file_name": "gone.jpg"}]}, "orphan-label", "gone.jpg is not in this dataset"),
        ({"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]}, "label-conflict", "twice"),
        ({"images": [{"id": 1}]}, "layout", "an image must have id and file_name"),
        ({"images": [{"id": [1], "file_name": "a.jpg"}]}, "layout", "must be a number or a text"),
        ({"categories": [{"id": 1}]}, "layout", "a category must have id and name"),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]}, "classes", "a name of its own"),
        ({"categories": []}, "classes", "no category is named"),
        ({"annotations": [{"id": 1}]}, "layout", "an annotation must have an image_id"),
        ({"annotations": [{"image_id": 8, "category_id": 3}]}, "orphan-label", "does not list"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_told(
    tmp_path: Path, document: dict[str, Any], kind: str, message: str
) -> None:
    """A dataset without pictures rather than an exception."""
    found = said(open_source(coco(tmp_path, **document)))
    assert any(found_kind == kind and message in text for found_kind, text in found)


def test_pictures_that_no_file_lists_are_noted(tmp_path: Path) -> None:
    """Nobody knows what they show."""
    (tmp_path / "other.jpg").write_text("x")
    assert said(open_source(coco(tmp_path, {}))) == [("unused-file", "no label names this image; left out")]


@pytest.mark.parametrize(("size", "rows"), [((200, 100), 1), ((50, 100), 0), ((0, 0), 1)])
def test_a_scaled_picture_keeps_its_labels_and_a_turned_one_loses_them(
    tmp_path: Path, size: tuple[int, int], rows: int
) -> None:
    """Labels drawn on a picture of another shape lie nobody knows where."""
    found = first(open_source(coco(tmp_path, {})), *size)
    assert len(found.rows) == rows
    assert all("drawn on 100x50 pixels" in problem.message for problem in found.problems)
    assert len(found.problems) == 1 - rows


def test_names_in_any_language_are_found(tmp_path: Path) -> None:
    """UTF-8 in names of files and classes."""
    (tmp_path / "größe.jpg").write_text("x")
    images = [{"id": 1, "file_name": "größe.jpg", "width": 100, "height": 50}]
    source = open_source(coco(tmp_path, {}, images=images, categories=[{"id": 3, "name": "Mutter für M4"}]))
    assert (source.entries[0].name, source.classes) == ("größe.jpg", ("Mutter für M4",))
    assert len(first(source).rows) == 1


def test_an_image_id_may_be_a_number_here_and_a_text_there(tmp_path: Path) -> None:
    """Tools that write both mean the same image."""
    source = open_source(coco(tmp_path, {"image_id": "1"}, {"category_id": 7}))
    assert (source.problems, len(first(source).rows)) == ([], 2)


def test_a_folder_that_speaks_of_captions_hides_no_boxes(tmp_path: Path) -> None:
    """Only the name of the file tells what it holds."""
    assert open_source(coco(tmp_path, {}, file="stuffed/captions/instances.json")).format == "coco"


def test_keypoints_that_files_name_otherwise_are_refused_and_mirror_nothing(tmp_path: Path) -> None:
    """The same place in a row would be another point."""
    points = {"id": 2, "name": "person", "keypoints": ["left_eye", "right_eye"]}
    annotation = {"category_id": 2, "keypoints": [10, 10, 2, 20, 10, 2]}
    coco(tmp_path, annotation, file="train.json", categories=[points])
    others = {"images": [{"id": 1, "file_name": "b.jpg"}], "categories": [{**points, "keypoints": ["nose", "chin"]}]}
    (tmp_path / "b.jpg").write_text("x")
    source = open_source(coco(tmp_path, annotation, file="val.json", **others))
    assert [(problem.kind, problem.file) for problem in source.problems] == [("classes", "val.json")]
    assert source.flip is None


def test_pictures_of_no_split_beside_those_of_one_are_refused(tmp_path: Path) -> None:
    """Somebody held them out, or wants them to be learned: nobody knows."""
    for folder in ("more", "train"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_text("x")
    names = [{"id": at, "file_name": f"{folder}/a.jpg"} for at, folder in enumerate(("more", "train"))]
    [problem] = [one for one in open_source(coco(tmp_path, images=names)).problems if one.action == "rejected"]
    assert problem.message.startswith("pictures of no split lie beside those of others: more (1); ")


def test_outlines_are_taken_for_turned_boxes_where_somebody_asks_for_them(tmp_path: Path) -> None:
    """A diamond with a dent: its smallest turned box, in pixels; one note, with the number and the picture."""
    diamond = [30, 10, 40, 20, 35, 22, 30, 30, 20, 20]
    source = open_source(coco(tmp_path, {"segmentation": [diamond]}, {"segmentation": [TRIANGLE]}), task="obb")
    found = first(source)
    places = list(zip(found.rows[0].numbers[0::2], found.rows[0].numbers[1::2], strict=True))
    assert sorted((round(x * 100, 6), round(y * 50, 6)) for x, y in places) == [(20, 20), (30, 10), (30, 30), (40, 20)]
    [note] = found.problems
    assert (note.kind, note.action) == ("simplified-object", "noted")
    assert note.message.startswith("a.jpg: 2 objects are drawn in more detail than obb needs: the smallest turned box")


@pytest.mark.parametrize(("size", "rows"), [([50, 100], 1), ([100, 200], 0), ([100, 50], 0)])
def test_a_mask_of_another_size_than_its_picture_is_no_object(tmp_path: Path, size: list[int], rows: int) -> None:
    """Half as large where it lies in the picture still, it would be somewhere else."""
    height, width = size
    counts = [10 * height + 10, 20, height - 20, 20, width * height - 10 * height - 50 - height + 20]
    found = first(open_source(coco(tmp_path, {"segmentation": {"size": size, "counts": counts}})))
    assert len(found.rows) == rows
    said = f"a mask of {width}x{height} pixels, and the picture has 100x50"
    assert [problem.message.partition(": ")[2].partition(": ")[2] for problem in found.problems] == [said] * (not rows)
