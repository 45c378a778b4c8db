"""Processes end when they are told to, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from infra.local.sagemaker.processes import Command, Outcome, Process, Processes, run_to_end
from tests.infra.local.sagemaker.requests import eventually
from tests.process_ids import alive
from tests.stand_in import REPOSITORY

# Starts a child that ignores SIGTERM, writes both process ids, and then does what its second argument says.
PARENT = """
import os, pathlib, signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", deaf])
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
print("ready", flush=True)
time.sleep(60)
"""


def command(code: str, folder: Path, *arguments: str, afterwards: list[str] | None = None) -> Command:
    """A Python program as a command."""
    words = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return Command(words, {"PATH": os.environ["PATH"]}, folder, afterwards or [])


def family(folder: Path, manner: str) -> tuple[Process, list[int]]:
    """A running parent with its child, and their process ids."""
    ready = threading.Event()
    process = Process(command(PARENT, folder, str(folder / "pids"), manner), lambda line: ready.set())
    assert ready.wait(20)
    return process, [int(pid) for pid in (folder / "pids").read_text().split()]


@pytest.mark.parametrize(
    ("code", "exit_code"), [("print('hello')", 0), ("exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_command_s_own(tmp_path: Path, code: str, exit_code: int) -> None:
    """A signal shows as 128 plus its number, as in a container."""
    assert Process(command(code, tmp_path), lambda line: None).wait(20) == exit_code


def test_every_line_of_both_streams_arrives_in_order(tmp_path: Path) -> None:
    """Also the last one without a line feed, and bytes that are no UTF-8."""
    lines: list[str] = []
    code = r"""
        import sys
        print("one", flush=True); print("two", file=sys.stderr, flush=True); sys.stdout.buffer.write(b"caf\xe9")
    """
    Process(command(code, tmp_path), lines.append).wait(20)
    assert lines == ["one", "two", "caf\ufffd"]


def test_the_environment_is_exactly_the_given_one(tmp_path: Path) -> None:
    """Nothing of this process's environment leaks into a job."""
    lines: list[str] = []
    Process(command("import os; print(sorted(os.environ))", tmp_path), lines.append).wait(20)
    assert set(eval(lines[0])) <= {"PATH", "LC_CTYPE"}  # noqa: S307 - the program above printed it


def test_a_polite_command_ends_at_its_time_limit(tmp_path: Path) -> None:
    """SIGTERM is enough, and its children go with it."""
    process, pids = family(tmp_path, "polite")
    outcome = run_to_end(process, threading.Event(), limit_seconds=0.1, grace_seconds=20)
    assert outcome == Outcome(128 + signal.SIGTERM, "time limit")
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_a_stubborn_command_is_killed_after_the_grace_period(tmp_path: Path) -> None:
    """With everything it started."""
    process, pids = family(tmp_path, "stubborn")
    stop = threading.Event()
    stop.set()
    started = time.monotonic()
    outcome = run_to_end(process, stop, limit_seconds=60, grace_seconds=0.5)
    assert outcome == Outcome(137, "request")
    assert 0.4 < time.monotonic() - started < 10
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves the starter no time to tidy up, and still no process of it is left."""
    starter = f"""
        import threading
        from pathlib import Path
        from tests.infra.local.sagemaker.test_processes import family
        process, pids = family(Path({str(tmp_path)!r}), "stubborn")
        print("started", flush=True)
        threading.Event().wait()
    """
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(starter)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(alive(pid) for pid in pids)
    running.kill()
    running.wait()
    running.stdout.close()
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_a_guard_that_is_killed_takes_its_command_along(tmp_path: Path) -> None:
    """Not even the process in between can be lost without an end."""
    process, pids = family(tmp_path, "stubborn")
    guard = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(guard, signal.SIGKILL)
    eventually(lambda: not alive(pids[0]))
    os.kill(pids[1], signal.SIGKILL)
    process.wait(20)


def test_the_command_afterwards_runs_after_any_end(tmp_path: Path) -> None:
    """A container is removed even when its client was killed."""
    mark = tmp_path / "mark"
    after = [sys.executable, "-c", f"import pathlib; pathlib.Path({str(mark)!r}).touch()"]
    process = Process(command("import time; time.sleep(60)", tmp_path, afterwards=after), lambda line: None)
    process.kill()
    process.wait(20)
    assert mark.exists()


def test_a_closed_collection_ends_all_and_starts_nothing(tmp_path: Path) -> None:
    """What runs when the stand-in ends is ended with it."""
    processes = Processes()
    process = processes.start(command("import time; time.sleep(60)", tmp_path), lambda line: None)
    processes.close()
    assert process.wait(0) == 137
    with pytest.raises(RuntimeError):
        processes.start(command("", tmp_path), lambda line: None)
