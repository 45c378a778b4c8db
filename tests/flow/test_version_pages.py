"""What SageMaker's own pages show of a version: figures, card and stage, where it comes from and who serves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.flow.driver import Ended, Flow

ALL = ["card", "stages left", "stage", "lineage"]


def released(flow: Flow, ended: Ended) -> dict[str, Any]:
    """What the release of a build gave."""
    return flow.end(ended.output["release"]["execution"]).output


def described(flow: Flow, ended: Ended) -> dict[str, Any]:
    """The version of a build, as DescribeModelPackage tells it."""
    answer: dict[str, Any] = flow.sagemaker.describe_model_package(ModelPackageName=ended.output["package"]["arn"])
    return answer


def ascendants(flow: Flow, address: str) -> list[str]:
    """The kinds of everything that leads to an endpoint, by its ARN."""
    (context,) = flow.sagemaker.list_contexts(SourceUri=address)["ContextSummaries"]
    found = flow.sagemaker.query_lineage(StartArns=[context["ContextArn"]], Direction="Ascendants", MaxDepth=10)
    return sorted(one["Type"] for one in found["Vertices"])


@contextmanager
def broken_notes(flow: Flow) -> Iterator[None]:
    """The function that notes cannot even be loaded."""
    functions = flow.stand_in.client("lambda")
    name = "greenlight-note-version"
    handler = functions.get_function_configuration(FunctionName=name)["Handler"]
    functions.update_function_configuration(FunctionName=name, Handler="lambdas.note_version.nowhere.handler")
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Handler=handler)


def test_a_version_shows_what_it_scored_where_it_stands_and_where_it_comes_from(flow: Flow) -> None:
    """From the dataset to the endpoint; the version before it is archived, until a person goes back to it."""
    before = flow.build(flow.upload())
    ended = flow.build(flow.upload())
    assert ended.output["noted"] == {"noted": ["build", "dataset", "card", "stage", "lineage"], "missed": []}
    assert released(flow, ended)["noted"] == {"noted": ALL[1:], "missed": []}
    version = described(flow, ended)

    statistics = version["ModelMetrics"]["ModelQuality"]["Statistics"]
    bucket, _, key = statistics["S3Uri"].removeprefix("s3://").partition("/")
    content = flow.storage.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert statistics["ContentDigest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert json.loads(content)["object_detection_metrics"]["map50"]["value"] == 0.9
    assert version["DriftCheckBaselines"]["ModelQuality"]["Statistics"] == statistics
    assert (version["Domain"], version["Task"]) == ("COMPUTER_VISION", "OBJECT_DETECTION")
    assert version["MetadataProperties"]["GeneratedBy"] == ended.arn

    assert version["ModelCard"]["ModelCardStatus"] == "Approved"
    card = json.loads(version["ModelCard"]["ModelCardContent"])
    job = card["training_details"]["training_job_details"]["training_arn"]
    assert job.endswith(f":training-job/{ended.output['training']['job_name']}")

    stage = version["ModelLifeCycle"]
    assert (stage["Stage"], stage["StageStatus"]) == ("Production", "InService")
    assert "approved by Ada" in stage["StageDescription"]
    left = described(flow, before)["ModelLifeCycle"]
    number = version["ModelPackageVersion"]
    assert (left["Stage"], left["StageDescription"]) == ("Archived", f"Production serves version {number}")

    endpoint = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)["EndpointArn"]
    kinds = ascendants(flow, endpoint)
    assert {"DataSet", "Model", "SageMakerProcessingJob", "SageMakerTrainingJob"} == set(kinds)

    back = flow.end(flow.start({"model_package_arn": before.output["package"]["arn"]}, machine="release"))
    assert back.status == "SUCCEEDED"
    assert described(flow, before)["ModelLifeCycle"]["Stage"] == "Production"
    assert described(flow, ended)["ModelLifeCycle"]["StageStatus"] == "RolledBack"


def test_notes_that_cannot_be_written_fail_nothing(flow: Flow) -> None:
    """The version is registered, decided about and released all the same."""
    with broken_notes(flow):
        ended = flow.build(flow.upload())
    assert ended.status == "SUCCEEDED"
    assert flow.ask_production()["model_digest"] == ended.output["gate"]["model_digest"]
    assert "unnoted" in ended.output
    assert "unnoted" in released(flow, ended)
    assert "ModelCard" not in described(flow, ended)
