"""SageMaker Ground Truth's augmented manifests as jobs write them, and as they should not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled

BOX = {"class_id": 5, "left": 10, "top": 10, "width": 20, "height": 20}
SIZE = [{"width": 100, "height": 50, "depth": 3}]
METADATA = {
    "class-map": {"5": "nut", "2": "bolt"},
    "type": "groundtruth/object-detection",
    "creation-date": "2025-05-01T10:00:00.000000",
}


def line(*annotations: Any, source: str = "s3://bucket/photos/a.jpg", job: str = "boxes", **metadata: Any) -> str:
    """One line of a job of boxes."""
    label = {"image_size": SIZE, "annotations": list(annotations)}
    return json.dumps({"source-ref": source, job: label, f"{job}-metadata": {**METADATA, **metadata}})


def manifest(root: Path, *lines: str, images: tuple[str, ...] = ("photos/a.jpg",)) -> Path:
    """A manifest and its images."""
    for image in images:
        (root / image).parent.mkdir(parents=True, exist_ok=True)
        (root / image).write_text("x")
    (root / "output.manifest").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def first(root: Path) -> Labelled:
    """The labels of the first picture."""
    source = open_source(root)
    return source.labels(source.entries[0], 100, 50)


def test_classes_come_from_the_class_map_in_the_order_of_their_ids(tmp_path: Path) -> None:
    """Ids may have gaps."""
    source = open_source(manifest(tmp_path, line(BOX, {**BOX, "class_id": 2})))
    assert (source.format, source.task, source.classes) == ("ground-truth", "detect", ("bolt", "nut"))
    assert [(row.class_id, row.numbers, row.line) for row in first(tmp_path).rows] == [
        (1, (0.2, 0.4, 0.2, 0.4), 1),
        (0, (0.2, 0.4, 0.2, 0.4), 1),
    ]


@pytest.mark.parametrize(
    ("annotation", "kind", "message"),
    [
        ({**BOX, "class_id": 9}, "unknown-class", "object 2: class_id 9 is not in the class-map"),
        ({**BOX, "left": None}, "not-a-number", "object 2: left, top, width and height must be numbers"),
        ({**BOX, "width": 0}, "empty-box", "object 2: a box of no area"),
        ({**BOX, "left": 90}, "outside-image", "object 2: the box leaves the image"),
        ("box", "malformed-row", "object 2: must be an object"),
        (BOX, "repeated-object", "object 2: the same object once more"),
    ],
)
def test_a_broken_object_is_told_with_its_line(tmp_path: Path, annotation: Any, kind: str, message: str) -> None:
    """The line of the manifest, and which object of it."""
    found = first(manifest(tmp_path, "", line(BOX, annotation)))
    [problem] = found.problems
    assert (problem.kind, problem.file, problem.line, len(found.rows)) == (kind, "output.manifest", 2, 1)
    assert message in problem.message


def test_a_picture_is_found_by_the_longest_end_of_its_address(tmp_path: Path) -> None:
    """Names may be there once in every folder."""
    lines = [line(BOX, source=f"s3://bucket/x/{folder}/a.jpg") for folder in ("left", "right")]
    source = open_source(manifest(tmp_path, *lines, images=("right/a.jpg", "left/a.jpg")))
    assert [entry.image for entry in source.entries] == ["left/a.jpg", "right/a.jpg"]
    assert [problem.kind for problem in source.problems] == ["joined-folders"]


@pytest.mark.parametrize(
    ("source_ref", "kind", "action"),
    [("s3://bucket/gone.jpg", "orphan-label", "noted"), ("s3://bucket/b.jpg", "label-conflict", "rejected")],
)
def test_a_picture_that_is_missing_or_ambiguous_is_told_with_its_line(
    tmp_path: Path, source_ref: str, kind: str, action: str
) -> None:
    """Nobody guesses which of two is meant."""
    images = ("photos/a.jpg", "one/b.jpg", "two/b.jpg")
    source = open_source(manifest(tmp_path, line(BOX), line(BOX, source=source_ref), images=images))
    found = [problem for problem in source.problems if problem.kind != "unused-file"]
    assert [(problem.kind, problem.line, problem.action) for problem in found] == [(kind, 2, action)]


def test_a_manifest_most_of_whose_pictures_are_missing_says_so_first(tmp_path: Path) -> None:
    """How many, where they were looked for and what to do; whatever else is wrong with its lines."""
    lines = [line(BOX, {**BOX, "class_id": 9}), "{broken", *(line(BOX, source=f"s3://b/x/{n}.jpg") for n in range(469))]
    source = open_source(manifest(tmp_path, *lines))
    first_said, second, *rest = source.problems
    assert (first_said.kind, first_said.file, first_said.action) == (
        "missing-images",
        "output.manifest",
        "rejected",
    )
    assert first_said.message == (
        "469 of 470 pictures of the manifest are not there: looked for files called like s3://b/x/0.jpg among the"
        " pictures in photos (1); copy the pictures there, in the same folder or below it, under the names that it"
        " says, or take the manifest away where another set is meant"
    )
    assert second.kind == "malformed-row"
    assert {problem.kind for problem in rest} == {"orphan-label"}


def test_a_manifest_half_of_whose_pictures_are_there_is_read(tmp_path: Path) -> None:
    """What is missing is told line by line."""
    lines = [line(BOX), line(BOX, source="s3://b/x/gone.jpg")]
    assert [problem.kind for problem in open_source(manifest(tmp_path, *lines)).problems] == ["orphan-label"]


def test_of_chained_jobs_the_newest_counts(tmp_path: Path) -> None:
    """An adjustment follows the job that it adjusts."""
    item = json.loads(line(BOX))
    item |= json.loads(line(BOX, BOX | {"left": 40}, job="adjusted", **{"creation-date": "2025-06-01"}))
    assert len(first(manifest(tmp_path, json.dumps(item))).rows) == 2


def test_a_picture_that_nobody_labelled_is_one_without_a_label(tmp_path: Path) -> None:
    """Jobs end with a reason for the failure of some."""
    lost = json.dumps({"source-ref": "s3://b/b.jpg", "boxes-metadata": {**METADATA, "failure-reason": "expired"}})
    source = open_source(manifest(tmp_path, line(BOX), lost, images=("photos/a.jpg", "b.jpg")))
    found = source.labels(source.entries[1], 100, 50)
    assert (found.labelled, [(p.kind, p.line) for p in found.problems]) == (False, [("missing-label", 2)])


def test_classes_of_whole_pictures_are_for_classification(tmp_path: Path) -> None:
    """The job that asks what a picture shows."""
    lines = [
        json.dumps(
            {
                "source-ref": f"s3://bucket/{name}.jpg",
                "kind": at,
                "kind-metadata": {"class-name": name, "type": "groundtruth/image-classification"},
            }
        )
        for at, name in enumerate(("nut", "bolt"))
    ]
    source = open_source(manifest(tmp_path, *lines, images=("nut.jpg", "bolt.jpg")))
    assert (source.task, source.classes) == ("classify", ("bolt", "nut"))
    assert [source.labels(entry, 1, 1).rows[0].class_id for entry in source.entries] == [1, 0]


def test_a_line_that_is_no_json_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    """With its number."""
    source = open_source(manifest(tmp_path, line(BOX), "{broken"))
    assert [(problem.kind, problem.line) for problem in source.problems] == [("malformed-row", 2)]
    assert len(source.entries) == 1


def test_what_a_job_put_in_is_no_second_output(tmp_path: Path) -> None:
    """The input's manifest names the same pictures without labels."""
    manifest(tmp_path, line(BOX))
    (tmp_path / "input.manifest").write_text('{"source-ref": "s3://bucket/photos/a.jpg"}\n')
    assert open_source(tmp_path).problems == []


