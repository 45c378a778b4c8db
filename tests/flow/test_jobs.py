"""What becomes of a run by what becomes of its jobs: shared, short of capacity, failed, killed, stopped, searched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flow.conftest import NONE, SHORT
from tests.flow.driver import Ended, Flow

GPU, CPU = SHORT
SHORT_WAIT: dict[str, Any] = {"training_hours": 0.1, "spot_wait_hours": 0}
"""After which SageMaker itself gives up waiting for spot capacity."""


def training_jobs(flow: Flow, ended: Ended) -> list[dict[str, Any]]:
    """The trainings of a run, oldest first."""
    names = flow.trainings(ended.arn, SortBy="CreationTime", SortOrder="Ascending")
    return [flow.sagemaker.describe_training_job(TrainingJobName=name) for name in names]


def document(flow: Flow, ended: Ended, name: str) -> dict[str, Any]:
    """A document below the folder of a run."""
    key = f"runs/{ended.arn.rsplit(':', 1)[1]}/{name}"
    found: dict[str, Any] = json.load(flow.storage.get_object(Bucket=flow.stack.bucket, Key=key)["Body"])
    return found


def test_several_instances_share_the_preparation(flow: Flow) -> None:
    """Each looks at its share first, so that all of them know the whole; the result is that of one instance."""
    dataset = flow.upload(first="0 0.5 0.5 0.1 0.1")
    alone = flow.build(dataset, decision="reject")
    shared = flow.build(dataset, force=True, decision="reject", prepare_instances=3)
    assert "Inspect the images" not in alone.states
    at = shared.states.index("Inspect the images")
    assert shared.states[at - 1 : at + 3] == [
        "Share the preparation?",
        "Inspect the images",
        "Prepare the dataset",
        "Check the dataset",
    ]
    assert shared.error == "Approval.Rejected"
    assert document(flow, shared, "dataset/dataset-report.json") == document(flow, alone, "dataset/dataset-report.json")
    assert document(flow, shared, "record/run.json")["preparation"]["instances"] == 3


def test_a_gpu_trains_on_spot_capacity_unless_told_otherwise(flow: Flow) -> None:
    """The job says so; its checkpoints are kept for when the capacity is taken away."""
    spot, demand = (
        training_jobs(flow, flow.build(flow.upload(), decision="reject", **given))[0] for given in ({}, {"spot": False})
    )
    assert (spot["EnableManagedSpotTraining"], demand["EnableManagedSpotTraining"]) == (True, False)
    assert spot["CheckpointConfig"]["S3Uri"].endswith("/checkpoints/")
    assert "MaxWaitTimeInSeconds" in spot["StoppingCondition"]
    assert "MaxWaitTimeInSeconds" not in demand["StoppingCondition"]


@pytest.mark.parametrize(
    ("given", "statuses"),
    [
        ({"training_instance": CPU, "fallback_instances": ["ml.c7i.xlarge"]}, ["Failed", "Completed"]),
        (
            {"training_instance": GPU, "fallback_instances": [CPU, "ml.g5.xlarge"], **SHORT_WAIT},
            ["Stopped", "Failed", "Completed"],
        ),
    ],
    ids=["on demand", "on spot capacity"],
)
def test_a_shortage_of_capacity_tries_the_next_instance(flow: Flow, given: dict[str, Any], statuses: list[str]) -> None:
    """Every try is a state and a job of its own; who is asked is told where the model was trained."""
    ended = flow.build(flow.upload(), **given)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert ended.states.count("Try the next instance") == len(statuses) - 1
    jobs = training_jobs(flow, ended)
    assert [job["TrainingJobStatus"] for job in jobs] == statuses
    tried = [given["training_instance"], *given["fallback_instances"]]
    assert [job["ResourceConfig"]["InstanceType"] for job in jobs] == tried
    assert ended.output["training"]["instance"] == tried[-1]
    package = flow.sagemaker.describe_model_package(ModelPackageName=ended.output["package"]["arn"])
    assert package["CustomerMetadataProperties"]["training_instance"] == tried[-1]


def test_an_instance_the_account_has_none_of_is_passed_over_at_once(flow: Flow) -> None:
    """SageMaker says that the limit is 0: there is nothing to wait for, and the next instance may be had."""
    given = {"training_instance": NONE, "fallback_instances": ["ml.c7i.xlarge"], "spot": False}
    ended = flow.build(flow.upload(), decision="reject", **given)
    at = ended.states.index("Train")
    assert ended.states[at : at + 4] == ["Train", "Was capacity short?", "Try the next instance", "Train"]
    (job,) = training_jobs(flow, ended)
    assert job["ResourceConfig"]["InstanceType"] == "ml.c7i.xlarge"


def test_a_run_whose_every_instance_has_no_quota_ends_before_any_job(flow: Flow) -> None:
    """Nothing is prepared and paid for, and whoever reads the cause can ask for the quota by its name and code."""
    ended = flow.build(flow.upload(), training_instance=NONE, spot=False)
    assert ended.error == "Plan.Rejected"
    assert ended.states[2:] == ["The input was refused", "Tell everyone why", "Failed"]
    assert f"{NONE} for training job usage" in ended.cause
    assert "request-service-quota-increase --service-code sagemaker --quota-code L-" in ended.cause


def test_a_wait_for_spot_capacity_ends_as_early_as_the_run_allows(flow: Flow) -> None:
    """Long before SageMaker would end it: the function stops the job, and the last try is on demand."""
    execution = flow.begin(flow.upload(), training_instance=GPU, fallback_instances=["ml.g5.xlarge"], spot_wait_hours=0)
    waiting = flow.training(execution)
    looked = flow.stand_in.client("lambda").invoke(FunctionName="greenlight-watch-training")
    assert json.loads(looked["Payload"].read()) == {"stopped": [waiting]}
    flow.answer(execution, "reject")
    ended = flow.end(execution)
    assert ended.error == "Approval.Rejected"
    jobs = training_jobs(flow, ended)
    assert [(job["TrainingJobStatus"], job["EnableManagedSpotTraining"]) for job in jobs] == [
        ("Stopped", True),
        ("Completed", False),
    ]


def test_where_no_instance_is_left_the_run_fails_with_the_reason(flow: Flow) -> None:
    """After the last of the list, in AWS's words."""
    ended = flow.build(flow.upload(), training_instance=GPU, fallback_instances=[CPU], **SHORT_WAIT)
    assert (ended.status, ended.error) == ("FAILED", "Training.Failed")
    assert "Unable to provision requested ML compute capacity" in ended.cause
    assert ended.states.count("Train") == 2
    assert flow.mails("Unable to provision")


