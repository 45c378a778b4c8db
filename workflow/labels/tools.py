"""The formats of annotation tools: what looks like each, what labels anything in it, and what opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workflow.labels.coco import find_labelling, is_coco, open_coco
from workflow.labels.cvat import is_cvat, open_cvat
from workflow.labels.files import Files
from workflow.labels.ground_truth import find_manifest, is_manifest, open_ground_truth
from workflow.labels.label_studio import is_label_studio, open_label_studio
from workflow.labels.labelme import is_labelme, open_labelme
from workflow.labels.source import Opened
from workflow.labels.voc import find_objects, is_voc, open_voc

Open = Callable[[Files, str, Mapping[str, str]], Opened]
"""Takes the files, the task and the policy."""


@dataclass(frozen=True)
class Tool:
    """What tells whether a dataset looks like a format, finds a file that labels anything in it, and opens it."""

    is_it: Callable[[Files], bool]
    find_label: Callable[[Files], str]
    open: Open


def _find_label_by(open_as: Open) -> Callable[[Files], str]:
    """What finds a file that labels anything by opening the dataset: any of them, where one picture has an object."""

    def find(files: Files) -> str:
        opened = open_as(files, "auto", {})
        labels = any(opened.labels(entry, 0, 0).rows for entry in opened.entries)
        return opened.documents[0] if labels else ""

    return find


TOOLS: Mapping[str, Tool] = {
    "ground-truth": Tool(is_manifest, find_manifest, open_ground_truth),
    "coco": Tool(is_coco, find_labelling, open_coco),
    "voc": Tool(is_voc, find_objects, open_voc),
    "labelme": Tool(is_labelme, _find_label_by(open_labelme), open_labelme),
    "cvat": Tool(is_cvat, _find_label_by(open_cvat), open_cvat),
    "label-studio": Tool(is_label_studio, _find_label_by(open_label_studio), open_label_studio),
}
"""The formats by their names in a run's input."""
