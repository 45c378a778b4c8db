"""The same pictures in any format are the same dataset."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from tests.workflow.labels.conftest import MakePictures
from tests.workflow.labels.writers import WRITERS, Pictures, read_yolo
from workflow.datasets.check import read_dataset
from workflow.errors import UsageError
from workflow.labels.recognition import open_source

TOOLS = ("coco", "voc", "ground-truth", "labelme", "cvat", "label-studio")
SPLIT = [name for name in WRITERS if name not in ("flat", "folders")]
OF_TASK = {
    "segment": (
        *("roboflow", "ultralytics", "darknet", "labelimg", "coco", "coco-roboflow"),
        *("labelme", "cvat", "label-studio"),
    ),
    "obb": ("roboflow", "ultralytics", "cvat-yolo", "labelimg", "labelme"),
    "pose": ("roboflow", "ultralytics", "coco", "coco-roboflow"),
}


def written(pictures: Pictures) -> dict[tuple[str, str], list[tuple[int, tuple[float, ...]]]]:
    """What every format must give back: the rows of each picture by its split and name."""
    return {
        (picture.split, picture.name): [(row.class_id, row.numbers) for row in picture.rows]
        for picture in pictures.pictures
    }


def read(root: Path, **said: str) -> dict[tuple[str, str], list[tuple[int, tuple[float, ...]]]]:
    """The same of a folder; every problem is a failure."""
    source = open_source(root, **said)  # type: ignore[arg-type]
    assert list(source.problems) == []
    found = {entry: source.labels(entry, 64, 32) for entry in source.entries}
    assert [labelled.problems for labelled in found.values() if labelled.problems] == []
    return {
        (entry.split, entry.name): [(row.class_id, row.numbers) for row in labelled.rows]
        for entry, labelled in found.items()
    }


@pytest.mark.parametrize("format", SPLIT)
def test_the_same_pictures_give_the_same_rows_in_every_format(
    pictures: MakePictures, tmp_path: Path, format: str
) -> None:
    """Splits, names, classes and every number to the last digit."""
    made = pictures()
    WRITERS[format](made, tmp_path / "mine")
    assert read(tmp_path / "mine") == written(made)
    source = open_source(tmp_path / "mine")
    assert (source.task, source.classes, source.keypoints) == ("detect", ("bolt", "nut"), None)


@pytest.mark.parametrize(("task", "format"), [(task, name) for task, names in OF_TASK.items() for name in names])
def test_every_task_is_told_by_its_rows(pictures: MakePictures, tmp_path: Path, task: str, format: str) -> None:
    """Outlines, turned boxes and keypoints need no word in the input."""
    made = pictures(task)
    WRITERS[format](made, tmp_path / "mine")
    assert read(tmp_path / "mine") == written(made)
    source = open_source(tmp_path / "mine")
    assert (source.task, source.keypoints, source.flip) == (task, made.keypoints, made.flip)


@pytest.mark.parametrize(
    ("format", "known"),
    [("roboflow", "yolo"), ("coco", "coco"), ("voc-roboflow", "voc"), *((name, name) for name in TOOLS[2:])],
)
def test_a_format_is_recognised_as_well_as_named(
    pictures: MakePictures, tmp_path: Path, format: str, known: str
) -> None:
    """What the input says and what is found by itself read the same."""
    WRITERS[format](pictures(), tmp_path)
    (tmp_path / "source").rename(tmp_path.parent / f"{tmp_path.name}-source")
    assert open_source(tmp_path).format == known
    assert read(tmp_path) == read(tmp_path, format=known)


@pytest.mark.parametrize("format", ["flat", "darknet", "cvat-yolo", "labelimg", *TOOLS])
def test_a_dataset_without_splits_has_one_without_a_name(pictures: MakePictures, tmp_path: Path, format: str) -> None:
    """Where nobody chose, the preparation does."""
    made = pictures(splits=("",))
    WRITERS[format](made, tmp_path / "mine")
    assert read(tmp_path / "mine") == written(made)


@pytest.mark.parametrize("splits", [("train", "test"), ("",)])
def test_folders_that_are_called_like_classes_are_for_classification(
    pictures: MakePictures, tmp_path: Path, splits: tuple[str, ...]
) -> None:
    """Each picture has the one class of its folder, in splits or without."""
    made = pictures("detect", splits)
    relabelled = [picture for picture in made.pictures if picture.rows]
    (tmp_path / "mine" / (splits[0] or ".") / "nut").mkdir(parents=True)
    WRITERS["folders"](made, tmp_path / "mine")
    (tmp_path / "mine" / (splits[0] or ".") / "nut" / "x.png").write_bytes(b"a picture")
    source = open_source(tmp_path / "mine")
    assert (source.task, source.classes, len(source.entries)) == ("classify", ("bolt", "nut"), len(relabelled) + 1)
    said = {entry.name: source.labels(entry, 64, 32).rows[0].class_id for entry in source.entries}
    assert said == {f"bolt/{picture.name}": 0 for picture in relabelled} | {"nut/x.png": 1}
    assert {entry.split for entry in source.entries} == set(splits)


@pytest.mark.parametrize("format", WRITERS)
def test_an_open_dataset_goes_to_another_process(pictures: MakePictures, tmp_path: Path, format: str) -> None:
    """What was pickled answers as before, and holds no open file."""
    WRITERS[format](pictures(), tmp_path / "mine")
    source = open_source(tmp_path / "mine")
    other = pickle.loads(pickle.dumps(source))  # noqa: S301 - our own
    assert [other.labels(entry, 64, 32) for entry in other.entries] == [
        source.labels(entry, 64, 32) for entry in source.entries
    ]


@pytest.mark.parametrize("format", WRITERS)
def test_images_on_other_hosts_are_not_missing(pictures: MakePictures, tmp_path: Path, format: str) -> None:
    """A host that has the labels and half of the images sees the same dataset once it is told of the others."""
    WRITERS[format](pictures(), tmp_path / "mine")
    whole = open_source(tmp_path / "mine")
    for entry in whole.entries[::2]:
        (tmp_path / "mine" / entry.image).unlink()
    part = open_source(tmp_path / "mine", images=[entry.image for entry in whole.entries])
    assert (part.entries, part.problems, part.documents) == (whole.entries, whole.problems, whole.documents)


@pytest.mark.parametrize("format", [*TOOLS, "coco-roboflow"])
def test_photographs_converted_to_another_format_keep_their_boxes(tmp_path: Path, format: str) -> None:
    """A real export, whose boxes lie anywhere, to a billionth of a pixel."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "empire-state"
    if not folder.is_dir():
        pytest.skip("needs the photographs in ../shared/data/empire-state")
    made = read_yolo(folder)
    WRITERS[format](made, tmp_path / "mine")
    source = open_source(tmp_path / "mine")
    assert len(source.entries) == 73
    expected = written(made)
    sizes = {(picture.split, picture.name): (picture.width, picture.height) for picture in made.pictures}
    for entry in source.entries:
        key = (entry.split, entry.name)
        rows = source.labels(entry, *sizes[key]).rows
        assert [row.numbers for row in rows] == [pytest.approx(numbers, abs=1e-9) for _, numbers in expected[key]]


