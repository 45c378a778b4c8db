"""Visits to states, folded from the events of an execution."""

from __future__ import annotations

from datetime import timedelta

from tests.workflow.histories import START, Script
from workflow.console.visits import Status, follow


def test_a_state_that_failed_and_was_caught_is_told_from_one_that_was_done() -> None:
    """The machine goes on to report it; a person looks for what failed, not for the report."""
    script = Script().done("Plan the run").enter("Train").schedule("createTrainingJob.sync", "sagemaker")
    script.fail("Training.Failed", "out of memory").leave("Train").done("Report the failed training")
    trail = follow(script.enter("The training failed", "Fail").end("Failed", error="Training.Failed").events)
    assert [visit.status for visit in trail.visits] == [Status.DONE, Status.CAUGHT, Status.DONE, Status.FAILED]
    assert ("Train", "Report the failed training") in trail.ways()
    assert ("Plan the run", "Report the failed training") not in trail.ways()
    current = trail.current()
    assert current is not None
    assert (current.state, current.last and current.last.why) == ("Train", "Training.Failed: out of memory")


def test_a_retry_is_a_further_attempt_of_one_visit() -> None:
    """Each keeps its own error; the visit is done as soon as one went well."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="a-0")
    script.fail("SageMaker.Capacity", "none left").schedule(
        "createTrainingJob.sync", "sagemaker", TrainingJobName="a-1"
    )
    (visit,) = follow(script.add("TaskSucceeded", taskSucceededEventDetails={}).leave("Train").events).visits
    assert [(attempt.job, attempt.why) for attempt in visit.attempts] == [
        ("a-0", "SageMaker.Capacity: none left"),
        ("a-1", ""),
    ]
    assert visit.status is Status.DONE


def test_a_state_that_waits_for_a_person_says_so_until_it_is_answered() -> None:
    """It is told from one that only runs."""
    script = Script().enter("Ask for approval").schedule("invoke.waitForTaskToken")
    assert follow(script.events).visits[0].status is Status.ASKING
    answered = script.add("TaskSucceeded", taskSucceededEventDetails={"output": "{}"}).leave("Ask for approval").events
    assert follow(answered).visits[0].status is Status.DONE


def test_where_an_execution_was_stopped_is_where_it_stands_until_it_is_redriven() -> None:
    """The visit ends with the execution, and runs again with it."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker").end("Aborted")
    stopped = follow(script.events)
    assert (stopped.ending, stopped.visits[0].status) == (Status.STOPPED, Status.STOPPED)
    assert stopped.visits[0].exited == START + timedelta(seconds=3)
    redriven = follow(script.add("ExecutionRedriven").schedule("createTrainingJob.sync", "sagemaker").events)
    assert (redriven.ending, redriven.visits[0].status) == (None, Status.RUNNING)
    assert redriven.visits[0].exited is None


def test_a_loop_is_one_step_and_says_how_often() -> None:
    """Polling an endpoint must not bury the states before it; a choice is no step."""
    script = Script().enter("Plan", "Choice").leave("Plan", "Choice")
    for _ in range(3):
        script.enter("Wait for staging", "Wait").leave("Wait for staging", "Wait").done("Look at staging")
    steps = follow(script.events).steps()
    assert [(visit.state, visit.number, times) for visit, times in steps] == [
        ("Wait for staging", 6, 3),
        ("Look at staging", 7, 3),
    ]
