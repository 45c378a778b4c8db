"""A production without an endpoint: what goes back to it, and what it needs."""

from __future__ import annotations

import pytest

from lambdas.plan_release.ways import as_it_was
from workflow.contract.quotas import needs_of
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.serving import Serving

BATCH = Serving(serve="batch")


def test_a_version_that_goes_back_is_served_as_production_is() -> None:
    """Though it was built for an endpoint; another project's batches are none of this one's."""
    assert as_it_was(Serving(), "greenlight-batch", "greenlight") == BATCH
    assert as_it_was(Serving(), "green-batch", "greenlight") == Serving()
    assert as_it_was(Serving(), "greenlight-production-v1-0a1b2c3d-0-0", "greenlight") == Serving()


def test_what_serves_by_batches_is_tried_by_one() -> None:
    """A staging endpoint would prove nothing about it."""
    assert BATCH.stage("staging") == "batch"
    assert Serving.parse(BATCH.text()) == BATCH
    with pytest.raises(InputError, match=r"staging_serve = realtime: .*leave it out"):
        RunInput.parse({"dataset": "s3://bucket/x/", "serve": "batch", "staging_serve": "realtime"}, {})


def test_it_needs_a_quota_of_transform_jobs_and_none_of_endpoints() -> None:
    """Asked before anything is paid for."""
    given = RunInput.parse({"dataset": "s3://bucket/x/", "serve": "batch"}, {})
    names = [need.name for need in needs_of(given, (1, 1), []).every]
    assert names[1].endswith("for transform job usage")
    assert not [name for name in names if "endpoint" in name]
