"""What people say of production's answers: that one was right, or wrong, or what the right boxes are.

Each is an object of its own in the project's bucket, ``feedback/<yyyy>/<mm>/<dd>/<answer>/<person>.json``, under the
day of the answer. So what one person says of one answer again takes the place of what the same person said before, and
all that is said of one answer lies together. Pure: who may say it, and how it is written, is the function's to know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from workflow.contract.answer_name import LONGEST
from workflow.contract.box_pairs import count_pairs
from workflow.contract.capture import kept_key
from workflow.contract.document import AtLeast, Digest, Document, Matching, Text
from workflow.contract.reading import ContractError, choice, finite, mapping

FEEDBACK = "feedback/"
"""Below which all of it lies."""
RIGHT, WRONG = "right", "wrong"
VERDICTS = (RIGHT, WRONG)
MOST_BOXES = 1000
LONGEST_NAME = 300
"""Characters of who says it: a name, or the ARN of a session and a name."""

Count = Annotated[int, AtLeast(0)]
Id = Annotated[str, Matching(r"[A-Za-z0-9-]{1,64}", "letters, digits and hyphens, 64 at most")]
Moment = Annotated[
    str, Matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "a time in UTC, as 2026-11-30T12:00:00+00:00")
]


@dataclass(frozen=True)
class GivenBox:
    """A box as somebody says it is; ``corners`` are left, top, right, bottom in pixels of the picture as it is shown.

    In JSON it is what the answers hold: ``{"class": "bolt", "box": [left, top, right, bottom]}``.
    """

    name: str
    corners: tuple[float, float, float, float]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a box. Raises ContractError on one without a class, or whose corners are no four numbers."""
        given = value if isinstance(value, Mapping) else {}
        name, corners = given.get("class"), given.get("box")
        numbers = [finite(one) for one in corners] if isinstance(corners, (list, tuple)) else []
        left, top, right, bottom = numbers if len(numbers) == 4 else (None,) * 4
        if not isinstance(name, str) or left is None or top is None or right is None or bottom is None:
            raise ContractError(
                f'must be {{"class": "…", "box": [left, top, right, bottom]}} in pixels, found {_short(value)}'
            )
        return cls(name, (left, top, right, bottom))

    def document(self) -> dict[str, Any]:
        """The box as the answers write one."""
        return {"class": self.name, "box": list(self.corners)}


@dataclass(frozen=True)
class Agreement:
    """How many boxes the model answered, how many are right, and how many of both are the same at IoU 0.5."""

    answered: Count
    given: Count
    both: Count

    @property
    def whole(self) -> bool:
        """Whether nothing is missing and nothing too much."""
        return self.answered == self.given == self.both


@dataclass(frozen=True)
class Feedback(Document):
    """What one person says of one answer.

    ``inference_id`` is what the answer is called, by its own id also where it was asked for by the caller's;
    ``answered`` is when it was given, ``at`` when this was said, both ISO 8601 in UTC; ``by`` who said it. ``boxes``
    are the right ones, in pixels of the picture as the answers give them: an empty list says that there is nothing.
    ``agreement`` compares them with the answer's. ``picture`` is the captured picture's key, empty where there was none
    when this was said: an answer is captured some minutes after it was given, and then ``document_key`` leads there.
    """

    inference_id: Id
    model_digest: Digest
    verdict: Annotated[str, Matching("right|wrong", "right or wrong")]
    answered: Moment
    at: Moment
    by: Text
    boxes: tuple[GivenBox, ...] | None = None
    agreement: Agreement | None = None
    picture: str = ""

    def document_key(self) -> str:
        """Where the captured answer (Captured) lies, which names its picture; nothing does of one that was not."""
        return f"{kept_key(datetime.fromisoformat(self.answered), self.inference_id)}.json"

    def key(self) -> str:
        """Where it lies: at one place for each answer and person."""
        day = datetime.fromisoformat(self.answered)
        person = hashlib.sha256(self.by.encode()).hexdigest()[:16]
        return f"{FEEDBACK}{day:%Y/%m/%d}/{self.inference_id}/{person}.json"


