"""What an evaluation left for the tests of the smoke test and of the probe."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from tests.lambdas.conftest import Bucket
from tests.lambdas.smoke_test.test_comparison import SMOKE

SMOKE_JSON = json.dumps(SMOKE).encode()


def digest_of(document: bytes, *pictures: bytes) -> str:
    """What a decision names of them: the digest of a line for each, which is that one's own digest."""
    lines = [sha256(content).hexdigest() for content in (document, *pictures)]
    return sha256("\n".join(lines).encode()).hexdigest()


DECIDED = digest_of(SMOKE_JSON, b"a picture")


@pytest.fixture
def evaluated(bucket: Bucket) -> Bucket:
    """An evaluation's pictures and boxes."""
    bucket.put("runs/one/evaluation/smoke/smoke.json", SMOKE_JSON)
    bucket.put("runs/one/evaluation/smoke/0.jpg", b"a picture")
    return bucket
