"""Whose answers are compared: those of the two models, and of none that another release has put there meanwhile."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.compare_challenger import handler as function

MINE = "a" * 64


@pytest.mark.parametrize(
    ("wanted", "answers", "read"), [(MINE, MINE, True), (MINE, "b" * 64, False), (MINE, None, False), ("", MINE, True)]
)
def test_an_answer_of_another_model_is_none(
    monkeypatch: pytest.MonkeyPatch, wanted: str, answers: str | None, read: bool
) -> None:
    """Staging answers for a shadow, and is the next release's as soon as that begins."""
    body = json.dumps({"detections": [], "model_digest": answers}).encode()

    def invoke(**_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(body)}

    monkeypatch.setattr(function, "runtime", SimpleNamespace(invoke_endpoint=invoke))
    assert (function.ask("greenlight-staging", "", wanted, "one.jpg", b"picture") == ()) == read
