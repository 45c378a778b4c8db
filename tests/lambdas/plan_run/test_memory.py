"""What a start of what was built before is answered."""

from __future__ import annotations

import pytest

from lambdas.plan_run.memory import End, judgement, recall
from tests.lambdas.plans import build_plan
from workflow.contract.build_record import BuildRecord
from workflow.contract.failures import Failure

RUN = "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/4"
REGISTERED = BuildRecord(RUN, "judged", package_arn=VERSION)
REFUSED = BuildRecord(RUN, "judged", refused="Gate.Rejected", because="mAP50 0.4 < 0.8")
AGAIN = " (force=true builds it once more)"


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (End("SUCCEEDED"), "version 4"),
        (End(), "version 4"),
        (End("FAILED", Failure.APPROVAL_REJECTED), "version 4, which a person rejected"),
        (End("FAILED", Failure.APPROVAL_EXPIRED), "version 4, which nobody decided on in time"),
        (End("FAILED", Failure.RELEASE_FAILED), "version 4, whose release failed"),
    ],
)
def test_what_is_registered_is_built_whatever_became_of_it(end: End, said: str) -> None:
    """Also where Step Functions has forgotten the run."""
    assert recall(REGISTERED, end, "judged otherwise", registered=True) == f"run one built the same: {said}{AGAIN}"
    assert recall(REGISTERED, end, "judged", registered=False) == ""


@pytest.mark.parametrize("error", sorted(set(Failure) - {"Approval.Rejected", "Approval.Expired", "Release.Failed"}))
def test_what_failed_otherwise_is_built_again(error: Failure) -> None:
    """What no person and no check decided came from outside of the data."""
    assert recall(REGISTERED, End("FAILED", error), "judged", registered=True) == ""
    assert recall(BuildRecord(RUN, "judged"), End("FAILED", error), "judged", registered=False) == ""


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_what_was_stopped_is_built_again(status: str) -> None:
    """Also while it waited for a person."""
    assert recall(REGISTERED, End(status), "judged", registered=True) == ""


def test_a_refusal_is_remembered_for_what_it_was_judged_by() -> None:
    """And for as long as it is kept, whatever Step Functions knows of the run."""
    said = f"run one ended Gate.Rejected on the same: mAP50 0.4 < 0.8{AGAIN}"
    for end in (End("FAILED", Failure.GATE_REJECTED), End()):
        assert recall(REFUSED, end, "judged", registered=False) == said
        assert recall(REFUSED, end, "judged otherwise", registered=False) == ""


def test_what_still_runs_comes_before_all_else() -> None:
    """A run that is redriven has its record already."""
    for record in (REGISTERED, REFUSED):
        said = recall(record, End("PENDING_REDRIVE"), "judged", registered=True)
        assert said == "run one builds the same at this moment"


def test_a_verdict_depends_on_thresholds_and_champion() -> None:
    """And not on when it was asked for."""
    plan = build_plan()
    assert judgement(plan) == judgement(build_plan(run="another", reason="other"))
    others = (build_plan(thresholds={}), build_plan(judged_against=VERSION), build_plan(compare=False))
    assert len({judgement(one) for one in (plan, *others)}) == 4
