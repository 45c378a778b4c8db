"""The states that run processing jobs: inspection, preparation and evaluation.

Each job is the SDK's own step over a static processor; whatever differs from run to run is laid over it as a path into
``$.plan``. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from stepfunctions.steps.states import State

from workflow.machines import settings
from workflow.machines.kinds import fresh_name, on_error
from workflow.machines.quotas import wait_for_quota
from workflow.machines.retries import retry_throttled
from workflow.machines.states import Parameters, ProcessingStep, offline_session

NOUNS = {
    "inspect": "the inspection",
    "prepare": "the preparation",
    "evaluate": "the evaluation",
    "join": "the join",
    "drift": "the watch",
}
"""What the run of each program is called."""

DISTRIBUTION: Parameters = {"S3DataDistributionType.$": "$.plan.preparation.distribution"}
"""Whether every instance gets the whole input or a share of it."""


def inspect_images(failed: State) -> ProcessingStep:
    """Look at every instance's share of the images, so that the preparation that follows knows of them all."""
    return run_program(
        "Inspect the images",
        settings.TRAINING_IMAGE,
        "inspect",
        inputs={"dataset": "$.plan.dataset.uri"},
        outputs={"inspected": "$.plan.uris.inspected"},
        environment={},
        failed=failed,
        shared="dataset",
    )


def prepare_dataset(failed: State) -> ProcessingStep:
    """Validate the labelled images and split them, on the training image."""
    return run_program(
        "Prepare the dataset",
        settings.TRAINING_IMAGE,
        "prepare",
        inputs={
            "dataset": "$.plan.dataset.uri",
            "record": "$.plan.uris.record",
            "inspected": "$.plan.uris.inspected",
        },
        outputs={
            "training": "$.plan.uris.training",
            "test": "$.plan.uris.test",
            "report": "$.plan.uris.dataset_report",
        },
        environment={},
        failed=failed,
        shared="dataset",
    )


def evaluate_models(failed: State) -> ProcessingStep:
    """Measure candidate and champion on the same held-out images, on the image that will serve."""
    return run_program(
        "Evaluate",
        settings.SERVING_IMAGE,
        "evaluate",
        inputs={
            "test": "$.plan.uris.test",
            "candidate": "$.training.model_data_url",
            "champion": "$.plan.uris.champion",
            "record": "$.plan.uris.record",
            "dataset": "$.plan.uris.dataset_report",
        },
        outputs={"evaluation": "$.plan.uris.evaluation"},
        environment={
            "RUN.$": "$.plan.run",
            "CONFIDENCE.$": "States.Format('{}', $.plan.confidence)",
            "DATASET_DIGEST.$": "$.dataset.digest",
            "CONTAINER": settings.SERVING_IMAGE,
        },
        failed=failed,
    )


def run_program(
    name: str,
    image: str,
    program: str,
    *,
    inputs: dict[str, str],
    outputs: dict[str, str],
    environment: Parameters,
    failed: State,
    shared: str = "",
) -> ProcessingStep:
    """A processing job that runs ``program`` of an image, within the plan's limits.

    ``inputs`` and ``outputs`` map a name, which is also the folder's under /opt/ml/processing, to the path of its S3
    address. The input named ``shared`` is distributed to as many instances as the plan says; without it there is one.
    """
    processor = Processor(
        role=settings.JOB_ROLE,
        image_uri=image,
        instance_count=1,
        instance_type="ml.m7i.xlarge",
        max_runtime_in_seconds=settings.HOUR,
        sagemaker_session=offline_session(),
    )
    step = ProcessingStep(
        name,
        processor=processor,
        job_name="given-at-run-time",
        inputs=[
            ProcessingInput(
                input_name=key, source="s3://given/at-run-time", destination=f"/opt/ml/processing/input/{key}"
            )
            for key in inputs
        ],
        outputs=[
            ProcessingOutput(
                output_name=key, source=f"/opt/ml/processing/output/{key}", destination="s3://given/at-run-time"
            )
            for key in outputs
        ],
        container_arguments=[program],
        result_selector={"job_name.$": "$.ProcessingJobName"},
        result_path=f"$.{program}",
        timeout_seconds_path="$.plan.limits.processing_wait_seconds",
        retry=retry_throttled(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "ProcessingInputs": {
                key: {"S3Input": {"S3Uri.$": path, **(DISTRIBUTION if key == shared else {})}}
                for key, path in inputs.items()
            },
            "ProcessingOutputConfig": {
                "Outputs": {key: {"S3Output": {"S3Uri.$": path}} for key, path in outputs.items()}
            },
            "ProcessingJobName.$": fresh_name(f"$.plan.jobs.{program}"),
            "Environment": environment,
            "ProcessingResources": {"ClusterConfig.$": f"$.plan.clusters.{'preparation' if shared else 'evaluation'}"},
            "StoppingCondition": {"MaxRuntimeInSeconds.$": "$.plan.limits.processing_seconds"},
            "NetworkConfig": {
                "EnableNetworkIsolation": True,
                **({"EnableInterContainerTrafficEncryption": True} if shared else {}),
            },
            "Tags.$": settings.TAGS,
        }
    )
    wait_for_quota(step, NOUNS[program], failed)
    return step
