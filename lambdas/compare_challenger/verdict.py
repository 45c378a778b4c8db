"""What a comparison of challenger and champion says: wait, promote, withdraw, or ask a person. Pure.

Errors that are surely more than allowed end a challenge at once. All else is decided at its end, when the challenger
must have answered enough requests: a rule promotes only what keeps every limit, and a person is told what is not kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workflow.contract.challenge import ASK, PROMOTED, RULE, WAIT, WITHDRAWN, Challenge
from workflow.contract.reading import VERSION
from workflow.contract.share_interval import wilson
from workflow.contract.truth import NO_TRUTH, Truth


@dataclass(frozen=True)
class Side:
    """What one of the two did in production: requests, those answered 4XX and 5XX, p95 of its model's microseconds.

    ``latency`` is None where nothing was answered, ``truth`` how many of its answers were right, as far as people said.
    """

    requests: int
    refused: int
    errors: int
    latency: float | None
    truth: Truth = NO_TRUTH

    @property
    def error_rate(self) -> float:
        """The share of requests that ended in a 5XX."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class Agreement:
    """To how many of the pictures both answered alike; with the challenger's answers that could be had."""

    alike: int
    pictures: int

    @property
    def share(self) -> float:
        """The share of them; 0 where none was compared."""
        return self.alike / self.pictures if self.pictures else 0.0


@dataclass(frozen=True)
class Verdict:
    """What is to be done, and why in one line."""

    says: str
    summary: str


def judge(challenge: Challenge, champion: Side, challenger: Side, agreement: Agreement, elapsed: float) -> Verdict:
    """The verdict after so many seconds."""
    told = describe(champion, challenger, agreement)
    surely = wilson(challenger.errors, challenger.requests)[0] - wilson(champion.errors, champion.requests)[1]
    if challenger.requests and surely > challenge.error_difference:
        return Verdict(WITHDRAWN, f"the challenger fails more often than allowed: {told}")
    if elapsed < challenge.seconds:
        return Verdict(WAIT, told)
    if challenger.requests < challenge.minimum_requests:
        few = f"{challenger.requests} of the {challenge.minimum_requests} requests that it takes"
        return Verdict(WITHDRAWN, f"nobody can tell: the challenger answered {few}")
    broken = find_broken(challenge, champion, challenger, agreement)
    if challenge.ends == RULE:
        return Verdict(WITHDRAWN if broken else PROMOTED, f"{'; '.join(broken)}: {told}" if broken else told)
    return Verdict(ASK, f"{told}. {'Not kept: ' + '; '.join(broken) if broken else 'Every limit is kept'}")


def find_broken(challenge: Challenge, champion: Side, challenger: Side, agreement: Agreement) -> list[str]:
    """The limits that the challenger does not keep, in words."""
    broken = []
    more = challenger.error_rate - champion.error_rate
    if more > challenge.error_difference:
        broken.append(f"5XX {more:.2%} more often, {challenge.error_difference:.2%} is allowed")
    if champion.latency and challenger.latency:
        ratio = challenger.latency / champion.latency
        if ratio > challenge.latency_ratio:
            broken.append(f"p95 is {ratio:.2f} times the champion's, {challenge.latency_ratio:g} is allowed")
    elif challenge.ends == RULE:
        broken.append("there is no latency of both to compare")
    at_most, at_least = challenger.truth.interval[1], champion.truth.interval[0]
    if at_most < at_least:
        broken.append(f"at most {at_most:.1%} of its answers are right, and at least {at_least:.1%} of the champion's")
    if challenge.agreement and agreement.share < challenge.agreement:
        broken.append(
            f"alike on {agreement.alike} of {agreement.pictures} pictures, {challenge.agreement:.0%} is demanded"
        )
    return broken


def describe(champion: Side, challenger: Side, agreement: Agreement) -> str:
    """Both side by side, in one line."""
    low, high = wilson(agreement.alike, agreement.pictures)
    alike = (
        f"alike on {agreement.alike} of {agreement.pictures} pictures ({low:.0%} to {high:.0%})"
        if agreement.pictures
        else "no picture compared"
    )
    return f"challenger {_tell(challenger)}; champion {_tell(champion)}; {alike}"


def _tell(side: Side) -> str:
    low, high = wilson(side.errors, side.requests)
    rate = f" ({low:.1%} to {high:.1%})" if side.requests else ""
    latency = "unknown" if side.latency is None else f"{side.latency / 1000:.0f} ms"
    return f"{side.requests} requests, {side.errors} 5XX{rate}, p95 {latency}{_tell_truth(side.truth)}"


def _tell_truth(truth: Truth) -> str:
    if not truth.judged:
        return ""
    low, high = truth.interval
    return f", {truth.right} of {truth.judged} judged answers right ({low:.1%} to {high:.1%})"


def document(
    challenge: Challenge, champion: Side, challenger: Side, agreement: Agreement, elapsed: float, verdict: Verdict
) -> dict[str, Any]:
    """``challenge.json``: what was compared, with 95 % intervals, and what it says. Latencies are microseconds."""
    sides = {"champion": champion, "challenger": challenger}
    return {
        "version": VERSION,
        "kind": challenge.kind,
        "seconds": round(elapsed),
        **{
            name: {
                **asdict(side),
                "error_rate": side.error_rate,
                "error_interval": wilson(side.errors, side.requests),
                "truth": {**asdict(side.truth), "interval": side.truth.interval},
            }
            for name, side in sides.items()
        },
        "agreement": {**asdict(agreement), "interval": wilson(agreement.alike, agreement.pictures)},
        "says": verdict.says,
        "summary": verdict.summary,
    }
