"""Finds the answer that somebody speaks of: what was captured of it, and what its model is known to be.

An answer's own id leads to what is kept of it; a caller's leads there by a second object. Of an answer that was not
captured nothing is kept, and its id says which model gave it, and when: a model that production has served.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.take_feedback.request import RequestError
from workflow.contract.answer_name import DIGITS, AnswerName
from workflow.contract.capture import Captured, OtherName, kept_key, named_key
from workflow.contract.feedback import KnownAnswer
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.scores import Metrics
from workflow.contract.served_model import ServedModel
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import served_key

AHEAD = timedelta(minutes=5)
"""How far a container's clock may be before this one's."""
METRICS = "metrics.json"
"""Where an evaluation says what its model knows, below its own folder."""
UNKNOWN = (
    "there is no answer of production called {}: an answer of JSON carries its id as inference_id, any other in its "
    "custom attributes; a caller's own InferenceId is known of what was captured, some minutes after the answer; and "
    "answers of a version that is being released are known once the release has ended"
)


@dataclass(frozen=True)
class Answers:
    """What is kept of production's answers, for ``days``: in the bucket over an S3 client, and in the table."""

    s3: Any
    table: Any
    bucket: str
    days: int

    def find(self, identity: str, now: datetime, *, with_classes: bool) -> KnownAnswer:
        """The answer of this id; the classes that its model knows are looked up where they are wanted.

        Raises RequestError: 404 for an id that leads to no answer of production, 410 for one of an answer too old.
        """
        name = AnswerName.read(identity)
        captured = self._captured(identity, name)
        if captured is not None:
            own = AnswerName.read(captured.id)
            answered = datetime.fromisoformat(captured.taken) if own is None else own.given
            digest, served = captured.model_digest, self._served(captured.model_digest)
        elif name is not None:
            served = self._served(name.model)
            answered, digest = name.given, "" if served is None else served.model_digest
        else:
            raise RequestError(404, UNKNOWN.format(identity))
        if not digest or answered > now + AHEAD:
            raise RequestError(404, UNKNOWN.format(identity))
        if now - answered > timedelta(days=self.days):
            raise RequestError(410, f"{identity} is older than the {self.days} days that answers are kept for")
        return KnownAnswer(
            inference_id=identity if captured is None else captured.id,
            model_digest=digest,
            answered=answered,
            classes=self._classes(served) if with_classes and served is not None else None,
            answer=None if captured is None else captured.answer,
            picture="" if captured is None else captured.picture,
        )

    def _captured(self, identity: str, name: AnswerName | None) -> Captured | None:
        if name is not None:
            key = f"{kept_key(name.given, identity)}.json"
        else:
            pointer = self._read(named_key(identity))
            if pointer is None:
                return None
            key = OtherName.parse(pointer).document_key
        document = self._read(key)
        return None if document is None else Captured.parse(document)

    def _served(self, model_digest: str) -> ServedModel | None:
        item = found_item(self.table.get_item(Key={"id": served_key(model_digest[:DIGITS])}))
        return None if item is None else ServedModel.parse(item)

    def _classes(self, served: ServedModel) -> Sequence[str] | None:
        """The classes in the evaluation's own order; None where it cannot be read any more."""
        bucket, folder = split_s3_uri(served.evaluation_uri)
        document = self._read(f"{folder}{METRICS}") if bucket == self.bucket else None
        try:
            return None if document is None else [one.name for one in Metrics.parse(document).candidate.per_class]
        except ContractError:
            return None

    def _read(self, key: str) -> Any:
        """The JSON of an object; None where there is none, or it is no JSON."""
        try:
            return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None
        except (ValueError, RecursionError):
            return None
