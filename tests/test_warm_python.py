"""The Python that forks is to a program what the interpreter is, and gives way to it where it would not be."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.training, pytest.mark.skipif(sys.platform != "linux", reason="it is Linux's alone")]
IS_WARM = "import sys; print('torch' in sys.modules)"


def run(python: Path, *arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    """The program's end, with what it printed."""
    return subprocess.run([str(python), *arguments], capture_output=True, text=True, check=False, **given)


def test_a_program_is_run_with_its_arguments_folder_environment_and_input(
    training_python: Path, tmp_path: Path
) -> None:
    """And what it imports is there already."""
    (tmp_path / "program.py").write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.getcwd(), os.environ['GIVEN'], sys.stdin.read(), 'torch' in sys.modules, __name__)\n"
    )
    environment = {**os.environ, "GIVEN": "this"}
    told = run(training_python, "-m", "program", "a", cwd=tmp_path, env=environment, input="in")
    assert told.stdout == f"['a'] {tmp_path} this in True __main__\n", told.stderr


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("pass", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('why')", 1, "why\n"),
        ("raise ValueError('why')", 1, "ValueError: why\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
    ],
)
def test_a_program_ends_as_it_would(training_python: Path, code: str, status: int, told: str) -> None:
    """With its status, its last words, and by the signal that ended it."""
    ended = run(training_python, "-c", code)
    assert ended.returncode == status
    assert ended.stderr.endswith(told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_program(training_python: Path, number: signal.Signals) -> None:
    """Also the one that nobody can catch."""
    code = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    with subprocess.Popen(
        [str(training_python), "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        program = os.pidfd_open(int(process.stdout.readline()))
        process.send_signal(number)
        assert process.wait(20) == -number
    assert select.select([program], [], [], 20)[0], "it goes on"
    os.close(program)


def test_the_interpreter_itself_is_started_where_a_fork_would_be_something_else(training_python: Path) -> None:
    """Another number of threads is read when the libraries are loaded."""
    assert run(training_python, "-c", IS_WARM).stdout == "True\n"
    assert run(training_python, "-c", IS_WARM, env={**os.environ, "OMP_NUM_THREADS": "7"}).stdout == "False\n"
    assert run(training_python, "-I", "-c", IS_WARM).stdout == "False\n"