@pytest.mark.parametrize(
    ("behave", "reason"),
    [("fail", "the loss is NaN since epoch 2; lower lr0"), ("no-model", "model"), ("killed", "want of memory")],
)
def test_a_failed_training_ends_the_run_with_the_containers_own_reason(flow: Flow, behave: str, reason: str) -> None:
    """Exit 1, exit 0 without a model, or killed without a word: told why, nothing registered, nothing tried again."""
    before = flow.packages()
    ended = flow.build(flow.upload(behave=behave))
    assert (ended.status, ended.error) == ("FAILED", "Training.Failed")
    assert reason in ended.cause
    assert "\n" not in ended.cause
    assert ended.states.count("Train") == 1
    assert flow.packages() == before
    assert flow.mails(reason)


def test_a_training_stopped_by_hand_or_by_its_limit_is_no_success(flow: Flow) -> None:
    """A job that ends Stopped may leave a model; it is not judged. What is stopped before it starts has only waited."""
    execution = flow.start({"dataset": flow.upload(behave="sleep")})
    job = {"TrainingJobName": flow.training(execution)}
    flow.wait_until(
        lambda: "TrainingStartTime" in flow.sagemaker.describe_training_job(**job), "the training does not start"
    )
    flow.sagemaker.stop_training_job(**job)
    ended = flow.end(execution)
    assert (ended.status, ended.error) == ("FAILED", "Training.Failed")
    assert "gave no reason" not in ended.cause
    assert "Evaluate" not in ended.states


def test_a_search_carries_its_best_model_on_and_keeps_its_trials(flow: Flow) -> None:
    """Several trainings, the best of them is judged and released; what was tried lies beside the run's record."""
    ranges = {"mosaic": {"min": 0, "max": 1}}
    ended = flow.build(flow.upload(), tune=True, tuning_jobs=3, tuning_ranges=ranges)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    at = ended.states.index("Tune")
    assert ended.states[at : at + 5] == [
        *("Tune", "Was a model found?", "List the trials", "Keep the trials", "Find the best model")
    ]
    assert "Train" not in ended.states
    trials = document(flow, ended, "record/trials.json")["trials"]
    assert len(trials) == 3
    measured = {
        trial["TrainingJobName"]: trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in trials
    }
    assert max(measured, key=lambda name: measured[name]) == ended.output["training"]["job_name"]
    for trial in trials:
        distance = abs(float(trial["TunedHyperParameters"]["mosaic"]) - 0.5)
        assert measured[trial["TrainingJobName"]] == pytest.approx(0.7 - distance, abs=1e-4)


def test_a_search_stopped_before_any_training_ended_says_so(flow: Flow) -> None:
    """There is no best one to go on with."""
    execution = flow.start({"dataset": flow.upload(behave="sleep"), "tune": True, "tuning_jobs": 2})

    def running() -> list[str]:
        listed = flow.sagemaker.list_hyper_parameter_tuning_jobs(StatusEquals="InProgress")
        return [item["HyperParameterTuningJobName"] for item in listed["HyperParameterTuningJobSummaries"]]

    flow.wait_until(running, "no search has started")
    (search,) = running()
    flow.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=search)
    ended = flow.end(execution)
    assert (ended.status, ended.error) == ("FAILED", "Training.Failed")
    assert f"{search} ended Stopped" in ended.cause
    assert "Find the best model" not in ended.states
    assert flow.mails(search)


def test_a_registration_repeated_after_a_timeout_gives_one_version(flow: Flow) -> None:
    """Step Functions sends the same request again, and the token in it names the version that is there already."""
    ended = flow.build(flow.upload(), decision="reject")
    pages = flow.machines.get_paginator("get_execution_history").paginate(executionArn=ended.arn)
    (sent,) = (
        json.loads(event["taskScheduledEventDetails"]["parameters"])
        for page in pages
        for event in page["events"]
        if event.get("taskScheduledEventDetails", {}).get("resource") == "createModelPackage"
    )
    before = flow.packages()
    again = flow.sagemaker.create_model_package(**sent)["ModelPackageArn"]
    assert again in before
    assert flow.packages() == before
