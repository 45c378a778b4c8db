"""The registry numbers versions and keeps their approval."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.sagemaker import callers
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ROLE, fresh


@pytest.fixture
def group(service: SageMaker) -> str:
    """An empty group."""
    name = fresh("group")
    service.call("CreateModelPackageGroup", {"ModelPackageGroupName": name, "Tags": [{"Key": "team", "Value": "cv"}]})
    return name


@pytest.fixture(scope="module", autouse=True)
def archive(s3: Any) -> str:
    """A model archive that exists."""
    s3.put_object(Bucket=BUCKET, Key="registry/model.tar.gz", Body=b"an archive")
    return f"s3://{BUCKET}/registry/model.tar.gz"


def register(service: SageMaker, group: str, **more: Any) -> str:
    """The next version of a group; its ARN."""
    container = {"Image": "fake", "ModelDataUrl": f"s3://{BUCKET}/registry/model.tar.gz"}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["image/jpeg"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    request = {"ModelPackageGroupName": group, "InferenceSpecification": specification, **more}
    return str(service.call("CreateModelPackage", request)["ModelPackageArn"])


def test_versions_count_from_one_and_wait_for_approval(service: SageMaker, group: str) -> None:
    """A number is never given twice, not even after a deletion."""
    first, second = register(service, group), register(service, group)
    assert (first.rsplit("/", 2)[1:], second.rsplit("/", 1)[1]) == ([group, "1"], "2")
    described = service.call("DescribeModelPackage", {"ModelPackageName": first})
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"
    service.call("DeleteModelPackage", {"ModelPackageName": second})
    assert register(service, group).endswith("/3")


def test_the_same_token_registers_once(service: SageMaker, group: str) -> None:
    """A retried registration is the same version."""
    assert register(service, group, ClientToken="a" * 32) == register(service, group, ClientToken="a" * 32)
    assert register(service, group, ClientToken="b" * 32).endswith("/2")


def test_an_approval_and_its_metadata_are_kept(service: SageMaker, group: str) -> None:
    """Metadata are merged, and one can be taken away."""
    arn = register(service, group, CustomerMetadataProperties={"map50": "0.9", "old": "x"})
    service.call(
        "UpdateModelPackage",
        {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "by Ada",
            "CustomerMetadataProperties": {"map50": "0.95"},
            "CustomerMetadataPropertiesToRemove": ["old"],
        },
    )
    described = service.call("DescribeModelPackage", {"ModelPackageName": arn})
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "by Ada")
    assert described["CustomerMetadataProperties"] == {"map50": "0.95"}
    assert described["LastModifiedTime"] >= described["CreationTime"]


def test_a_card_and_a_stage_are_kept_and_told(service: SageMaker, group: str) -> None:
    """With the names of what was changed, so that whoever waits for a decision knows that this is none."""
    heard: list[dict[str, Any]] = []
    service.workshop.announcements.listen(heard.append)
    arn = register(service, group)
    content = json.dumps({"model_overview": {"model_creator": "Ada"}})
    card = {"ModelCardContent": content, "ModelCardStatus": "PendingReview"}
    stage = {"Stage": "Staging", "StageStatus": "InService", "StageDescription": "by Ada"}
    service.call("UpdateModelPackage", {"ModelPackageArn": arn, "ModelCard": card})
    service.call("UpdateModelPackage", {"ModelPackageArn": arn, "ModelCard": {"ModelCardStatus": "Approved"}})
    service.call("UpdateModelPackage", {"ModelPackageArn": arn, "ModelLifeCycle": stage})
    described = service.call("DescribeModelPackage", {"ModelPackageName": arn})
    assert described["ModelCard"] == {"ModelCardContent": content, "ModelCardStatus": "Approved"}
    assert (described["ModelLifeCycle"], described["ModelApprovalStatus"]) == (stage, "PendingManualApproval")
    told = [json.loads(entry["Detail"]).get("UpdatedModelPackageFields") for entry in heard]
    assert told == [None, ["ModelCard"], ["ModelCard"], ["ModelLifeCycle"]]
    assert json.loads(heard[-1]["Detail"])["ModelLifeCycle"] == stage


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ModelCard": {"ModelCardContent": '{"model_name": "x"}'}}, "does not follow the schema"),
        ({"ModelCard": {"ModelCardContent": "{"}}, "is not valid JSON"),
        ({"ModelCard": {"ModelCardStatus": "Rejected"}}, "Member must satisfy enum value set"),
        ({"ModelLifeCycle": {"Stage": "Staging"}}, "Member must not be null"),
        ({"ModelLifeCycle": {"Stage": "in production", "StageStatus": "x"}}, "regular expression pattern"),
        ({"ModelPackageRegistrationType": "Logged"}, "lacks ModelPackageRegistrationType"),
    ],
)
def test_what_aws_does_not_take_is_refused(service: SageMaker, group: str, change: Any, said: str) -> None:
    """And what is not there is said."""
    with pytest.raises(ServiceError, match=said):
        service.call("UpdateModelPackage", {"ModelPackageArn": register(service, group), **change})


def test_the_newest_approved_version_can_be_asked_for(service: SageMaker, group: str) -> None:
    """Filter and order together, as a release looks for its predecessor."""
    for status in ("Approved", "Approved", "Rejected"):
        register(service, group, ModelApprovalStatus=status)
    listing = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 1,
    }
    (newest,) = service.call("ListModelPackages", listing)["ModelPackageSummaryList"]
    assert newest["ModelPackageVersion"] == 2


def test_a_version_needs_its_archive(service: SageMaker, group: str, s3: Any) -> None:
    """Registering what is not there is refused; what is there is remembered by its ETag."""
    arn = register(service, group)
    described = service.call("DescribeModelPackage", {"ModelPackageName": arn})
    etag = s3.head_object(Bucket=BUCKET, Key="registry/model.tar.gz")["ETag"].strip('"')
    assert described["InferenceSpecification"]["Containers"][0]["ModelDataETag"] == etag
    missing = {"Containers": [{"Image": "fake", "ModelDataUrl": f"s3://{BUCKET}/registry/nothing.tar.gz"}]}
    types = {"SupportedContentTypes": ["image/jpeg"], "SupportedResponseMIMETypes": ["application/json"]}
    with pytest.raises(ServiceError, match=r"Could not find model data at s3://.*/nothing\.tar\.gz"):
        register(service, group, InferenceSpecification={**missing, **types})


def test_an_archive_that_is_named_with_its_etag_has_that_one(service: SageMaker, group: str) -> None:
    """As it is described, a version can be registered again; one whose archive became another cannot."""
    described = service.call("DescribeModelPackage", {"ModelPackageName": register(service, group)})
    specification = described["InferenceSpecification"]
    again = register(service, group, InferenceSpecification=specification)
    assert service.call("DescribeModelPackage", {"ModelPackageName": again})["InferenceSpecification"] == specification
    specification["Containers"][0]["ModelDataETag"] = "0" * 32
    with pytest.raises(ServiceError, match="has not the ETag 0000"):
        register(service, group, InferenceSpecification=specification)


def test_a_group_with_versions_cannot_be_deleted(service: SageMaker, group: str) -> None:
    """Only an empty one can, and then its name is free again."""
    arn = register(service, group)
    with pytest.raises(ServiceError) as refused:
        service.call("DeleteModelPackageGroup", {"ModelPackageGroupName": group})
    assert refused.value.code == "ConflictException"
    service.call("DeleteModelPackage", {"ModelPackageName": arn})
    service.call("DeleteModelPackageGroup", {"ModelPackageGroupName": group})
    with pytest.raises(ServiceError, match="does not exist"):
        service.call("DescribeModelPackageGroup", {"ModelPackageGroupName": group})


def test_only_an_approved_version_becomes_a_model(service: SageMaker, group: str) -> None:
    """A model that nobody approved cannot be put behind an endpoint."""
    arn = register(service, group)
    request = {"ModelName": fresh("model"), "ExecutionRoleArn": ROLE, "PrimaryContainer": {"ModelPackageName": arn}}
    with pytest.raises(ServiceError, match="is PendingManualApproval"):
        service.call("CreateModel", request)
    service.call("UpdateModelPackage", {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"})
    service.call("CreateModel", request)
    with pytest.raises(ServiceError, match='Cannot create already existing model "arn:aws:sagemaker:'):
        service.call("CreateModel", request)


def test_tags_are_added_listed_and_removed(service: SageMaker, group: str) -> None:
    """Those given at creation too."""
    arn = service.call("DescribeModelPackageGroup", {"ModelPackageGroupName": group})["ModelPackageGroupArn"]
    service.call("AddTags", {"ResourceArn": arn, "Tags": [{"Key": "cost", "Value": "7"}]})
    service.call("DeleteTags", {"ResourceArn": arn, "TagKeys": ["team"]})
    assert service.call("ListTags", {"ResourceArn": arn})["Tags"] == [{"Key": "cost", "Value": "7"}]


def test_who_changed_a_version_is_remembered_and_everyone_who_listens_is_told(service: SageMaker, group: str) -> None:
    """In the form of EventBridge, without what stays inside."""
    heard: list[dict[str, Any]] = []
    service.workshop.announcements.listen(heard.append)
    callers.enter("arn:aws:iam::000000000000:user/ada", "AIDA")
    arn = register(service, group)
    service.call("UpdateModelPackage", {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"})
    callers.enter("", "")
    described = service.call("DescribeModelPackage", {"ModelPackageName": arn})
    assert described["LastModifiedBy"] == described["CreatedBy"]
    assert described["LastModifiedBy"]["IamIdentity"]["Arn"] == "arn:aws:iam::000000000000:user/ada"
    assert [entry["DetailType"] for entry in heard] == ["SageMaker Model Package State Change"] * 2
    detail = json.loads(heard[1]["Detail"])
    told = (detail["ModelPackageGroupName"], detail["ModelPackageArn"], detail["ModelApprovalStatus"])
    assert told == (group, arn, "Approved")
    assert detail["ModelPackageName"] == f"{group}/1"
    assert not [member for member in detail if member.startswith("_")]
