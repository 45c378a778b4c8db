"""The log of a state is found by what the state asked for, and read from where the last reading ended."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.histories import START, Script
from tests.workflow.runs.test_watch import RELEASE, STAGES, brought_up, starting
from workflow.contract.failures import Failure
from workflow.errors import ServiceError, UsageError
from workflow.runs.events import Histories
from workflow.runs.history import fold
from workflow.runs.logs import ENDPOINT_GROUP, PROCESSING_GROUP, Log, Logged, Source, choose, find_logged, logged_states
from workflow.runs.training_log import LOG_GROUP

FUNCTION = "arn:aws:lambda:eu-central-1:1:function:greenlight-plan-run:7"


def run() -> Script:
    """A run that prepared, and trains."""
    script = Script().enter("Plan the run").schedule("invoke", FunctionName=FUNCTION).leave("Plan the run")
    script.enter("Prepare the dataset").schedule("createProcessingJob.sync", "sagemaker", ProcessingJobName="p-0-0")
    script.leave("Prepare the dataset").enter("Create the model").schedule("createModel", "aws-sdk:sagemaker")
    script.leave("Create the model").enter("Train")
    return script.schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="t-0-0")


def states(ended: bool = False) -> list[Logged]:
    """The states of that run that have a log."""
    return logged_states(fold(run().events).steps, ended=ended)


def test_every_state_that_leaves_a_log_is_found_with_its_place() -> None:
    """A job's group and name; a function's group; what only asks a service leaves none."""
    found = {one.state: (one.source.group, one.source.prefix, one.over) for one in states()}
    assert found == {
        "Plan the run": ("/aws/lambda/greenlight-plan-run", "", True),
        "Prepare the dataset": (PROCESSING_GROUP, "p-0-0", True),
        "Train": (LOG_GROUP, "t-0-0", False),
    }
    assert states(ended=True)[-1].over


def test_a_batch_has_the_log_of_its_transform_job() -> None:
    """Which SageMaker keeps apart from that of trainings."""
    script = Script().enter("Answer every picture")
    script.schedule("createTransformJob.sync", "sagemaker", TransformJobName="a-0-0")
    (one,) = logged_states(fold(script.events).steps, ended=False)
    assert (one.source.group, one.source.prefix) == ("/aws/sagemaker/TransformJobs", "a-0-0")


def test_the_log_of_a_release_is_that_of_the_stage_in_which_it_broke() -> None:
    """By the name that everybody saw, though the way back after it went well; every other is found by its name, too."""
    release = starting(Script(), "Bring up staging", STAGES[0]).leave("Bring up staging")
    starting(release, "Bring up production", STAGES[1]).fail("States.TaskFailed", "{}").leave("Bring up production")
    starting(release, "Put the previous version back", STAGES[2]).leave("Put the previous version back")
    histories = {
        RELEASE: release.end("Failed", error=Failure.PRODUCTION_ROLLED_BACK, cause="another box"),
        STAGES[0]: brought_up("staging"),
        STAGES[1]: brought_up("production", wrong="another box"),
        STAGES[2]: brought_up("production", back=True),
    }
    for script in histories.values():
        for event in script.events:
            called = event.get("taskScheduledEventDetails", {})
            if called.get("resource") == "invoke":
                called["parameters"] = json.dumps({"FunctionName": FUNCTION})
    cloud = ScriptedCloud(
        {"get_execution_history": lambda asked: {"events": histories[asked["executionArn"]].events[::-1]}}
    )
    assert find_logged(Histories(cloud), RELEASE, "").state == "Smoke-test production"
    assert find_logged(Histories(cloud), RELEASE, "smoke-test staging").state == "Smoke-test staging"


def test_an_endpoint_that_is_looked_at_has_its_own_log() -> None:
    """Where a model that does not come up says why."""
    script = Script().enter("Create staging").schedule("createEndpoint", "sagemaker", EndpointName="g-staging")
    (one,) = logged_states(fold(script.events).steps, ended=False)
    assert one.source.group == f"{ENDPOINT_GROUP}/g-staging"


def test_without_a_name_the_most_telling_log_is_meant() -> None:
    """Of what broke, of the job that runs, of the training, of the last job, of the last state; in this order."""
    plan, prepared, trained = states(ended=True)
    evaluated = replace(prepared, state="Evaluate")
    assert choose([plan, prepared, trained, evaluated], "", "Plan the run") == plan
    assert choose([plan, prepared, trained, replace(evaluated, over=False)], "", "").state == "Evaluate"
    assert choose([plan, prepared, trained, evaluated], "", "") == trained
    assert choose([plan, prepared, evaluated], "", "") == evaluated
    assert choose([plan, replace(plan, state="Later")], "", "").state == "Later"


def test_a_state_is_named_in_whatever_case() -> None:
    """And a wrong one is answered with the nearest."""
    assert choose(states(), "", "Create the model").state == "Train", "a state without a log tells nothing"
    assert choose(states(), "prepare THE dataset", "").state == "Prepare the dataset"
    with pytest.raises(UsageError, match=r"'Trian' has no log in this run; did you mean Train\? These have one: Plan"):
        choose(states(), "Trian", "")
    with pytest.raises(UsageError, match="no state of this run has left a log yet"):
        choose([], "", "")


def event(number: int) -> dict[str, Any]:
    """A line of a log."""
    at = int((START + timedelta(seconds=number)).timestamp() * 1000)
    return {"eventId": str(number), "timestamp": at, "logStreamName": "t-0-0/algo-1", "message": f"line {number}\n"}


def test_a_log_is_read_on_from_where_it_was_read_to() -> None:
    """No line twice and none left out, also where CloudWatch gives a part of what it has."""
    there = [event(1), event(2), event(3)]

    def page(asked: dict[str, Any]) -> dict[str, Any]:
        return {"events": [one for one in there if one["timestamp"] >= asked["startTime"]][:2]}

    cloud = ScriptedCloud({"filter_log_events": page})
    log = Log(cloud, Source(LOG_GROUP, "t-0-0", START, None))
    assert [line.text for line in log.read()] == ["line 1", "line 2", "line 3"]
    there.append(event(4))
    assert [line.text for line in log.read()] == ["line 4"]
    assert {asked["logStreamNamePrefix"] for _, asked in cloud.asked} == {"t-0-0"}


def test_a_functions_log_is_read_between_the_state_s_moments() -> None:
    """Its group is every run's."""
    cloud = ScriptedCloud({"filter_log_events": {"events": []}})
    list(Log(cloud, Source("/aws/lambda/f", "", START, START + timedelta(seconds=5))).read())
    (_, asked) = cloud.asked[0]
    assert "logStreamNamePrefix" not in asked
    assert 5000 <= asked["endTime"] - asked["startTime"] < 10_000


def test_a_log_that_is_not_there_yet_is_empty() -> None:
    """The job has not begun to write; any other refusal is passed on."""
    source = Source(LOG_GROUP, "t", START, None)
    nothing = ScriptedCloud({"filter_log_events": ServiceError("ResourceNotFoundException", "none")})
    assert list(Log(nothing, source).read()) == []
    with pytest.raises(ServiceError):
        list(Log(ScriptedCloud({"filter_log_events": ServiceError("AccessDeniedException", "no")}), source).read())
