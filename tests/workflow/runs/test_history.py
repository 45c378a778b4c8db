"""An event history becomes the steps, the plan and the outcome that people see."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.workflow.histories import START, Script
from workflow.contract.failures import Failure
from workflow.runs.history import fold, readable_cause


def test_a_finished_state_has_its_time_and_what_it_gained() -> None:
    """Only what a state added to the data counts as its own."""
    script = Script().done("Plan the run", plan={"run": "r"}).done("Check the dataset", dataset={"summary": "fine"})
    history = fold(script.events)
    assert [step.name for step in history.steps] == ["Plan the run", "Check the dataset"]
    assert history.steps[1].gained == {"dataset": {"summary": "fine"}}
    assert history.steps[0].seconds(START) == 3.0
    assert history.plan == {"run": "r"}
    assert history.outcome is None


def test_a_running_state_counts_until_now() -> None:
    """A state without an end lasts until the moment of looking."""
    step = fold(Script().enter("Train").events).steps[0]
    assert step.exited is None
    assert step.seconds(step.entered + timedelta(seconds=12)) == 12


def test_a_caught_failure_marks_the_state_and_the_outcome() -> None:
    """The state that failed is named although the execution went on to tell why and then failed by a Fail state."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="j")
    script.fail("States.TaskFailed", json.dumps({"FailureReason": "out of memory"})).leave("Train", error={})
    script.done("The training failed").done("Tell everyone why").enter("Failed", "Fail")
    script.end("Failed", error=Failure.TRAINING_FAILED, cause="out of memory")
    history = fold(script.events)
    assert [step.failed for step in history.steps] == [True, False, False, True]
    assert history.outcome is not None
    assert history.outcome.text() == "failed at 'Train': Training.Failed: out of memory"
    assert not history.outcome.succeeded


def test_a_retry_that_succeeds_is_no_failure() -> None:
    """What counts is how the last attempt ended."""
    script = Script().enter("Gate on metrics").schedule("invoke").fail("Lambda.TooManyRequestsException", "busy")
    script.schedule("invoke").add("TaskSucceeded", taskSucceededEventDetails={"output": "{}"})
    assert not fold(script.leave("Gate on metrics").events).steps[0].failed


def test_a_timed_out_question_is_a_failure() -> None:
    """Nobody answered in time."""
    script = Script().enter("Ask for approval").schedule("invoke.waitForTaskToken")
    assert fold(script.events).steps[0].waits_for_person
    script.add("TaskTimedOut", taskTimedOutEventDetails={"error": "States.Timeout"}).leave("Ask for approval")
    assert fold(script.events).steps[0].failed


def test_a_stopped_execution_names_the_state_it_was_in() -> None:
    """StopExecution ends a state without an event of the state's own."""
    history = fold(Script().enter("Train").end("Aborted", error="", cause="interrupted").events)
    assert history.outcome is not None
    assert history.outcome.text() == "aborted at 'Train': interrupted"
    assert history.steps[0].exited is not None


def test_a_redriven_execution_runs_again() -> None:
    """A redrive takes the end back."""
    script = Script().enter("Train").end("TimedOut").add("ExecutionRedriven").enter("Train")
    assert fold(script.events).outcome is None


def test_the_parameters_and_the_submission_of_a_task_are_kept() -> None:
    """They name the job and the nested execution."""
    script = (
        Script().enter("Release").schedule("startExecution.sync:2", "states", Name="r").submit(ExecutionArn="arn:x")
    )
    step = fold(script.events).steps[0]
    assert (step.parameters, step.submitted) == ({"Name": "r"}, {"ExecutionArn": "arn:x"})
    assert step.resource == "states:startExecution.sync:2"


def test_a_success_is_told_in_one_word() -> None:
    """Nothing else to say."""
    outcome = fold(Script().done("Plan the run").end().events).outcome
    assert outcome is not None
    assert (outcome.succeeded, outcome.text()) == (True, "succeeded")


def test_a_cause_packed_in_json_is_unpacked() -> None:
    """Lambda, SageMaker and nested executions each pack theirs differently, and one inside the other."""
    lambda_cause = json.dumps({"errorMessage": "mAP50 0.41 < 0.60", "errorType": "GateRejected"})
    assert readable_cause(lambda_cause) == "mAP50 0.41 < 0.60"
    assert readable_cause(json.dumps({"TrainingJobName": "j", "FailureReason": "no\n memory"})) == "no memory"
    assert readable_cause(json.dumps({"Status": "FAILED", "Cause": lambda_cause})) == "mAP50 0.41 < 0.60"
    stopped = {"SecondaryStatusTransitions": [{"StatusMessage": "Training"}, {"StatusMessage": "runtime exceeded"}]}
    assert readable_cause(json.dumps(stopped)) == "runtime exceeded"
    assert readable_cause("plain") == "plain"
    assert len(readable_cause("x" * 1000)) == 300
