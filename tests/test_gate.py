"""One gate, whoever asks for it: the script of CI, GitHub Actions and the hooks run the same make targets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser import CHROMIUM

ROOT = Path(__file__).parents[1]
SCRIPT = (ROOT / ".ci" / "run").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def document(name: str) -> Any:
    """A YAML file of the repository; a workflow's ``on`` is YAML's true."""
    return yaml.safe_load((ROOT / name).read_text())


WORKFLOWS = ("ci", "audit")


def job(workflow: str) -> dict[str, Any]:
    """The one job of a workflow."""
    (found,) = document(f".github/workflows/{workflow}.yaml")["jobs"].values()
    return dict(found)


def hooks() -> list[dict[str, Any]]:
    """Every hook."""
    return [hook for repository in document(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]


def test_the_script_checks_and_tests_and_nothing_else() -> None:
    """What it requires, everybody can run; what it makes ahead, these two would make."""
    assert re.findall(r"^make .*$", SCRIPT, re.MULTILINE) == ["make .venv/dev", "make check", "make test"]
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


@pytest.mark.parametrize(("name", "command"), [("ci", "bash .ci/run"), ("audit", "make audit")])
def test_a_workflow_runs_one_command_that_everybody_can_run(name: str, command: str) -> None:
    """No step of its own that the script, or the target, does not have."""
    assert [step["run"] for step in job(name)["steps"] if "run" in step] == [command]


def test_advisories_are_looked_up_without_a_change() -> None:
    """They come in the weeks in which nobody changes anything, and with every pull request."""
    starts = document(".github/workflows/audit.yaml")[True]
    assert starts == {"pull_request": None, "schedule": [{"cron": "17 5 * * 1"}]}


def test_there_is_no_other_workflow() -> None:
    """Each of them is held by these tests."""
    assert {path.stem for path in (ROOT / ".github" / "workflows").iterdir()} == set(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_more_than_it_needs(name: str) -> None:
    """It reads the repository, keeps no token, ends in time, and runs once for a branch."""
    workflow = document(f".github/workflows/{name}.yaml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert "permissions" not in job(name)
    assert 0 < job(name)["timeout-minutes"] <= 90
    checkout, python = (step for step in job(name)["steps"] if "uses" in step)
    assert checkout["with"] == {"persist-credentials": False}
    assert python["with"] == {"python-version": "3.11"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_an_action_is_pinned_to_a_commit(name: str) -> None:
    """A tag can be moved."""
    used = [step["uses"] for step in job(name)["steps"] if "uses" in step]
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
