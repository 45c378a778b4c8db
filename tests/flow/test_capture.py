"""A share of production's requests is kept as pictures and documents, with IAM's policies enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.conftest import deployed
from tests.flow.driver import Flow
from tests.infra.local.sagemaker.requests import eventually
from workflow.contract.capture import KEPT, Captured

pytestmark = pytest.mark.standin


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Flow]:
    """A stack that keeps all of its production's requests, on a stand-in that enforces policies."""
    with deployed(tmp_path / "state", "--iam", prepare=lambda _: {"parameters": {"CapturePercent": "100"}}) as alone:
        yield alone


def test_what_production_is_asked_can_be_looked_at(keeping: Flow) -> None:
    """The picture as it was sent, and beside it the answer with the model that gave it; the raw file is gone."""
    keeping.serving()
    answer = keeping.ask_production()

    def kept(prefix: str = KEPT) -> list[str]:
        found = keeping.storage.list_objects_v2(Bucket=keeping.stack.bucket, Prefix=prefix).get("Contents", [])
        return [str(item["Key"]) for item in found]

    def documents() -> list[Captured]:
        found = [key for key in kept() if key.endswith(".json") and not key.endswith(".request.json")]
        bodies = [keeping.storage.get_object(Bucket=keeping.stack.bucket, Key=key)["Body"].read() for key in found]
        return [Captured.parse(json.loads(body)) for body in bodies]

    mine = eventually(lambda: [one for one in documents() if one.answer == answer])[0]
    assert (mine.endpoint, mine.model_digest) == ("greenlight-production", answer["model_digest"])
    assert mine.picture in kept()
    assert eventually(lambda: not kept("captured/raw/"))