def test_a_class_that_changes_its_name_is_refused(tmp_path: Path) -> None:
    """Two jobs with other classes are no one dataset."""
    renamed: dict[str, Any] = {"class-map": {"5": "washer"}}
    other = line(BOX, source="s3://bucket/b.jpg", **renamed)
    source = open_source(manifest(tmp_path, line(BOX), other, images=("photos/a.jpg", "b.jpg")))
    assert [(problem.kind, problem.line) for problem in source.problems] == [("classes", 2)]


def test_a_line_of_another_job_is_no_empty_picture(tmp_path: Path) -> None:
    """Nobody guesses that its objects are none."""
    other = line(BOX, source="s3://bucket/b.jpg", job="again")
    source = open_source(manifest(tmp_path, line(BOX), other, images=("photos/a.jpg", "b.jpg")))
    [problem] = source.problems
    assert (problem.kind, problem.line, problem.action) == ("layout", 2, "rejected")
    assert "is labelled by again and not by boxes" in problem.message


def test_every_manifest_has_a_job_of_its_own(tmp_path: Path) -> None:
    """Jobs of the same classes may be joined, which is told: somebody may have meant splits."""
    manifest(tmp_path, line(BOX), images=("photos/a.jpg", "b.jpg"))
    (tmp_path / "more-output.manifest").write_text(line(BOX, source="s3://bucket/b.jpg", job="again"))
    source = open_source(tmp_path)
    assert [problem.kind for problem in source.problems] == ["joined-folders"]
    assert [len(source.labels(entry, 100, 50).rows) for entry in source.entries] == [1, 1]


def test_a_whole_picture_without_a_class_is_left_out(tmp_path: Path) -> None:
    """Its label would be empty."""
    kind = {"type": "groundtruth/image-classification"}
    items: list[dict[str, Any]] = [
        {"source-ref": "s3://b/a.jpg", "kind": 0, "kind-metadata": {**kind, "class-name": "nut"}},
        {"source-ref": "s3://b/b.jpg", "kind-metadata": {**kind, "failure-reason": "expired"}},
        {"source-ref": "s3://b/c.jpg", "kind": 1, "kind-metadata": kind},
    ]
    root = manifest(tmp_path, *map(json.dumps, items), images=("a.jpg", "b.jpg", "c.jpg"))
    source = open_source(root, policy={"missing-label": "note"})
    assert [source.labels(entry, 1, 1).dropped for entry in source.entries] == [False, True, True]
