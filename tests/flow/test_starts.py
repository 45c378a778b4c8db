"""Starts by hand, by the clock, by data and by code: one build for what is the same, and one at a time to the endpoint.

On a stack of their own whose policies are enforced.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import WEBHOOK, commands
from tests.flow.conftest import deployed
from tests.flow.driver import Ended, Flow
from tests.stand_in import StandIn
from workflow.stack import deploy

SECRET = "of these tests alone, and long enough"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A stack on a stand-in that enforces IAM policies, for all tests of this file."""
    with deployed(tmp_path_factory.mktemp("state"), "--iam", prepare=listen) as alone:
        yield alone


def listen(stand_in: StandIn) -> dict[str, Any]:
    """A stack that starts by data and by a webhook."""
    secret = stand_in.client("secretsmanager").create_secret(Name="webhook", SecretString=SECRET)["ARN"]
    return {"parameters": {"DataStarts": "settled", "DataSettleSeconds": "10", "WebhookSecretArn": secret}}


NOTHING = ["Begin", "Plan the run", "Anything to do?", "Nothing to do"]


def reason_of(ended: Ended) -> str:
    """Why a run did nothing."""
    assert (ended.status, ended.states) == ("SUCCEEDED", NOTHING), ended.cause
    return str(ended.output["plan"]["reason"])


def name_of(execution: str) -> str:
    """The name of a run."""
    return execution.rpartition(":")[2]


def test_what_an_earlier_version_was_built_from_is_not_trained_again(guarded: Flow) -> None:
    """A is released, then B, and the nightly run on A has nothing to do."""
    data, other = guarded.upload(), guarded.upload()
    first, second = guarded.build(data), guarded.build(other)
    assert (first.cause, second.cause) == ("", "")
    version = first.output["package"]["arn"].rpartition("/")[2]
    assert f"run {name_of(first.arn)} built the same: version {version}" in reason_of(guarded.build(data))


@pytest.mark.parametrize(
    ("error", "data", "given"),
    [
        ("Gate.Rejected", {"map50": 0.4}, {"minimum_map50": 0.8}),
        ("Data.Rejected", {"first": "0 0.5 0.5 0.1 0.1\nbroken"}, {}),
    ],
)
def test_what_was_refused_is_neither_trained_nor_told_again(
    guarded: Flow, error: str, data: dict[str, Any], given: dict[str, Any]
) -> None:
    """The same data is refused once: the next night ends green, names the run, and mails nobody."""
    dataset = guarded.upload(**data)
    first = guarded.build(dataset, **given)
    assert first.error == error
    again = guarded.build(dataset, **given)
    assert f"run {name_of(first.arn)} ended {error} on the same" in reason_of(again)
    assert not guarded.mails(name_of(again.arn))
    forced = guarded.build(dataset, **given, force=True)
    assert forced.error == error


def test_what_was_stopped_is_built_by_the_next_start(guarded: Flow) -> None:
    """Nothing is remembered of a run that came to no answer."""
    dataset = guarded.upload(behave="sleep")
    execution = guarded.begin(dataset)
    guarded.training(execution)
    guarded.machines.stop_execution(executionArn=execution)
    again = guarded.begin(dataset)
    guarded.training(again)
    guarded.machines.stop_execution(executionArn=again)


def test_two_starts_of_the_same_are_one_build(guarded: Flow) -> None:
    """Seconds apart, under two names: the second ends at once and names the first."""
    dataset = guarded.upload()
    executions = [guarded.begin(dataset) for _ in range(2)]
    builds = [execution for execution in executions if "Nothing to do" not in wait_for_plan(guarded, execution)]
    (build,) = builds
    (other,) = (execution for execution in executions if execution != build)
    assert reason_of(guarded.end(other)) == f"run {name_of(build)} builds the same at this moment"
    guarded.answer(build, "reject")
    assert guarded.end(build).error == "Approval.Rejected"


def wait_for_plan(guarded: Flow, execution: str) -> list[str]:
    """The states of a run once it has answered whether there is anything to do."""
    guarded.wait_until(lambda: len(guarded.states(execution)) >= len(NOTHING), f"{execution} is not planned")
    return guarded.states(execution)


def test_builds_go_to_the_endpoint_one_after_the_other(guarded: Flow) -> None:
    """The second waits until people have answered the first, and is judged against what they let into production."""
    first = guarded.begin(guarded.upload(), when_busy="queue")
    guarded.wait_until(lambda: guarded.request_mail(first), "the first build does not ask")
    second = guarded.begin(guarded.upload(map50=0.95), when_busy="queue")
    guarded.wait_until(lambda: "Wait for the run before" in guarded.states(second), "the second does not wait")
    refused = guarded.build(guarded.upload(), when_busy="refuse")
    assert refused.error == "Plan.Rejected"
    assert f"run {name_of(first)} is under way to the same endpoint" in refused.cause
    time.sleep(0.5)
    assert "Train" not in guarded.states(second)
    guarded.answer(first, "approve")
    released = guarded.end(first)
    assert released.cause == ""
    guarded.answer(second, "approve")
    ended = guarded.end(second)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert ended.output["plan"]["judged_against"] == released.output["package"]["arn"]
    assert guarded.ask_production()["model_digest"] == ended.output["gate"]["model_digest"]


