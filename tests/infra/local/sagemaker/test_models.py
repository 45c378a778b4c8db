"""A model is made of the archive that is meant, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker import requests
from tests.infra.local.sagemaker.requests import BUCKET, ROLE, fresh

URI = f"s3://{BUCKET}/sources/model.tar.gz"


def create(service: SageMaker, uri: str = URI, **more: Any) -> str:
    """A model of an S3 object that is named as a data source; its name."""
    name = fresh("model")
    source = {"S3Uri": uri, "S3DataType": "S3Object", "CompressionType": "Gzip", **more}
    container = {"Image": "fake", "ModelDataSource": {"S3DataSource": source}}
    service.call("CreateModel", {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": container})
    return name


def test_an_object_that_is_no_longer_the_meant_one_makes_no_model(service: SageMaker, s3: Any) -> None:
    """The ETag is of the very bytes; without one any archive that is there will do."""
    meant = s3.put_object(Bucket=BUCKET, Key="sources/model.tar.gz", Body=b"an archive")["ETag"].strip('"')
    described = service.call("DescribeModel", {"ModelName": create(service, ETag=meant)})
    assert described["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]["ETag"] == meant
    s3.put_object(Bucket=BUCKET, Key="sources/model.tar.gz", Body=b"another")
    with pytest.raises(ServiceError, match=f"has the ETag .* and not {meant}"):
        create(service, ETag=meant)
    create(service)


def test_an_object_that_is_not_there_makes_no_model(service: SageMaker) -> None:
    """In the words of AWS."""
    with pytest.raises(ServiceError, match="Could not access model data at s3://"):
        create(service, uri=f"s3://{BUCKET}/sources/nothing.tar.gz")


def test_an_endpoint_serves_what_a_data_source_names(service: SageMaker) -> None:
    """As it does what lies at a model's address."""
    archive = requests.run_training(service)["ModelArtifacts"]["S3ModelArtifacts"]
    name = requests.endpoint(service, requests.configuration(service, create(service, archive)))
    assert service.call("DescribeEndpoint", {"EndpointName": name})["EndpointStatus"] == "InService"
