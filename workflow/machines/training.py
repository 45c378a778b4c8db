"""The states of a training: one training on one instance after another, or a search with its trials.

Each job is the SDK's own step over a static estimator; whatever differs from run to run is laid over it as a path into
``$.plan`` and ``$.attempt``. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from sagemaker.estimator import Estimator
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner
from stepfunctions.steps.choice_rule import BaseRule, ChoiceRule
from stepfunctions.steps.states import State

from workflow.machines import settings
from workflow.machines.kinds import call_sagemaker, fresh_name, on_error, retry_sagemaker, retry_storage
from workflow.machines.states import LambdaStep, Parameters, Task, TrainingStep, TuningStep, offline_session

TRAINED = {
    "job_name.$": "$.TrainingJobName",
    "status.$": "$.TrainingJobStatus",
    "detail.$": "$.SecondaryStatus",
    "instance.$": "$.ResourceConfig.InstanceType",
    "model_data_url.$": "$.ModelArtifacts.S3ModelArtifacts",
}
"""What the run keeps of a training job's description."""


def estimator() -> Estimator:
    """The training image with what is the same in every run."""
    return Estimator(
        image_uri=settings.TRAINING_IMAGE,
        role=settings.JOB_ROLE,
        instance_count=1,
        instance_type="ml.g5.xlarge",
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
        "EnableNetworkIsolation": True,
    }


def train_model(failed: State) -> TrainingStep:
    """Fine-tune YOLOv8 once, where ``$.attempt`` says: on which instance, for how long, on spot capacity or not."""
    step = TrainingStep(
        "Train",
        estimator=estimator(),
        job_name="given-at-run-time",
        result_selector=TRAINED,
        result_path="$.training",
        timeout_seconds_path="$.attempt.seconds",
        # A quota in use is not waited for long: another instance may be free.
        retry=retry_sagemaker(quota_attempts=3),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            **job_details(),
            # A training that is tried again on another instance continues from these. Not for a search, whose
            # trainings run side by side and would overwrite one another's checkpoints.
            "CheckpointConfig": {"S3Uri.$": "$.plan.uris.checkpoints"},
            "EnableManagedSpotTraining.$": "$.attempt.spot",
            "HyperParameters.$": "$.plan.hyperparameters",
            "ResourceConfig.$": "$.attempt.resources",
            "StoppingCondition.$": "$.attempt.stopping",
            "Tags.$": settings.TAGS,
            "TrainingJobName.$": fresh_name("$.attempt.job"),
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
        # Kept whole: a selector that names the best training would break on a search that was stopped without one.
        result_path="$.tuning",
        timeout_seconds=settings.TUNE_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            # The plan keeps it within the 32 characters of a tuning job's name.
            "HyperParameterTuningJobName.$": fresh_name("$.plan.jobs.tune"),
            "HyperParameterTuningJobConfig": {
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs.$": "$.plan.tuning.jobs",
                    "MaxParallelTrainingJobs.$": "$.plan.tuning.parallel",
                },
                "ParameterRanges.$": "$.plan.tuning.ranges",
                "Strategy.$": "$.plan.tuning.strategy",
                "TrainingJobEarlyStoppingType": "Auto",
            },
            "TrainingJobDefinition": {
                **job_details(),
                "ResourceConfig.$": "$.plan.clusters.search",
                "StaticHyperParameters.$": "$.plan.tuning.static",
                "StoppingCondition.$": "$.plan.tuning.stopping",
            },
            "Tags.$": settings.TAGS,
        }
    )
    return step


def a_model_was_found() -> BaseRule:
    """Whether a search came to its end and has a best training: like a training, it is not judged when it was stopped.

    Asked here because SageMaker's integration need not fail for a stopped job.
    """
    return ChoiceRule.And(
        [
            ChoiceRule.StringEquals(variable="$.tuning.HyperParameterTuningJobStatus", value="Completed"),
            ChoiceRule.IsPresent(variable="$.tuning.BestTrainingJob.TrainingJobName", value=True),
        ]
    )


def find_best_model(failed: LambdaStep) -> Task:
    """Look up the artefact of a search's best training."""
    return call_sagemaker(
        "Find the best model",
        "describeTrainingJob",
        {"TrainingJobName.$": "$.tuning.BestTrainingJob.TrainingJobName"},
        failed,
        selector=TRAINED,
        at="training",
    )


CAPACITY = (
    # A training on demand fails with the first, EC2 says the second, a training on spot capacity is stopped with the
    # third.
    "*CapacityError*",
    "*Insufficient*Capacity*",
    "*MaxWaitTimeExceeded*",
)
"""What a training's end says when its instance could not be had."""


def capacity_was_short_and_another_instance_is_left() -> BaseRule:
    """Whether to try the plan's next instance after an error of Train."""
    cause = "$.error.Cause"
    capacity = ChoiceRule.Or([ChoiceRule.StringMatches(variable=cause, value=words) for words in CAPACITY])
    quota = "SageMaker.ResourceLimitExceededException"
    return ChoiceRule.And(
        [
            ChoiceRule.IsPresent(variable="$.attempt.fallback", value=True),
            ChoiceRule.Or(
                [
                    ChoiceRule.StringEquals(variable="$.error.Error", value=quota),
                    # A timeout has no cause.
                    ChoiceRule.And([ChoiceRule.IsPresent(variable=cause, value=True), capacity]),
                ]
            ),
        ]
    )


def list_trials(otherwise: Task) -> Task:
    """Ask what a search tried. Where there is no answer, the model that was found goes on without the list."""
    return call_sagemaker(
        "List the trials",
        "listTrainingJobsForHyperParameterTuningJob",
        # As many as a search may start, in one answer.
        {"HyperParameterTuningJobName.$": "$.tuning.HyperParameterTuningJobName", "MaxResults": 100},
        otherwise,
        selector={"list.$": "$.TrainingJobSummaries"},
        at="trials",
    )


def keep_trials(otherwise: Task) -> Task:
    """Write ``trials.json`` beside the run's record, where the evaluation's report finds it."""
    return Task(
        "Keep the trials",
        resource="arn:aws:states:::aws-sdk:s3:putObject",
        parameters={
            "Bucket": settings.BUCKET,
            "Key.$": "$.plan.trials_key",
            "ContentType": "application/json",
            "Body": {"version": 1, "trials.$": "$.trials.list"},
        },
        # The list itself need not travel on.
        result_selector={"kept": True},
        result_path="$.trials",
        timeout_seconds=settings.STORAGE_CALL_SECONDS,
        retry=retry_storage(),
        catch=[on_error(otherwise)],
    )
