"""Models of AWS's services are read through one session as the engine reads them through many."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ministack.core import responses

from infra.local.gaps import service_models

SERVICES = ("s3", "sns", "dynamodb", "lambda", "events", "states", "cloudformation", "no-such-service")


def test_every_service_has_the_model_that_the_engine_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By AWS's name or by the engine's own; one that botocore does not know has none. One session is opened for all."""
    told = {name: getattr(responses._service_model(name), "metadata", None) for name in SERVICES}
    opened: list[Any] = []
    theirs = botocore.session.get_session

    def get_session() -> Any:
        opened.append(theirs())
        return opened[-1]

    monkeypatch.setattr(botocore.session, "get_session", get_session)
    for cached in (service_models._service_model, service_models._session):
        cached.cache_clear()
    assert {name: getattr(service_models._service_model(name), "metadata", None) for name in SERVICES} == told
    assert told["s3"]
    assert told["no-such-service"] is None
    assert len(opened) == 1
