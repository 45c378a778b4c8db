"""What the demonstration decides before it starts anything. The whole of it runs in tests/flow."""

from __future__ import annotations

import io
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.datasets.test_check import roboflow
from workflow.contract.run_input import RunInput
from workflow.demo import settings
from workflow.demo.__main__ import stop_all
from workflow.demo.data import again, begin_dataset
from workflow.demo.options import EMAIL, Options, read_options
from workflow.demo.settings import put_back, remember_settings, set_loop, set_policy, set_sign_in
from workflow.demo.steps import Site, explain_failure, stop_run
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.runs.history import Outcome
from workflow.stack.outputs import Stack

ROOT = Path(__file__).parents[3]


def test_without_variables_the_sample_is_meant() -> None:
    """The Makefile passes every variable, empty where the person said nothing."""
    names = ("DATASET", "MODEL", "WEIGHTS", "APPROVE", "EPOCHS", "IMAGE_SIZE", "TASK", "FORMAT", "PORT", "STATE")
    options = read_options(dict.fromkeys(names, ""), terminal=True)
    assert options == Options(None, None, ask=True, port=4566, state=Path(".greenlight/local"), settings={})


def test_without_a_terminal_nobody_is_asked() -> None:
    """A pipe cannot answer."""
    assert not read_options({}, terminal=False).ask
    assert not read_options({"APPROVE": "auto"}, terminal=True).ask


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"APPROVE": "yes"}, "APPROVE=yes: must be ask or auto"),
        ({"APPROVE": "ask"}, "APPROVE=ask needs a terminal"),
        ({"PORT": "http"}, "PORT=http: must be a number"),
        ({"OIDC_ISSUER": "http://login.example.com"}, "OIDC_ISSUER=http://login.example.com: must be an address with"),
        ({"MODEL": "yolov11n"}, "did you mean yolo11n?"),
        ({"EPOCHS": "many"}, "epochs = 'many': must be a whole number"),
        ({"TASK": "walk"}, "task = 'walk': must be one of auto, detect"),
        ({"POLICY": "empty"}, "policy 'empty': must be drop, or kinds of findings such as wrong-task=repair"),
        ({"POLICY": "empty-box=mend"}, "policy.empty-box = 'mend': must be one of reject, drop"),
        ({"LOOP": "yes"}, "LOOP=yes: must be 1, or left out"),
        ({"LOOP": "1", "DATASET": "mine"}, "nobody knows that of DATASET=mine: leave one of them out"),
        ({"LOOP": "1", "SERVE": "batch"}, "answers at once, and not with SERVE=batch"),
        ({"IMAGE_SIZE": "100"}, "image_size = 100: must be a whole number from 32 to 1280 in steps of 32"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(environ: dict[str, str], said: str) -> None:
    """With what it may be."""
    with pytest.raises(UsageError) as caught:
        read_options(environ, terminal=False)
    assert said in str(caught.value)


def test_what_a_loop_has_set_goes_with_the_next_demonstration_and_what_a_person_has_set_stays() -> None:
    """By the stack's own data, which a loop alone makes the sample."""

    def stack(dataset: str) -> ScriptedCloud:
        defaults = json.dumps({"epochs": 30, "when_busy": "beside", "approval_hours": 5})
        given = {"Dataset": dataset, "Defaults": defaults, "CapturePercent": "10", "DataStarts": "settled"}
        described = {"StackStatus": "CREATE_COMPLETE", "Parameters": [parameter(*one) for one in given.items()]}
        return ScriptedCloud({"describe_stacks": {"Stacks": [described]}})

    looped, own = stack("s3://bucket/datasets/fasteners/"), stack("s3://bucket/datasets/mine/")
    assert set_loop(looped, loop=True) == {"CapturePercent": "100", "DataStarts": "none"}
    assert set_loop(looped, loop=False) == {"CapturePercent": "0", "DataStarts": "none", "Dataset": ""}
    assert set_policy(looped, {}) == {"approval_hours": 5}
    assert set_loop(own, loop=False) == {}
    assert set_policy(own, {}) == {"epochs": 30, "when_busy": "beside", "approval_hours": 5}


def stack_of(given: dict[str, str], *statuses: str) -> ScriptedCloud:
    """A stack with these parameters, in one status after the other."""
    described = [
        {"StackStatus": status, "Parameters": [parameter(*one) for one in given.items()]} for status in statuses
    ]
    return ScriptedCloud(
        {"describe_stacks": lambda _: {"Stacks": [described.pop(0) if len(described) > 1 else described[0]]}}
    )


def test_a_loop_that_ends_early_gives_the_stack_back_what_a_person_had_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what nobody says where there was no stack, or where an earlier loop was the one that said it.

    A deployment that was interrupted is waited for; a stack that is as it was is left alone.
    """
    given: list[Any] = []
    monkeypatch.setattr(settings, "deploy", lambda project, *, cloud, parameters: given.append(parameters))
    monkeypatch.setattr(settings, "_LOOK_SECONDS", 0)
    own = {
        "Dataset": "s3://b/datasets/mine/",
        "Defaults": '{"epochs": 5}',
        "CapturePercent": "10",
        "DataStarts": "none",
    }
    before = remember_settings(stack_of(own, "UPDATE_COMPLETE"))
    looped = {**own, "CapturePercent": "100", "Dataset": "s3://b/datasets/fasteners/", "Defaults": '{"epochs": 30}'}
    put_back(stack_of(looped, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"), before)
    assert given == [own]
    put_back(stack_of(own, "UPDATE_COMPLETE"), before)
    assert given == [own], "nothing is left to put back"
    usual = {"CapturePercent": "0", "DataStarts": "none", "Dataset": "", "Defaults": "{}"}
    absent = ServiceError("ValidationError", "Stack greenlight does not exist")
    assert remember_settings(ScriptedCloud({"describe_stacks": absent})) == usual
    assert remember_settings(stack_of(looped, "UPDATE_COMPLETE")) == usual
    put_back(stack_of({}, "REVIEW_IN_PROGRESS"), usual)
    assert given == [own], "what was never made is not made now"


def test_settings_that_cannot_be_put_back_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way out goes on: what else was started is stopped all the same."""

    def fail(*_: Any, **__: Any) -> None:
        raise GreenlightError("no room")

    monkeypatch.setattr(settings, "deploy", fail)
    put_back(stack_of({"CapturePercent": "100"}, "CREATE_COMPLETE"), {"CapturePercent": "0"})
    assert "is not as it was before: no room" in capsys.readouterr().out


def test_with_an_issuer_the_stack_lets_approvers_sign_in_and_without_one_no_more() -> None:
    """One variable is enough; the client's secret is kept apart, in place of an earlier one."""
    issuer = "http://localhost:8080"
    alone = read_options({"OIDC_ISSUER": issuer}, terminal=False).sign_in
    told = {"OidcIssuer": issuer, "OidcClientId": "greenlight", "OidcClientSecretArn": "", "Approvers": EMAIL}
    assert set_sign_in(ScriptedCloud({}), alone) == told
    named = {"OIDC_CLIENT_ID": "page", "OIDC_CLIENT_SECRET": "hidden", "APPROVERS": "ada@example.com,grace"}
    exists = ServiceError("ResourceExistsException", "is there")
    cloud = ScriptedCloud({"create_secret": exists, "put_secret_value": {"ARN": "arn:kept"}})
    parameters = set_sign_in(cloud, read_options({"OIDC_ISSUER": issuer, **named}, terminal=False).sign_in)
    assert list(parameters.values()) == [issuer, "page", "arn:kept", "ada@example.com,grace"]
    assert set(set_sign_in(ScriptedCloud({}), read_options({}, terminal=False).sign_in).values()) == {""}


@pytest.mark.parametrize("dataset", [None, Path("photos")])
@pytest.mark.parametrize("weights", [None, Path("mine.pt")])
def test_settings_are_a_valid_input_and_yield_to_the_person(dataset: Path | None, weights: Path | None) -> None:
    """Whatever the data, the machine accepts the input, and EPOCHS wins."""
    options = Options(dataset, weights, ask=False, port=1, state=Path("x"), settings={"epochs": 3})
    settings = options.training()
    assert RunInput.parse(settings, {"dataset": "s3://bucket/any/"}).epochs == 3
    assert RunInput.parse({}, {"dataset": "s3://bucket/any/", **options.policy()})


@pytest.mark.parametrize("dataset", [None, Path("photos")])
def test_what_a_demonstration_demands_is_its_stacks(dataset: Path | None) -> None:
    """Its run asks nothing milder, so that it starts; its stack keeps what a person has set and no older policy."""
    options = Options(dataset, None, ask=False, port=1, state=Path("x"), settings={})
    before = {"epochs": 7, "compare": False, "minimum_top1": 0.05}
    described = {"StackStatus": "UPDATE_COMPLETE", "Parameters": [parameter("Defaults", json.dumps(before))]}
    cloud = ScriptedCloud({"describe_stacks": {"Stacks": [described]}})
    defaults = set_policy(cloud, options.policy())
    assert defaults == {"epochs": 7, **options.policy()}
    stack = {"dataset": "s3://bucket/any/", **defaults}
    assert RunInput.parse(options.training(), stack).loosened(stack) == ()
    dropping = read_options({"POLICY": "empty-box=drop"}, terminal=False)
    assert set_policy(cloud, dropping.policy())["policy"] == {"empty-box": "drop"}
    assert "policy" not in dropping.training()
    assert options.policy()["minimum_map50"] == (0.6 if dataset is None else 0.05)


def parameter(key: str, value: str) -> dict[str, str]:
    """A parameter of a stack, as CloudFormation describes it."""
    return {"ParameterKey": key, "ParameterValue": value}


def demo(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration in a folder of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "workflow.demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def broken(folder: Path) -> Path:
    """A dataset with one label outside its image."""
    roboflow(folder)
    for at, picture in enumerate(sorted(folder.rglob("*.jpg"))):
        Image.new("RGB", (40 + at, 30)).save(picture)
    (folder / "train" / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n0 0.9 0.5 0.4 0.2\n")
    return folder


@pytest.mark.standin
def test_broken_data_end_it_before_anything_starts(tmp_path: Path) -> None:
    """Nothing at the path, nothing in it, no labels, a broken label: told with file and line, no job, no process, and
    nothing is left of the run before.
    """
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "a.jpg").write_text("picture")
    broken(tmp_path / "slip")
    left = [
        tmp_path / ".greenlight" / "demo" / name
        for name in ("report/index.html", "predictions/a.jpg", "held-out/a.jpg", "data/old.html")
    ]
    for file in left:
        file.parent.mkdir(parents=True)
        file.write_text("of the run before")
    for name, said in (
        ("nowhere", "nowhere: there is no such folder."),
        ("empty", "empty holds no images"),
        ("bare", "bare holds 1 image and no labels."),
        ("slip", "slip/train/labels/a.txt:2: the box leaves the image: right 1.1"),
    ):
        done = demo(tmp_path, DATASET=name)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "nothing was started" in done.stderr
        assert ("make demo DATASET=slip POLICY=outside-image=repair" in done.stderr) == (name == "slip")
        assert not (tmp_path / ".greenlight" / "local").exists()
        assert json.loads((tmp_path / ".greenlight" / "demo" / "summary.json").read_text())["status"] == "FAILED"
        page = tmp_path / ".greenlight" / "demo" / "data" / "data.html"
        assert page.is_file() == (name == "slip")
    assert "all of it, with pictures: .greenlight/demo/data/data.html" in done.stderr
    assert [file for file in left if file.exists()] == []


@pytest.mark.standin
def test_weights_that_are_none_end_it_before_anything_starts(tmp_path: Path) -> None:
    """Pickles of anything else never reach a training."""
    (tmp_path / "mine.pt").write_text("hello")
    done = demo(tmp_path, WEIGHTS="mine.pt")
    assert (done.returncode, "pretrained weights are a .pt file" in done.stderr) == (2, True)


@pytest.mark.standin
def test_a_port_in_use_is_told_with_another_one_to_choose(tmp_path: Path) -> None:
    """By a program that is not ours: it is left alone."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = demo(tmp_path, PORT=str(port))
    assert done.returncode == 2
    assert f"port {port} is used by another program" in done.stderr
    assert f"PORT={port + 1}" in done.stderr


def test_the_way_past_a_refusal_is_all_that_was_typed() -> None:
    """Whoever pastes it trains as they meant to, on the port that was free."""
    typed = {
        "DATASET": "my photos",
        "EPOCHS": "2",
        "IMAGE_SIZE": "64",
        "TASK": "obb",
        "WEIGHTS": "m.pt",
        "MODEL": "yolo26n",
    }
    options = read_options({**typed, "PORT": "4988"}, terminal=False)
    said = again(options).format(policy="empty-box=drop")
    assert shlex.split(said)[:2] == ["make", "demo"]
    given = dict(one.split("=", 1) for one in shlex.split(said)[2:])
    assert given == {**typed, "PORT": "4988", "POLICY": "empty-box=drop"}
    assert read_options(given, terminal=False).settings == options.settings
    assert again(read_options({"DATASET": "a"}, terminal=False)) == "make demo DATASET=a POLICY={policy}"


def test_a_model_that_was_too_weak_comes_with_its_report_and_what_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What most people meet first with few epochs. Without a report, or after another failure, it says no more."""
    monkeypatch.chdir(tmp_path)
    options = read_options({"DATASET": "a", "EPOCHS": "40"}, terminal=False)
    closed = Outcome("FAILED", "Gate.Rejected", "mAP50 0.00 < 0.05", "Gate on metrics")
    stack = SimpleNamespace(bucket="bucket")
    cloud = ScriptedCloud({"get_object": {"Body": io.BytesIO(b"<html>")}})
    said = explain_failure(Site("", cloud, cast(Stack, stack)), "arn:x:run-1", closed, options)
    assert cloud.asked[0][1] == {"Bucket": "bucket", "Key": "runs/run-1/evaluation/report/index.html"}
    assert said.splitlines() == [
        "the run failed at 'Gate on metrics': Gate.Rejected: mAP50 0.00 < 0.05",
        "  report         .greenlight/demo/report/index.html",
        "  train longer   add EPOCHS=80 to what you typed",
    ]
    assert (tmp_path / ".greenlight/demo/report/index.html").read_bytes() == b"<html>"
    nothing = Site("", ScriptedCloud({"get_object": ServiceError("NoSuchKey", "none")}), cast(Stack, stack))
    failed = Outcome("FAILED", "Data.Rejected", "2 findings")
    assert explain_failure(nothing, "arn:x:run-1", failed, options) == "the run failed: Data.Rejected: 2 findings"


def test_what_was_started_is_stopped_the_last_first() -> None:
    """The run before the stand-in it runs on; and whatever one of them does, the others are stopped."""
    stopped: list[str] = []

    def fail() -> None:
        stopped.append("run")
        raise OSError("it does not answer")

    with pytest.raises(OSError, match="it does not answer"):
        stop_all([lambda: stopped.append("stand-in"), fail])
    assert stopped == ["run", "stand-in"]


def test_a_run_that_has_ended_needs_no_stop() -> None:
    """The stand-in refuses to stop it, or is gone as well."""
    for error in (ServiceError("ValidationException", "Execution is not running"), GreenlightError("nothing answers")):
        cloud = ScriptedCloud({"stop_execution": error})
        stop_run(cloud, "arn:run")
        assert cloud.asked == [("stop_execution", {"executionArn": "arn:run", "cause": "interrupted"})]


def test_a_sample_nobody_waits_for_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process ends with the demonstration."""
    monkeypatch.chdir(tmp_path)
    before = children()
    with begin_dataset(read_options({}, terminal=False)):
        assert children() > before
    assert children() == before


def children() -> set[str]:
    """The numbers of the processes that this one started and that are not over yet."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
