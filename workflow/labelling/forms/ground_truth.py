"""SageMaker Ground Truth's augmented manifest, the input of a job that adjusts labels, and its label categories.

As AWS documents it ("Labeling job output data", "Requirements to create verification and adjustment labeling jobs"): a
line a picture, the label under its attribute's name, and what made it beside that. An adjustment job needs another
attribute name than ATTRIBUTE. AWS no longer opens Ground Truth to new customers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.objects import Pictured

TASKS = ("detect", "classify")
NAME, CATEGORIES = "input.manifest", "label-categories.json"
ATTRIBUTE, DRAWN_ATTRIBUTE = "suggested", "labelled"
"""What the label is called: the model's, and a person's."""
_TYPES = {"detect": "groundtruth/object-detection", "classify": "groundtruth/image-classification"}


def write(sheet: Sheet, folder: Path) -> None:
    """Write the manifest and the categories."""
    write_file(sheet, folder / NAME)
    categories = {"document-version": "2018-11-28", "labels": [{"label": name} for name in sheet.classes]}
    (folder / CATEGORIES).write_text(json.dumps(categories, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_file(sheet: Sheet, file: Path) -> None:
    """Write the manifest under another name."""
    lines = (json.dumps(_line(sheet, picture), ensure_ascii=False) + "\n" for picture in sheet.pictures)
    file.write_text("".join(lines), encoding="utf-8")


def _line(sheet: Sheet, picture: Pictured) -> dict[str, Any]:
    name = DRAWN_ATTRIBUTE if sheet.drawn else ATTRIBUTE
    made = {
        "type": _TYPES[sheet.task],
        "human-annotated": "yes" if sheet.drawn else "no",
        "creation-date": sheet.moment,
        "job-name": sheet.author,
    }
    source = {"source-ref": sheet.addresses.get(picture.name, picture.name)}
    if sheet.task == "classify":
        said = {"class-name": picture.objects[0].name, "confidence": picture.objects[0].score}
        return {**source, name: sheet.number(picture.objects[0].name), f"{name}-metadata": {**said, **made}}
    boxes = [
        {
            "class_id": sheet.number(one.name),
            "left": round(one.points[0]),
            "top": round(one.points[1]),
            "width": round(one.points[2] - one.points[0]),
            "height": round(one.points[3] - one.points[1]),
        }
        for one in picture.objects
    ]
    size = {"width": picture.width, "height": picture.height, "depth": 3}
    return {
        **source,
        name: {"image_size": [size], "annotations": boxes},
        f"{name}-metadata": {
            "objects": [{"confidence": one.score} for one in picture.objects],
            "class-map": {str(number): called for number, called in enumerate(sheet.classes)},
            **made,
        },
    }
