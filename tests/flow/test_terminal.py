"""The command on a terminal, as a person sits before it: a run watched to its release, stopped, looked into."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.flow.driver import Flow
from tests.terminal import SIZES, Terminal
from workflow.commands.cli import run
from workflow.contract.approval_link import opaque_id_in

COMMAND = [sys.executable, "-m", "workflow.commands.cli"]


def typed(*words: str, size: tuple[int, int] = SIZES[0]) -> Terminal:
    """A command on a terminal."""
    return Terminal([*COMMAND, *words], *size)


def execution_of(flow: Flow, name: str) -> str:
    """The ARN of a build by its name."""
    return f"{flow.stack.build_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def test_a_run_is_watched_to_its_release_with_every_state_once(flow: Flow) -> None:
    """At 80 columns and 24 lines: the training's figures and its end, the question, the release; nothing twice."""
    with typed("start", "--set", f"dataset={flow.upload()}", "--name", "on-a-terminal", "--watch") as terminal:
        terminal.wait_for("greenlight approve on-a-terminal", 90)
        flow.answer(execution_of(flow, "on-a-terminal"), "approve")
        assert terminal.end(90) == 0
        shown = terminal.shown
    assert "3 epochs mAP50 0.900 box loss 0.333" in " ".join(shown.split())
    assert shown.endswith("succeeded")
    states = [line.split("✓ ")[1][:36].strip() for line in shown.splitlines() if "✓ " in line]
    assert len(set(states)) > 20
    assert [state for state in set(states) if states.count(state) > 1] == ["Plan the stage"], "of each of both stages"
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "✗" not in shown


def test_a_run_is_stopped_goes_on_and_is_looked_into(flow: Flow, capsys: Any) -> None:
    """By what is typed: stop asks, and no is an answer; redrive goes on; logs and report are of that run."""
    assert run(["start", "--set", f"dataset={flow.upload(behave='sleep')}", "--name", "steered"]) == 0
    execution = execution_of(flow, "steered")
    job = flow.training(execution)
    with typed("stop", "steered") as terminal:
        terminal.wait_for("Stop steered, and the job that it is in? [y/N]:")
        terminal.type("n\n")
        assert terminal.end() == 1
        assert "interrupted" not in terminal.shown
        assert terminal.shown.endswith("greenlight: steered goes on.")
    assert run(["stop", "--yes", "--why", "the wrong data"]) == 0
    flow.wait_until(lambda: job in flow.trainings(execution, StatusEquals="Stopped"), "the training still runs")
    assert flow.describe(execution)["cause"].endswith(": the wrong data")
    assert run(["stop", "steered"]) == 2
    flow.hurry(execution)
    assert run(["redrive", "steered"]) == 0
    assert run(["redrive", "steered"]) == 2
    capsys.readouterr()
    assert run(["logs", "steered", "train", "--follow"]) == 0
    assert "epoch=3 epochs=3" in capsys.readouterr().out
    flow.answer(execution, "reject")
    assert flow.end(execution).error == "Approval.Rejected"
    assert run(["redrive", "steered"]) == 2
    assert "greenlight start --like steered" in capsys.readouterr().err


def test_logs_and_report_of_a_run_are_read(flow: Flow, tmp_path: Path, capsys: Any) -> None:
    """Of a refused run as of any other; of one without a report that is said."""
    refused = flow.build(flow.upload(), decision="reject")
    assert refused.error == "Approval.Rejected"
    key = f"runs/{refused.arn.rpartition(':')[2]}/evaluation/report/index.html"
    page = tmp_path / "report.html"
    assert run(["report", "--to", str(page)]) == 0
    assert page.read_text() == flow.storage.get_object(Bucket=flow.stack.bucket, Key=key)["Body"].read().decode()
    assert run(["logs", "--json", refused.arn, "train"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines
    assert {"at", "stream", "message"} == set(lines[0])
    failed = flow.build(flow.upload(behave="fail"))
    assert failed.error == "Training.Failed"
    assert run(["logs"]) == 0
    assert "epoch=1 epochs=3" in capsys.readouterr().out
    assert run(["report"]) == 2
    assert "has left no report: failed at 'Train'" in capsys.readouterr().err


def test_runs_tell_of_roll_backs_and_why_nothing_was_done(flow: Flow, capsys: Any) -> None:
    """Builds, releases and roll-backs in one list; the same data again does nothing."""
    first = flow.build(flow.upload())
    second = flow.build(flow.upload(map50=0.95))
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    assert run(["rollback", "--yes"]) == 0
    idle = flow.end(flow.start({"dataset": second.output["plan"]["dataset"]["uri"]}))
    assert "Nothing to do" in idle.states
    capsys.readouterr()
    assert run(["runs", "--limit", "3", "--json"]) == 0
    newest, back, _ = json.loads(capsys.readouterr().out)
    same = f"run {second.arn.rpartition(':')[2]} built the same: version "
    assert newest["nothing_done"].startswith(same)
    assert (back["kind"], back["status"]) == ("roll-back", "SUCCEEDED")
    assert back["dataset"] == first.output["plan"]["dataset"]["name"]
    assert run(["report"]) == 2
    assert f"it had nothing to do, {same}" in capsys.readouterr().err


@pytest.mark.parametrize("size", SIZES)
def test_a_dataset_that_is_not_there_starts_nothing(flow: Flow, size: tuple[int, int]) -> None:
    """It is told before, on whichever terminal."""
    before = len(flow.machines.list_executions(stateMachineArn=flow.stack.build_machine_arn)["executions"])
    with typed("start", "--dataset", "nosuch", size=size) as terminal:
        assert terminal.end() == 2
        assert "there is no dataset 'nosuch', so nothing was started" in " ".join(terminal.shown.split())
    assert len(flow.machines.list_executions(stateMachineArn=flow.stack.build_machine_arn)["executions"]) == before


def test_a_short_address_leads_to_the_mailed_page(flow: Flow) -> None:
    """What a demonstration prints; anybody else's id leads nowhere."""
    execution = flow.begin(flow.upload())
    flow.wait_until(lambda: flow.request_mail(execution), "nobody is asked")
    mail = flow.request_mail(execution)
    assert mail is not None
    (link,) = (one for one in mail["links"] if "/a/" in one)
    short = f"{flow.stand_in.url}/_local/a/{opaque_id_in(link)}"
    with urllib.request.urlopen(short, timeout=20) as page:
        assert page.url == link
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{flow.stand_in.url}/_local/a/{'x' * 32}", timeout=20)
    flow.answer(execution, "reject")
    flow.end(execution)
