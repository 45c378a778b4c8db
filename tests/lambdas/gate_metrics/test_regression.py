"""Candidate against production: what may be lost, and when chance excuses a loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.gate_metrics.decision import Decision
from tests.lambdas.gate_metrics.figures import PLANNED, classed, judge, lead, measured, production, scored
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.model import TASKS
from workflow.contract.scores import QUALITY


def against(loss: float, low: float | None = None, high: float | None = None, **limits: Any) -> Decision:
    """A candidate that scores 0.5 against a production that scores ``loss`` more, with the interval of the lead."""
    ours, theirs = scored(map50_95=0.5), production(map50_95=round(0.5 + loss, 9))
    metrics = measured(ours, theirs)
    metrics["comparison"]["overall"] |= {"low": low, "high": high}
    return judge(metrics, champion=PLANNED, limits={"minimum_map50_95": 0, **limits})


def test_a_planned_champion_that_was_not_measured_is_never_a_first_model() -> None:
    """Production's figures missing is a refusal."""
    assert judge(champion=PLANNED).reasons == ("production's model was not measured on the held-out images",)


def test_a_measured_champion_that_was_not_planned_is_refused() -> None:
    """The evaluation compared with something nobody asked for."""
    assert not judge(measured(champion=production())).passed


@pytest.mark.parametrize("planned", [replace(PLANNED, package_version=2), replace(PLANNED, model_package_arn="x")])
def test_another_champion_than_the_planned_one_is_refused(planned: PlannedChampion) -> None:
    """Champion and plan name the same version of the same package."""
    assert not judge(measured(champion=production()), champion=planned).passed


@pytest.mark.parametrize("loss", [-0.3, 0.0, 0.019, 0.02])
def test_a_loss_up_to_the_allowed_one_passes_whatever_the_interval(loss: float) -> None:
    """0.52 - 0.50 counts as 0.02, whatever binary fractions make of it: equal passes."""
    assert against(loss).passed
    assert against(loss, -0.9, -0.001).passed


def test_a_larger_loss_without_an_interval_is_refused() -> None:
    """Nobody can say that it was chance. The reason names both figures, the version and what may be lost."""
    (reason,) = against(0.03).reasons
    assert reason == (
        "mAP50-95 0.500 loses more than 0.02 against production's 0.530 (version 3), "
        "and too few images were held out to call it chance"
    )


def test_a_larger_loss_that_may_be_chance_passes_and_says_so() -> None:
    """The interval reaches from the loss over zero, and is no wider than it may be."""
    decision = against(0.03, -0.09, 0.02)
    assert decision.passed
    assert decision.reasons[-2] == (
        "mAP50-95 0.500 against production's 0.530 (version 3) may be chance: -0.03 (-0.09 to +0.02), "
        "at most 0.02 may be lost"
    )


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (-0.05, 0.0, True),
        (-0.05, -0.0001, False),
        (-0.12, 0.05, True),
        (-0.1201, 0.05, False),
        (-0.03, 0.05, True),
        (-0.0299, 0.05, False),
        (0.01, 0.05, False),
    ],
    ids=["reaches zero", "certain", "as wide as may be", "too wide", "from the loss", "above the loss", "all gain"],
)
def test_the_borders_of_what_may_be_chance(low: float, high: float, passed: bool) -> None:
    """A loss of 0.03 where 0.02 is allowed; the low end may be at -0.12."""
    assert against(0.03, low, high).passed is passed


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.05, -0.01, "-0.03 (-0.05 to -0.01) is not due to chance"),
        (-0.3, 0.2, "too few images were held out to tell"),
    ],
)
def test_a_refusal_says_whether_the_loss_is_certain_or_the_evidence_thin(low: float, high: float, said: str) -> None:
    """What to do differs: train better, or hold out more images."""
    (reason,) = against(0.03, low, high).reasons
    assert said in reason


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_compared_by_its_own_quality_figure(task: str) -> None:
    """Another figure may fall freely."""
    figure = QUALITY[task]
    worse = measured(scored(task), production(task, **{figure: 0.99}), task)
    (reason,) = judge(worse, champion=PLANNED).reasons
    assert "loses more than 0.02 against production's 0.990 (version 3)" in reason
    other = measured(scored(task), production(task, recall=1.0, precision=1.0, f1=1.0), task)
    assert judge(other, champion=PLANNED).passed


def by_class(theirs: float, low: float | None = None, high: float | None = None) -> Decision:
    """A candidate whose washers score 0.5 against production's."""
    ours = scored(per_class=[classed(), classed("washer", 23, quality=0.5)])
    metrics = measured(ours, production(per_class=[classed(), classed("washer", 23, quality=theirs)]))
    metrics["comparison"]["per_class"]["washer"] |= {"low": low, "high": high}
    return judge(metrics, champion=PLANNED)


def test_a_class_that_loses_too_much_closes_the_gate_though_the_whole_does_not() -> None:
    """The mean must not hide a class; its name is in the reason. Equal to the allowed loss passes."""
    assert by_class(0.6).passed
    (reason,) = by_class(0.61).reasons
    assert reason.startswith("mAP50-95 of washer 0.500 loses more than 0.1 against production's 0.610")


