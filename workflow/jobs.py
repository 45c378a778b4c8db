"""The states that run SageMaker jobs: preparation, training, search and evaluation.

Each job is the SDK's own step over a static estimator or processor; whatever differs from run to run is laid over it
as a path into ``$.plan``. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from sagemaker.estimator import Estimator
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

from workflow import settings
from workflow.states import (
    LambdaStep,
    Parameters,
    ProcessingStep,
    TrainingStep,
    TuningStep,
    fresh,
    offline_session,
    on_error,
    retry_sagemaker,
)


def prepare_dataset(failed: LambdaStep) -> ProcessingStep:
    """Validate the labelled images and split them, on the training image."""
    return processing_step(
        "Prepare the dataset",
        settings.TRAINING_IMAGE,
        "prepare",
        inputs={"dataset": ("$.plan.dataset.uri", "dataset")},
        outputs={
            "training": ("$.plan.uris.training", "training"),
            "test": ("$.plan.uris.test", "test"),
            "report": ("$.plan.uris.dataset_report", "report"),
        },
        environment={
            "RUN.$": "$.plan.run",
            "DATASET_URI.$": "$.plan.dataset.uri",
            "SEED.$": "$.plan.hyperparameters.seed",
        },
        seconds=settings.PREPARE_SECONDS,
        failed=failed,
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
        },
        outputs={"evaluation": ("$.plan.uris.evaluation", "evaluation")},
        environment={
            "RUN.$": "$.plan.run",
            "CONFIDENCE.$": "States.Format('{}', $.plan.confidence)",
            "DATASET_DIGEST.$": "$.dataset.digest",
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
) -> ProcessingStep:
    """A processing job that runs ``program`` of an image, for ``seconds`` at most.

    ``inputs`` and ``outputs`` map a name to the path of its S3 address and its folder under /opt/ml/processing.
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
    for item in rendered["ProcessingOutputConfig"]["Outputs"]:
        item["S3Output"].pop("S3Uri")
        item["S3Output"]["S3Uri.$"] = outputs[item["OutputName"]][0]
    step.give(
        {
            "ProcessingJobName.$": fresh(program),
            "Environment": environment,
            "ProcessingResources": {"ClusterConfig": {"InstanceType.$": "$.plan.instances.processing"}},
            "NetworkConfig": {"EnableNetworkIsolation": True},
            "Tags": settings.TAGS,
        }
    )
    return step


def estimator() -> Estimator:
    """The training image with what is the same in every run."""
    return Estimator(
        image_uri=settings.TRAINING_IMAGE,
        role=settings.JOB_ROLE,
        instance_count=1,
        instance_type="ml.g5.xlarge",
        volume_size=settings.VOLUME_GB,
        max_run=settings.TRAIN_SECONDS,
        output_path="s3://given/at-run-time",
        metric_definitions=settings.metric_definitions(),
        debugger_hook_config=False,
        disable_profiler=True,
        sagemaker_session=offline_session(),
    )


def channel(name: str, path: str) -> Parameters:
    """A training channel read from the S3 prefix at ``path`` of the plan."""
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri.$": path,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
    }


def job_details() -> Parameters:
    """What a single training and every training of a search have in common beyond the estimator."""
    return {
        "InputDataConfig": [
            channel("training", "$.plan.uris.training"),
            channel("pretrained", "$.plan.uris.pretrained"),
        ],
        "OutputDataConfig": {"S3OutputPath.$": "$.plan.uris.models"},
        "ResourceConfig": {"InstanceType.$": "$.plan.instances.training"},
        "EnableNetworkIsolation": True,
    }


def train_model(failed: LambdaStep) -> TrainingStep:
    """Fine-tune YOLOv8 once."""
    step = TrainingStep(
        "Train",
        estimator=estimator(),
        job_name="given-at-run-time",
        result_selector={
            "job_name.$": "$.TrainingJobName",
            "status.$": "$.TrainingJobStatus",
            "model_data_url.$": "$.ModelArtifacts.S3ModelArtifacts",
        },
        result_path="$.training",
        timeout_seconds=settings.TRAIN_SECONDS + settings.QUEUE_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.give(
        {
            **job_details(),
            # Not for a search: its trainings run side by side and would write over one another's checkpoints.
            "CheckpointConfig": {"S3Uri.$": "$.plan.uris.checkpoints"},
            "TrainingJobName.$": fresh("train"),
            "HyperParameters.$": "$.plan.hyperparameters",
            "Tags": settings.TAGS,
        }
    )
    return step


def tune_model(failed: LambdaStep) -> TuningStep:
    """Search for hyperparameters: several trainings, the best goes on."""
    tuner = HyperparameterTuner(
        estimator(),
        objective_metric_name=settings.OBJECTIVE,
        # The plan's ranges take the place of this one, which the SDK asks for.
        hyperparameter_ranges={"lr0": ContinuousParameter(0.0001, 0.1)},
        metric_definitions=settings.metric_definitions(),
        strategy="Random",
        max_jobs=1,
    )
    step = TuningStep(
        "Tune",
        tuner=tuner,
        job_name="given-at-run-time",
        data=None,
        result_selector={"job_name.$": "$.BestTrainingJob.TrainingJobName"},
        result_path="$.tuning",
        timeout_seconds=settings.TUNE_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.give(
        {
            # The plan keeps it within the 32 characters of a tuning job's name.
            "HyperParameterTuningJobName.$": fresh("tune"),
            "HyperParameterTuningJobConfig": {
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs.$": "$.plan.tuning.jobs",
                    "MaxParallelTrainingJobs.$": "$.plan.tuning.parallel",
                },
                "ParameterRanges.$": "$.plan.tuning.ranges",
            },
            "TrainingJobDefinition": {**job_details(), "StaticHyperParameters.$": "$.plan.tuning.static"},
            "Tags": settings.TAGS,
        }
    )
    return step
