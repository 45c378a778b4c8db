"""Lineage: artifacts by their address, associations between what exists, and the way along them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, fresh, run_training


def artifact(service: SageMaker, kind: str = "DataSet", **more: Any) -> str:
    """An artifact at an address of its own; its ARN."""
    source = {"SourceUri": f"s3://{BUCKET}/{fresh('data')}/"}
    created = service.call("CreateArtifact", {"Source": source, "ArtifactType": kind, **more})
    return str(created["ArtifactArn"])


def associate(service: SageMaker, source: str, destination: str, kind: str = "ContributedTo") -> None:
    """Associate two entities."""
    request = {"SourceArn": source, "DestinationArn": destination, "AssociationType": kind}
    service.call("AddAssociation", request)


def address(service: SageMaker, arn: str) -> str:
    """Where an artifact is."""
    return str(service.call("DescribeArtifact", {"ArtifactArn": arn})["Source"]["SourceUri"])


def test_an_artifact_is_found_by_its_address(service: SageMaker) -> None:
    """With its properties and tags."""
    arn = artifact(service, Properties={"digest": "d"}, Tags=[{"Key": "project", "Value": "p"}])
    listed = service.call("ListArtifacts", {"SourceUri": address(service, arn)})["ArtifactSummaries"]
    assert [one["ArtifactArn"] for one in listed] == [arn]
    assert service.call("DescribeArtifact", {"ArtifactArn": arn})["Properties"] == {"digest": "d"}
    assert service.call("ListTags", {"ResourceArn": arn})["Tags"] == [{"Key": "project", "Value": "p"}]
    assert service.call("ListArtifacts", {"SourceUri": "s3://elsewhere/"})["ArtifactSummaries"] == []


def test_an_address_has_one_artifact(service: SageMaker) -> None:
    """As on AWS: whoever makes a second one is refused, and so is a name given twice."""
    arn = artifact(service, ArtifactName="one-name")
    source = {"SourceUri": address(service, arn)}
    with pytest.raises(ServiceError, match="already exists"):
        service.call("CreateArtifact", {"Source": source, "ArtifactType": "Model"})
    with pytest.raises(ServiceError, match="names must be unique"):
        artifact(service, ArtifactName="one-name")


def test_what_does_not_exist_is_not_associated(service: SageMaker) -> None:
    """Nor is anything twice."""
    one, other = artifact(service), artifact(service)
    with pytest.raises(ServiceError) as refused:
        associate(service, one, other[:-4] + "none")
    assert refused.value.code == "ResourceNotFound"
    associate(service, one, other)
    with pytest.raises(ServiceError, match="already exists"):
        associate(service, one, other, "DerivedFrom")


def test_an_artifact_goes_once_nothing_is_associated_with_it(service: SageMaker) -> None:
    """And not before."""
    one, other = artifact(service), artifact(service)
    associate(service, one, other)
    with pytest.raises(ServiceError, match="it has associations"):
        service.call("DeleteArtifact", {"ArtifactArn": other})
    service.call("DeleteAssociation", {"SourceArn": one, "DestinationArn": other})
    with pytest.raises(ServiceError, match="does not exist"):
        service.call("DeleteAssociation", {"SourceArn": one, "DestinationArn": other})
    service.call("DeleteArtifact", {"ArtifactArn": other})
    service.call("DeleteArtifact", {"Source": {"SourceUri": address(service, one)}})
    with pytest.raises(ServiceError, match="does not exist"):
        service.call("DescribeArtifact", {"ArtifactArn": one})


def test_a_job_has_a_component_that_is_found_by_the_job(service: SageMaker) -> None:
    """SageMaker keeps it by itself, under the job's name."""
    job = run_training(service)
    (found,) = service.call("ListTrialComponents", {"SourceArn": job["TrainingJobArn"]})["TrialComponentSummaries"]
    assert found["TrialComponentName"] == f"{job['TrainingJobName']}-aws-training-job"
    data, model = artifact(service), artifact(service, "Model")
    associate(service, data, found["TrialComponentArn"])
    associate(service, found["TrialComponentArn"], model, "Produced")
    query = {"StartArns": [model], "Direction": "Ascendants", "IncludeEdges": True}
    answer = service.call("QueryLineage", query)
    assert {(one["Arn"], one["LineageType"]) for one in answer["Vertices"]} == {
        (data, "Artifact"),
        (found["TrialComponentArn"], "TrialComponent"),
    }
    assert [one["AssociationType"] for one in answer["Edges"]] == ["Produced", "ContributedTo"]
    assert service.call("QueryLineage", {**query, "Direction": "Descendants"})["Vertices"] == []


def test_associations_are_listed_by_either_end(service: SageMaker) -> None:
    """With what kind each end is of."""
    data, model = artifact(service), artifact(service, "Model")
    associate(service, data, model)
    for end, arn in (("SourceArn", data), ("DestinationArn", model)):
        (found,) = service.call("ListAssociations", {end: arn})["AssociationSummaries"]
        assert (found["SourceType"], found["DestinationType"]) == ("DataSet", "Model")
    assert service.call("ListAssociations", {"SourceArn": model})["AssociationSummaries"] == []


@pytest.mark.parametrize("name", ["CreateContext", "CreateAction", "UpdateArtifact", "CreateTrialComponent"])
def test_what_is_not_there_is_said(service: SageMaker, name: str) -> None:
    """Never a made-up success."""
    with pytest.raises(ServiceError, match=f"lacks the operation {name}"):
        service.call(name, {})
