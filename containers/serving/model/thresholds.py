"""How much of what a model says is answered: the thresholds, and what they are unless others are asked for.

Knows no numpy, so that a request is understood without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflow.contract.model import USUAL_DETECTIONS

BEST_CLASSES = 5
"""A classifier answers so many unless asked for another number."""


class ConfidenceError(ValueError):
    """A setting names a confidence that is none."""


@dataclass(frozen=True)
class Thresholds:
    """What of all a model says is answered: ``confidence`` is the score above which a detection counts.

    ``iou``: the overlap above which two boxes of a class are one; ``classes``: only these ids, None for all;
    ``max_detections``: 1 to the model's own. With ``every_class`` a place is answered once for each class that scores
    enough, as average precision wants it, and not for its best class alone.
    """

    confidence: float = 0.25
    iou: float = 0.7
    classes: tuple[int, ...] | None = None
    max_detections: int = USUAL_DETECTIONS
    every_class: bool = False

    @staticmethod
    def usual(task: str, confidence: float, max_detections: int = USUAL_DETECTIONS) -> Thresholds:
        """What an endpoint of this confidence answers unless it is asked for something else.

        ``max_detections`` is the model's own.
        """
        most = BEST_CLASSES if task == "classify" else max_detections
        return Thresholds(confidence=confidence, max_detections=most)


def read_confidence(environ: Mapping[str, str], name: str) -> float:
    """The confidence that the variable ``name`` sets; without it, the usual one.

    Raises ConfidenceError unless it is a number from 0 to 1, which is what a request may ask for as well.
    """
    text = environ.get(name, str(Thresholds().confidence))
    try:
        confidence = float(text)
    except ValueError:
        confidence = -1.0
    if not 0 <= confidence <= 1:
        raise ConfidenceError(f"{name} = {text!r}: must be a number from 0 to 1")
    return confidence
