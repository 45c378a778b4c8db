"""Whether an endpoint's answer is the evaluation's answer: boxes, or the classes of a classifier.

Pure. A box close to the confidence threshold may be there or not; every box clearly above it must be there, on both
sides, with the same class, nearly the same place and nearly the same score. Keypoints, masks and corners come of the
same outputs as their boxes and are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from workflow.contract.smoke import Answer, Box, Named, overlap

MINIMUM_IOU = 0.98
SCORE_TOLERANCE = 0.02


def difference(expected: Answer, found: Answer, confidence: float) -> str:
    """The first difference in words; empty when both sides agree."""
    boxes, found_boxes = ([one for one in answer if isinstance(one, Box)] for answer in (expected, found))
    named, found_named = ([one for one in answer if isinstance(one, Named)] for answer in (expected, found))
    if (named and found_boxes) or (boxes and found_named):
        return "one side answers boxes, the other classes"
    return _difference_of_boxes(boxes, found_boxes, confidence) or _difference_of_classes(named, found_named)


def _difference_of_classes(expected: Sequence[Named], found: Sequence[Named]) -> str:
    """Both sides list their best classes; one that the other side leaves out may be no better than its last."""
    scores, found_scores = ({one.name: one.score for one in side} for side in (expected, found))
    for name, score in scores.items():
        other = found_scores.get(name, min(score, min(found_scores.values(), default=0)))
        if abs(score - other) > SCORE_TOLERANCE:
            return f"expected {name} {score:.3f}, found {f'{other:.3f}' if name in found_scores else 'it not named'}"
    for name, score in found_scores.items():
        if name not in scores and score > min(scores.values(), default=0) + SCORE_TOLERANCE:
            return f"found {name} {score:.3f}, which the evaluation did not"
    return ""


def _difference_of_boxes(expected: Sequence[Box], found: Sequence[Box], confidence: float) -> str:
    floor = confidence + SCORE_TOLERANCE
    pairs = _paired(expected, found)
    matched_expected = {left for left, _ in pairs}
    matched_found = {right for _, right in pairs}
    for at, box in enumerate(expected):
        if at not in matched_expected and box.score >= floor:
            return f"expected {box.text()} and did not find it among {len(found)} boxes"
    for at, box in enumerate(found):
        if at not in matched_found and box.score >= floor:
            return f"found {box.text()}, which the evaluation did not"
    return ""


def _paired(expected: Sequence[Box], found: Sequence[Box]) -> list[tuple[int, int]]:
    """Pair boxes that agree, best overlap first, each at most once."""
    candidates = sorted(
        (
            (overlap(left.corners, right.corners), here, there)
            for here, left in enumerate(expected)
            for there, right in enumerate(found)
            if left.name == right.name and abs(left.score - right.score) <= SCORE_TOLERANCE
        ),
        key=lambda candidate: (-candidate[0], candidate[1], candidate[2]),
    )
    pairs: list[tuple[int, int]] = []
    for iou, here, there in candidates:
        free = all(here != left and there != right for left, right in pairs)
        if iou >= MINIMUM_IOU and free:
            pairs.append((here, there))
    return pairs
