"""What an endpoint saw in one picture, as values, as JSON and as words.

An answer has ``detections`` (boxes, with key points, polygons or corners where the model finds such) or, of a model
that sorts whole pictures, a ``classification``. Pure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.contract.answer_name import ANSWER_ID
from workflow.errors import GreenlightError

_NAMED = 3
"""Classes of a sorted picture that are put into words."""


@dataclass(frozen=True)
class Prediction:
    """What an endpoint saw in one picture; places are in pixels of the picture as it is shown.

    ``classification`` is None where the model finds objects. ``milliseconds`` is how long the request took.
    ``inference_id`` is what the answer is called (AnswerName), empty of a model from before answers had names.
    """

    file: Path
    model_digest: str
    width: int
    height: int
    detections: tuple[Mapping[str, Any], ...] = ()
    classification: tuple[Mapping[str, Any], ...] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    milliseconds: float = 0.0
    inference_id: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How many objects of each class were seen; of a sorted picture, its best class once."""
        seen = self.detections if self.classification is None else self.classification[:1]
        return Counter(str(item["class"]) for item in seen)

    def document(self) -> dict[str, Any]:
        """The prediction as JSON, with all the endpoint said of the picture."""
        sorted_or_found: tuple[str, Any] = ("detections", list(self.detections))
        if self.classification is not None:
            sorted_or_found = ("classification", list(self.classification))
        return {
            "file": str(self.file),
            "inference_id": self.inference_id,
            "model_digest": self.model_digest,
            "width": self.width,
            "height": self.height,
            sorted_or_found[0]: sorted_or_found[1],
            "timings_ms": dict(self.timings_ms),
            "request_ms": round(self.milliseconds, 1),
        }

    def text(self) -> str:
        """What was seen in words, such as ``2 bolt, 1 nut``, or ``bolt 0.93, nut 0.05`` of a sorted picture."""
        if self.classification is not None:
            return ", ".join(f"{item['class']} {float(item['score']):.2f}" for item in self.classification[:_NAMED])
        return list_counts(self.counts) or "nothing"


def list_counts(counts: Counter[str]) -> str:
    """Counts in words, the most frequent class first."""
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def read_prediction(file: Path, endpoint: str, body: bytes, milliseconds: float) -> Prediction:
    """Read the answer of an endpoint. Raises GreenlightError for one of an endpoint of something else."""
    try:
        answer = json.loads(body)
        sorted_picture = "classification" in answer
        found = tuple(answer["classification" if sorted_picture else "detections"])
        for item in found:
            _, _, _ = int(item["class_id"]), str(item["class"]), float(item["score"])
            if not sorted_picture:
                _, _, _, _ = map(float, item["box"])
        return Prediction(
            file=file,
            model_digest=str(answer["model_digest"]),
            width=int(answer["width"]),
            height=int(answer["height"]),
            detections=() if sorted_picture else found,
            classification=found if sorted_picture else None,
            timings_ms=dict(answer.get("timings_ms", {})),
            milliseconds=milliseconds,
            inference_id=str(answer.get(ANSWER_ID, "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GreenlightError(
            f"{endpoint} answered something else than detections for {file}: {type(error).__name__}: {error}"
        ) from error
