"""Both machines before validators of the States Language that others wrote, in every shape and partition.

They are programs of Node, in packages of npm, and are installed once below `.greenlight`. Each looks at a definition as
CloudFormation sends it, with every placeholder filled in.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from workflow.stack.definitions import render_definitions

ROOT = Path(__file__).parents[3]
PACKAGES = ("asl-validator@4.0.0", "@wmfs/statelint@1.30.0")
VALIDATORS = {"asl-validator": "--json-path={}", "statelint": "{}"}
"""Programs, and how each is told a file."""
PARTITIONS = ("aws", "aws-us-gov", "aws-cn")

pytestmark = [
    pytest.mark.install,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; these validators are Node's"),
]


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the validators' programs."""
    mark = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    folder = ROOT / ".greenlight" / f"validators-{mark}"
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent))
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
        subprocess.run(["npm", "install", "--prefix", scratch, *quiet, *PACKAGES], check=True, timeout=240)
        scratch.rename(folder)
    return folder / "node_modules" / ".bin"


def fill_in(definition: str, partition: str) -> str:
    """The definition as it is deployed there."""
    function = f"arn:{partition}:lambda:us-east-1:123456789012:function:greenlight"
    text = re.sub(r"\$\{\w+Arn\}", function, definition.replace("${Partition}", partition))
    return re.sub(r"\$\{\w+\}", "greenlight", text)


def complaints(programs: Path, *paths: Path) -> dict[str, str]:
    """What each validator says against definitions; nothing of one that accepts them all."""
    said = {}
    for program, told in VALIDATORS.items():
        command = [str(programs / program), *(told.format(path) for path in paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            said[program] = done.stdout + done.stderr
    return said


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_definition_is_accepted(programs: Path, tmp_path: Path, partition: str) -> None:
    """Each machine as it is, in a network, under a key, and in both."""
    definitions = render_definitions(ROOT)
    assert len(definitions) == 28
    for name, content in definitions.items():
        (tmp_path / name).write_text(fill_in(content.decode(), partition))
    assert complaints(programs, *sorted(tmp_path.iterdir())) == {}


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ('"Next": "Anything to do?"', '"Next": "Anything?"', {"asl-validator": "Anything?", "statelint": "Anything?"}),
        ('"StartAt"', '"StartsAt"', {"asl-validator": "'StartAt'", "statelint": '"StartAt"'}),
        ('"Variable": "$.plan.anything_to_do"', '"Variable": "$.plan["', {"asl-validator": "asl_ref_path"}),
        ("arn:aws:states:::lambda:invoke", "lambda:invoke", {"asl-validator": "Resource"}),
    ],
)
def test_a_fault_is_found(programs: Path, tmp_path: Path, right: str, wrong: str, found: dict[str, str]) -> None:
    """A target that is not there, a field that no machine has, a path and a resource that are none."""
    text = fill_in(render_definitions(ROOT)["build.asl.json"].decode(), "aws")
    assert right in text
    path = tmp_path / "build.asl.json"
    path.write_text(text.replace(right, wrong, 1))
    said = complaints(programs, path)
    assert {program: words in said.get(program, "") for program, words in found.items()} == dict.fromkeys(found, True)
