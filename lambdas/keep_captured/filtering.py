"""Asks a function of the team's own what may be kept of a picture. Who is not answered keeps nothing. Pure but for it.

It is called with ``{"id", "endpoint", "variant", "content_type", "picture"}``, the picture in base64, and answers
``{"keep": false}``, or ``{"keep": true}`` with the picture to keep instead, for one whose faces are blurred.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import Any

from lambdas.keep_captured.record import Place, Record
from workflow.contract.reading import read_object

LARGEST = 6_000_000
"""Bytes of a request that Lambda passes on (its quotas), less some: a larger picture cannot be asked about."""


@dataclass(frozen=True)
class Filter:
    """The function of that name, over a Lambda client."""

    client: Any
    function: str

    def allow(self, record: Record, place: Place) -> Record | None:
        """What may be kept of a record; None for nothing. Raises the client's error where the function is not there."""
        asked = json.dumps(
            {
                "id": record.id,
                "endpoint": place.endpoint,
                "variant": place.variant,
                "content_type": record.content_type,
                "picture": base64.b64encode(record.body).decode(),
            }
        ).encode()
        if len(asked) > LARGEST:
            return None
        answered = self.client.invoke(FunctionName=self.function, Payload=asked)
        if answered.get("FunctionError"):
            return None
        said = read_object(answered["Payload"].read().decode("utf-8", "replace"))
        if said.get("keep") is not True:
            return None
        if "picture" not in said:
            return record
        try:
            # Of a text alone: Python would read base64 out of what it calls None.
            body = base64.b64decode(said["picture"], validate=True) if isinstance(said["picture"], str) else b""
        except (binascii.Error, ValueError):
            return None
        return replace(record, body=body) if body else None
