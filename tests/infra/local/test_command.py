"""`python -m infra.local` as a person uses it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.infra.local.machines import Machines, eventually
from tests.stand_in import REPOSITORY, StandIn

pytestmark = pytest.mark.standin


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "infra.local", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_starts_in_the_background_and_is_stopped_by_its_state(tmp_path: Path) -> None:
    """--detach returns when it answers, `env` says how to reach it, --stop ends it, twice is no error."""
    state = str(tmp_path / "state")
    started = command("--state", state, "--port", "0", "--detach")
    try:
        assert started.returncode == 0, started.stderr
        assert command("--state", state, "--detach").stdout == started.stdout, "running already is as good"
        url = started.stdout.strip().removeprefix("AWS_ENDPOINT_URL=")
        with urllib.request.urlopen(f"{url}/_local/mail", timeout=10) as answer:
            assert answer.read() == b"[]"
        environment = (tmp_path / "state/env").read_text()
        assert f"export AWS_ENDPOINT_URL={url}\n" in environment
        assert "export AWS_ACCESS_KEY_ID=test\n" in environment
    finally:
        stopped = command("--state", state, "--stop")
    assert stopped.stdout == "stopped\n"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/_local/mail", timeout=10)
    again = command("--state", state, "--stop")
    assert again.returncode == 0
    assert "no stand-in is running" in again.stdout


def test_a_number_left_behind_is_never_stopped(tmp_path: Path) -> None:
    """After a crash the pid file may hold the number of another program: --stop leaves that one alone."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "infra.local"]) as innocent:
        (tmp_path / "pid").write_text(f"{innocent.pid}\n")
        done = command("--state", str(tmp_path), "--stop")
        alive = innocent.poll() is None
        innocent.kill()
    assert alive
    assert "no stand-in is running" in done.stdout


def test_ctrl_c_stops_it_in_order_while_a_function_runs(tmp_path: Path) -> None:
    """The terminal signals the whole group; the execution is suspended, not failed, and goes on later."""
    with StandIn(tmp_path) as stand_in:
        machines = Machines(stand_in)
        slow = machines.function("import time\ndef handler(event, context): time.sleep(15)")
        call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": slow}}
        catch = [{"ErrorEquals": ["Runtime.ExitError"], "Next": "Caught"}]
        states = {
            "Call": {**call, "Catch": catch, "End": True},
            "Caught": {"Type": "Wait", "Seconds": 999, "End": True},
        }
        execution = machines.start(machines.create(states))
        eventually(lambda: "cold start" in stand_in.log())
        os.killpg(stand_in.pid, signal.SIGINT)
        assert stand_in.stop() == 0
    with StandIn(tmp_path) as stand_in:
        assert "restarted" in Machines(stand_in).end(execution)["cause"]


def test_a_port_in_use_is_told_in_one_line(stand_in: StandIn, tmp_path: Path) -> None:
    """Exit code 2 and what to do about it."""
    refused = command("--state", str(tmp_path), "--port", str(stand_in.port))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"port {stand_in.port} " in refused.stderr
    assert "--port" in refused.stderr


def test_an_image_without_a_folder_is_refused(tmp_path: Path) -> None:
    """A mistyped folder is told before anything is started."""
    refused = command("--state", str(tmp_path), "--image", f"trainer={tmp_path / 'nowhere'}")
    assert refused.returncode == 2
    assert "nowhere" in refused.stderr


def test_help_names_every_option() -> None:
    """And it is quick, since nothing of the engine is loaded for it."""
    said = command("--help").stdout
    for option in ("--port", "--host", "--state", "--image", "--wait-scale", "--iam", "--detach", "--stop"):
        assert option in said
