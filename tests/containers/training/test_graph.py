"""What the graph of each task gives for a picture of any size."""

from __future__ import annotations

import pytest

from containers.training.graph import ExportError, Subject


@pytest.mark.parametrize(
    ("subject", "outputs"),
    [
        (Subject("detect", 80), {"output0": [1, 84, 8400]}),
        (Subject("pose", 1, (17, 3)), {"output0": [1, 56, 8400]}),
        (Subject("pose", 2, (4, 2)), {"output0": [1, 14, 8400]}),
        (Subject("segment", 80), {"output0": [1, 116, 8400], "output1": [1, 32, 160, 160]}),
        (Subject("classify", 1000), {"output0": [1, 1000]}),
        (Subject("obb", 15), {"output0": [1, 20, 8400]}),
    ],
    ids=lambda value: value.task if isinstance(value, Subject) else "",
)
def test_a_square_gives_what_ultralytics_documents(subject: Subject, outputs: dict[str, list[int]]) -> None:
    """At 640 pixels: 80² + 40² + 20² candidates, and rows for the box, the classes and what the task adds."""
    assert subject.outputs(640, 640) == outputs


def test_a_rectangle_has_fewer_candidates_and_prototypes_of_its_own_shape() -> None:
    """Height before width."""
    assert Subject("segment", 3).outputs(384, 640) == {"output0": [1, 39, 5040], "output1": [1, 32, 96, 160]}


def test_a_task_that_nobody_serves_is_refused() -> None:
    """Ultralytics knows more tasks than YOLOv8 has."""
    with pytest.raises(ExportError, match="task is 'depth': must be classify, detect, pose, segment, obb"):
        Subject("depth", 1).outputs(64, 64)
