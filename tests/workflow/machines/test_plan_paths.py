"""Every place in a plan that a machine reads is there, by the plan's own type."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from workflow.contract.batch import BatchPlan
from workflow.contract.build_plan import Attempt, BuildPlan
from workflow.contract.drift import DriftPlan
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.stage_plan import StagePlan

MACHINES = Path(__file__).parents[3] / "workflow" / "machines"


def paths(machine: str, root: str) -> list[str]:
    """What a machine reads below ``$.<root>``, each once, such as ``dataset.uri``."""
    text = (MACHINES / f"{machine}.asl.json").read_text()
    return sorted(set(re.findall(rf"\$\.{root}\.([\w.]*\w)", text)))


def is_part(kind: Any, path: str) -> bool:
    """Whether a type names every key of the path. A part that may be null counts; an object of any keys names none."""
    name, _, rest = path.partition(".")
    if not is_dataclass(kind) or name not in {field.name for field in fields(kind)}:
        return False
    inner = get_type_hints(kind)[name]
    return not rest or any(is_part(one, rest) for one in (inner, *get_args(inner)))


READ = [
    *(pytest.param(BuildPlan, path, id=f"build: $.plan.{path}") for path in paths("build", "plan")),
    *(pytest.param(Attempt, path, id=f"build: $.attempt.{path}") for path in paths("build", "attempt")),
    *(pytest.param(ReleasePlan, path, id=f"release: $.plan.{path}") for path in paths("release", "plan")),
    *(pytest.param(StagePlan, path, id=f"stage: $.plan.{path}") for path in paths("stage", "plan")),
    *(pytest.param(ReleasePlan, path, id=f"challenge: $.plan.{path}") for path in paths("challenge", "plan")),
    *(pytest.param(BatchPlan, path, id=f"batch: $.plan.{path}") for path in paths("batch", "plan")),
    *(pytest.param(DriftPlan, path, id=f"drift: $.plan.{path}") for path in paths("drift", "plan")),
]


@pytest.mark.parametrize(("plan", "path"), READ)
def test_what_a_machine_reads_of_a_plan_is_part_of_it(plan: type, path: str) -> None:
    """A key that is renamed on one side is found here, and not by an execution."""
    assert is_part(plan, path)


def test_a_place_that_a_plan_does_not_have_is_found() -> None:
    """The check above can fail, at any depth; and it looks at paths inside of texts too."""
    assert is_part(BuildPlan, "training.fallback.fallback.job")
    assert is_part(BuildPlan, "champion.package_version")
    assert not is_part(BuildPlan, "training.fallback.fallback.name")
    assert not is_part(BuildPlan, "hyperparameters.epochs")
    assert not is_part(BuildPlan, "run.name")
    assert not is_part(ReleasePlan, "dataset.uri")
    assert {"confidence", "jobs.tune", "uris.record"} <= set(paths("build", "plan"))
    assert {"job", "fallback"} <= set(paths("build", "attempt"))
    assert {"model_name", "staging_configuration"} <= set(paths("release", "plan"))
