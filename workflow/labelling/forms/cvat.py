"""CVAT's "CVAT for images 1.1": ``annotations.xml``, which a task of the same pictures takes by "Upload annotations".

As CVAT documents it ("XML annotation format", "Annotation" mode): boxes, which may be turned about their centre, and
polygons, in pixels.
"""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.objects import Drawn

TASKS = ("detect", "segment", "obb")
NAME = "annotations.xml"
_TYPES = {"detect": "rectangle", "obb": "rectangle", "segment": "polygon"}


def write(sheet: Sheet, folder: Path) -> None:
    """Write ``annotations.xml``."""
    write_file(sheet, folder / NAME)


def write_file(sheet: Sheet, file: Path) -> None:
    """Write the file under another name."""
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    labels = SubElement(task, "labels")
    for name in sheet.classes:
        label = SubElement(labels, "label")
        SubElement(label, "name").text = name
        SubElement(label, "type").text = _TYPES[sheet.task]
        SubElement(label, "attributes")
    for at, picture in enumerate(sheet.pictures):
        said = {"id": str(at), "name": picture.name, "width": str(picture.width), "height": str(picture.height)}
        image = SubElement(root, "image", {**said, **({"subset": sheet.split} if sheet.split else {})})
        for one in picture.objects:
            tag, places = _draw(one, sheet.task)
            source = "manual" if sheet.drawn else "auto"
            SubElement(image, tag, {"label": one.name, "source": source, "occluded": "0", **places, "z_order": "0"})
    indent(root)
    ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def turned(points: tuple[float, ...]) -> tuple[float, float, float, float, float]:
    """A turned box by its four corners: centre, width, height, and the degrees that it is turned clockwise."""
    first, second, third = points[0:2], points[2:4], points[4:6]
    width, height = math.dist(first, second), math.dist(second, third)
    degrees = math.degrees(math.atan2(second[1] - first[1], second[0] - first[0]))
    return (first[0] + third[0]) / 2, (first[1] + third[1]) / 2, width, height, degrees % 360


def _draw(one: Drawn, task: str) -> tuple[str, dict[str, str]]:
    if task == "segment":
        pairs = zip(one.points[0::2], one.points[1::2], strict=True)
        return "polygon", {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in pairs)}
    left, top, right, bottom = one.points[:4]
    turn = {}
    if task == "obb":
        x, y, width, height, degrees = turned(one.points)
        left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        turn = {"rotation": f"{degrees:.4f}"}
    edges = {"xtl": left, "ytl": top, "xbr": right, "ybr": bottom}
    return "box", {**{name: f"{value:.2f}" for name, value in edges.items()}, **turn}
