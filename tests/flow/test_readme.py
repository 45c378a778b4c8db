"""The commands of the documents, run on the stand-in as they are written.

``tests/test_documents.py`` holds that every other command is run there or says why not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.documents import API, EVERYDAY, STAND_IN, commands
from tests.flow.driver import Flow
from workflow.demo.sample import make_sample
from workflow.stack.deploy import deploy

COMMANDS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
"""Where the shell finds ``greenlight``."""


@pytest.mark.standin
def test_the_commands_run_as_written(flow: Flow, tmp_path: Path) -> None:
    """Every line, in its order, on the stand-in; ``watch`` in a terminal of its own."""
    flow.serving()
    folder = tmp_path / "path/to/folder"
    make_sample(folder, train=4, validation=2, test=2)
    shutil.copy(next(folder.rglob("*.jpg")), tmp_path / "photo.jpg")
    environment = flow.stand_in.environment() | {"PATH": COMMANDS}
    everyday = commands(EVERYDAY)
    assert len(everyday) >= 10
    watching = None
    for command in everyday:
        words = ["bash", "-ec", command]
        if command == "greenlight watch":
            watching = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
            continue
        until = time.monotonic() + 60
        while True:
            done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            # The request comes when the run has got that far; a person would wait for the mail.
            if done.returncode == 0 or "approv" not in command or time.monotonic() > until:
                break
            time.sleep(0.5)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if command.startswith("greenlight approve") and watching is not None:
            shown, _ = watching.communicate(timeout=60)
            assert watching.returncode == 0, shown
    assert list((tmp_path / "seen").glob("*.jpg"))


@pytest.mark.standin
@pytest.mark.skipif(
    not (shutil.which("aws") and shutil.which("curl")),
    reason="awscli or curl is not installed; awscli pins another botocore than ours",
)
def test_the_api_is_asked_as_written(flow: Flow, tmp_path: Path) -> None:
    """Both ways in, as one script: boxes and a picture for the key, a word on them, boxes for the signature."""
    digest = flow.serving()
    picture = b"\xff\xd8\xff\x00\x80 a picture"
    (tmp_path / "photo.jpg").write_bytes(picture)
    environment = flow.stand_in.environment() | {"PATH": COMMANDS}
    words = ["bash", "-euc", "\n".join(commands(API))]
    try:
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(f'"model_digest": "{digest}"') == 3, done.stdout
        assert (tmp_path / "seen.jpg").read_bytes() == picture
    finally:
        deploy("greenlight", parameters={"PredictionApi": "none"})


@pytest.mark.standin
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_stand_in_starts_and_stops_as_written(tmp_path: Path) -> None:
    """It is reached by what its file says, is started once, and its mailbox is empty; on a port that is free."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "\n".join(commands(STAND_IN)).replace("--detach", "--detach --port 0")
    environment = os.environ | {"PATH": COMMANDS}
    try:
        done = subprocess.run(
            ["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        *started, ended = done.stdout.splitlines()
        # curl ends no line.
        assert ended == "[]stopped"
        assert len(set(started)) == 1
        assert started[0].startswith("AWS_ENDPOINT_URL=http://")
    finally:
        state = tmp_path / ".greenlight/local"
        subprocess.run([sys.executable, "-m", "infra.local", "--state", str(state), "--stop"], check=True)
