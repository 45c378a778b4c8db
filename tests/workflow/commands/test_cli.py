"""The command itself: quick help, JSON that can be piped, readable errors, exit codes."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.runs.test_releases import released
from workflow.commands.cli import COMMANDS, load, run
from workflow.contract.failures import Failure
from workflow.errors import GreenlightError, ServiceError

ROOT = Path(__file__).parents[3]
OUTPUTS = (
    *(
        "Bucket",
        "Table",
        "TopicArn",
        "BuildMachineArn",
        "ReleaseMachineArn",
        "PackageGroup",
        "ApprovalUrl",
        "DecideUrl",
    ),
    *("StagingEndpoint", "ProductionEndpoint", "TrainingRepository", "ServingRepository"),
)
STACK: Mapping[str, Answer] = {
    "describe_stacks": {
        "Stacks": [
            {
                "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/greenlight/1",
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [{"OutputKey": name, "OutputValue": name.lower()} for name in OUTPUTS],
            }
        ]
    },
    # An account whose quotas nobody may see, and no production yet.
    "list_service_quotas": ServiceError("AccessDeniedException", "not authorized"),
    "describe_endpoint": ServiceError("ValidationException", "no such endpoint"),
    "list_objects_v2": {"Contents": [{"Key": "a"}]},
}
LISTED = {"executionArn": "arn:x", "startDate": datetime(2026, 11, 21, tzinfo=UTC)}


def called(*arguments: str, **answers: Answer) -> tuple[int, ScriptedCloud]:
    """Run a command on a deployed stack; give its exit code and the cloud it called."""
    cloud = ScriptedCloud({**STACK, **answers})
    return run(arguments, cloud), cloud


def test_every_command_people_know_is_there() -> None:
    """The names are fixed."""
    known = (
        "local deploy doctor upload datasets start watch stop redrive runs logs report compare approvals approve "
        "reject releases rollback adopt predict track image destroy"
    )
    assert {*known.split(), "console"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, and a word for every option and argument."""
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: greenlight {name}")
    command = load(name)
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_list_of_commands_says_each_in_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal of 80 columns none is cut short."""
    assert run(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "local"])
def test_every_command_can_print_json(name: str) -> None:
    """The stand-in prints one line by itself; everything else has the option."""
    command = load(name)
    for one in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert any("--json" in option.opts for option in one.params)


def test_help_loads_nothing_slow() -> None:
    """boto3 and its like cost a second; help must not."""
    slow = "{'boto3', 'botocore', 'rich', 'numpy', 'PIL', 'yaml', 'sagemaker', 'stepfunctions'}"
    code = f"import sys, workflow.commands.cli as c; c.run(['--help']); sys.exit(str({slow} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_help_answers_within_half_a_second() -> None:
    """Of the processor's time, the best of three: a busy machine does not decide."""
    times = []
    for _ in range(3):
        began = processor_seconds()
        subprocess.run(
            [sys.executable, "-m", "workflow.commands.cli", "--help"], cwd=ROOT, capture_output=True, check=True
        )
        times.append(processor_seconds() - began)
    assert 0 < min(times) < 0.5


def processor_seconds() -> float:
    """What the processor has spent so far on the processes that this one started and waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def test_json_goes_to_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A program can read everything that is printed there."""
    code, _ = called(
        "start", "--json", "--set", "epochs=3", "--dataset", "bolts", start_execution={"executionArn": "a:b"}
    )
    assert code == 0
    assert json.loads(capsys.readouterr().out) == {"run": "b", "execution": "a:b"}


def test_start_sends_what_was_set(capsys: pytest.CaptureFixture[str]) -> None:
    """A dataset's name is an address in the project's bucket."""
    _, cloud = called(
        "start", "--dataset", "bolts", "--set", "epochs=3", "--force", start_execution={"executionArn": "a:b"}
    )
    sent = json.loads(cloud.asked[-1][1]["input"])
    assert sent.pop("started_by")
    assert sent == {"dataset": "s3://bucket/datasets/bolts/", "epochs": 3, "force": True}


