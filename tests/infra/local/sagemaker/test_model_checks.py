"""Requests are judged by botocore's own description of SageMaker."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.model_checks import answer, check_request, epoch, pattern, service_model
from tests.infra.local.sagemaker.requests import processing, training


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """A valid training request with one change."""
    request = training("job")
    change(request)
    return request


def test_a_valid_request_passes() -> None:
    """What AWS accepts is accepted."""
    check_request("CreateTrainingJob", training("job", rate="0.1"))
    check_request("CreateProcessingJob", processing("job"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.pop("RoleArn"), "'roleArn' failed to satisfy constraint: Member must not be null"),
        (lambda r: r.update(TrainingJobName="under_score"), "Member must satisfy regular expression pattern"),
        (lambda r: r.update(TrainingJobName="x" * 64), "Member must have length less than or equal to 63"),
        (lambda r: r.update(Surprise=1), "'Surprise' is no member of CreateTrainingJobRequest"),
        (lambda r: r["ResourceConfig"].update(InstanceType="ml.huge"), "Member must satisfy enum value set: [ml."),
        (lambda r: r["ResourceConfig"].update(VolumeSizeInGB="10"), "must be an integer, not str '10'"),
        (lambda r: r["StoppingCondition"].update(MaxRuntimeInSeconds=0), "greater than or equal to 1"),
        (lambda r: r["HyperParameters"].update(epochs=3), "must be a string, not int '3'"),
        (lambda r: r.update(InputDataConfig=[]), "Member must have length greater than or equal to 1"),
        (lambda r: r["OutputDataConfig"].update(S3OutputPath="/tmp"), "regular expression pattern: (https|s3)"),
        (lambda r: r.update(EnableNetworkIsolation="true"), "must be true or false"),
    ],
    ids=["required", "pattern", "length", "unknown", "enum", "type", "minimum", "map value", "size", "uri", "boolean"],
)
def test_what_aws_refuses_is_refused(change: Callable[[dict[str, Any]], Any], said: str) -> None:
    """Each kind of constraint in the service's description counts, and the message names the member."""
    with pytest.raises(ServiceError) as refused:
        check_request("CreateTrainingJob", changed(change))
    assert refused.value.code == "ValidationException"
    assert said in refused.value.message


def test_all_problems_are_told_at_once() -> None:
    """A request with two faults names both."""
    with pytest.raises(ServiceError, match=r"2 validation errors detected: .*roleArn.*; .*Surprise"):
        check_request("CreateTrainingJob", changed(lambda r: (r.pop("RoleArn"), r.update(Surprise=1))))


def test_an_operation_that_sagemaker_lacks_is_unknown() -> None:
    """A typing mistake in an operation's name is no missing feature."""
    with pytest.raises(ServiceError, match="UnknownOperationException"):
        check_request("CreateTraningJob", {})


def test_answers_carry_times_as_epoch_seconds() -> None:
    """JSON 1.1 has no other timestamps, and members without a value are left out."""
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    group = {
        "ModelPackageGroupName": "g",
        "ModelPackageGroupArn": "arn:aws:sagemaker:us-east-1:000000000000:model-package-group/g",
        "ModelPackageGroupStatus": "Completed",
        "CreationTime": when,
        "CreatedBy": {},
        "ModelPackageGroupDescription": None,
    }
    document = answer("DescribeModelPackageGroup", group)
    assert document["CreationTime"] == when.timestamp()
    assert "ModelPackageGroupDescription" not in document


def test_an_answer_against_the_model_is_an_internal_failure() -> None:
    """A mistake of ours never reaches a caller as a plausible answer."""
    with pytest.raises(ServiceError) as refused:
        answer("CreateModel", {"ModelArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m", "Extra": 1})
    assert (refused.value.code, refused.value.status) == ("InternalFailure", 500)


@pytest.mark.parametrize("value", [1767225600, 1767225600.0, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"])
def test_every_spelling_of_a_time_is_the_same_moment(value: Any) -> None:
    """SDKs send numbers, state machines send ISO 8601."""
    assert epoch(value) == 1767225600


def test_nearly_every_pattern_of_the_model_is_understood() -> None:
    """The patterns are Java's; what Python cannot read is left unchecked, and that must stay rare."""
    shapes = (service_model().shape_for(name) for name in service_model().shape_names)
    expressions = {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}
    lost = {expression for expression in expressions if pattern(expression) is None}
    assert len(expressions) > 100
    assert len(lost) <= 1, lost


@pytest.mark.parametrize(("key", "fine"), [("team", True), ("größe 1/2", True), ("no*star", False)])
def test_tags_take_letters_of_any_language(key: str, fine: bool) -> None:
    """Java's classes of letters and digits are translated, not dropped."""
    request = {"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m", "Tags": [{"Key": key, "Value": "v"}]}
    if fine:
        check_request("AddTags", request)
    else:
        with pytest.raises(ServiceError, match="regular expression"):
            check_request("AddTags", request)
