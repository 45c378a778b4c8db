"""What an evaluation left for the tests of the smoke test and of the probe."""

from __future__ import annotations

import json

import pytest

from tests.lambdas.conftest import Bucket
from tests.lambdas.smoke_test.test_comparison import SMOKE


@pytest.fixture
def evaluated(bucket: Bucket) -> Bucket:
    """An evaluation's pictures and boxes."""
    bucket.put("runs/one/evaluation/smoke/smoke.json", json.dumps(SMOKE))
    bucket.put("runs/one/evaluation/smoke/0.jpg", b"a picture")
    return bucket
