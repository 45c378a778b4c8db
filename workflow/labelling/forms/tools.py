"""The labelling tools by the names that the command has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from workflow.labelling.forms import cvat, ground_truth, label_studio, yolo
from workflow.labelling.forms.sheet import Sheet


@dataclass(frozen=True)
class Tool:
    """One tool: what it can be handed, how, and what a person does with it.

    ``in_bucket`` is whether it reads the pictures from S3. ``steps`` are said when the task is ready.
    """

    tasks: tuple[str, ...]
    write: Callable[[Sheet, Path], None]
    steps: str
    in_bucket: bool = False


TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        "cvat": Tool(
            cvat.TASKS,
            cvat.write,
            "create a task with the classes and the pictures in images/, then Actions → Upload annotations → "
            "CVAT 1.1 → annotations.xml; afterwards export it as CVAT for images 1.1",
        ),
        "label-studio": Tool(
            label_studio.TASKS,
            label_studio.write,
            "create a project with the interface of interface.xml and the bucket as its source storage, then import "
            "tasks.json; afterwards export it as JSON",
            in_bucket=True,
        ),
        "ground-truth": Tool(
            ground_truth.TASKS,
            ground_truth.write,
            "start a labelling job that adjusts labels, with input.manifest and label-categories.json; afterwards "
            "fetch its output.manifest",
            in_bucket=True,
        ),
        "yolo": Tool(yolo.TASKS, yolo.write, "mend labels/ with whatever writes YOLO, or move a picture to its class"),
    }
)
