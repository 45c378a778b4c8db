"""The states that run processing jobs: inspection, preparation and evaluation.

Each job is the SDK's own step over a static processor; whatever differs from run to run is laid over it as a path into
``$.plan``. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor

from workflow.machines import settings
from workflow.machines.kinds import fresh_name, on_error, retry_sagemaker
from workflow.machines.states import LambdaStep, Parameters, ProcessingStep, offline_session


def inspect_images(failed: LambdaStep) -> ProcessingStep:
    """Look at every instance's share of the images, so that the preparation that follows knows of them all."""
    return processing_step(
        "Inspect the images",
        settings.TRAINING_IMAGE,
        "inspect",
        inputs={"dataset": ("$.plan.dataset.uri", "dataset")},
        outputs={"inspected": ("$.plan.uris.inspected", "inspected")},
        environment={},
        seconds=settings.PREPARE_SECONDS,
        failed=failed,
        shared="dataset",
    )


def prepare_dataset(failed: LambdaStep) -> ProcessingStep:
    """Validate the labelled images and split them, on the training image."""
    return processing_step(
        "Prepare the dataset",
        settings.TRAINING_IMAGE,
        "prepare",
        inputs={
            "dataset": ("$.plan.dataset.uri", "dataset"),
            "record": ("$.plan.uris.record", "record"),
            "inspected": ("$.plan.uris.inspected", "inspected"),
        },
        outputs={
            "training": ("$.plan.uris.training", "training"),
            "test": ("$.plan.uris.test", "test"),
            "report": ("$.plan.uris.dataset_report", "report"),
        },
        environment={},
        seconds=settings.PREPARE_SECONDS,
        failed=failed,
        shared="dataset",
    )


def evaluate_models(failed: LambdaStep) -> ProcessingStep:
    """Measure candidate and champion on the same held-out images, on the image that will serve."""
    return processing_step(
        "Evaluate",
        settings.SERVING_IMAGE,
        "evaluate",
        inputs={
            "test": ("$.plan.uris.test", "test"),
            "candidate": ("$.training.model_data_url", "candidate"),
            "champion": ("$.plan.uris.champion", "champion"),
            "record": ("$.plan.uris.record", "record"),
            "dataset": ("$.plan.uris.dataset_report", "dataset"),
        },
        outputs={"evaluation": ("$.plan.uris.evaluation", "evaluation")},
        environment={
            "RUN.$": "$.plan.run",
            "CONFIDENCE.$": "States.Format('{}', $.plan.confidence)",
            "DATASET_DIGEST.$": "$.dataset.digest",
            "CONTAINER": settings.SERVING_IMAGE,
        },
        seconds=settings.EVALUATE_SECONDS,
        failed=failed,
    )


def processing_step(
    name: str,
    image: str,
    program: str,
    *,
    inputs: dict[str, tuple[str, str]],
    outputs: dict[str, tuple[str, str]],
    environment: Parameters,
    seconds: int,
    failed: LambdaStep,
    shared: str = "",
) -> ProcessingStep:
    """A processing job that runs ``program`` of an image, for ``seconds`` at most.

    ``inputs`` and ``outputs`` map a name to the path of its S3 address and its folder under /opt/ml/processing. The
    input named ``shared`` is dealt out to as many instances as the plan says; without it there is one.
    """
    processor = Processor(
        role=settings.JOB_ROLE,
        image_uri=image,
        instance_count=1,
        instance_type="ml.m7i.xlarge",
        volume_size_in_gb=settings.VOLUME_GB,
        max_runtime_in_seconds=seconds,
        sagemaker_session=offline_session(),
    )
    step = ProcessingStep(
        name,
        processor=processor,
        job_name="given-at-run-time",
        inputs=[
            ProcessingInput(
                input_name=key, source="s3://given/at-run-time", destination=f"/opt/ml/processing/input/{folder}"
            )
            for key, (_, folder) in inputs.items()
        ],
        outputs=[
            ProcessingOutput(
                output_name=key, source=f"/opt/ml/processing/output/{folder}", destination="s3://given/at-run-time"
            )
            for key, (_, folder) in outputs.items()
        ],
        container_arguments=[program],
        result_selector={"job_name.$": "$.ProcessingJobName"},
        result_path=f"$.{program}",
        timeout_seconds=seconds + settings.QUEUE_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    rendered = step.fields["parameters"]
    for item in rendered["ProcessingInputs"]:
        item["S3Input"].pop("S3Uri")
        item["S3Input"]["S3Uri.$"] = inputs[item["InputName"]][0]
        if item["InputName"] == shared:
            item["S3Input"].pop("S3DataDistributionType")
            item["S3Input"]["S3DataDistributionType.$"] = "$.plan.preparation.distribution"
    for item in rendered["ProcessingOutputConfig"]["Outputs"]:
        item["S3Output"].pop("S3Uri")
        item["S3Output"]["S3Uri.$"] = outputs[item["OutputName"]][0]
    step.give(
        {
            "ProcessingJobName.$": fresh_name(f"$.plan.jobs.{program}"),
            "Environment": environment,
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType.$": "$.plan.instances.processing",
                    **({"InstanceCount.$": "$.plan.preparation.instances"} if shared else {}),
                }
            },
            "NetworkConfig": {"EnableNetworkIsolation": True},
            "Tags": settings.TAGS,
        }
    )
    return step
