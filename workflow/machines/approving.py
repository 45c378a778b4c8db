"""The states between a judged candidate and a person's answer: the gate, the registry, the question.

Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from dataclasses import asdict, fields

from stepfunctions.steps.states import State

from workflow.contract.failures import Failure
from workflow.contract.gate import PASSED_GATE
from workflow.contract.package_properties import Origin, RegisteredFigures
from workflow.machines import settings
from workflow.machines.endings import Endings
from workflow.machines.kinds import ask_a_person, call_function, call_sagemaker, raise_error
from workflow.machines.states import LambdaStep, Parameters, Task

MEASURED: Parameters = {
    "ContentType": "application/json",
    "S3Uri.$": "$.gate.quality_uri",
    "ContentDigest.$": "States.Format('sha256:{}', $.gate.quality_digest)",
}
"""The figures in the layout that SageMaker's pages read, and what they were when they were judged."""


def gate_on_metrics(endings: Endings) -> LambdaStep:
    """Decide by the figures alone whether the candidate may be registered."""
    return call_function(
        "Gate on metrics",
        "${GateMetricsArn}",
        {"plan.$": "$.plan", "training.$": "$.training"},
        endings.way_out("The gate stayed closed", at="Gate on metrics", error=Failure.GATE_REJECTED),
        keep=PASSED_GATE,
        at="gate",
    )


def register_model(failed: State) -> Task:
    """Enter the candidate in the model registry, waiting for a person's approval."""
    return call_sagemaker(
        "Register the model",
        "createModelPackage",
        {
            "ModelPackageGroupName": settings.PROJECT,
            "ClientToken.$": "$.plan.client_token",
            "ModelPackageDescription.$": "States.Format('{}: {}', $.plan.run, $.gate.summary)",
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": settings.SERVING_IMAGE,
                        "ModelDataUrl.$": "$.gate.archive_uri",
                        # What was judged at this confidence serves at it.
                        "Environment": {"GREENLIGHT_CONFIDENCE.$": "States.Format('{}', $.plan.confidence)"},
                    }
                ],
                "SupportedContentTypes": [
                    *("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "application/x-image"),
                    *("application/x-npy", "application/json", "application/jsonlines"),
                    *("video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-msvideo"),
                ],
                "SupportedResponseMIMETypes": [
                    *("application/json", "application/jsonlines", "text/csv", "application/x-npy", "image/jpeg"),
                    *("video/webm", "video/mp4"),
                ],
                "SupportedRealtimeInferenceInstanceTypes.$": "States.Array($.plan.instances.endpoint)",
            },
            "Domain": "COMPUTER_VISION",
            "Task.$": "$.gate.registry_task",
            "ModelMetrics": {"ModelQuality": {"Statistics": MEASURED}},
            # What a monitor of the endpoint compares with.
            "DriftCheckBaselines": {"ModelQuality": {"Statistics": MEASURED}},
            "MetadataProperties": {"GeneratedBy.$": "$$.Execution.Id", "ProjectId": settings.PROJECT},
            "CustomerMetadataProperties": registered_properties(),
        },
        failed,
        selector={"arn.$": "$.ModelPackageArn"},
        at="package",
    )


def registered_properties() -> dict[str, str]:
    """Where each property of a version is found: its origin in the run's data, its figures as the gate words them."""
    origin = Origin(
        fingerprint="$.plan.fingerprint",
        build_execution="$$.Execution.Id",
        dataset_name="$.plan.dataset.name",
        dataset_uri="$.plan.dataset.uri",
        dataset_digest="$.dataset.digest",
        evaluation_uri="$.plan.uris.evaluation",
        report_uri="$.gate.report_uri",
        training_job="$.training.job_name",
        training_instance="$.training.instance",
        model_digest="$.gate.model_digest",
        archive_digest="$.gate.archive_digest",
        endpoint_instance="$.plan.instances.endpoint",
        evaluation_digest="$.gate.evaluation_digest",
        smoke_digest="$.gate.smoke_digest",
        serving="$.plan.serving",
    )
    figures = {field.name: f"$.gate.properties.{field.name}" for field in fields(RegisteredFigures)}
    return {f"{name}.$": path for name, path in {**asdict(origin), **figures}.items()}


def ask_for_approval(endings: Endings, failed: State) -> LambdaStep:
    """Mail a link and wait for a person."""
    return ask_a_person(
        "Ask for approval",
        "release",
        "build",
        {
            "plan.$": "$.plan",
            "gate.$": "$.gate",
            "dataset.$": "$.dataset",
            "training.$": "$.training",
            "package_arn.$": "$.package.arn",
            "image": settings.SERVING_IMAGE,
            "started_by.$": "$.plan.started_by",
        },
        endings.way_out("The approval expired", at="Ask for approval", error=Failure.APPROVAL_EXPIRED),
        failed,
    )


def record_decision(name: str, status: str, failed: State) -> Task:
    """Write the person's decision to the model registry."""
    return call_sagemaker(
        name,
        "updateModelPackage",
        {
            "ModelPackageArn.$": "$.package.arn",
            "ModelApprovalStatus": status,
            "ApprovalDescription.$": "States.Format('{}: {}', $.approval.by, $.approval.comment)",
        },
        failed,
        at=None,
    )


def reject_model(endings: Endings) -> Task:
    """Mark the package rejected, say who said no and end the run."""
    no = endings.way_out("A person said no", at="Ask for approval", error=Failure.APPROVAL_REJECTED)
    rejected = record_decision("Mark the model rejected", "Rejected", no)
    rejected.next(
        raise_error(
            "Say who rejected it",
            Failure.APPROVAL_REJECTED,
            "States.Format('{} rejected it: {}', $.approval.by, $.approval.comment)",
            no,
        )
    )
    return rejected
