"""Why a state takes as long as it does, in words, while nothing else is known of it. Pure.

A wait is told by what it waits for: how an endpoint was asked to change, a quota, a machine that starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workflow.contract.stage_plan import BACK as WAY_BACK
from workflow.runs.history import Step

QUOTA = "a quota of the account is in use: tried again every few minutes, for an hour in all"
STARTING = "the endpoint starts and loads the model"
BACK = "the previous version's instances start, and take all traffic at once"
MACHINE = "the job's machine starts first, which takes some minutes"


def reason_of(step: Step, before: Sequence[Step], *, local: bool) -> str:
    """Why ``step``, which runs, takes so long; ``before`` are the execution's steps up to it. Empty where unknown.

    On this machine (``local``) no machine is started for a job.
    """
    if step.kind == "Wait":
        return _wait(step, before)
    return MACHINE if step.job and not local else ""


def _wait(step: Step, before: Sequence[Step]) -> str:
    if "quota" in step.name.lower():
        return QUOTA
    changed = ("createEndpoint", "updateEndpoint")
    asked = next((one for one in reversed(before) if one.resource.rpartition(":")[2] in changed), None)
    if asked is None:
        return ""
    policy = asked.parameters.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy", {})
    if not policy:
        return STARTING
    plans = [one.gained["plan"] for one in before if isinstance(one.gained.get("plan"), dict)]
    return _deployment(policy, otherwise=BACK if plans and plans[-1].get(WAY_BACK) is True else STARTING)


def _deployment(policy: Mapping[str, Any], otherwise: str) -> str:
    """A blue/green update, by its own waits in seconds; ``otherwise`` for one that waits for nothing."""
    watched = policy.get("TrafficRoutingConfiguration", {}).get("WaitIntervalInSeconds", 0)
    kept = policy.get("TerminationWaitInSeconds", 0)
    if not watched and not kept:
        return otherwise
    return (
        f"new instances start, then alarms watch them for {watched} s, "
        f"then the old version is kept {kept} s in case of a roll-back"
    )
