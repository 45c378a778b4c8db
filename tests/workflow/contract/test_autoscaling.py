"""How a fleet follows its load, as an input says it and as Application Auto Scaling takes it."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from workflow.contract.autoscaling import describe_scaling
from workflow.contract.rule import InputError
from workflow.contract.serving import Serving

FOLLOWED = {"maximum_instances": 4, "scale_target": 600}


@pytest.mark.parametrize("given", [FOLLOWED, {**FOLLOWED, "scale_on": "concurrency", "scale_target": 2.5}])
def test_what_is_told_of_a_fleet_is_what_the_service_takes(given: dict[str, Any]) -> None:
    """By botocore's own description; between the bounds that were asked for."""
    told = describe_scaling(Serving.read(given), "greenlight-production", "main", queued=False)
    assert told is not None
    assert (told.target["MinCapacity"], told.target["MaxCapacity"]) == (1, 4)
    assert told.target["ResourceId"] == "endpoint/greenlight-production/variant/main"
    service = botocore.session.get_session().get_service_model("application-autoscaling")
    (policy,) = told.policies
    for operation, parameters in (("RegisterScalableTarget", told.target), ("PutScalingPolicy", policy)):
        shape = service.operation_model(operation).input_shape
        assert shape is not None
        report = ParamValidator().validate(parameters, shape)
        assert not report.has_errors(), report.generate_report()
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracked["TargetValue"] == given["scale_target"]


def test_a_fleet_that_no_load_changes_is_told_of_to_nobody() -> None:
    """As it is by default."""
    assert describe_scaling(Serving(), "greenlight-production", "main", queued=False) is None


def test_an_asynchronous_fleet_may_shrink_to_none() -> None:
    """Its queue is what it follows, with the alarm that gives it its first instance."""
    serving = Serving.read({"serve": "async", "minimum_instances": 0, "maximum_instances": 2, "scale_target": 5})
    told = describe_scaling(serving, "greenlight-production", "main", queued=True)
    assert told is not None
    assert (told.target["MinCapacity"], len(told.policies)) == (0, 2)
    assert told.alarm["AlarmName"] in {policy["PolicyName"] for policy in told.policies}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"maximum_instances": 4}, "scale_target: missing, and maximum_instances is given; say"),
        (
            {**FOLLOWED, "minimum_instances": 5},
            "minimum_instances = 5: must be no more than maximum_instances",
        ),
        ({**FOLLOWED, "minimum_instances": 0}, "minimum_instances = 0: a real-time fleet keeps one instance"),
    ],
)
def test_keys_that_contradict_one_another_are_refused(given: dict[str, Any], said: str) -> None:
    """With what to type."""
    with pytest.raises(InputError) as caught:
        Serving.read(given)
    assert str(caught.value).startswith(said)
