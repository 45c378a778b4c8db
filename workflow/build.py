"""The Build machine: from labelled images to an approved model. Reads like the picture in the README.

Pure: makes no AWS call and needs no network. What differs from run to run comes from ``$.plan``; what differs from
stack to stack are the ``${Placeholders}`` of ``settings``. The states that run jobs are in ``jobs``.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule

from workflow import settings
from workflow.jobs import evaluate_models, prepare_dataset, train_model, tune_model
from workflow.states import (
    Choice,
    LambdaStep,
    Succeed,
    Task,
    asking,
    definition,
    failing,
    fresh,
    function,
    on_error,
    planning,
    retry_lambda,
    saying,
    sdk_call,
)


def machine() -> dict[str, Any]:
    """The Build machine in the States Language."""
    plan = planning("Plan the run", "${PlanRunArn}", refused())
    prepare = prepare_dataset(build_failing("Prepare the dataset", "preparation", "Prepare.Failed"))
    check = check_dataset()

    training_failed = build_failing("Train", "training", "Training.Failed")
    train = train_model(training_failed)
    tune = tune_model(training_failed)
    best = best_model(training_failed)
    stopped = saying(
        "The training was stopped",
        "Training.Stopped",
        "States.Format('training job {} ended {}', $.training.job_name, $.training.status)",
        training_failed,
    )

    evaluate = evaluate_models(build_failing("Evaluate", "evaluation", "Evaluation.Failed"))
    gate = gate_on_metrics()
    registry_failed = build_failing("Register the model", "registration", "Registration.Failed")
    register = register_model(registry_failed)
    ask = ask_for_approval()
    approved = mark("Mark the model approved", "Approved", registry_failed)
    release = release_model()
    rejected = reject_model()

    search = Choice("Tune?")
    search.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.tune", value=True), tune)
    search.default_choice(train)

    finished = Choice("Trained to the end?")
    finished.add_choice(ChoiceRule.StringEquals(variable="$.training.status", value="Completed"), evaluate)
    finished.default_choice(stopped)

    answer = Choice("Approved?")
    answer.add_choice(ChoiceRule.StringEquals(variable="$.approval.decision", value="approved"), approved)
    answer.default_choice(rejected)

    anything = Choice("Anything to do?")
    # Only a plain "no" may end green: an answer nobody understands goes on, and fails where the plan is read.
    anything.add_choice(
        ChoiceRule.BooleanEquals(variable="$.plan.anything_to_do", value=False), Succeed("Nothing to do")
    )
    anything.default_choice(prepare)

    Chain([plan, anything])
    Chain([prepare, check, search])
    Chain([tune, best, finished])
    train.next(finished)
    Chain([evaluate, gate, register, ask, answer])
    Chain([approved, release])
    return definition(
        plan,
        comment="Greenlight: labelled images in, an approved model out. Start with {} for the stack's defaults.",
        timeout_seconds=settings.BUILD_SECONDS,
    )


def build_failing(what: str, noun: str, error: str) -> LambdaStep:
    """The way out of one failing step of this machine."""
    return failing("build", what, report=f"Report the failed {noun}", end=f"The {noun} failed", error=error)


def refused() -> LambdaStep:
    """The way out for an execution input that cannot be used."""
    return failing(
        "build", "Plan the run", report="Report the refused input", end="The input was refused", error="Plan.Rejected"
    )


def check_dataset() -> LambdaStep:
    """Close the gate on a dataset that would mislead training or evaluation."""
    return function(
        "Check the dataset",
        "${CheckDatasetArn}",
        {"plan.$": "$.plan"},
        failing(
            "build",
            "Check the dataset",
            report="Report the rejected dataset",
            end="The dataset was rejected",
            error="Data.Rejected",
        ),
        keep=("summary", "images", "objects", "classes", "digest", "warnings"),
        at="dataset",
    )


def best_model(failed: LambdaStep) -> Task:
    """Look up the artefact of a search's best training."""
    return sdk_call(
        "Find the best model",
        "describeTrainingJob",
        {"TrainingJobName.$": "$.tuning.job_name"},
        failed,
        selector={
            "job_name.$": "$.TrainingJobName",
            "status.$": "$.TrainingJobStatus",
            "model_data_url.$": "$.ModelArtifacts.S3ModelArtifacts",
        },
        at="training",
    )


