"""The Batch machine: an approved version answers every picture of a folder, and a page sums up what it saw.

Nothing stays behind but the answers: the model that SageMaker needs for the job goes with it, and no endpoint is asked.
Pure: makes no AWS call and needs no network.
"""

from __future__ import annotations

from typing import Any

from sagemaker.transformer import Transformer
from stepfunctions.steps import Chain
from stepfunctions.steps.states import State

from workflow.contract.failures import Failure
from workflow.machines import settings
from workflow.machines.endings import Endings
from workflow.machines.jobs import run_program
from workflow.machines.kinds import (
    begin,
    call_function,
    call_sagemaker,
    fresh_name,
    name_in,
    on_error,
    plan_the_execution,
    render_machine,
)
from workflow.machines.quotas import NO_QUOTA, wait_for_quota
from workflow.machines.retries import retry_sagemaker, retry_throttled
from workflow.machines.states import Catch, LambdaStep, ProcessingStep, Succeed, Task, TransformStep, offline_session

GIVEN = {"input.$": "$$.Execution.Input"}
"""Told with every notice: what a batch of a release came to, that release tells."""

PICTURE = "application/x-image"
"""What every picture is sent as; the image that serves sees by the bytes what it is."""


def machine() -> dict[str, Any]:
    """The Batch machine in the States Language."""
    endings = Endings("batch", GIVEN)
    refused = endings.way_out("The batch was refused", at="Plan the batch", error=Failure.BATCH_REFUSED)
    failed = endings.way_out("The batch failed", at="Answer every picture", error=Failure.BATCH_FAILED)
    unjoined = endings.way_out("The answers were not joined", at="Join pictures and answers", error=Failure.JOIN_FAILED)
    plan = plan_the_execution("Plan the batch", "${PlanReleaseArn}", refused, also=NO_QUOTA, given={"machine": "batch"})
    model = create_the_model(failed)
    answer = answer_every_picture(delete_model("Delete the failed batch's model", failed))
    join = join_answers(unjoined)
    delete = delete_model("Delete the model", join)
    tell = tell_everyone(unjoined)
    Chain([plan, model, answer, delete])
    Chain([join, tell, Succeed("Answered")])
    return render_machine(
        begin(plan),
        comment='Greenlight: an approved version answers a folder. Start with {"pictures": "s3://bucket/prefix"}.',
        timeout_seconds=settings.BATCH_SECONDS,
    )


def create_the_model(failed: State) -> Task:
    """The model of the archive whose digest was just compared.

    SageMaker takes no ModelDataSource for batch transform (CreateModel, ContainerDefinition), hence no ETag: the
    archive lies under its SHA-256, where nobody replaces it, and every answer names the digest of its model.
    """
    return call_sagemaker(
        "Create the model",
        "createModel",
        {
            "ModelName.$": fresh_name("$.plan.model_name"),
            "ExecutionRoleArn": settings.ENDPOINT_ROLE,
            "PrimaryContainer": {
                "Image.$": "$.plan.image",
                "ModelDataUrl.$": "$.plan.model_data_url",
                "Environment.$": "$.plan.environment",
            },
            "EnableNetworkIsolation": True,
            "Tags.$": settings.TAGS,
        },
        failed,
        selector={"name.$": name_in("$.ModelArn")},
        at="model",
    )


def answer_every_picture(failed: State) -> TransformStep:
    """Send every picture of the folder, one a request; every answer goes beside the others under the picture's name.

    A job that ends early is stopped with the execution. What one picture's refusal is to the others, the plan's
    environment says.
    """
    step = TransformStep(
        "Answer every picture",
        transformer=Transformer(
            model_name="given-at-run-time",
            instance_count=1,
            instance_type="ml.m7i.xlarge",
            strategy="SingleRecord",
            assemble_with="None",
            accept="application/json",
            output_path="s3://given/at-run-time",
            max_concurrent_transforms=1,
            max_payload=1,
            sagemaker_session=offline_session(),
        ),
        job_name="given-at-run-time",
        model_name="given-at-run-time",
        data="s3://given/at-run-time",
        content_type=PICTURE,
        split_type="None",
        result_selector={"job_name.$": "$.TransformJobName"},
        result_path="$.answer",
        timeout_seconds_path="$.plan.limits.transform_wait_seconds",
        retry=retry_throttled(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "TransformJobName.$": fresh_name("$.plan.jobs.transform"),
            "ModelName.$": "$.model.name",
            "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri.$": "$.plan.pictures"}}},
            "TransformOutput": {"S3OutputPath.$": "$.plan.uris.answers"},
            "TransformResources.$": "$.plan.resources",
            "MaxConcurrentTransforms.$": "$.plan.concurrent",
            "MaxPayloadInMB.$": "$.plan.payload_mb",
            "Tags.$": settings.TAGS,
        }
    )
    wait_for_quota(step, "the batch", failed)
    return step


def join_answers(failed: State) -> ProcessingStep:
    """Put each answer beside its picture's name, count, and draw the few that the page shows."""
    step = run_program(
        "Join pictures and answers",
        settings.SERVING_IMAGE,
        "join",
        inputs={"answers": "$.plan.uris.answers", "sheet": "$.plan.uris.sheet"},
        outputs={"batch": "$.plan.uris.joined"},
        environment={
            "RUN.$": "$.plan.run",
            "PICTURES.$": "$.plan.pictures",
            "COUNT.$": "States.Format('{}', $.plan.count)",
            "MODEL_DIGEST.$": "$.plan.model_digest",
            "MODEL_VERSION.$": "States.Format('{}', $.plan.package_version)",
            "DATASET.$": "$.plan.dataset_name",
        },
        failed=failed,
    )
    step.merge_parameters(
        {
            "ProcessingInputs": {"sheet": {"S3Input": {"S3DataType": "ManifestFile"}}},
            "ProcessingResources": {"ClusterConfig.$": "$.plan.cluster"},
        }
    )
    # Whole: its ExitMessage is the line that everyone is told, and a path to one that is missing would end all.
    step.fields["result_selector"] = {"job.$": "$"}
    return step


def delete_model(name: str, then: State) -> Task:
    """Delete what the job was made from. One that stays costs nothing, so nothing fails for it."""
    step = Task(
        name,
        resource=settings.integration("aws-sdk:sagemaker:deleteModel"),
        parameters={"ModelName.$": "$.model.name"},
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[Catch(then, error_equals=["States.ALL"], result_path="$.undeleted")],
    )
    step.next(then)
    return step


def tell_everyone(failed: State) -> LambdaStep:
    """Mail what was seen, and where the answers are; a batch that a release started, it tells itself."""
    return call_function(
        "Tell everyone",
        "${NotifyArn}",
        {
            "kind": "answered",
            "plan.$": "$.plan",
            "join.$": "$.join.job",
            "run.$": "$$.Execution.Name",
            "execution.$": "$$.Execution.Id",
            **GIVEN,
        },
        failed,
        keep=("cause",),
        at="told",
    )
