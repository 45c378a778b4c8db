"""The states of a training: one training on one instance after another, or a search with its trials.

Each job is the SDK's own step over a static estimator; whatever differs from run to run is laid over it as a path into
``$.plan`` and ``$.attempt``. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from sagemaker.estimator import Estimator
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner
from stepfunctions.steps.choice_rule import BaseRule, ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.precision_choice import ENDPOINT_INSTANCE
from workflow.machines import settings
from workflow.machines.kinds import call_sagemaker, fresh_name, on_error
from workflow.machines.quotas import wait_for_quota
from workflow.machines.retries import QUOTA, retry_storage, retry_throttled
from workflow.machines.states import Parameters, Pass, Task, TrainingStep, TuningStep, offline_session


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
        # What a precision is chosen for, where the training has another processor than that.
        "Environment": {f"{ENDPOINT_INSTANCE}.$": "$.plan.instances.endpoint"},
        "EnableNetworkIsolation": True,
    }


def train_model(failed: State) -> TrainingStep:
    """Train the network once, where ``$.attempt`` says: on which instance, for how long, on spot capacity or not."""
    step = TrainingStep(
        "Train",
        estimator=estimator(),
        job_name="given-at-run-time",
        # Kept whole: a selector would break on a training that was stopped before it had a model.
        result_path="$.training",
        timeout_seconds_path="$.attempt.seconds",
        # Not for a quota: another instance may be free, and one that the account has none of never is.
        retry=retry_throttled(),
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


def tune_model(failed: State) -> TuningStep:
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
        timeout_seconds_path="$.plan.limits.tuning_wait_seconds",
        retry=retry_throttled(),
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
                    "MaxRuntimeInSeconds.$": "$.plan.limits.tuning_seconds",
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
    wait_for_quota(step, "the search", failed)
    return step


def a_model_was_found() -> BaseRule:
    """Whether a search came to its end, or to its limit, and has a best training.

    Like a training, it is not judged when somebody stopped it; asked here because SageMaker's integration need not fail
    for a stopped job. AWS does not say which of the two a search is that has used up its time.
    """
    status, used = "$.tuning.HyperParameterTuningJobStatus", "$.tuning.ConsumedResources.RuntimeInSeconds"
    over = ChoiceRule.And(
        [
            ChoiceRule.StringEquals(variable=status, value="Stopped"),
            ChoiceRule.IsPresent(variable=used, value=True),
            ChoiceRule.NumericGreaterThanEqualsPath(variable=used, value="$.plan.limits.tuning_seconds"),
        ]
    )
    return ChoiceRule.And(
        [
            ChoiceRule.Or([ChoiceRule.StringEquals(variable=status, value="Completed"), over]),
            ChoiceRule.IsPresent(variable="$.tuning.BestTrainingJob.TrainingJobName", value=True),
        ]
    )


def find_best_model(failed: State) -> Task:
    """Look up the artefact of a search's best training."""
    return call_sagemaker(
        "Find the best model",
        "describeTrainingJob",
        {"TrainingJobName.$": "$.tuning.BestTrainingJob.TrainingJobName"},
        failed,
        at="training",
    )


def a_model_was_trained() -> BaseRule:
    """Whether the training described at ``$.training`` came to its end and left a model."""
    return ChoiceRule.And(
        [
            ChoiceRule.StringEquals(variable="$.training.TrainingJobStatus", value="Completed"),
            ChoiceRule.IsPresent(variable="$.training.ModelArtifacts.S3ModelArtifacts", value=True),
        ]
    )


def had_no_instance() -> BaseRule:
    """Whether the training described at ``$.training`` asked for spot capacity and was stopped before it had any."""
    return ChoiceRule.And(
        [
            ChoiceRule.BooleanEquals(variable="$.attempt.spot", value=True),
            ChoiceRule.StringEquals(variable="$.training.TrainingJobStatus", value="Stopped"),
            ChoiceRule.IsPresent(variable="$.training.TrainingStartTime", value=False),
        ]
    )


def note_training() -> Pass:
    """Keep of the training's description what later states read. Which instance it was on, the plan knows."""
    return Pass(
        "Note the training",
        parameters={
            "job_name.$": "$.training.TrainingJobName",
            "status.$": "$.training.TrainingJobStatus",
            "instance.$": "$.attempt.instance",
            "model_data_url.$": "$.training.ModelArtifacts.S3ModelArtifacts",
        },
        result_path="$.training",
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
    """Whether to try the plan's next instance after an error of Train.

    A training that was stopped while it waited for spot capacity, by the function that ends such waits or by a person,
    has no words for it: its description says that it is stopped, and not when it started.
    """
    cause = "$.error.Cause"
    never_started = ChoiceRule.And(
        [
            ChoiceRule.BooleanEquals(variable="$.attempt.spot", value=True),
            ChoiceRule.StringMatches(variable=cause, value='*"TrainingJobStatus":*"Stopped"*'),
            ChoiceRule.Not(ChoiceRule.StringMatches(variable=cause, value='*"TrainingStartTime":*')),
        ]
    )
    words = [ChoiceRule.StringMatches(variable=cause, value=words) for words in CAPACITY]
    capacity = ChoiceRule.Or([*words, never_started])
    return ChoiceRule.And(
        [
            ChoiceRule.IsPresent(variable="$.attempt.fallback", value=True),
            ChoiceRule.Or(
                [
                    ChoiceRule.StringEquals(variable="$.error.Error", value=QUOTA),
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
        resource=settings.integration("aws-sdk:s3:putObject"),
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
