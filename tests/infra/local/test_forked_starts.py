"""A function is forked from a process that has imported boto3; nothing in it tells the fork from a start of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.gaps.forked_starts import Forked, Server, may_fork
from infra.local.runtimes import PROVIDED, find_provided, find_python, provide

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are started one by one elsewhere")

PYTHON = find_python("python3.12") or sys.executable
FACTS = """\
import json, os, random, sys, threading, time
import boto3
print(json.dumps({
    "argv": sys.argv, "name": __name__, "file": __file__, "folder": os.getcwd(), "environment": dict(os.environ),
    "path": sys.path, "flags": list(sys.flags), "version": sys.version, "zone": time.tzname,
    "threads": threading.active_count(), "boto3": boto3.__version__, "files": sorted(os.listdir("/proc/self/fd")),
    "encodings": [sys.stdin.encoding, sys.stdout.encoding, sys.stderr.errors], "default": boto3.DEFAULT_SESSION,
}), flush=True)
"""
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "TZ": "Asia/Tokyo",
    "AWS_REGION": "eu-west-1",
    "LC_ALL": "C.UTF-8",
    "WHAT": "ünïcödé",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The process that is forked from."""
    started = Server(PYTHON)
    yield started
    started.end()


def write(folder: Path, code: str) -> str:
    """A program in a folder."""
    path = folder / "worker.py"
    path.write_text(code)
    return str(path)


def begin(server: Server, folder: Path, code: str) -> Forked:
    """A fork that runs this code."""
    return server.start(write(folder, code), str(folder), ENVIRONMENT)


def test_it_finds_what_a_start_of_its_own_would_find(server: Server, tmp_path: Path) -> None:
    """The same arguments, folder, environment, search path, time zone, open files and encodings."""
    code = f"import sys\nsys.path.append({str(provide())!r})\n{FACTS}"
    forked = json.loads(begin(server, tmp_path, code).stdout.read())
    alone = subprocess.run(
        [PYTHON, "-I", "-S", write(tmp_path, code)],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert forked == json.loads(alone.stdout)
    assert forked["zone"][0] == "JST"


def test_two_forks_have_nothing_random_in_common(server: Server, tmp_path: Path) -> None:
    """What was drawn before a fork would be drawn again in each."""
    code = "import random, uuid\nprint(random.random(), uuid.uuid4())\n"
    first, second = (begin(server, tmp_path, code).stdout.read().split() for _ in range(2))
    assert not {*first} & {*second}


def test_clients_are_made_and_asked_as_usual(server: Server, tmp_path: Path) -> None:
    """Two sessions of one process, of a service whose model was read before the fork, and of one that was not."""
    code = (
        "import boto3\nfor service in ('sagemaker', 'sagemaker', 'sqs'):\n"
        "    made = boto3.session.Session(region_name='eu-west-1').client(service)\n"
        "    print(made.meta.region_name, made.meta.service_model.service_name, hasattr(made, 'list_tags'))\n"
    )
    said = begin(server, tmp_path, code).stdout.read().splitlines()
    assert said == ["eu-west-1 sagemaker True"] * 2 + ["eu-west-1 sqs False"]


def test_it_reads_what_it_is_sent_and_fails_aloud(server: Server, tmp_path: Path) -> None:
    """Input, output and errors are its caller's own."""
    forked = begin(
        server, tmp_path, "import sys\nprint(sys.stdin.readline().upper(), flush=True)\nraise OSError('gone')"
    )
    forked.stdin.write("hello\n")
    assert forked.stdout.readline() == "HELLO\n"
    assert forked.stderr.read().endswith("OSError: gone\n")
    assert forked.wait(10) == 0


def test_it_runs_until_it_ends_or_is_ended(server: Server, tmp_path: Path) -> None:
    """Nobody waits longer than asked, and a second signal meets nobody else."""
    forked = begin(server, tmp_path, "import time\ntime.sleep(600)")
    assert forked.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        forked.wait(0.05)
    forked.terminate()
    assert forked.wait(10) == 0
    forked.kill()
    assert forked.poll() == 0


def test_none_is_forked_any_more_once_its_server_is_gone(tmp_path: Path) -> None:
    """Whoever asks is told at once; a fork goes on."""
    server = Server(PYTHON)
    forked = begin(server, tmp_path, "input()\nprint('still here', flush=True)")
    server.end()
    with pytest.raises(OSError, match=r"."):
        begin(server, tmp_path, "print()")
    forked.stdin.write("\n")
    assert forked.stdout.readline() == "still here\n"


def test_a_start_is_quicker_than_one_alone(server: Server, tmp_path: Path) -> None:
    """By more than half, of one that makes a client."""
    made = "import boto3\nboto3.session.Session(region_name='eu-west-1').client('s3')\n"
    code = f"import sys\nsys.path.append({str(provide())!r})\n{made}"

    def seconds(start: Any) -> float:
        began = time.monotonic()
        start()
        return time.monotonic() - began

    begin(server, tmp_path, code).wait(60)
    alone = [PYTHON, "-I", "-S", write(tmp_path, code)]
    forks = min(seconds(lambda: begin(server, tmp_path, code).wait(60)) for _ in range(3))
    starts = min(seconds(lambda: subprocess.run(alone, env=ENVIRONMENT, check=True)) for _ in range(3))
    assert forks < 0.5 * starts


@pytest.mark.parametrize("name", PROVIDED)
def test_a_zip_with_a_package_of_its_own_is_not_forked(name: str, tmp_path: Path) -> None:
    """It would find the runtime's; the runtime's own version of it makes no difference."""
    words = ["python3.12", "worker.py"]
    assert may_fork(words, tmp_path, {})
    (place,) = (one for one in find_provided() if one.name.removesuffix(".py") == name)
    module = tmp_path / place.name / "__init__.py" if place.is_dir() else tmp_path / place.name
    module.parent.mkdir(exist_ok=True)
    module.write_bytes((place / "__init__.py" if place.is_dir() else place).read_bytes())
    assert may_fork(words, tmp_path, {})
    module.write_text("# another version\n")
    assert not may_fork(words, tmp_path, {})


def test_neither_is_one_with_layers_or_of_another_language(tmp_path: Path) -> None:
    """What a layer brings is not looked into."""
    assert not may_fork(["python3.12", "worker.py"], tmp_path, {"_LAMBDA_LAYERS_DIRS": "/opt"})
    assert not may_fork(["node", "worker.js"], tmp_path, {})