@pytest.mark.parametrize(("user", "named"), [("ada", "ada"), ("ada\x1b[2J", "somebody with an unusual user name")])
def test_a_run_is_started_by_a_name_that_it_takes(user: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment calls the user: the run would be refused only once it is on its way."""
    monkeypatch.setenv("LOGNAME", user)
    _, cloud = called("start", start_execution={"executionArn": "a:b"})
    assert json.loads(cloud.asked[-1][1]["input"])["started_by"] == named


def test_runs_are_a_table_for_people_and_a_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The same runs either way."""
    answers: dict[str, Answer] = {
        "list_executions": {"executions": [LISTED]},
        "describe_execution": {
            "name": "run-1",
            "status": "FAILED",
            "startDate": datetime(2026, 11, 21, tzinfo=UTC),
            "stopDate": datetime(2026, 11, 21, 0, 1, 14, tzinfo=UTC),
            "error": Failure.GATE_REJECTED,
            "cause": "mAP50 of washer 0.410 < 0.60",
        },
        "list_processing_jobs": {"ProcessingJobSummaries": []},
        "list_training_jobs": {"TrainingJobSummaries": [{"TrainingJobName": "greenlight-run-1-train-0-0"}]},
        "describe_training_job": {
            "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            "BillableTimeInSeconds": 1800,
        },
    }
    assert called("runs", **answers)[0] == 0
    shown = capsys.readouterr().out
    assert "run-1  build  failed  2026-11-21 00:00  1 min 14 s" in shown
    assert "  $0.70  " in shown
    assert "about: list prices of 2026" in shown
    assert called("runs", "--json", **answers)[0] == 0
    document = json.loads(capsys.readouterr().out)[0]
    assert (document["run"], document["error"], document["seconds"]) == ("run-1", Failure.GATE_REJECTED, 74)
    assert document["dollars"] == pytest.approx(0.704)


def test_runs_are_listed_without_their_cost_for_whoever_may_not_see_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader of Step Functions alone."""
    answers: dict[str, Answer] = {
        "list_executions": {"executions": [LISTED]},
        "describe_execution": {"name": "run-1", "status": "RUNNING", "startDate": datetime(2026, 11, 21, tzinfo=UTC)},
        "list_processing_jobs": ServiceError("AccessDeniedException", "not yours"),
    }
    assert called("runs", **answers)[0] == 0
    shown = capsys.readouterr().out
    assert "run-1  build  running  2026-11-21 00:00" in shown
    assert "list prices" not in shown


def test_no_answer_of_a_service_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """As a table, as JSON and as an error: what is not seen is gone, or written as its escape."""
    hostile = "run\x1b[2J\x9b\u202e\u2028\u200b"
    answers: dict[str, Answer] = {
        "list_executions": {"executions": [LISTED]},
        "describe_execution": {
            "name": hostile,
            "status": "FAILED",
            "startDate": datetime(2026, 11, 21, tzinfo=UTC),
            "stopDate": datetime(2026, 11, 21, tzinfo=UTC),
            "cause": hostile,
        },
        "list_processing_jobs": {"ProcessingJobSummaries": []},
        "list_training_jobs": {"TrainingJobSummaries": []},
    }
    called("runs", **answers)
    called("runs", describe_stacks=ServiceError("AccessDenied", hostile))
    said = capsys.readouterr()
    assert (said.out + said.err).replace("\n", "").isprintable()
    assert "run [2J" in said.out
    called("runs", "--json", **answers)
    said = capsys.readouterr()
    assert said.out.replace("\n", "").isprintable()
    assert json.loads(said.out)[0]["run"] == hostile


def test_a_mistake_of_the_person_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    """Told on standard error, without a traceback."""
    assert called("start", "--set", "epoch=3")[0] == 2
    assert called("start", "--nonsense")[0] == 2
    assert called("nonsense")[0] == 2
    assert called("upload", "/nowhere")[0] == 2
    assert called("upload", "/nowhere", "--set", "epochs=3")[0] == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "greenlight: epoch: unknown key" in said.err
    assert "greenlight: /nowhere: there is no such folder." in said.err
    assert "Traceback" not in said.err


def test_a_failure_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A service that refuses, and one that cannot be reached."""
    assert called("runs", describe_stacks=ServiceError("AccessDenied", "not yours"))[0] == 1
    assert called("runs", describe_stacks=GreenlightError("nothing answers"))[0] == 1
    assert capsys.readouterr().err == "greenlight: not yours\ngreenlight: nothing answers\n"


def test_an_interruption_exits_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    """As shells expect of Ctrl-C, and quietly."""

    def interrupted(_: object) -> dict[str, object]:
        raise KeyboardInterrupt

    assert called("runs", list_executions=interrupted)[0] == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [("ExecutionSucceeded", 0), ("ExecutionFailed", 1)])
