"""``make account-check`` against the stand-in: its whole way, a claim that fails, an interruption, what is left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import FAKES, WAIT_SCALE, deployed
from tests.flow.driver import Flow
from tests.stand_in import StandIn
from workflow.account_check.inbox import Inbox
from workflow.account_check.leftovers import LISTINGS, find_leftovers
from workflow.account_check.removal import remove
from workflow.clients import AwsCloud
from workflow.stack.outputs import find_place

ROOT = Path(__file__).parents[2]
PROJECT = "checked"
IMAGES = {f"{PROJECT}-training": FAKES / "patient", f"{PROJECT}-serving": FAKES / "server"}

pytestmark = [pytest.mark.standin, pytest.mark.timeout(900)]


def command(*options: str) -> list[str]:
    """The check, answered yes, with its report as JSON."""
    return [sys.executable, "-m", "workflow.account_check", "--project", PROJECT, "--yes", "--json", *options]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[StandIn]:
    """An account in which policies are enforced, and in which images learn nothing, quickly."""
    with StandIn(tmp_path / "state", images=IMAGES, wait_scale=WAIT_SCALE, options=("--iam",)) as stand_in:
        yield stand_in


def run(account: StandIn, *options: str) -> tuple[int, dict[str, Any], str]:
    """Its exit code, its report, and what it said besides."""
    done = subprocess.run(
        command(*options), cwd=ROOT, env=account.environment(), capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def nothing_is_left(account: StandIn) -> bool:
    """Whether the account is as it was."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    return (
        [one for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"] == []
        and account.client("s3").list_buckets()["Buckets"] == []
        and account.client("sqs").list_queues().get("QueueUrls", []) == []
        and account.client("dynamodb").list_tables()["TableNames"] == []
        and account.client("sagemaker").list_endpoints()["Endpoints"] == []
        and account.client("sagemaker").list_models()["Models"] == []
    )


# Minutes, and each of its claims is tried by itself where it is made: what ends it early is tried below, every time.
@pytest.mark.bench
def test_the_whole_check_passes_and_leaves_nothing(account: StandIn) -> None:
    """Every claim is proved on the stand-in, with policies enforced: what fails in an account is the account's."""
    code, report, said = run(account, "--thorough", "--email", "ada@example.com")
    failed = {one["name"]: one["reason"] for one in report["proofs"] if one["status"] != "proved"}
    assert failed == {}, said
    assert (code, report["passed"], report["left"]) == (0, True, [])
    shown = {one["name"]: one["evidence"] for one in report["proofs"]}
    assert "checked-production" in shown["release"]["endpoint"]
    assert "-latency is in ALARM" in shown["canary"]["alarm"]
    assert shown["kept canary"]["traffic"] == "CANARY"
    # The registry's event may put it back before the release looks.
    refused = shown["forgery"]["refused"]
    assert "nobody decided about version" in refused or "not Approved" in refused
    assert "together" in said, "what it costs is said before"
    assert nothing_is_left(account)


def test_a_claim_that_fails_is_told_and_all_is_removed(account: StandIn) -> None:
    """No model is as good as this gate wants: what needs the release is not reached, and it ends with 1."""
    code, report, _ = run(account, "--set", "minimum_map50=0.95")
    results = {one["name"]: one for one in report["proofs"]}
    assert (code, report["passed"], report["left"]) == (1, False, [])
    assert (results["deploy"]["status"], results["stop"]["status"]) == ("proved", "proved")
    assert results["build"]["status"] == "failed"
    assert "Gate.Rejected" in results["build"]["reason"]
    assert results["canary"]["status"] == "not reached"
    assert results["removal"]["status"] == "proved"
    assert nothing_is_left(account)


def test_an_interruption_removes_all_as_well(account: StandIn) -> None:
    """Ctrl-C while it trains, and once more while it removes."""
    process = subprocess.Popen(
        command(), cwd=ROOT, env=account.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stderr:
        if "Train" in line:
            process.send_signal(signal.SIGINT)
        if "removing what was made" in line:
            process.send_signal(signal.SIGINT)
            break
    report = json.loads(process.communicate(timeout=120)[0])
    assert (process.returncode, report["interrupted"], report["left"]) == (130, True, [])
    assert nothing_is_left(account)


def test_a_project_that_is_there_is_not_touched(account: StandIn) -> None:
    """Whatever is there of it: it would be removed in the end."""
    account.client("sqs").create_queue(QueueName=f"{PROJECT}-orders")
    done = subprocess.run(command(), cwd=ROOT, env=account.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is something of checked already" in done.stderr
    assert "nothing was started" in done.stderr


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Flow]:
    """A stack on a stand-in of its own, to be removed."""
    with deployed(tmp_path / "state") as flow:
        yield flow


def test_what_is_left_is_found_of_every_kind_and_of_no_other_project(alone: Flow) -> None:
    """Of a stack that has released everything is seen; once it is removed only what it did not know of is left."""
    alone.serving()
    cloud = AwsCloud()
    there = find_leftovers(cloud, "greenlight")
    kinds = {one.kind for one in LISTINGS} - {"API", "HTTP API"}
    assert {kind for kind in kinds if not any(one.startswith(f"{kind} ") for one in there)} == set()
    assert "stack greenlight" in there
    assert find_leftovers(cloud, "green") == []

    alone.stand_in.client("sns").create_topic(Name="greenlight-forgotten")
    alone.stand_in.client("sqs").create_queue(QueueName="anything", tags={"project": "greenlight"})
    alone.stand_in.client("sns").create_topic(Name="greenlighthouse")
    place = find_place(cloud)
    left = remove(cloud, "greenlight", Inbox(cloud, place, "greenlight"), lambda _: None, lambda _: None)
    named = [one for one in left if not one.startswith("tagged")]
    (tagged,) = (one for one in left if one.startswith("tagged"))
    assert [one.rpartition(":")[2] for one in named] == ["greenlight-forgotten"]
    assert tagged.endswith(":anything")
