"""What an answer of an endpoint is called: an id that says when it was given and by which model.

The serving container makes it, for SageMaker returns no id of its own to a caller ("InvokeEndpoint" in its API
reference: ``InferenceId`` is the caller's, and only added to what is captured). It leads from the answer to its
captured picture and to what people say of it, without an index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

ANSWER_ID = "inference_id"
"""What the id is called in an answer of JSON, and in the answer's custom attributes, whatever its form."""
DIGITS = 12
"""Of the model's digest; two versions of one project do not share so many."""
LONGEST = 64
"""Characters of an id, the caller's own included (InferenceId of InvokeEndpoint)."""

_WRITTEN = re.compile(r"(\d{8}T\d{6})-([0-9a-f]{12})-([0-9a-f]{16})")
_TIME = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class AnswerName:
    """When an answer was given (UTC, whole seconds), the beginning of its model's digest, and what tells it apart."""

    given: datetime
    model: str
    apart: str

    @staticmethod
    def make(model_digest: str, now: datetime, apart: bytes) -> AnswerName:
        """A new one; ``apart`` are 8 random bytes."""
        return AnswerName(now.astimezone(UTC).replace(microsecond=0), model_digest[:DIGITS], apart.hex())

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read an id; None for one that no serving container made.

        >>> AnswerName.read("20261130T120001-0123456789ab-00000000000000ff").model
        '0123456789ab'
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            return None
        try:
            given = datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(given, found[2], found[3])

    def text(self) -> str:
        """The id."""
        return f"{self.given:{_TIME}}-{self.model}-{self.apart}"
