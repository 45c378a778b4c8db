"""The formats of annotation tools: what finds the files of each, and what opens them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workflow.labels.coco import find_papers, open_coco
from workflow.labels.cvat import find_cvat, open_cvat
from workflow.labels.files import Files
from workflow.labels.ground_truth import find_labelled, open_ground_truth
from workflow.labels.label_studio import find_exports, open_label_studio
from workflow.labels.labelme import find_drawings, open_labelme
from workflow.labels.source import Opened
from workflow.labels.voc import find_annotations, open_voc


@dataclass(frozen=True)
class Tool:
    """``find`` lists the files that look like the format's, ``open`` takes the files, the task and the policy."""

    find: Callable[[Files], Sequence[str]]
    open: Callable[[Files, str, Mapping[str, str]], Opened]


TOOLS: Mapping[str, Tool] = {
    "ground-truth": Tool(find_labelled, open_ground_truth),
    "coco": Tool(find_papers, open_coco),
    "cvat": Tool(find_cvat, open_cvat),
    "label-studio": Tool(find_exports, open_label_studio),
    "labelme": Tool(find_drawings, open_labelme),
    "voc": Tool(find_annotations, open_voc),
}
"""The formats by their names in a run's input."""
