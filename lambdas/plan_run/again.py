"""Whether the same is built once more: looked up before a run is held to anything, claimed where nothing refuses it.

So a start that is refused leaves what is remembered as it was, and the next one gets the answer it would have got.
"""

from __future__ import annotations

from dataclasses import replace

from lambdas.plan_run.claim import Claims
from lambdas.plan_run.memory import judgement
from lambdas.plan_run.plan import Registered
from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import BuildRecord


def look_up(claims: Claims, plan: BuildPlan, force: bool, newest: Registered | None) -> BuildPlan:
    """The plan, or that there is nothing to do: the very same was built already, or is at this moment.

    What the newest version says it was built from counts where nothing else is kept of it. Nothing is claimed.
    """
    mine = _record(plan)
    if force or (not plan.anything_to_do and _is_unknown(claims.find(plan.fingerprint), mine)):
        return plan
    reason = claims.answer(plan.fingerprint, mine, _known(plan, newest))
    if reason:
        return replace(plan, anything_to_do=False, reason=reason)
    if not plan.anything_to_do:
        return replace(plan, anything_to_do=True, reason="the run that built the same did not come to its end")
    return plan


def claim(claims: Claims, plan: BuildPlan, force: bool, newest: Registered | None, now_epoch: int) -> BuildPlan:
    """The plan, whose fingerprint is its execution's from now on; or that another one was faster."""
    mine = _record(plan)
    if force:
        claims.take_over(plan.fingerprint, mine, now_epoch)
        return plan
    reason = claims.take(plan.fingerprint, mine, now_epoch, _known(plan, newest))
    return replace(plan, anything_to_do=False, reason=reason, behind="") if reason else plan


def _record(plan: BuildPlan) -> BuildRecord:
    return BuildRecord(plan.execution_arn, judgement(plan))


def _known(plan: BuildPlan, newest: Registered | None) -> str:
    """The version that a record of this fingerprint may have lost; empty where the newest has another one."""
    return newest.arn if newest is not None and newest.fingerprint == plan.fingerprint else ""


def _is_unknown(kept: BuildRecord | None, mine: BuildRecord) -> bool:
    """Whether nothing is kept of the run that built the same before: it is the registry's word alone then."""
    return kept is None or kept.execution == mine.execution