def test_a_classs_loss_that_may_be_chance_passes_and_says_so() -> None:
    """The same rule as overall, with the classes' own allowance."""
    decision = by_class(0.62, -0.2, 0.01)
    assert decision.passed
    assert (
        "mAP50-95 of washer 0.500 against production's 0.620 may be chance: -0.12 (-0.2 to +0.01)"
        in decision.reasons[-1]
    )
    assert not by_class(0.62, -0.21, 0.01).passed
    assert not by_class(0.62, -0.2, -0.01).passed


def test_a_class_that_production_does_not_know_is_no_loss() -> None:
    """Production scores nothing there, and the comparison does not tell of it."""
    metrics = measured(champion=production(per_class=[classed(), classed("washer", 23, quality=0.0)]))
    del metrics["comparison"]["per_class"]["washer"]
    assert judge(metrics, champion=PLANNED).passed


@pytest.mark.parametrize(("ours", "passed"), [(0.79, True), (0.78, True), (0.75, False)])
def test_a_new_class_does_not_hide_what_is_lost_of_the_others(ours: float, passed: bool) -> None:
    """Production scores 0 on the washers it does not know, so that the mean rises whatever becomes of the bolts."""
    candidate = scored(map50_95=(ours + 0.5) / 2, per_class=[classed(quality=ours), classed("washer", 23, quality=0.5)])
    champion = production(map50_95=0.4, per_class=[classed(quality=0.8), classed("washer", 23, quality=0.0)])
    metrics = measured(candidate, champion)
    del metrics["comparison"]["per_class"]["washer"]
    decision = judge(metrics, champion=PLANNED)
    assert decision.passed is passed
    if not passed:
        (reason,) = decision.reasons
        assert reason.startswith("mAP50-95 0.750 on the classes that production knows, where it has 0.800")


def test_a_classs_loss_that_the_comparison_leaves_out_is_refused() -> None:
    """Leaving a class out of the comparison excuses nothing."""
    metrics = measured(champion=production(per_class=[classed(), classed("washer", 23, quality=0.95)]))
    del metrics["comparison"]["per_class"]["washer"]
    (reason,) = judge(metrics, champion=PLANNED).reasons
    assert reason.startswith("mAP50-95 of washer 0.700 loses more than 0.1 against production's 0.950")


@pytest.mark.parametrize(
    "classes",
    [
        [classed(), classed("washer", 23), classed("nut")],
        [classed()],
        [classed(), classed("washer", 24)],
        [classed(), classed("washer", 23), classed("washer", 23)],
        [],
    ],
    ids=["more classes", "fewer classes", "more objects", "a class twice", "none"],
)
def test_a_production_that_was_measured_on_something_else_is_refused(classes: list[dict[str, Any]]) -> None:
    """Only on the same objects are two figures comparable."""
    (reason,) = judge(measured(champion=production(per_class=classes)), champion=PLANNED).reasons
    assert reason == "candidate and production's model were not measured on the same objects of the same classes"


def test_a_missing_comparison_is_refused() -> None:
    """And one where nothing is to be compared."""
    both = measured(champion=production())
    assert not judge({**both, "comparison": None}, champion=PLANNED).passed
    assert not judge({**measured(), "comparison": both["comparison"]}).passed


@pytest.mark.parametrize("told", [0.1, -0.02, 2e-9])
@pytest.mark.parametrize("where", ["overall", "washer", "nut"])
def test_a_comparison_that_does_not_agree_with_the_scores_is_refused(where: str, told: float) -> None:
    """The scores are what counts; a comparison of something else is no evidence."""
    metrics = measured(champion=production())
    holder = metrics["comparison"] if where == "overall" else metrics["comparison"]["per_class"]
    holder[where] = lead(told, -0.5, 0.5)
    assert not judge(metrics, champion=PLANNED).passed


def test_the_rounding_of_binary_fractions_is_no_disagreement() -> None:
    """0.7 - 0.6 is 0.09999999999999998 for a program."""
    metrics = measured(scored(map50_95=0.7), production(map50_95=0.6))
    assert metrics["comparison"]["overall"]["value"] != 0.1
    assert judge(metrics, champion=PLANNED).passed


hundredths = st.integers(0, 50).map(lambda count: count / 100)
thousandths = st.integers(-300, 500).map(lambda count: count / 1000)


@given(loss=thousandths, better_by=hundredths, below=hundredths, above=hundredths, allowed=hundredths)
def test_a_better_candidate_never_fails_where_a_worse_one_with_the_same_widths_passes(
    loss: float, better_by: float, below: float, above: float, allowed: float
) -> None:
    """And so more loss never opens a closed gate."""
    assume(loss - better_by >= -0.5)

    def passes(lost: float) -> bool:
        return against(lost, round(-lost - below, 9), round(-lost + above, 9), maximum_regression=allowed).passed

    if passes(loss):
        assert passes(round(loss - better_by, 9))


@given(loss=thousandths, low=thousandths, high=thousandths, allowed=hundredths)
def test_what_passes_lost_little_or_may_not_have_lost_at_all(
    loss: float, low: float, high: float, allowed: float
) -> None:
    """No interval excuses more than the allowed loss and a tenth."""
    assume(low <= high)
    if against(loss, low, high, maximum_regression=allowed).passed and loss > allowed:
        assert low <= -loss
        assert high >= 0
        assert loss <= round(allowed + 0.10, 9)
        assert not against(loss, maximum_regression=allowed).passed