def lay_out(guarded: Flow, *names: str) -> None:
    """Put pictures and labels into the stack's own dataset, of which nobody says that it is there."""
    for name in names:
        for key, text in ((f"images/{name}.jpg", f"picture {name}"), (f"labels/{name}.txt", "0 0.5 0.5 0.1 0.1\n")):
            guarded.storage.put_object(Bucket=guarded.stack.bucket, Key=f"datasets/default/{key}", Body=text.encode())


def builds(guarded: Flow, reason: str) -> list[str]:
    """The names of the runs that were started for this reason, which they begin with, the newest first."""
    pages = guarded.machines.get_paginator("list_executions").paginate(stateMachineArn=guarded.stack.build_machine_arn)
    return [one["name"] for page in pages for one in page["executions"] if one["name"].startswith(f"{reason}-")]


def lambda_call(guarded: Flow, function: str, payload: Any) -> Any:
    """What a function answers."""
    called = guarded.stand_in.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
    said = json.loads(called["Payload"].read())
    assert "FunctionError" not in called, said
    return said


def test_schedule_data_and_hand_at_once_are_one_build(guarded: Flow) -> None:
    """An upload tells of every object; it, a schedule that fires twice and a person start the same data."""
    deploy.deploy("greenlight", parameters={"DataStarts": "settled"})
    lay_out(guarded, *(str(number) for number in range(10)))
    guarded.storage.put_object(Bucket=guarded.stack.bucket, Key="datasets/default/data.yaml", Body=b"names: [thing]\n")
    for _ in range(2):
        lambda_call(guarded, "greenlight-start-run", {"scheduled": "2026-11-30T02:00:00Z"})
    by_hand = guarded.start({"started_by": "ada"})
    guarded.wait_until(lambda: builds(guarded, "data"), "the data has started nothing")
    assert builds(guarded, "schedule") == ["schedule-2026-11-30T02-00-00"]
    executions = [
        by_hand.replace(name_of(by_hand), name)
        for name in (name_of(by_hand), *builds(guarded, "schedule"), *builds(guarded, "data"))
    ]
    plans = {execution: wait_for_plan(guarded, execution) for execution in executions}
    (build,) = [execution for execution, states in plans.items() if "Nothing to do" not in states]
    guarded.answer(build, "approve")
    ended = guarded.end(build)
    assert ended.cause == ""
    assert len(builds(guarded, "data")) == 1
    assert guarded.ask_production()["model_digest"] == ended.output["gate"]["model_digest"]


def test_a_marker_starts_a_run_and_is_no_part_of_the_data(guarded: Flow) -> None:
    """What is uploaded without it starts nothing."""
    deploy.deploy("greenlight", parameters={"DataStarts": "marker"})
    before = builds(guarded, "data")
    lay_out(guarded, "marked")
    guarded.storage.put_object(Bucket=guarded.stack.bucket, Key="datasets/default/.ready", Body=b"")
    guarded.wait_until(lambda: len(builds(guarded, "data")) > len(before), "the marker has started nothing")
    (run, *_) = builds(guarded, "data")
    execution = f"{guarded.stack.build_machine_arn.replace(':stateMachine:', ':execution:')}:{run}"
    wait_for_plan(guarded, execution)
    listed = guarded.storage.list_objects_v2(Bucket=guarded.stack.bucket, Prefix="datasets/default/")["Contents"]
    assert plan_of(guarded, execution)["dataset"]["objects"] == len(listed) - 1
    guarded.answer(execution, "reject")
    guarded.end(execution)
    assert len(builds(guarded, "data")) == len(before) + 1


def plan_of(guarded: Flow, execution: str) -> dict[str, Any]:
    """What a run planned."""
    events = guarded.machines.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    exits = [event["stateExitedEventDetails"] for event in events if "stateExitedEventDetails" in event]
    (planned,) = (json.loads(one["output"])["plan"] for one in exits if one["name"] == "Plan the run")
    return dict(planned)


def test_a_signed_request_starts_a_build_and_no_other_does(guarded: Flow) -> None:
    """At the address in the stack's outputs, with the secret that the stack reads for itself."""
    url = read_outputs(guarded)["WebhookUrl"]
    timestamp, body = str(int(time.time())), b'{"epochs": 1, "started_by": "code"}'
    signature = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    good = {"X-Greenlight-Timestamp": timestamp, "X-Greenlight-Signature": f"sha256={signature}"}

    def send(headers: dict[str, str], sent: bytes = body) -> int:
        request = urllib.request.Request(url, sent, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    before = builds(guarded, "code")
    assert send({}) == send({**good, "X-Greenlight-Signature": "sha256=" + "0" * 64}) == send(good, b"{}") == 401
    assert send(good) == send(good) == 202
    assert len(builds(guarded, "code")) == len(before) + 1


def test_the_request_that_the_document_shows_is_taken(guarded: Flow) -> None:
    """As it is written, with openssl and curl."""
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET, "WEBHOOK_URL": read_outputs(guarded)["WebhookUrl"]}
    done = subprocess.run(
        ["bash", "-euc", "\n".join(commands(WEBHOOK))], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] in builds(guarded, "code")


def read_outputs(guarded: Flow) -> dict[str, str]:
    """The outputs of the stack."""
    (stack,) = guarded.stand_in.client("cloudformation").describe_stacks(StackName="greenlight")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
