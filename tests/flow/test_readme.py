"""The README: its commands run as written, and its tables are complete."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flow.driver import Flow
from tests.infra.template import load
from workflow.contract.dataset_report import FINDINGS
from workflow.contract.run_input import RULES
from workflow.demo.sample import make_sample
from workflow.stack.deploy import deploy

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh([^\n]*)\n(.*?)```", TEXT, re.DOTALL)


def lines(kind: str) -> list[str]:
    """The commands of the blocks of one kind, without their comments."""
    text = "\n".join(block for name, block in BLOCKS if name.strip() == kind)
    return [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]


def definitions() -> list[dict[str, object]]:
    """Both machines."""
    return [
        json.loads((ROOT / "workflow" / "machines" / f"{name}.asl.json").read_text()) for name in ("build", "release")
    ]


@pytest.mark.flow
def test_the_commands_run_as_written(flow: Flow, tmp_path: Path) -> None:
    """Every ``greenlight`` line, in its order, on the stand-in; ``watch`` in a terminal of its own."""
    flow.serving()
    folder = tmp_path / "path/to/folder"
    make_sample(folder, train=4, validation=2, test=2)
    shutil.copy(next(folder.rglob("*.jpg")), tmp_path / "photo.jpg")
    environment = flow.stand_in.environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    commands = [line for line in lines("") if line.startswith("greenlight")]
    assert len(commands) >= 10
    watching = None
    for command in commands:
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


@pytest.mark.flow
@pytest.mark.skipif(
    not (shutil.which("aws") and shutil.which("curl")),
    reason="awscli or curl is not installed; awscli pins another botocore than ours",
)
def test_the_api_is_asked_as_written(flow: Flow, tmp_path: Path) -> None:
    """Both ways in, as one script: boxes for the key, the picture as a picture, boxes for the signature."""
    digest = flow.serving()
    picture = b"\xff\xd8\xff\x00\x80 a picture"
    (tmp_path / "photo.jpg").write_bytes(picture)
    environment = flow.stand_in.environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    words = ["bash", "-euc", "\n".join(lines("api"))]
    try:
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(f'"model_digest": "{digest}"') == 2, done.stdout
        assert (tmp_path / "seen.jpg").read_bytes() == picture
    finally:
        deploy("greenlight", parameters={"PredictionApi": "none"})


def test_every_parameter_it_names_exists() -> None:
    """A parameter that was renamed is found here."""
    named = set(re.findall(r"--parameter\s+(\w+)=|`(PredictionApi\w*)`", TEXT))
    assert {one or other for one, other in named} <= set(load()["Parameters"])
    assert len(named) >= 4


def test_every_make_target_it_names_exists() -> None:
    """A target that was renamed is found here, not by a newcomer."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?= |`|\n)", "\n".join(text for _, text in BLOCKS))) <= targets
    assert {"demo", "test", "check", "golden", "local", "images", "deploy", "destroy", "bench", "help"} <= targets


def test_every_key_of_the_input_is_in_its_table() -> None:
    """The table is the reference of an execution's input."""
    table = TEXT.partition("\n## Use it\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z0-9_]+)` \|", table, re.MULTILINE)) == set(RULES)


def test_every_kind_of_finding_is_in_its_table() -> None:
    """A policy is chosen by the table: the kind, what is done about it unless told otherwise, what else may be."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| ([a-z, –]+) \|", TEXT, re.MULTILINE)
    others = {kind: {default, *others.split(", ")} - {"–"} for kind, default, others in rows}
    assert others == {kind: set(found.allowed) for kind, found in FINDINGS.items()}
    assert {kind: default for kind, default, _ in rows} == {k: found.default for k, found in FINDINGS.items()}


def test_every_error_of_the_machines_is_explained() -> None:
    """Operations look an error up by its name."""
    errors = {
        state["Error"]
        for definition in definitions()
        for state in definition["States"].values()  # type: ignore[attr-defined]
        if state["Type"] == "Fail"
    }
    assert errors <= set(re.findall(r"^\| `([A-Z]\w+\.[A-Z]\w+)` \|", TEXT, re.MULTILINE))
