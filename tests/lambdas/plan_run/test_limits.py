"""How long the jobs of a run may take, and the room they get."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_run.limits import GB, choose_volume, plan_limits
from workflow.contract.build_plan import Limits
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput


def limits(parallel: int = 2, **given: Any) -> Limits:
    """The limits of an input that names only what a test is about."""
    return plan_limits(RunInput.parse(given, {"dataset": "s3://bucket/set"}), parallel)


@pytest.mark.parametrize(
    ("gigabytes", "size"), [(0, 50), (1, 50), (10, 50), (11, 53), (100, 320), (100.4, 322)], ids=str
)
def test_a_volume_follows_from_the_data(gigabytes: float, size: int) -> None:
    """It is copied, unpacked and split, and never gets less than was usual."""
    assert choose_volume(0, round(gigabytes * GB), "ml.c7i.xlarge") == size


def test_a_volume_of_the_input_s_own_is_taken() -> None:
    """Larger or smaller than what is proposed."""
    assert [choose_volume(wanted, 100 * GB, "ml.m7i.xlarge") for wanted in (30, 900)] == [30, 900]


def test_an_instance_with_disks_of_its_own_is_asked_for_no_more_than_they_hold() -> None:
    """SageMaker ignores the size in a training, and refuses one that is too large in a processing job."""
    for instance in ("ml.g5.xlarge", "ml.m5d.large"):
        assert [choose_volume(wanted, 9000 * GB, instance) for wanted in (0, 900)] == [50, 50]


def test_data_too_large_for_any_volume_is_told_before_anything_is_paid() -> None:
    """With what can be done; whoever knows better says how much."""
    with pytest.raises(InputError, match=r"the dataset holds 6000 GB, for which a volume of 18020 GB would be needed"):
        choose_volume(0, 6000 * GB, "ml.m7i.xlarge")
    assert choose_volume(16384, 6000 * GB, "ml.m7i.xlarge") == 16384


def test_a_processing_job_takes_as_long_as_the_input_says_and_its_state_waits_longer() -> None:
    """A state that ends first would leave a job that is still paid for to be stopped."""
    found = limits(processing_hours=10)
    assert found.processing_seconds == 36_000
    assert found.processing_wait_seconds == 36_000 + 24 * 3600


@pytest.mark.parametrize(
    ("given", "parallel", "hours"),
    [
        pytest.param({}, 2, 24, id="both at once"),
        pytest.param({"tuning_hours": 3}, 2, 3, id="by its hours"),
        pytest.param({"tuning_instance_hours": 5}, 2, 2.5, id="by those of its instances"),
        pytest.param({"tuning_instance_hours": 5}, 10, 0.5, id="the sooner the more there are"),
        pytest.param({"tuning_instance_hours": 0.1}, 10, 120 / 3600, id="but no less than SageMaker takes"),
    ],
)
def test_a_search_ends_by_its_time_or_by_what_its_instances_may_use(
    given: dict[str, Any], parallel: int, hours: float
) -> None:
    """Trainings that run side by side use as many hours each."""
    found = limits(parallel=parallel, **given)
    assert found.tuning_seconds == round(hours * 3600)
    assert found.tuning_wait_seconds > found.tuning_seconds
