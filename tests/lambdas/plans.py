"""One whole plan of each machine, as its first state draws it up; a test changes what it is about."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.workflow.contract.released import PLAN
from workflow.contract.build_plan import BuildPlan
from workflow.contract.release_plan import ReleasePlan

EVALUATION = "s3://greenlight-test/runs/one/evaluation/"
EXAMPLE = Path(__file__).parents[1] / "workflow" / "contract" / "examples" / "build-plan.json"

_BUILD = BuildPlan.parse(json.loads(EXAMPLE.read_text(encoding="utf-8")))


def build_plan(**changes: Any) -> BuildPlan:
    """The plan of a first model's run, evaluated at EVALUATION, but for these fields."""
    first = replace(_BUILD, uris=replace(_BUILD.uris, evaluation=EVALUATION), champion=None, judged_against="")
    return replace(first, **changes)


def release_plan(**changes: Any) -> ReleasePlan:
    """The plan of a release of version 4 where production serves version 3, but for these fields."""
    return replace(ReleasePlan.parse(PLAN), **changes)
