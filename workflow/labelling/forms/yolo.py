"""A folder of YOLO: ``images``, ``labels`` and ``data.yaml``; of sorted pictures folders called like their class.

As ultralytics documents it ("Object Detection Datasets Overview" and its siblings): a row an object, the number of its
class and fractions of the picture; centre, width and height of a box, or the points of an outline or of four corners.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import yaml

from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.objects import Pictured
from workflow.labels.geometry import box_between
from workflow.labels.pixel_labels import to_fractions

TASKS = ("detect", "segment", "obb", "classify")


def write(sheet: Sheet, folder: Path) -> None:
    """Write labels and ``data.yaml`` beside the pictures in ``images``; sorted pictures are moved to their class."""
    if sheet.task == "classify":
        for name in sheet.classes:
            (folder / "images" / name).mkdir(parents=True, exist_ok=True)
        for picture in sheet.pictures:
            (folder / "images" / picture.name).rename(folder / "images" / picture.objects[0].name / picture.name)
    else:
        labels = folder / "labels"
        labels.mkdir()
        for picture in sheet.pictures:
            (labels / f"{PurePosixPath(picture.name).stem}.txt").write_text(rows(sheet, picture), encoding="utf-8")
    settings = {"names": dict(enumerate(sheet.classes))}
    (folder / "data.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")


def rows(sheet: Sheet, picture: Pictured) -> str:
    """The label of one picture; empty where nothing is on it."""
    lines = []
    for one in picture.objects:
        points = box_between(*one.points) if one.is_box else one.points
        fractions = to_fractions(points, picture.width, picture.height)
        lines.append(" ".join([str(sheet.number(one.name)), *(f"{min(1.0, max(0.0, at)):.6f}" for at in fractions)]))
    return "".join(f"{line}\n" for line in lines)
