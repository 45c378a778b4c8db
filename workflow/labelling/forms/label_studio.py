"""Label Studio's JSON: ``tasks.json`` to import, with the model's objects as predictions, and the labelling interface.

As Label Studio documents it ("Import pre-annotated data", "Label Studio Task Format"): places in percent of the
picture, a turned box by its upper left corner and the degrees it is turned about that. Pictures are named by their S3
addresses, which a project's source storage of that bucket resolves ("Amazon S3", pre-signed URLs).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from workflow.labelling.forms.cvat import turned
from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.objects import Drawn, Pictured

TASKS = ("detect", "segment", "obb")
NAME, INTERFACE = "tasks.json", "interface.xml"
_TOOLS = {
    "detect": ("RectangleLabels", "rectanglelabels"),
    "obb": ("RectangleLabels", "rectanglelabels"),
    "segment": ("PolygonLabels", "polygonlabels"),
}


def write(sheet: Sheet, folder: Path) -> None:
    """Write ``tasks.json`` and the interface that its predictions belong to."""
    write_file(sheet, folder / NAME)
    view = Element("View")
    SubElement(view, "Image", {"name": "image", "value": "$image"})
    tool = SubElement(view, _TOOLS[sheet.task][0], {"name": "label", "toName": "image"})
    for name in sheet.classes:
        SubElement(tool, "Label", {"value": name})
    indent(view)
    ElementTree(view).write(folder / INTERFACE, encoding="unicode")


def write_file(sheet: Sheet, file: Path) -> None:
    """Write the tasks under another name."""
    tasks = [_task(sheet, at, picture) for at, picture in enumerate(sheet.pictures, 1)]
    file.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _task(sheet: Sheet, at: int, picture: Pictured) -> dict[str, Any]:
    results = [_result(sheet.task, f"{at}-{place}", one, picture) for place, one in enumerate(picture.objects, 1)]
    task: dict[str, Any] = {"id": at, "data": {"image": sheet.addresses.get(picture.name, picture.name)}}
    if sheet.drawn:
        said = {"id": at, "result": results, "was_cancelled": False, "ground_truth": False}
        return {**task, "annotations": [{**said, "updated_at": sheet.moment}]}
    score = min((one.score for one in picture.objects), default=0.0)
    return {**task, "predictions": [{"model_version": sheet.author, "score": score, "result": results}]}


def _result(task: str, identity: str, one: Drawn, picture: Pictured) -> dict[str, Any]:
    across, down = 100 / picture.width, 100 / picture.height
    kind = _TOOLS[task][1]
    if task == "segment":
        pairs = zip(one.points[0::2], one.points[1::2], strict=True)
        value: dict[str, Any] = {"points": [[x * across, y * down] for x, y in pairs], "closed": True}
    elif one.is_box:
        left, top, right, bottom = one.points
        size = {"width": (right - left) * across, "height": (bottom - top) * down}
        value = {"x": left * across, "y": top * down, **size, "rotation": 0}
    else:
        _, _, width, height, degrees = turned(one.points)
        size = {"width": width * across, "height": height * down}
        value = {"x": one.points[0] * across, "y": one.points[1] * down, **size, "rotation": degrees}
    return {
        "id": identity,
        "type": kind,
        "from_name": "label",
        "to_name": "image",
        "original_width": picture.width,
        "original_height": picture.height,
        "image_rotation": 0,
        "value": {**value, kind: [one.name]},
        "score": one.score,
    }
