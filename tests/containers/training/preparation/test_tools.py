"""What annotation tools export is the same data to ``upload``, to ``examine`` and to the preparation of a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.containers.training.preparation.layouts import Files, bring
from tests.containers.training.preparation.layouts import draw as write
from tests.workflow.labels.conftest import ROWS
from tests.workflow.labels.writers import WRITERS, Picture, Pictures
from workflow.datasets.check import read_dataset
from workflow.datasets.preparation import prepare_here
from workflow.labels.source import Row

SPLITS = {"train": 4, "validation": 2, "test": 2}


def draw(base: Path, format: str, task: str = "detect") -> Path:
    """Eight pictures of noise, of two objects each, as a tool exports them."""
    made: list[Picture] = []
    for split, count in SPLITS.items():
        for number in range(count):
            file = base / "source" / f"{split}{number}.png"
            file.parent.mkdir(exist_ok=True)
            pixels = np.random.default_rng(len(made)).integers(0, 255, (32, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(file)
            rows = tuple(Row(at, numbers, at + 1) for at, numbers in enumerate(ROWS[task]))
            made.append(Picture(file, split, file.name, 64, 32, rows))
    WRITERS[format](Pictures(task, ("bolt", "nut"), None, None, tuple(made)), base / "mine")
    return base / "mine"


@pytest.mark.parametrize("task", ["detect", "segment"])
@pytest.mark.parametrize("format", ["labelme", "cvat", "label-studio"])
def test_an_export_is_prepared_with_its_splits_classes_and_numbers(tmp_path: Path, format: str, task: str) -> None:
    """To the last digit that is handed on; sent or as it lies."""
    found = bring(draw(tmp_path, format, task), tmp_path)
    assert found.dataset
    assert (found.dataset.format, found.dataset.task, found.dataset.classes) == (format, task, ("bolt", "nut"))
    assert (found.splits, found.dataset.objects) == (SPLITS, 16)
    report = found.report
    assert (report.format, report.task, report.classes) == (format, task, ("bolt", "nut"))
    assert {name: (split.images, split.objects) for name, split in report.splits.items()} == {
        name: (count, 2 * count) for name, count in SPLITS.items()
    }
    assert report.errors == 0
    written = [f"{at} {' '.join(f'{one:.9g}' for one in numbers)}" for at, numbers in enumerate(ROWS[task])]
    labels = sorted((tmp_path / "there").rglob("labels/**/*.txt"))
    assert len(labels) == 8
    assert {label.read_text() for label in labels} == {"".join(f"{row}\n" for row in written)}


@pytest.mark.parametrize("format", ["labelme", "cvat", "label-studio"])
def test_an_export_is_examined_before_it_is_sent(tmp_path: Path, format: str) -> None:
    """On exactly the files that would be uploaded, no picture lost."""
    dataset = read_dataset(draw(tmp_path, format))
    report = prepare_here(dataset, {}, "again {policy}", tmp_path / "kept", lambda line: None)
    assert report
    assert {name: split.images for name, split in report.splits.items()} == SPLITS
    assert report.errors == 0


def test_the_zip_that_cvat_exports_is_read_as_it_is(tmp_path: Path) -> None:
    """Nobody has to unpack it."""
    archive = shutil.make_archive(str(tmp_path / "task"), "zip", draw(tmp_path, "cvat"))
    dataset = read_dataset(Path(archive))
    assert (dataset.format, dataset.classes, dataset.splits, dataset.objects) == ("cvat", ("bolt", "nut"), SPLITS, 16)


@pytest.mark.parametrize("format", ["labelme", "cvat", "label-studio"])
def test_boxes_among_outlines_are_refused_by_both(tmp_path: Path, format: str) -> None:
    """With how many of each, first of all."""
    root = draw(tmp_path, format, "segment")
    if format == "labelme":
        box = {"label": "nut", "shape_type": "rectangle", "points": [[1, 1], [9, 9]]}
        _add(root / "train" / "train0.json", lambda document: document["shapes"].append(box))
    elif format == "cvat":
        text = (root / "annotations.xml").read_text()
        box_ = '<box label="nut" xtl="1" ytl="1" xbr="9" ybr="9"/>'
        (root / "annotations.xml").write_text(text.replace("  </image>", f"{box_}</image>", 1))
    else:
        value: object = {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": ["nut"]}
        region = {"type": "rectanglelabels", "value": value}
        _add(root / "train.json", lambda tasks: tasks[0]["annotations"][0]["result"].append(region))
    found = bring(root, tmp_path)
    assert "here are 16 drawn as polygon and 1 drawn as " in found.said
    assert found.report.counted["wrong-task"] == 2


@pytest.mark.parametrize("format", ["labelme", "cvat", "label-studio"])
def test_where_most_pictures_are_missing_both_say_so_first(tmp_path: Path, format: str) -> None:
    """Before any row's mistake."""
    root = draw(tmp_path, format)
    for picture in sorted(root.rglob("*.png"))[1:]:
        picture.unlink()
    found = bring(root, tmp_path)
    assert "7 of 8 pictures of the " in found.said.splitlines()[2]
    assert "7 of 8 pictures of the " in found.report.findings[0].message


def _add(path: Path, change: object) -> None:
    document = json.loads(path.read_text())
    change(document)  # type: ignore[operator]
    path.write_text(json.dumps(document))


COCO = (
    '{"images": [{"id": 1, "file_name": "%s", "width": 32, "height": 24}], "annotations": [{"id": 1, "image_id": 1, '
    '"category_id": 1, "bbox": [4, 4, 8, 8]}], "categories": [{"id": 1, "name": "bolt"}]}'
)
CVAT = (
    "<annotations><version>1.1</version><meta><task><labels><label><name>bolt</name></label></labels></task></meta>"
    '<image id="0" name="%s" width="32" height="24"><box label="bolt" xtl="4" ytl="4" xbr="9" ybr="9"/></image>'
    "</annotations>"
)
STUDIO = (
    '[{"data": {"image": "%s"}, "annotations": [{"result": [{"type": "rectanglelabels", "value": {"x": 1, "y": 1, '
    '"width": 9, "height": 9, "rectanglelabels": ["bolt"]}}]}]}]'
)


@pytest.mark.parametrize(("text", "ending"), [(COCO, "json"), (CVAT, "xml"), (STUDIO, "json")])
def test_files_of_labels_that_are_called_like_no_split_are_told(tmp_path: Path, text: str, ending: str) -> None:
    """Somebody may have meant splits by them; those that are called so are."""
    names = ("fit", "more", "holdout")
    files: Files = {f"photos/{name}.png": None for name in names}
    found = bring(write(tmp_path / "a", files | {f"{name}.{ending}": text % f"{name}.png" for name in names}), tmp_path)
    assert found.splits == {"all": 3}, found.said
    [note] = found.notes("joined-folders")
    assert f"the pictures of fit.{ending}, holdout.{ending}, more.{ending} are one set" in note
