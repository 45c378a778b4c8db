"""Production's fleet is followed as the version that serves says, and let go of where an update needs it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.scale_production import handler as function
from lambdas.scale_production.handler import handler
from tests.lambdas.conftest import Context
from tests.workflow.contract.released import CHAMPION, PLAN
from workflow.contract.serving import Serving

FOLLOWED = {"maximum_instances": 4, "scale_target": 600.0}
FOLLOWED_TEXT = Serving.read(FOLLOWED).text()
SERVED = str(CHAMPION["production_configuration"])
HERE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/greenlight-production/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


class Service:
    """Application Auto Scaling, SageMaker and CloudWatch in one, with what they were told."""

    def __init__(self, instance: str = "ml.c7i.xlarge", configuration: str = SERVED) -> None:
        self.instance, self.configuration = instance, configuration
        self.target: dict[str, Any] = {}
        self.policies: dict[str, Any] = {}
        self.alarms: list[Any] = []
        self.written: list[str] = []

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        """Production, where there is one."""
        if not self.configuration:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointStatus": "InService", "EndpointConfigName": self.configuration}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        """Its instances."""
        return {"ProductionVariants": [{"InstanceType": self.instance}]}

    def register_scalable_target(self, **told: Any) -> None:
        """Remember it."""
        self.target = told
        self.written.append("target")

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> dict[str, Any]:
        """The one that is remembered, with what the service says of it besides."""
        assert (ServiceNamespace, ResourceIds) == ("sagemaker", [HERE["ResourceId"]])
        return {"ScalableTargets": [{**self.target, "CreationTime": 0}] if self.target else []}

    def put_scaling_policy(self, **told: Any) -> dict[str, str]:
        """Remember it; its ARN."""
        self.policies[told["PolicyName"]] = {**told, "PolicyARN": f"arn:{told['PolicyName']}", "CreationTime": 0}
        self.written.append(told["PolicyName"])
        return {"PolicyARN": f"arn:{told['PolicyName']}"}

    def describe_scaling_policies(self, **asked: str) -> dict[str, Any]:
        """What is remembered."""
        assert asked == HERE
        return {"ScalingPolicies": list(self.policies.values())}

    def delete_scaling_policy(self, PolicyName: str, **asked: str) -> None:
        """Forget it."""
        del self.policies[PolicyName]

    def deregister_scalable_target(self, **asked: str) -> None:
        """Forget all, or say that there is nothing."""
        assert asked == HERE
        if not self.target:
            raise ClientError({"Error": {"Code": "ObjectNotFoundException", "Message": ""}}, "DeregisterScalableTarget")
        self.target, self.policies = {}, {}

    def put_metric_alarm(self, **told: Any) -> None:
        """Remember it."""
        self.alarms.append(told)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """The services that the function calls."""
    made = Service()
    for name in ("sagemaker", "scaling", "cloudwatch"):
        monkeypatch.setattr(function, name, made)
    return made


def plan(**serving: Any) -> dict[str, Any]:
    """A release's plan, of a version that is served so."""
    return {**PLAN, "instance": "ml.c7i.xlarge", "serving": {**vars(Serving.read(serving))}}


def test_a_version_that_serves_is_followed_as_it_says(service: Service, context: Context) -> None:
    """Between its bounds; and what an earlier one was followed by is gone."""
    service.target, service.policies = dict(HERE), {"older": {"PolicyName": "older"}}
    assert handler({"plan": plan(**FOLLOWED)}, context) == {"follows": "its load, between 1 and 4 instances"}
    assert (service.target["MinCapacity"], service.target["MaxCapacity"]) == (1, 4)
    assert set(service.policies) == {"greenlight-production-invocations"}


@pytest.mark.parametrize("kind", ["realtime", "async"])
def test_a_fleet_that_is_followed_as_it_should_be_is_left_alone(service: Service, context: Context, kind: str) -> None:
    """The schedule looks every five minutes; a changed bound or goal is put right by itself."""
    given = {"serve": kind, **FOLLOWED}
    handler({"plan": plan(**given)}, context)
    assert service.written[0] == "target"
    written = list(service.written)
    handler({"plan": plan(**given)}, context)
    assert service.written == written
    handler({"plan": plan(**given, minimum_instances=2)}, context)
    assert service.written[len(written) :] == ["target"]
    handler({"plan": plan(**{**given, "scale_target": 60.0}, minimum_instances=2)}, context)
    assert len(service.written[len(written) + 1 :]) == 1


def test_a_version_that_is_not_followed_ends_it(service: Service, context: Context) -> None:
    """Also where nothing was followed; and twice."""
    service.target = dict(HERE)
    for _ in range(2):
        assert handler({"plan": plan()}, context) == {"follows": "no load"}
        assert service.target == {}


def test_an_asynchronous_fleet_leaves_no_instance_by_an_alarm(service: Service, context: Context) -> None:
    """Which takes the step of the policy that was just made."""
    handler({"plan": plan(serve="async", minimum_instances=0, maximum_instances=2, scale_target=5.0)}, context)
    (alarm,) = service.alarms
    assert alarm["AlarmActions"] == ["arn:greenlight-production-first-instance"]


@pytest.mark.parametrize(("instance", "kept"), [("ml.c7i.xlarge", True), ("ml.g5.xlarge", False)])
def test_before_an_update_only_a_fleet_of_other_instances_is_let_go_of(
    service: Service, context: Context, instance: str, kept: bool
) -> None:
    """SageMaker refuses to update one that is followed; any other stays followed, as a release may go back."""
    service.target, service.instance = dict(HERE), instance
    handler({"plan": plan(**FOLLOWED), "before": True}, context)
    assert bool(service.target) == kept


def test_a_first_release_has_nothing_to_let_go_of(service: Service, context: Context) -> None:
    """There is no production."""
    service.configuration = ""
    assert handler({"plan": plan(), "before": True}, context) == {"follows": "there is no production"}


@pytest.mark.parametrize(
    ("configuration", "serving", "lock_age", "followed"),
    [
        (SERVED, FOLLOWED_TEXT, None, True),
        (SERVED, FOLLOWED_TEXT, 7200, True),
        (SERVED, FOLLOWED_TEXT, 60, False),
        ("somebody-elses", FOLLOWED_TEXT, None, False),
        (SERVED, "", None, False),
    ],
    ids=["serves", "a release waits", "a release moves", "foreign", "older record"],
)
def test_the_schedule_puts_right_what_a_way_back_left(
    service: Service,
    table: Any,
    context: Context,
    configuration: str,
    serving: str,
    lock_age: int | None,
    followed: bool,
) -> None:
    """What serves is what was recorded; nothing is touched while a release is about to change it."""
    service.configuration = configuration
    table.put_item(Item={**CHAMPION, "id": "champion", **({"serving": serving} if serving else {})})
    if lock_age is not None:
        epoch = int(time.time()) - lock_age
        table.put_item(Item={"id": "release-lock", "execution": "arn:x", "taken_epoch": epoch})
    handler({}, context)
    assert bool(service.target) == followed
