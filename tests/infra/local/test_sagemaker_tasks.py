"""Training from a state machine: the job, its traces in the history, and its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.local.machines import Machines, eventually, training


@pytest.fixture(scope="module", autouse=True)
def _bucket(machines: Machines) -> None:
    machines.s3.create_bucket(Bucket="models")


def job_status(machines: Machines, execution: str) -> str:
    """The status of the job that is named after its execution."""
    name = execution.rsplit(":", 1)[1]
    return str(machines.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"])


def running(machines: Machines, execution: str) -> bool:
    """Whether the job has been submitted."""
    return "TaskSubmitted" in machines.event_types(execution)


def test_a_job_s_description_is_the_state_s_result(machines: Machines) -> None:
    """`.sync` waits for the job and gives its Describe answer, with times in milliseconds."""
    result = machines.output({"Train": training()})
    assert result["TrainingJobStatus"] == "Completed"
    assert result["ModelArtifacts"]["S3ModelArtifacts"].endswith("/output/model.tar.gz")
    assert result["CreationTime"] > 1_600_000_000_000


def test_a_running_job_can_be_found_in_the_history(machines: Machines) -> None:
    """While a job runs, its name is in TaskScheduled and its ARN in TaskSubmitted."""
    execution = machines.start(machines.create({"Train": training()}), {"seconds": "30"})
    eventually(lambda: running(machines, execution))
    details = {event["type"]: event for event in machines.events(execution)}
    scheduled = details["TaskScheduled"]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"]) == ("sagemaker", "createTrainingJob.sync")
    name = json.loads(scheduled["parameters"])["TrainingJobName"]
    submitted = json.loads(details["TaskSubmitted"]["taskSubmittedEventDetails"]["output"])
    assert submitted["TrainingJobArn"].endswith(f":training-job/{name}")
    machines.sfn.stop_execution(executionArn=execution)


def test_a_failed_job_fails_the_state_with_its_description(machines: Machines) -> None:
    """The Cause is the job's description, in which the container's reason stands."""
    described = machines.run({"Train": training()}, {"failure": "the loss is NaN"})
    assert (described["status"], described["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(described["cause"])
    assert cause["TrainingJobStatus"] == "Failed"
    assert "the loss is NaN" in cause["FailureReason"]


def test_stopping_the_execution_stops_its_job(machines: Machines) -> None:
    """StopExecution answers at once, and the job does not run on."""
    execution = machines.start(machines.create({"Train": training()}), {"seconds": "60"})
    eventually(lambda: running(machines, execution))
    machines.sfn.stop_execution(executionArn=execution, error="Tired", cause="of waiting")
    described = machines.sfn.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Tired", "of waiting")
    eventually(lambda: job_status(machines, execution) == "Stopped")
    assert machines.event_types(execution)[-1] == "ExecutionAborted"


def test_a_state_s_timeout_stops_its_job(machines: Machines) -> None:
    """TimeoutSeconds ends the state with States.Timeout, and the job with it."""
    execution = machines.start(machines.create({"Train": training(TimeoutSeconds=1)}), {"seconds": "60"})
    described = machines.end(execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    assert "TaskTimedOut" in machines.event_types(execution)
    eventually(lambda: job_status(machines, execution) == "Stopped")


def test_the_machine_s_timeout_stops_the_job(machines: Machines) -> None:
    """A machine's TimeoutSeconds ends the execution TIMED_OUT, which nothing catches, and the job with it."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Train": training(Catch=catch), "Caught": {"Type": "Succeed"}}
    execution = machines.start(machines.create(states, TimeoutSeconds=1), {"seconds": "60"})
    assert machines.end(execution)["status"] == "TIMED_OUT"
    assert machines.event_types(execution)[-1] == "ExecutionTimedOut"
    eventually(lambda: job_status(machines, execution) == "Stopped")


def test_a_name_that_is_taken_is_named_as_the_integration_names_it(machines: Machines) -> None:
    """The optimised integration says ResourceInUseException, as its SDK does."""
    taken: dict[str, Any] = training()
    name = machines.name("taken")
    taken["Parameters"] = {**taken["Parameters"], "TrainingJobName": name}
    del taken["Parameters"]["TrainingJobName.$"]
    machine = machines.create({"Train": taken})
    machines.end(machines.start(machine))
    assert machines.end(machines.start(machine))["error"] == "SageMaker.ResourceInUseException"


def test_the_sdk_integration_reaches_sagemaker(machines: Machines) -> None:
    """aws-sdk:sagemaker answers with the service's members and its SDK's error names."""
    described = machines.run(
        {
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint",
                "Parameters": {"EndpointName": "nowhere"},
                "End": True,
            }
        }
    )
    assert described["error"] == "SageMaker.SageMakerException"
    assert "nowhere" in described["cause"]


def test_an_endpoint_has_no_sync(machines: Machines) -> None:
    """AWS has no createEndpoint.sync, so neither has the stand-in."""
    states = {"Serve": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createEndpoint.sync", "End": True}}
    assert machines.run(states)["error"] == "States.Runtime"
