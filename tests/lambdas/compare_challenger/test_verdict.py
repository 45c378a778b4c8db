"""What comes of a challenge, by what both have done: each limit withdraws, and only what keeps all is promoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.compare_challenger.agreement import alike
from lambdas.compare_challenger.traffic import queries, read_side
from lambdas.compare_challenger.verdict import Agreement, Side, document, judge
from workflow.contract.challenge import Challenge
from workflow.contract.smoke import Box, Named
from workflow.contract.truth import Truth

RULED = Challenge("ab", "arn", {}, {}, 3600, 60, 100, "rule", 1.2, 0.01, 0.5)
CHAMPION, CHALLENGER = Side(900, 0, 0, 50_000.0), Side(100, 0, 0, 55_000.0)
ALIKE = Agreement(3, 3)


def test_what_keeps_every_limit_is_promoted_at_the_end_and_no_sooner() -> None:
    """By the rule; a person is asked instead where the input says so, and told that every limit is kept."""
    assert judge(RULED, CHAMPION, CHALLENGER, ALIKE, 3599).says == "wait"
    assert judge(RULED, CHAMPION, CHALLENGER, ALIKE, 3600).says == "promoted"
    asked = judge(replace(RULED, ends="ask"), CHAMPION, CHALLENGER, ALIKE, 3600)
    assert (asked.says, asked.summary.endswith("Every limit is kept")) == ("ask", True)


@pytest.mark.parametrize(
    ("challenger", "agreement", "why"),
    [
        (replace(CHALLENGER, requests=99), ALIKE, "nobody can tell"),
        (replace(CHALLENGER, latency=60_001.0), ALIKE, "p95 is 1.20 times"),
        (replace(CHALLENGER, latency=None), ALIKE, "no latency of both"),
        (replace(CHALLENGER, errors=2), ALIKE, "5XX 2.00% more often"),
        (CHALLENGER, Agreement(1, 3), "alike on 1 of 3 pictures, 50% is demanded"),
        (CHALLENGER, Agreement(0, 0), "50% is demanded"),
    ],
)
def test_what_breaks_a_limit_is_withdrawn_and_a_person_is_told_of_it(
    challenger: Side, agreement: Agreement, why: str
) -> None:
    """Each alone is enough."""
    verdict = judge(RULED, CHAMPION, challenger, agreement, 3600)
    assert (verdict.says, why in verdict.summary) == ("withdrawn", True)
    if challenger.requests >= RULED.minimum_requests and challenger.latency:
        asked = judge(replace(RULED, ends="ask"), CHAMPION, challenger, agreement, 3600)
        assert (asked.says, why in asked.summary) == ("ask", True)


def test_a_challenger_that_is_surely_less_often_right_is_not_promoted_by_the_rule() -> None:
    """By the intervals of both, where they are apart; where nobody said what was right, nothing is held against it."""
    champion = replace(CHAMPION, truth=Truth(95, 5))
    worse = judge(RULED, champion, replace(CHALLENGER, truth=Truth(70, 30)), ALIKE, 3600)
    assert worse.says == "withdrawn"
    assert worse.summary.startswith("at most 78.1% of its answers are right, and at least 88.8% of the champion's: ")
    assert "70 of 100 judged answers right (60.4% to 78.1%)" in worse.summary
    for truth in (Truth(), Truth(8, 2), Truth(88, 12), Truth(100, 0)):
        assert judge(RULED, champion, replace(CHALLENGER, truth=truth), ALIKE, 3600).says == "promoted"
    assert judge(RULED, CHAMPION, replace(CHALLENGER, truth=Truth(0, 100)), ALIKE, 3600).says == "promoted"
    told = document(RULED, champion, CHALLENGER, ALIKE, 3600, worse)
    assert told["champion"]["truth"] == {"right": 95, "wrong": 5, "interval": Truth(95, 5).interval}


def test_surely_too_many_errors_end_a_challenge_at_once_and_a_few_do_not() -> None:
    """By the intervals of both: one error among thirty is no proof, half of a hundred is."""
    assert judge(RULED, CHAMPION, Side(100, 0, 50, None), Agreement(0, 0), 60).says == "withdrawn"
    assert judge(RULED, CHAMPION, Side(30, 0, 1, None), Agreement(0, 0), 60).says == "wait"


def box(name: str, *corners: float) -> Box:
    """A detection that is sure."""
    return Box(name, 0.9, (corners[0], corners[1], corners[2], corners[3]))


def test_two_models_are_alike_that_find_the_same_things_in_nearly_the_same_places() -> None:
    """In any order; another class, a place half as good, or one thing more or less is not alike."""
    nut, bolt = box("nut", 0, 0, 10, 10), box("bolt", 20, 20, 40, 40)
    assert alike((nut, bolt), (box("bolt", 21, 21, 41, 41), nut))
    assert not alike((nut,), (box("bolt", 0, 0, 10, 10),))
    assert not alike((nut,), (box("nut", 6, 0, 16, 10),))
    assert not alike((nut, bolt), (nut,))
    assert not alike((nut,), (nut, bolt))
    assert alike((Named("cat", 0.9), Named("dog", 0.1)), (Named("dog", 0.2), Named("cat", 0.8)))
    assert not alike((Named("cat", 0.9),), (Named("dog", 0.9),))


def test_a_variant_s_figures_are_its_own_and_its_latency_is_weighted_by_requests() -> None:
    """Counted by the configuration of the challenge, so that the champion's earlier answers are left out."""
    asked = queries("production", "both", 7200)
    assert {one["MetricStat"]["Period"] for one in asked} == {60}
    assert max(one["MetricStat"]["Period"] for one in queries("production", "both", 30 * 86400)) == 10800
    assert all(
        {"Name": "EndpointConfigName", "Value": "both"} in one["MetricStat"]["Metric"]["Dimensions"] for one in asked
    )
    times = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (1, 2)]
    found: dict[str, list[Any]] = {
        "challenger_invocations": [30.0, 10.0],
        "challenger_modellatency": [100.0, 300.0],
        "challenger_invocation5xxerrors": [1.0, 1.0],
        "main_invocations": [500.0, 500.0],
    }
    results = [{"Id": name, "Timestamps": times, "Values": values} for name, values in found.items()]
    assert read_side(results, "challenger") == Side(40, 0, 2, 150.0)
    assert read_side(results, "main") == Side(1000, 0, 0, None)