@dataclass(frozen=True)
class Given:
    """What somebody gives: a verdict, or boxes. ``name`` is who says it, as far as the request tells, else empty."""

    inference_id: str
    verdict: str = ""
    boxes: tuple[GivenBox, ...] | None = None
    name: str = ""

    @staticmethod
    def parse(value: object) -> Given:
        """Read a request. Raises ContractError saying what is wrong, where, and what to give instead."""
        given = mapping(value, "feedback")
        unknown = sorted(set(given) - {"inference_id", "verdict", "boxes", "by"})
        if unknown:
            raise ContractError(f"feedback.{unknown[0]}: give inference_id, verdict or boxes, and by")
        identity, name = given.get("inference_id"), given.get("by", "")
        if not isinstance(identity, str) or not 0 < len(identity) <= LONGEST or not identity.isascii():
            raise ContractError(
                f"feedback.inference_id: must be the id of an answer, {LONGEST} characters at most; an answer of JSON "
                f"carries it as inference_id, any other in its custom attributes; found {_short(identity)}"
            )
        if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
            raise ContractError(f"feedback.by: must be a name on one line, {LONGEST_NAME} characters at most")
        if ("verdict" in given) == ("boxes" in given):
            raise ContractError('feedback: give either "verdict", which is "right" or "wrong", or "boxes"')
        if "verdict" in given:
            return Given(identity, verdict=choice(given, "verdict", "feedback", VERDICTS), name=name)
        return Given(identity, boxes=_read_boxes(given["boxes"]), name=name)


@dataclass(frozen=True)
class KnownAnswer:
    """An answer of production that somebody speaks of, as far as it is known.

    ``classes`` are the names that its model knows, None where nobody recorded them; ``answer`` is its JSON and
    ``picture`` its key, None and empty where the answer was not captured.
    """

    inference_id: str
    model_digest: str
    answered: datetime
    classes: Sequence[str] | None = None
    answer: Any = None
    picture: str = ""


def judge(given: Given, known: KnownAnswer, by: str, now: datetime) -> Feedback:
    """The feedback that is kept. Raises ContractError for boxes that cannot be right, or that nothing can hold."""
    agreement, verdict = None, given.verdict
    if given.boxes is not None:
        agreement = _compare(given.boxes, known)
        verdict = RIGHT if agreement.whole else WRONG
    return Feedback(
        inference_id=known.inference_id,
        model_digest=known.model_digest,
        verdict=verdict,
        answered=_moment(known.answered),
        at=_moment(now),
        by=by,
        boxes=given.boxes,
        agreement=agreement,
        picture=known.picture,
    )


def _compare(boxes: Sequence[GivenBox], known: KnownAnswer) -> Agreement:
    instead = 'give "verdict": "right" or "wrong" instead'
    if known.answer is None and not known.picture:
        raise ContractError(
            "feedback.boxes: this answer was not captured, or not yet, which takes some minutes, so nothing says "
            f"whether they lie in its picture: {instead}"
        )
    found = known.answer.get("detections") if isinstance(known.answer, Mapping) else None
    if not isinstance(found, list):
        raise ContractError(f"feedback.boxes: this answer has no boxes of one picture: {instead}")
    if known.classes is None:
        raise ContractError(
            f"feedback.boxes: which classes this model knows was not recorded when it was released: {instead}"
        )
    width, height = finite(known.answer.get("width")) or 0.0, finite(known.answer.get("height")) or 0.0
    for at, box in enumerate(boxes):
        where = f"feedback.boxes[{at}]"
        if box.name not in known.classes:
            names = ", ".join(known.classes[:20]) + (", …" if len(known.classes) > 20 else "")
            raise ContractError(f"{where}.class: the model knows no {_short(box.name)}; it knows {names}")
        left, top, right, bottom = box.corners
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise ContractError(
                f"{where}.box: {list(box.corners)} must lie in the picture of {width:g} x {height:g} pixels, "
                "as left, top, right, bottom"
            )
    answered = [GivenBox.parse(one) for one in found]
    return Agreement(len(answered), len(boxes), count_pairs(answered, boxes))


def _read_boxes(value: object) -> tuple[GivenBox, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_BOXES:
        raise ContractError(
            f"feedback.boxes: must be a list of {MOST_BOXES} boxes at most; an empty one says that there is nothing"
        )
    boxes = []
    for at, one in enumerate(value):
        try:
            boxes.append(GivenBox.parse(one))
        except ContractError as error:
            raise ContractError(f"feedback.boxes[{at}]: {error}") from None
    return tuple(boxes)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