@pytest.mark.parametrize("format", TOOLS)
def test_where_most_pictures_are_missing_that_is_the_first_thing_said(
    pictures: MakePictures, tmp_path: Path, format: str
) -> None:
    """Whatever the format; also where there is not one picture."""
    WRITERS[format](pictures(splits=("",)), tmp_path / "mine")
    lost = sorted((tmp_path / "mine").rglob("p*.png"))
    for picture in lost[1:]:
        picture.unlink()
    said = open_source(tmp_path / "mine").problems[0]
    assert (said.kind, said.action) == ("missing-images", "rejected")
    assert said.message.startswith("2 of 3 pictures of the ")
    assert (
        f"among the pictures in {open_source(tmp_path / 'mine').entries[0].image.rpartition('/')[0] or '.'} (1);"
        in (said.message)
    )
    lost[0].unlink()
    with pytest.raises(UsageError) as caught:
        read_dataset(tmp_path / "mine")
    assert re.search(r"3 of 3 pictures of the .* and there is no picture at all; copy", str(caught.value))


def test_two_folders_of_one_split_share_no_name(tmp_path: Path) -> None:
    """Each picture keeps its class."""
    for folder in ("train", "training"):
        for name in ("bolt", "nut"):
            (tmp_path / folder / name).mkdir(parents=True)
            (tmp_path / folder / name / "a.jpg").write_text("x")
    source = open_source(tmp_path, task="classify")
    assert sorted(entry.name for entry in source.entries) == [
        "bolt/a.jpg",
        "bolt/a_jpg.jpg",
        "nut/a.jpg",
        "nut/a_jpg.jpg",
    ]
    assert [source.labels(entry, 1, 1).rows[0].class_id for entry in source.entries] == [0, 1, 0, 1]