def gate_on_metrics() -> LambdaStep:
    """Decide by the figures alone whether the candidate may be registered."""
    return function(
        "Gate on metrics",
        "${GateMetricsArn}",
        {"plan.$": "$.plan", "training.$": "$.training"},
        failing(
            "build",
            "Gate on metrics",
            report="Report the closed gate",
            end="The gate stayed closed",
            error="Gate.Rejected",
        ),
        keep=(
            "passed",
            "summary",
            "reasons",
            "model_digest",
            "archive_digest",
            "report_uri",
            "metrics_uri",
            "metrics",
            "champion",
        ),
        at="gate",
    )


def register_model(failed: LambdaStep) -> Task:
    """Enter the candidate in the model registry, waiting for a person's approval."""
    return sdk_call(
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
                        "ModelDataUrl.$": "$.training.model_data_url",
                        # What was judged at this confidence serves at it.
                        "Environment": {"GREENLIGHT_CONFIDENCE.$": "States.Format('{}', $.plan.confidence)"},
                    }
                ],
                "SupportedContentTypes": [
                    *("image/jpeg", "image/png", "image/webp", "image/bmp", "application/x-image"),
                    *("application/x-npy", "application/json", "application/jsonlines"),
                ],
                "SupportedResponseMIMETypes": [
                    *("application/json", "application/jsonlines", "text/csv", "application/x-npy", "image/jpeg"),
                ],
                "SupportedRealtimeInferenceInstanceTypes.$": "States.Array($.plan.instances.endpoint)",
            },
            "ModelMetrics": {
                "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri.$": "$.gate.metrics_uri"}}
            },
            "CustomerMetadataProperties": {
                "fingerprint.$": "$.plan.fingerprint",
                "build_execution.$": "$$.Execution.Id",
                "dataset_name.$": "$.plan.dataset.name",
                "dataset_uri.$": "$.plan.dataset.uri",
                "dataset_digest.$": "$.dataset.digest",
                "evaluation_uri.$": "$.plan.uris.evaluation",
                "report_uri.$": "$.gate.report_uri",
                "training_job.$": "$.training.job_name",
                "model_digest.$": "$.gate.model_digest",
                "archive_digest.$": "$.gate.archive_digest",
                "endpoint_instance.$": "$.plan.instances.endpoint",
                **{
                    figure + ".$": f"States.Format('{{}}', $.gate.metrics.{figure})"
                    for figure in ("map50", "map50_95", "precision", "recall", "images")
                },
            },
        },
        failed,
        selector={"arn.$": "$.ModelPackageArn"},
        at="package",
    )


def ask_for_approval() -> LambdaStep:
    """Mail a link and wait for a person."""
    expired = failing(
        "build",
        "Ask for approval",
        report="Report the expired approval",
        end="The approval expired",
        error="Approval.Expired",
    )
    failed = failing(
        "build",
        "Ask for approval",
        report="Report the failed request",
        end="Nobody could be asked",
        error="Approval.Failed",
    )
    return asking(
        "Ask for approval",
        "release",
        "build",
        {
            "plan.$": "$.plan",
            "gate.$": "$.gate",
            "dataset.$": "$.dataset",
            "package_arn.$": "$.package.arn",
            "started_by.$": "$.plan.started_by",
        },
        expired,
        failed,
    )


def mark(name: str, status: str, failed: LambdaStep) -> Task:
    """Write the person's decision to the model registry."""
    return sdk_call(
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


def reject_model() -> Task:
    """Mark the package rejected, say who said no and end the run."""
    told = failing(
        "build",
        "Ask for approval",
        report="Report the rejection",
        end="A person said no",
        error="Approval.Rejected",
    )
    rejected = mark("Mark the model rejected", "Rejected", told)
    rejected.next(
        saying(
            "Say who rejected it",
            "Approval.Rejected",
            "States.Format('{} rejected it: {}', $.approval.by, $.approval.comment)",
            told,
        )
    )
    return rejected


def release_model() -> Task:
    """Run the Release machine on the approved package and wait for its end."""
    failed = failing(
        "build",
        "Release",
        report="Say why the release failed",
        end="The release failed",
        error="Release.Failed",
        told_below=True,
    )
    return Task(
        "Release",
        resource="arn:aws:states:::states:startExecution.sync:2",
        parameters={
            "StateMachineArn": settings.RELEASE_MACHINE,
            "Name.$": fresh("release"),
            "Input": {
                "model_package_arn.$": "$.package.arn",
                "ask_before_production.$": "$.plan.ask_before_production",
                "started_by.$": "$.approval.by",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        result_selector={"execution.$": "$.ExecutionArn"},
        result_path="$.release",
        timeout_seconds=settings.RELEASE_SECONDS,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )
