"""What a function's own code adds to a cold start: its import beside a bare handler's that makes the same clients.

Both lie unpacked as Lambda lays a zip out: what the zip holds is compiled anew by each process, what AWS's runtime
brings is not. The bare handler holds the zip's dependencies and nothing of ours.
"""

from __future__ import annotations

import json
import resource
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra.local.runtimes import find_provided, find_python
from tests.workflow.stack.test_package import ENVIRONMENT
from workflow.stack import package

pytestmark = pytest.mark.bench
ROUNDS = 5

_START = "import json, sys; sys.dont_write_bytecode = True; sys.path[:0] = json.loads(sys.argv[1])\n"
_RECORD = """
import boto3
made, client, resource = [], boto3.client, boto3.resource
boto3.client = lambda name, **more: made.append(f"boto3.client({name!r})") or client(name, **more)
boto3.resource = lambda name, **more: made.append(f"boto3.resource({name!r}).Table('table')") or resource(name, **more)
"""
_BARE = """
import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
Logger(), Tracer(), Metrics()
"""


def run(python: str, folder: Path, code: str) -> tuple[float, str]:
    """Processor seconds of a process that runs this code beside the task and the runtime, and what it printed."""
    paths = json.dumps([str(folder / "task"), str(folder / "runtime")])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [python, "-I", "-S", "-c", _START + code, paths], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def test_a_function_starts_nearly_as_soon_as_a_bare_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each function beside a bare one, one after the other; of each the quickest of five starts."""
    python = find_python(f"python{package.RUNTIME}")
    assert python is not None, f"this machine has no Python {package.RUNTIME}, which functions run on"
    rows = []
    for name, archive in package.pack()[0].items():
        folder = tmp_path / name
        (folder / "runtime").mkdir(parents=True)
        with zipfile.ZipFile(archive.path) as packed:
            packed.extractall(folder / "task")
        for place in find_provided():
            (folder / "runtime" / place.name).symlink_to(place)
        own = f"import lambdas.{name}.handler\n"
        clients = run(python, folder, _RECORD + own + "print('; '.join(made))\n")[1]
        ours, bare = zip(
            *((run(python, folder, own)[0], run(python, folder, _BARE + clients)[0]) for _ in range(ROUNDS)),
            strict=True,
        )
        rows.append((min(ours) / min(bare), name, min(ours)))
    with capsys.disabled():
        print("\n| function | its cold import | ratio to a bare one |\n|---|---|---|")
        for ratio, name, seconds in sorted(rows, reverse=True):
            print(f"| {name} | {seconds:.2f} s | {ratio:.2f} |")
    assert max(rows)[0] < 1.5
