"""How claims are proved one after another, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workflow.account_check.estimate import estimate
from workflow.account_check.options import Options
from workflow.account_check.proofs import FAILED, NOT_REACHED, PROVED, Evidence, Proof, Result, prove_all
from workflow.account_check.report import Report
from workflow.errors import GreenlightError


def raising(error: BaseException) -> Callable[[], Evidence]:
    """What proves nothing."""

    def prove() -> Evidence:
        raise error

    return prove


def prove(*proofs: Proof) -> list[Result]:
    """Their results."""
    results: list[Result] = []
    prove_all(proofs, results, lambda _: None)
    return results


def report(*results: Result, left: tuple[str, ...] = (), kept: bool = False, interrupted: bool = False) -> Report:
    """A report of these."""
    planned = estimate(Options("p"))
    return Report("p", "1", "eu-west-1", planned, 1.0, results, left, kept=kept, interrupted=interrupted)


WELL = Result("a", "the first", PROVED, evidence={"stack": "arn:aws:it", "console": "https://it"})


@pytest.mark.parametrize("error", [GreenlightError("no quota"), KeyError("quota")])
def test_a_claim_that_fails_stops_only_what_needs_it(error: Exception) -> None:
    """The others are paid for already; an error that nobody foresaw is one more reason."""
    shown = {"arn": "arn:aws:it"}
    first, second, third, last = prove(
        Proof("a", "the first", lambda: shown),
        Proof("b", "the second", raising(error)),
        Proof("c", "the third", lambda: shown, ("a", "b")),
        Proof("d", "the last", lambda: shown, ("a",)),
    )
    assert (first.status, second.status, third.status, last.status) == (PROVED, FAILED, NOT_REACHED, PROVED)
    assert "quota" in second.reason
    assert third.reason == "needs: b"
    assert last.evidence == shown


def test_what_needs_what_was_not_reached_is_not_reached_either() -> None:
    """And so on, to the end."""
    proofs = (
        Proof("a", "the first", raising(GreenlightError("no"))),
        Proof("b", "the second", dict, ("a",)),
        Proof("c", "the third", dict, ("b",)),
    )
    assert [one.status for one in prove(*proofs)] == [FAILED, NOT_REACHED, NOT_REACHED]


def test_an_interruption_is_kept_with_what_was_proved_before() -> None:
    """The report tells how far it came."""
    results: list[Result] = []
    proofs = [Proof("a", "the first", dict), Proof("b", "the second", raising(KeyboardInterrupt()))]
    with pytest.raises(KeyboardInterrupt):
        prove_all(proofs, results, lambda _: None)
    assert [(one.status, one.reason) for one in results] == [(PROVED, ""), (FAILED, "interrupted")]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (report(WELL), True),
        (report(WELL, Result("b", "the second", FAILED, reason="no")), False),
        (report(WELL, Result("b", "the second", NOT_REACHED, reason="needs: a")), False),
        (report(WELL, left=("bucket p-x",)), False),
        (report(WELL, left=("bucket p-x",), kept=True), True),
        (report(WELL, interrupted=True), False),
    ],
)
def test_it_passes_only_where_all_is_proved_and_nothing_is_left(given: Report, passed: bool) -> None:
    """Unless it was to stay."""
    assert given.passed is passed
    assert given.document()["passed"] is passed


def test_the_report_shows_each_claim_with_all_that_shows_it() -> None:
    """Addresses are whole, so that they can be opened; what is left is named, with what to type."""
    text = report(WELL, left=("bucket p-x",)).text()
    assert "the first" in text
    assert "stack: arn:aws:it" in text
    assert "console: https://it" in text
    assert "bucket p-x" in text
    assert "greenlight destroy --project p" in text
