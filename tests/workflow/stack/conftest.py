"""A small repository to deploy from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from workflow.stack import package
from workflow.stack.package import ROOT

OK = {"Comment": "the smallest machine", "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository to deploy from: the real template and functions, with machines that end at once."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("lambdas", "containers"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "infra").mkdir()
    shutil.copy(ROOT / "infra" / "template.yaml", folder / "infra")
    machines = folder / "workflow" / "machines"
    machines.mkdir(parents=True)
    shutil.copy(ROOT / "workflow" / "__init__.py", folder / "workflow")
    shutil.copytree(
        ROOT / "workflow" / "contract", folder / "workflow" / "contract", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("build", "release", "stage", "challenge", "batch", "drift"):
        (machines / f"{name}.asl.json").write_text(json.dumps(OK | {"Comment": "of ${Project}"}))
    (folder / ".greenlight").mkdir()
    installed = package.install()
    (folder / ".greenlight" / installed.name).symlink_to(installed)
    return folder
