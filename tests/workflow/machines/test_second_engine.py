"""Both machines on a second interpreter of the States Language: moto's, which shares no code with the stand-in.

It runs no SageMaker job, so the paths here are the ones that start none. Its functions answer what a test tells them.
"""

from __future__ import annotations

import functools
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from moto import mock_aws

from workflow.contract.failures import Failure, StateError
from workflow.stack.definitions import fit_out

ROOT = Path(__file__).parents[3]
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
SESSION: Any = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
"""One session for all tests: reading the services' models again for each of them would take most of the time."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account whose machines really run."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
        yield


def answer_with(*results: str) -> None:
    """What the next calls of functions return, in their order."""
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/lambda-simple/response",
        json={"results": list(results), "region": "us-east-1"},
        timeout=5,
    )


@functools.cache
def client(service: str) -> Any:
    """One for all runs; what it knows of the account is the mock's."""
    return SESSION.client(service)


def run(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Create the machine, run it to its end and give DescribeExecution's answer with the states that were entered."""
    return run_text(name, (ROOT / "workflow" / "machines" / f"{name}.asl.json").read_text(), given)


def run_text(name: str, text: str, given: dict[str, Any]) -> dict[str, Any]:
    """The same for a definition that is given as text."""
    iam, functions, machines = (client(name) for name in ("iam", "lambda", "stepfunctions"))
    role = iam.create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("handler.py", "")
    for placeholder in sorted(set(re.findall(r"\$\{(\w+)Arn\}", text))):
        if placeholder.endswith(("Role", "Machine")):
            text = text.replace(f"${{{placeholder}Arn}}", role)
            continue
        created = functions.create_function(
            FunctionName=placeholder,
            Runtime="python3.12",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
        )
        text = text.replace(f"${{{placeholder}Arn}}", created["FunctionArn"])
    text = re.sub(r"\$\{\w+\}", "greenlight", text.replace("${Partition}", "aws"))
    machine = machines.create_state_machine(name=name, definition=text, roleArn=role)["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    until = time.monotonic() + 20
    while (described := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until, "still running after 20 s"
        time.sleep(0.05)
    history = machines.get_execution_history(executionArn=execution)["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    return {**described, "entered": entered}


def test_build_ends_after_the_question_where_nothing_changed(aws: None) -> None:
    """The same data again: three states, and no job."""
    answer_with(json.dumps({"anything_to_do": False, "reason": "nothing changed since version 3", "training": {}}))
    ended = run("build", {})
    assert ended["status"] == "SUCCEEDED"
    assert ended["entered"] == ["Begin", "Plan the run", "Anything to do?", "Nothing to do"]
    assert json.loads(ended["output"])["plan"]["reason"] == "nothing changed since version 3"


def test_build_ends_refused_where_the_plan_cannot_be_read(aws: None) -> None:
    """An answer without the key that the first choice asks for never passes for a plan."""
    answer_with(json.dumps("no plan"))
    assert run("build", {})["status"] == "FAILED"


def test_release_ends_failed_where_no_stage_can_be_brought_up(aws: None) -> None:
    """A plan that names no configuration stops before the first stage; nothing is released."""
    answer_with(json.dumps({"version": 1}), json.dumps({"cause": "told"}))
    ended = run("release", {"model_package_arn": "arn"})
    assert ended["status"] == "FAILED"
    assert "Note staging" not in ended["entered"]


WAYS_OUT = [
    pytest.param(machine, name, id=f"{machine}: {name}")
    for machine in ("build", "release", "stage", "batch")
    for name, state in json.loads((ROOT / f"workflow/machines/{machine}.asl.json").read_text())["States"].items()
    if state.get("ResultPath") == "$.failure"
]


@pytest.mark.parametrize(("machine", "name"), WAYS_OUT)
def test_every_way_out_ends_with_its_own_error_and_the_cause_that_was_told(aws: None, machine: str, name: str) -> None:
    """One tail serves them all, and a timeout, whose error has no cause, too."""
    states = json.loads((ROOT / f"workflow/machines/{machine}.asl.json").read_text())["States"]
    answer_with(json.dumps({"cause": "it took longer than it may"}))
    tail = states[name]["Next"]
    part = {one: states[one] for one in (name, tail, "Failed")}
    ended = run_text("part", json.dumps({"StartAt": name, "States": part}), {"error": {"Error": "States.Timeout"}})
    assert ended["entered"] == [name, tail, "Failed"]
    assert (ended["error"], ended["cause"]) == (states[name]["Parameters"]["Error"], "it took longer than it may")


SHORT = {"Error": "States.TaskFailed", "Cause": '{"FailureReason":"CapacityError: Unable to provision requested"}'}


@pytest.mark.parametrize(
    ("error", "another"),
    [
        (SHORT, True),
        (
            {
                "Error": "SageMaker.ResourceLimitExceededException",
                "Cause": "The account-level service limit 'x' is 0 Instances",
            },
            True,
        ),
        ({"Error": "States.TaskFailed", "Cause": "InsufficientInstanceCapacity: try later"}, True),
        ({"Error": StateError.TRAINING_STOPPED, "Cause": "training job a ended Stopped (MaxWaitTimeExceeded)"}, True),
        ({"Error": "States.TaskFailed", "Cause": '{"FailureReason":"AlgorithmError: the loss is NaN"}'}, False),
        ({"Error": StateError.TRAINING_STOPPED, "Cause": "training job a ended Stopped (MaxRuntimeExceeded)"}, False),
        ({"Error": "States.Timeout"}, False),
        ({"Error": "States.TaskFailed", "Cause": json.dumps({"TrainingJobStatus": "Stopped"})}, True),
        ({"Error": "States.TaskFailed", "Cause": '{"TrainingJobStatus":"Stopped","TrainingStartTime":1}'}, False),
    ],
    ids=lambda given: str(given.get("Error")) if isinstance(given, dict) else None,
)
@pytest.mark.parametrize("left", [True, False])
def test_only_a_shortage_of_capacity_tries_another_instance_where_one_is_left(
    aws: None, error: dict[str, str], another: bool, left: bool
) -> None:
    """Whatever else went wrong would go wrong there too; an error without a cause is no shortage either."""
    states = json.loads((ROOT / "workflow/machines/build.asl.json").read_text())["States"]
    choice, again = states["Was capacity short?"], states["Try the next instance"]
    again = {key: value for key, value in again.items() if key != "Next"} | {"End": True}
    part = {choice["Default"]: {"Type": "Succeed"}, "Was capacity short?": choice, "Try the next instance": again}
    part["Wait for a quota for the training"] = {"Type": "Succeed"}
    attempt = {
        "instance": "ml.g5.xlarge",
        "spot": True,
        **({"fallback": {"instance": "ml.g4dn.xlarge"}} if left else {}),
    }
    text = json.dumps({"StartAt": "Was capacity short?", "States": part})
    ended = run_text("part", text, {"attempt": attempt, "error": error, "quota": {"waits": 0}})
    assert ended["status"] == "SUCCEEDED"
    assert ended["entered"][1] == ("Try the next instance" if another and left else choice["Default"])
    if another and left:
        assert json.loads(ended["output"])["attempt"] == {"instance": "ml.g4dn.xlarge"}


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("build", "Was capacity short?"),
        ("build", "Is the quota for the preparation in use?"),
        ("stage", "Is the quota for the endpoint in use?"),
    ],
)
@pytest.mark.parametrize(
    ("limit", "waits", "again"),
    [(2, 0, True), (2, 9, True), (2, 10, False), (0, 0, False), (20, 0, True), (10, 1, True)],
)
def test_a_quota_in_use_is_waited_for_and_one_of_zero_is_not(
    aws: None, machine: str, name: str, limit: int, waits: int, again: bool
) -> None:
    """In SageMaker's own words: only what somebody uses is ever free again, and that is waited for ten times."""
    choice = json.loads((ROOT / f"workflow/machines/{machine}.asl.json").read_text())["States"][name]
    said = (
        f"The account-level service limit 'ml.g5.xlarge for training job usage' is {limit} Instances, with current "
        "utilization of 0 Instances and a request delta of 1 Instances."
    )
    ends = [*(branch["Next"] for branch in choice["Choices"]), choice["Default"]]
    given = {
        "attempt": {"instance": "ml.g5.xlarge"},
        "error": {"Error": "SageMaker.ResourceLimitExceededException", "Cause": said},
        "quota": {"waits": waits},
    }
    part = {name: choice, **{end: {"Type": "Succeed"} for end in ends}}
    ended = run_text("part", json.dumps({"StartAt": name, "States": part}), given)
    assert (
        ended["entered"][1].startswith("Wait for a quota for ") if again else ended["entered"][1] == choice["Default"]
    )


def test_memory_that_an_account_never_gives_to_one_endpoint_is_not_waited_for(aws: None) -> None:
    """A serverless endpoint of more than that is refused the same an hour later; in SageMaker's own words."""
    name = "Is the quota for the endpoint in use?"
    choice = json.loads((ROOT / "workflow/machines/stage.asl.json").read_text())["States"][name]
    said = (
        "The account-level service limit 'Memory size in MB per serverless endpoint' is 3072 MBs, with current "
        "utilization of 0 MBs and a request delta of 4096 MBs."
    )
    ends = [*(branch["Next"] for branch in choice["Choices"]), choice["Default"]]
    error = {"Error": "SageMaker.ResourceLimitExceededException", "Cause": said}
    part = {name: choice, **{end: {"Type": "Succeed"} for end in ends}}
    ended = run_text("part", json.dumps({"StartAt": name, "States": part}), {"error": error, "quota": {"waits": 0}})
    assert ended["entered"][1] == choice["Default"]


@pytest.mark.parametrize("best", [{"TrainingJobName": "one-tune-001"}, {}, None])
@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_only_a_whole_search_with_a_best_training_goes_on(aws: None, best: dict[str, str] | None, status: str) -> None:
    """Whether or not the integration fails for one that was stopped, whose description may name no best training."""
    states = json.loads((ROOT / "workflow/machines/build.asl.json").read_text())["States"]
    choice, nothing = states["Was a model found?"], states["The search found nothing"]
    nothing = {key: value for key, value in nothing.items() if key != "Next"} | {"End": True}
    found = choice["Choices"][0]["Next"]
    part = {found: {"Type": "Succeed"}, "Was a model found?": choice, "The search found nothing": nothing}
    tuning = {"HyperParameterTuningJobName": "one-tune", "HyperParameterTuningJobStatus": status}
    given = {"tuning": {**tuning, **({} if best is None else {"BestTrainingJob": best})}}
    ended = run_text("part", json.dumps({"StartAt": "Was a model found?", "States": part}), given)
    assert ended["status"] == "SUCCEEDED"
    goes_on = bool(best) and status == "Completed"
    assert ended["entered"][1] == (found if goes_on else "The search found nothing")
    if not goes_on:
        told = json.loads(ended["output"])["error"]["Cause"]
        assert told == f"search one-tune ended {status} without a training that can be used"


WANTED, OLD = "greenlight-production-v4-00000000-0-0", "greenlight-production-v3-00000000-0-0"
REASON = "The deployment was rolled back: the alarm greenlight-production-5xx is in ALARM"


@pytest.mark.parametrize(
    ("status", "configuration", "reason", "then"),
    [
        ("InService", WANTED, None, "ready"),
        ("InService", WANTED, REASON, "ready"),
        ("InService", OLD, REASON, "failed"),
        ("InService", OLD, None, "failed"),
        ("Failed", WANTED, REASON, "failed"),
        ("UpdateRollbackFailed", WANTED, REASON, "failed"),
        ("Updating", OLD, REASON, "wait"),
        ("Updating", OLD, None, "wait"),
        ("SystemUpdating", WANTED, REASON, "wait"),
    ],
)
def test_an_endpoint_in_service_on_the_wanted_configuration_is_ready(
    aws: None, status: str, configuration: str, reason: str | None, then: str
) -> None:
    """Only an update that succeeded changes the configuration, so a reason beside it is of an earlier failure."""
    states = json.loads((ROOT / "workflow/machines/stage.asl.json").read_text())["States"]
    choice = states["Is the endpoint ready?"]
    ends = {branch["Next"]: {"Type": "Succeed"} for branch in choice["Choices"]} | {
        choice["Default"]: {"Type": "Succeed"}
    }
    endpoint = {"EndpointName": "greenlight-production", "EndpointStatus": status, "EndpointConfigName": configuration}
    endpoint |= {} if reason is None else {"FailureReason": reason}
    given = {"looked": {"looks": 1, "endpoint": endpoint}, "configuration": {"name": WANTED}}
    given["plan"] = {"watched": False}
    part = {"StartAt": "Is the endpoint ready?", "States": {"Is the endpoint ready?": choice, **ends}}
    (next_state,) = run_text("part", json.dumps(part), given)["entered"][1:]
    found = {"Were there alarms?": "ready", "Wait for the endpoint": "wait"}.get(next_state, "failed")
    assert found == then


def described(status: str = "FAILED", error: str = "", cause: str = "why") -> dict[str, Any]:
    """A nested execution that did not end well, as Step Functions describes it to the one that waits for it."""
    said = json.dumps({"Error": Failure.SMOKE_TEST_FAILED, "Status": "ABORTED"}, separators=(",", ":"))
    ended = {"Error": error, "Cause": f"{cause}; {said}"} if error else {}
    return {"ExecutionArn": "arn", "Input": said, "Name": "one", "Status": status, **ended}


SMOKE = described(error=Failure.SMOKE_TEST_FAILED)
NOT_UP, OVERTAKEN = described(error=Failure.STAGE_FAILED), described(error=Failure.RELEASE_OVERTAKEN)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["of AWS", "of another"])
@pytest.mark.parametrize(
    ("name", "nested", "then"),
    [
        ("Did staging answer?", SMOKE, "The smoke test failed"),
        ("Did staging answer?", OVERTAKEN, "The release was overtaken"),
        ("Did staging answer?", NOT_UP, "Staging failed"),
        ("Did staging answer?", described("ABORTED"), "Staging failed"),
        ("Did staging answer?", None, "Staging failed"),
        ("Did production answer?", SMOKE, "Was a version there before?"),
        ("Did production answer?", described("ABORTED"), "Was a version there before?"),
        ("Did production answer?", described("TIMED_OUT"), "Was a version there before?"),
        ("Did production answer?", OVERTAKEN, "The release was overtaken"),
        ("Did production answer?", NOT_UP, "Production failed"),
        ("Did production answer?", described(error=Failure.STAGE_REFUSED), "Production failed"),
        ("Did production answer?", None, "Production failed"),
        ("Does it answer as it did?", SMOKE, "Nobody approved what serves"),
        ("Does it answer as it did?", OVERTAKEN, "The release was overtaken"),
        ("Does it answer as it did?", NOT_UP, "The roll-back failed"),
        ("Does it answer as it did?", described("TIMED_OUT"), "The roll-back failed"),
    ],
)
def test_how_a_stage_failed_says_how_the_release_goes_on(
    aws: None, name: str, nested: dict[str, Any] | None, then: str, separators: tuple[str, str]
) -> None:
    """By its error and its status, and by nothing that its input or its cause says; a call that failed has neither.

    What was stopped while production moved may serve anything, and is put back.
    """
    states = json.loads((ROOT / "workflow/machines/release.asl.json").read_text())["States"]
    choice = states[name]
    ends = {end: {"Type": "Succeed"} for end in (*(rule["Next"] for rule in choice["Choices"]), choice["Default"])}
    error = {"Error": "States.TaskFailed", "Cause": json.dumps(nested, separators=separators)}
    given = {"error": {"Error": "States.Timeout"} if nested is None else error}
    ended = run_text("part", json.dumps({"StartAt": name, "States": {name: choice, **ends}}), given)
    assert ended["entered"][1:] == [then]


@pytest.mark.parametrize(("vpc", "key"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize(("name", "answer"), [("build", {"anything_to_do": False, "training": {}}), ("release", {})])
def test_a_definition_for_a_network_or_a_key_is_taken_as_well(
    aws: None, name: str, answer: dict[str, Any], vpc: bool, key: bool
) -> None:
    """The interpreter reads it whole, and begins where the plain one does."""
    definition = json.loads((ROOT / "workflow" / "machines" / f"{name}.asl.json").read_text())
    answer_with(json.dumps(answer), json.dumps({"cause": "told"}))
    ended = run_text(name, json.dumps(fit_out(definition, vpc=vpc, key=key)), {"model_package_arn": "arn"})
    assert ended["entered"][:2] == [definition["StartAt"], definition["States"][definition["StartAt"]]["Next"]]


@pytest.mark.parametrize("name", ["build", "release", "batch"])
def test_a_definition_with_a_seeded_fault_is_not_accepted(aws: None, name: str) -> None:
    """The interpreter's acceptance means something."""
    machines = SESSION.client("stepfunctions")
    definition = json.loads((ROOT / "workflow" / "machines" / f"{name}.asl.json").read_text())
    del definition["StartAt"]
    with pytest.raises(ClientError, match="StartAt"):
        machines.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
