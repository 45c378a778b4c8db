"""What a decision must say before a release goes on, as pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release.decision import NotApprovedError, check_decision, check_production_decision
from lambdas.plan_release.package import RefusalError
from tests.lambdas.plan_release.test_plan import ARN, DECISION, EXECUTION, package
from tests.lambdas.plans import release_plan
from workflow.contract.document import render

EVALUATION = DECISION.evaluation_digest
PLAN = release_plan(ask_before_production=True)
FOR_PRODUCTION = replace(DECISION, scope=PLAN.execution_arn)


def test_a_decision_about_this_very_version_is_believed() -> None:
    """And says by whom it was approved."""
    assert check_decision(DECISION, package(), EVALUATION) == DECISION


def test_a_version_that_nobody_decided_about_is_refused_with_the_two_ways_to_go() -> None:
    """Whatever its status in the registry."""
    with pytest.raises(RefusalError, match=r"nobody decided about version 4: approve it .* 'greenlight adopt 4'"):
        check_decision(None, package(), EVALUATION)


def test_a_rejected_version_is_refused_with_who_rejected_it_and_why() -> None:
    """Also where its status was set to Approved afterwards."""
    rejected = replace(DECISION, decision="rejected", by="Eve", comment="blurred")
    with pytest.raises(RefusalError, match=r"^version 4 was rejected by Eve \(link\): blurred$"):
        check_decision(rejected, package(), EVALUATION)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("model_package_arn", ARN.replace("/4", "/5"), "is about another one"),
        ("package_version", 5, "is about another one"),
        ("scope", EXECUTION.id, "is about another one"),
        ("archive_digest", "c" * 64, "the archive is not what Ada decided on"),
        ("evaluation_digest", "c" * 64, "the evaluation is not what Ada decided on"),
        ("image", "serving:2", r"the serving image is not what Ada decided on \(serving:1, decided on serving:2\)"),
    ],
)
def test_a_decision_about_anything_else_is_refused(field: str, value: Any, told: str) -> None:
    """Another version, another archive, other figures, another image; a release's own approves no other release."""
    with pytest.raises(RefusalError, match=told):
        check_decision(replace(DECISION, **{field: value}), package(), EVALUATION)


def test_figures_that_changed_or_are_gone_since_the_decision_are_refused() -> None:
    """Also where the version was registered with them."""
    with pytest.raises(RefusalError, match="the evaluation is not what Ada decided on"):
        check_decision(DECISION, package(), "c" * 64)
    with pytest.raises(RefusalError, match=r"no figures at s3://.*/evaluation/metrics\.json"):
        check_decision(DECISION, package(), "")


def test_figures_that_changed_between_registration_and_decision_are_refused() -> None:
    """What was decided on and what lies there agree; what the gate read was something else."""
    registered = replace(package(), evaluation_digest="c" * 64)
    with pytest.raises(RefusalError, match="the registered evaluation is not what Ada decided on"):
        check_decision(DECISION, registered, EVALUATION)


def test_a_version_registered_before_its_figures_were_hashed_is_held_by_the_decision() -> None:
    """The decision names what lay there then."""
    old = replace(package(), evaluation_digest="")
    assert check_decision(DECISION, old, EVALUATION) == DECISION
    with pytest.raises(RefusalError, match="the evaluation is not"):
        check_decision(DECISION, old, "c" * 64)


def test_a_decision_from_before_what_a_release_is_tried_with_was_signed_for_is_refused_with_the_remedy() -> None:
    """Whoever may write to the bucket could have made the test an easy one."""
    old = replace(DECISION, smoke_digest="")
    with pytest.raises(RefusalError, match=r"was not decided on yet when Ada approved it: .* 'greenlight adopt 4'"):
        check_decision(old, package(), EVALUATION)


def test_a_release_that_does_not_ask_again_needs_no_second_decision() -> None:
    """The version's own was checked when it was planned."""
    check_production_decision(None, replace(PLAN, ask_before_production=False))


def test_a_release_that_asks_again_goes_on_with_a_decision_of_its_own() -> None:
    """With the same digests as the version's."""
    check_production_decision(FOR_PRODUCTION, PLAN)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("scope", "", "about another release"),
        ("scope", EXECUTION.id + "2", "about another release"),
        ("model_package_arn", ARN.replace("/4", "/5"), "about another release"),
        ("package_version", 5, "about another release"),
        ("decision", "rejected", r"version 4 for production was rejected by Ada \(link\): seen"),
        ("archive_digest", "c" * 64, "not those that Ada decided on"),
        ("evaluation_digest", "c" * 64, "not those that Ada decided on"),
        ("image", "serving:2", "not those that Ada decided on"),
        ("smoke_digest", "c" * 64, "not those that Ada decided on"),
    ],
)
def test_production_is_not_reached_by_a_decision_about_anything_else(field: str, value: Any, told: str) -> None:
    """Nor by the version's own decision, which was made before staging was seen."""
    with pytest.raises(NotApprovedError, match=told):
        check_production_decision(replace(FOR_PRODUCTION, **{field: value}), PLAN)


def test_production_is_not_reached_where_nobody_decided() -> None:
    """Whoever completed the task token."""
    with pytest.raises(NotApprovedError, match="nobody decided about version 4 for production in this release"):
        check_production_decision(None, PLAN)


def test_a_release_planned_before_decisions_were_signed_is_started_anew() -> None:
    """It waited through a change of the stack; nothing of it was checked."""
    for asks in (True, False):
        old = replace(PLAN, approval=None, ask_before_production=asks)
        with pytest.raises(NotApprovedError, match="planned before decisions were signed: start it anew"):
            check_production_decision(FOR_PRODUCTION, old)


def test_every_part_of_a_decision_is_held_against_something() -> None:
    """A field that is added is checked, or only tells people."""
    tells = {"by", "door", "comment", "at_epoch", "decision", "dataset"}
    checked = {"model_package_arn", "package_version", "scope", "archive_digest", "evaluation_digest", "image"}
    planned = {"smoke_digest", "report_digest"}
    assert set(render(replace(DECISION, scope="x"))) == tells | checked | planned
