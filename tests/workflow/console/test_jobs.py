"""The job of a state."""

from __future__ import annotations

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.histories import START
from workflow.console.jobs import SHOWN_LINES, JobView, read_job
from workflow.console.visits import Attempt
from workflow.errors import ServiceError

TRAINING = Attempt(START, "sagemaker:createTrainingJob.sync", {"TrainingJobName": "job"})
LINES = [f"line {n}" for n in range(300)] + ["epoch=1 epochs=3 map50=0.5", "epoch=2 epochs=3 map50=0.6"]
SAID: dict[str, Answer] = {
    "describe_training_job": {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"},
    "describe_log_streams": {"logStreams": [{"logStreamName": "job/2"}, {"logStreamName": "job/1"}]},
    "get_log_events": {"events": [{"message": line} for line in LINES]},
}


def test_the_latest_start_of_a_job_is_shown_with_its_last_lines_and_all_its_epochs() -> None:
    """A job that spot capacity interrupted has a log for each start."""
    cloud = ScriptedCloud(SAID)
    job = read_job(cloud, TRAINING)
    assert job is not None
    assert (job.status, len(job.log), job.log[-1]) == ("Training", SHOWN_LINES, LINES[-1])
    assert [epoch.number for epoch in job.epochs] == [1, 2]
    assert cloud.asked[-1][1]["logStreamName"] == "job/2"


def test_a_job_that_is_not_there_yet_or_may_not_be_seen_keeps_nobody_from_the_rest_of_the_page() -> None:
    """An operator may have the right to look at runs and no other."""
    unknown = ServiceError("ValidationException", "Requested resource not found.")
    assert read_job(ScriptedCloud({**SAID, "describe_training_job": unknown}), TRAINING) is None
    denied = ServiceError("AccessDeniedException", "no")
    seen = read_job(ScriptedCloud({**SAID, "describe_training_job": denied}), TRAINING)
    assert seen == JobView("job", "training", "may not be seen with these credentials")
    silent = read_job(ScriptedCloud({**SAID, "describe_log_streams": denied}), TRAINING)
    assert silent is not None
    assert silent.log == []


def test_the_job_of_a_batch_is_shown_like_any_other() -> None:
    """With its instances and its own log."""
    asked = Attempt(START, "sagemaker:createTransformJob.sync", {"TransformJobName": "job", "ModelName": "model"})
    told = {
        "TransformJobStatus": "Completed",
        "TransformResources": {"InstanceType": "ml.m7i.large", "InstanceCount": 2},
    }
    cloud = ScriptedCloud({**SAID, "describe_transform_job": told})
    job = read_job(cloud, asked)
    assert job is not None
    assert (job.status, job.instance) == ("Completed", "2 × ml.m7i.large")
    assert cloud.asked[1][1]["logGroupName"] == "/aws/sagemaker/TransformJobs"


def test_a_state_that_starts_no_job_has_none() -> None:
    """Nothing is asked for it."""
    assert read_job(ScriptedCloud({}), Attempt(START, "lambda:invoke", {"FunctionName": "f"})) is None
