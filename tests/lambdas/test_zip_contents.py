"""A function imports from what its zip holds, and from what the Lambda runtime brings along."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lambdas.conftest import ENVIRONMENT, FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = {"boto3", "botocore", "s3transfer", "dateutil", "urllib3", "six"}
TAKEN_WHERE_PRESENT = {"certifi"}
"""botocore prefers its certificates and does without."""
PROGRAM = """
import importlib, json, sys
importlib.import_module(f"lambdas.{sys.argv[1]}.handler")
installed = {name.partition(".")[0] for name, module in sys.modules.items()
             if "site-packages" in (getattr(module, "__file__", None) or "")}
own = sorted(name for name in sys.modules if name.startswith(("lambdas", "workflow")))
print(json.dumps([sorted(installed), own]))
"""


def required() -> set[str]:
    """The packages every zip carries, as they are imported."""
    lines = (ROOT / "lambdas" / "requirements.txt").read_text().splitlines()
    return {line.partition("==")[0].replace("-", "_") for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_only_what_its_zip_and_the_runtime_hold(function: str, tmp_path: Path) -> None:
    """In a process of its own, beside nothing but its own folder and the contract."""
    shutil.copytree(ROOT / "lambdas" / function, tmp_path / "lambdas" / function)
    shutil.copy(ROOT / "lambdas" / "__init__.py", tmp_path / "lambdas")
    (tmp_path / "workflow").mkdir()
    shutil.copy(ROOT / "workflow" / "__init__.py", tmp_path / "workflow")
    shutil.copytree(ROOT / "workflow" / "contract", tmp_path / "workflow" / "contract")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, function],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    installed, own = json.loads(done.stdout)
    assert {name for name in installed if not name.startswith("_")} <= required() | RUNTIME | TAKEN_WHERE_PRESENT
    assert {name for name in own if name.count(".") == 1} <= {f"lambdas.{function}", "workflow.contract"}


def test_every_requirement_is_one_version_and_one_pure_wheel() -> None:
    """The hash leaves pip no choice of a compiled wheel, nor of another file."""
    lines = (ROOT / "lambdas" / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    for pin in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}", pin)
