"""When two labels of one picture mean the same."""

from __future__ import annotations

import pytest

from containers.training.preparation.agreement import agree

BOX = b"0 0.5 0.5 0.2 0.2\n"
OUTLINE = b"0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n"
TURNED = b"0 0.3 0.1 0.5 0.3 0.3 0.5 0.1 0.3\n"
POSE = b"0 0.5 0.5 0.2 0.2 0.45 0.45 2 0 0 0\n"


@pytest.mark.parametrize(
    ("task", "one", "other"),
    [
        ("detect", BOX, BOX),
        ("detect", BOX, b"0 0.502 0.499 0.2 0.203\n"),
        ("detect", BOX + b"1 0.2 0.2 0.1 0.1\n", b"1 0.2 0.2 0.1 0.1\n" + BOX),
        # Both first boxes are like both others, and one of them alone is like the last.
        ("detect", b"0 0.5 0.5 0.2 0.2\n0 0.504 0.5 0.2 0.2\n", b"0 0.495 0.5 0.2 0.2\n0 0.503 0.5 0.2 0.2\n"),
        ("segment", OUTLINE, b"0 0.1 0.1 0.3 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n"),
        ("obb", TURNED, b"0 0.5 0.3 0.3 0.5 0.1 0.3 0.3 0.101\n"),
        ("pose", POSE, b"0 0.5 0.5 0.2 0.2 0.451 0.45 1 0 0 0\n"),
        ("classify", b"3\n", b"3\n"),
        ("detect", b"", b""),
    ],
)
def test_labels_mean_the_same(task: str, one: bytes, other: bytes) -> None:
    """In any order, with numbers that were rounded, whichever of the two is asked about."""
    keypoints = (2, 3) if task == "pose" else None
    assert agree(one, other, task, keypoints)
    assert agree(other, one, task, keypoints)


@pytest.mark.parametrize(
    ("task", "one", "other"),
    [
        ("detect", BOX, b"1 0.5 0.5 0.2 0.2\n"),
        ("detect", BOX, b"0 0.512 0.5 0.2 0.2\n"),
        ("detect", BOX, b""),
        ("detect", BOX + b"0 0.2 0.2 0.1 0.1\n", BOX),
        ("detect", BOX + BOX, BOX + b"0 0.2 0.2 0.1 0.1\n"),
        ("segment", OUTLINE, b"0 0.1 0.1 0.5 0.1 0.5 0.4 0.1 0.4\n"),
        # The same box around it, turned the other way.
        ("obb", b"0 0.1 0.15 0.15 0.1 0.5 0.45 0.45 0.5\n", b"0 0.1 0.45 0.45 0.1 0.5 0.15 0.15 0.5\n"),
        ("pose", POSE, b"0 0.5 0.5 0.2 0.2 0.48 0.45 2 0 0 0\n"),
        ("pose", POSE, b"0 0.5 0.5 0.2 0.2 0.45 0.45 2 0.5 0.5 1\n"),
        ("classify", b"3\n", b"2\n"),
    ],
)
def test_labels_mean_different_things(task: str, one: bytes, other: bytes) -> None:
    """A class, a place, an object more, a point elsewhere."""
    keypoints = (2, 3) if task == "pose" else None
    assert not agree(one, other, task, keypoints)
    assert not agree(other, one, task, keypoints)
