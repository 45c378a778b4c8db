"""The stages of a version's life in the registry, as SageMaker's ModelLifeCycle has them. Pure.

Registered, then Staging, then Production; a version that a stage no longer serves is Archived. Whether somebody
approved it is told by its approval status alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.note_version.card import cut
from lambdas.note_version.event import Registered, Serving

LONGEST = 1024
"""Characters of a stage's description."""

STAGES = {"staging": "Staging", "production": "Production"}


def register(version: Registered) -> dict[str, str]:
    """The stage of a version that was judged and waits."""
    who = version.plan.started_by or "nobody who is known"
    return _stage("Registered", "Judged", f"By the run {version.plan.run}, started by {who}")


def serve(version: Serving) -> dict[str, str]:
    """The stage of a version that an endpoint serves: in production with who approved it."""
    plan = version.plan
    started = f"started by {plan.started_by or 'nobody who is known'}"
    approved = "" if plan.approval is None else f", approved by {plan.approval.names()}"
    said = f"By the release {plan.run}, {started}{approved if version.stage == 'production' else ''}"
    return _stage(STAGES[version.stage], "InService", said)


def archive(version: Serving) -> dict[str, str]:
    """The stage of a version that another one has followed, or that a roll-back has left."""
    plan = version.plan
    back = version.stage == "production" and plan.goes_back
    status = "RolledBack" if back else "Superseded"
    return _stage("Archived", status, f"{STAGES[version.stage]} serves version {plan.package_version}")


def choose_left(version: Serving, registered: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ARNs of the versions whose stage this version takes, of all that ListModelPackages tells.

    A version from before stages were noted has none: it is known by the plan.
    """
    here = {STAGES[version.stage]}
    left = [str(one["ModelPackageArn"]) for one in registered if one.get("ModelLifeCycle", {}).get("Stage") in here]
    if version.stage == "production" and version.plan.replaces:
        left.append(version.plan.replaces)
    return sorted({*left} - {version.plan.model_package_arn})


def _stage(stage: str, status: str, said: str) -> dict[str, str]:
    return {"Stage": stage, "StageStatus": status, "StageDescription": cut(said, LONGEST)}
