"""A move of traffic ends in the time that it was given."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from infra.local.sagemaker.endpoints.deployment import Plan, Shift
from infra.local.sagemaker.endpoints.fleets import Fleet
from infra.local.sagemaker.endpoints.traffic import RolledBack, Traffic
from infra.local.sagemaker.settings import Settings


def test_a_deployment_that_takes_longer_than_allowed_goes_back(tmp_path: Path) -> None:
    """Its newcomers get no request any more; those that served before get all."""
    traffic = Traffic(Settings(tmp_path, "http://127.0.0.1:1"))
    old, new = cast(Fleet, object()), cast(Fleet, object())
    traffic.serve("endpoint", old)
    began = time.monotonic()
    with pytest.raises(RolledBack, match="longer than its MaximumExecutionTimeoutInSeconds"):
        traffic.move("endpoint", new, Plan([Shift(0.5, 60)], longest_seconds=0.2), began)
    assert time.monotonic() - began < 30
    assert {id(traffic.next("endpoint")) for _ in range(30)} == {id(old)}
    traffic.move("endpoint", new, Plan([Shift(0.5, 0.1)], longest_seconds=60), time.monotonic())