def test_watch_exits_as_the_run_ended(status: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A script can wait for a run and go on only when it went well."""
    event = {"id": 1, "type": status, "timestamp": datetime(2026, 11, 21, tzinfo=UTC), "xEventDetails": {"error": "E"}}
    answers: dict[str, Answer] = {"get_execution_history": {"events": [event]}}
    assert called("watch", "arn:aws:states:us-east-1:0:execution:greenlight-build:r", "--json", **answers)[0] == code
    said = capsys.readouterr()
    assert json.loads(said.out)["status"] == status.removeprefix("Execution").upper()
    assert "Build greenlight-build · r" in said.err


@pytest.mark.parametrize(("typed", "code"), [("greenlight", 1), ("greenligth", 2), ("y", 2)])
def test_a_stack_is_deleted_by_its_name(typed: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever types it knows which stack is meant; a y that comes by habit deletes nothing."""
    answers = io.StringIO(f"{typed}\n")
    monkeypatch.setattr(answers, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", answers)
    ended, cloud = called("destroy", get_caller_identity=GreenlightError("asked AWS"))
    assert ended == code
    assert [name for name, _ in cloud.asked] == ["get_caller_identity"] * (code == 1)


def test_a_list_of_releases_says_who_approved_each(capsys: pytest.CaptureFixture[str]) -> None:
    """And by which door; of one from before decisions were signed nobody can tell."""
    old = {key: value for key, value in released(1, 9).items() if key != "approval"}
    new = {**released(2, 10), "skipped_question": {"BOOL": True}}
    running = {"executions": [{"executionArn": "arn:x"}]}
    assert called("releases", scan={"Items": [new, old]}, list_executions=running)[0] == 0
    head, live, before, skipped = capsys.readouterr().out.splitlines()
    assert skipped == "version 2: the question before production was skipped by ana"
    assert "APPROVED BY" in head
    assert "Ada (link)" in live
    assert "unknown" in before


def test_a_yes_among_others_is_told_as_counted_and_not_as_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody takes it for the last one needed."""
    waiting = {"id": {"S": "approval#a"}, "status": {"S": "pending"}, "expires_epoch": {"N": "9999999999"}}
    waiting |= {"run": {"S": "run-1"}, "package_version": {"N": "4"}}
    told = {"status": "pending", "tally": "1 of 2 approved, by ada (command)"}
    answers: dict[str, Answer] = {"scan": {"Items": [waiting]}, "post_signed": {"status": 202, "told": told}}
    assert called("approve", **answers)[0] == 0
    assert (
        capsys.readouterr().out
        == "counted for version 4 of run-1: 1 of 2 approved, by ada (command); it goes on waiting\n"
    )


ADOPTED: Mapping[str, Answer] = {
    "scan": {"Items": [released(1, 9)]},
    "post_signed": {"status": 200, "told": {"decision": "approved", "by": "arn:aws:iam::1:user/ada"}},
}


def test_a_version_is_adopted_with_a_reason_and_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """The order goes to the stack's signed address."""
    code, cloud = called("adopt", "1", "--reason", "old", "--yes", **ADOPTED)
    assert code == 0
    order = {"url": "decideurl", "body": {"action": "adopt", "version": 1, "reason": "old"}}
    assert cloud.asked[-1] == ("post_signed", order)
    assert capsys.readouterr().out == "adopted: version 1, as arn:aws:iam::1:user/ada.\n"


@pytest.mark.parametrize("words", [("1", "--yes"), ("2", "--reason", "old", "--yes"), ("1", "--reason", "old"), ("0",)])
def test_nothing_is_adopted_without_a_reason_a_release_or_a_yes(words: tuple[str, ...]) -> None:
    """Each of them is asked for."""
    code, cloud = called("adopt", *words, **ADOPTED)
    assert code != 0
    assert not [asked for asked, _ in cloud.asked if asked == "post_signed"]


def test_a_version_that_was_never_released_is_adopted_where_that_is_said() -> None:
    """It was approved, and is still to be released."""
    assert called("adopt", "2", "--reason", "old", "--yes", "--unreleased", **ADOPTED)[0] == 0


@pytest.mark.parametrize("command", ["destroy", "rollback"])
def test_nothing_is_undone_without_a_yes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody can be asked, --yes must be said; nothing is deleted or started."""
    code, cloud = called(command, scan={"Items": [released(1, 1), released(2, 2)]})
    assert code == 2
    assert "repeat with --yes" in capsys.readouterr().err
    assert {name for name, _ in cloud.asked} <= {"describe_stacks", "scan"}
