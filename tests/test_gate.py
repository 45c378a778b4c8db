"""One gate, whoever asks for it: the script of CI, GitHub Actions and the hooks run the same make targets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import CHROMIUM

ROOT = Path(__file__).parents[1]
SCRIPT = (ROOT / ".ci" / "run").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def document(name: str) -> Any:
    """A YAML file of the repository; a workflow's ``on`` is YAML's true."""
    return yaml.safe_load((ROOT / name).read_text())


def job() -> dict[str, Any]:
    """The one job of the workflow."""
    (found,) = document(".github/workflows/ci.yaml")["jobs"].values()
    return dict(found)


def hooks() -> list[dict[str, Any]]:
    """Every hook."""
    return [hook for repository in document(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]


def test_the_script_checks_and_tests_and_nothing_else() -> None:
    """What it requires, everybody can run."""
    assert re.findall(r"^make .*$", SCRIPT, re.MULTILINE) == ["make check", "make test"]
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def test_the_workflow_runs_the_script_alone() -> None:
    """No step of its own that the script does not have."""
    assert [step["run"] for step in job()["steps"] if "run" in step] == ["bash .ci/run"]


def test_the_workflow_has_no_more_than_it_needs() -> None:
    """It reads the repository, keeps no token, ends in time, and runs once for a branch."""
    workflow = document(".github/workflows/ci.yaml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert "permissions" not in job()
    assert 0 < job()["timeout-minutes"] <= 90
    checkout, python = (step for step in job()["steps"] if "uses" in step)
    assert checkout["with"] == {"persist-credentials": False}
    assert python["with"] == {"python-version": "3.11"}


def test_an_action_is_pinned_to_a_commit() -> None:
    """A tag can be moved."""
    used = [step["uses"] for step in job()["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)


def test_the_hooks_are_the_gate_s_own_targets() -> None:
    """Before a commit what `make check` runs, before a push the fast tests; nothing is fetched."""
    assert [repository["repo"] for repository in document(".pre-commit-config.yaml")["repos"]] == ["local"]
    assert {hook["stages"][0]: hook["entry"] for hook in hooks()} == {
        "pre-commit": "make check",
        "pre-push": "make test-fast",
    }
    assert all(hook["language"] == "system" and hook["always_run"] for hook in hooks())
    assert {hook["entry"].removeprefix("make ") for hook in hooks()} <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_the_fast_tests_are_a_part_of_all_of_them() -> None:
    """Run in the same way, less what needs more than this interpreter."""
    recipes = dict(re.findall(r"^(test|test-fast): .*\n(?:\t@.*\n)*\t(.*)$", MAKEFILE, re.MULTILINE))
    assert recipes == {"test": "$(PYTEST) tests/$(WING)", "test-fast": "$(PYTEST) -m fast tests/$(WING)"}


def test_the_script_installs_the_browser_that_the_tests_look_for() -> None:
    """Any of these counts as one that is there."""
    assert f"found {' '.join(CHROMIUM)} || missing" in SCRIPT
