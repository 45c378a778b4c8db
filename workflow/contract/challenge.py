"""A challenger beside the champion: the keys that say how it is tried, what is planned of it, and how it is recorded.

The challenger is an approved version like any that is released. It answers a share of the requests (``ab``), or is sent
a copy of a share whose answers nobody sees (``shadow``). Two sources bound what is possible: SageMaker's guide, "Create
a shadow test", which allows one shadow variant beside one production variant, and its "Exclusions" of shadow tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.deployment import VARIANT
from workflow.contract.document import Text, read, render
from workflow.contract.rule import Number, OneOf, Whole, key
from workflow.contract.table_keys import CHALLENGE

AB = "ab"
SHADOW = "shadow"
CHALLENGES = (AB, SHADOW)
"""The ways to serve that begin with a challenge."""

CHAMPION_VARIANT = VARIANT
CHALLENGER_VARIANT = "challenger"
"""What the two are called behind the endpoint. The champion keeps its name: a fleet that takes over from another needs
variants of the same name (SageMaker's guide, "Deployment guardrails", "Exclusions")."""

ASK = "ask"
RULE = "rule"

PROMOTED = "promoted"
WITHDRAWN = "withdrawn"
WAIT = "wait"
OVERTAKEN = "overtaken"
"""What a comparison says, beside ``ask``: go on waiting, or that another release has taken place."""


@dataclass(frozen=True)
class ChallengeInput:
    """How a challenger is tried, and what it has to keep."""

    challenger_share: float = key(
        Number(
            "ab: share of the requests that the challenger answers; shadow: share that it gets a copy of", 0.01, 0.5
        ),
        0.1,
    )
    challenge_hours: float = key(
        Number("hours that a challenger is tried for; at most 30 days", 0, 720, above=True),
        24.0,
    )
    challenge_minimum_requests: int = key(
        Whole("requests that the challenger must have answered, or it is withdrawn", 1, 100_000_000), 100
    )
    challenge_ends: str = key(
        OneOf("who decides at the end of a challenge: a person is asked, or the rule of the limits", (ASK, RULE)), ASK
    )
    challenge_latency_ratio: float = key(
        Number("the challenger's p95 model latency, at most this many times the champion's", 1, 10), 1.2
    )
    challenge_error_difference: float = key(
        Number("the challenger's share of 5XX answers, at most so much above the champion's", 0, 1), 0.01
    )
    challenge_agreement: float = key(
        Number("share of the compared pictures to which both must answer alike; 0 asks for nothing", 0, 1), 0.0
    )


@dataclass(frozen=True)
class Challenge:
    """What is planned of a challenge, beside the plan of its release.

    ``champion`` is the champion's variant as its recorded configuration names it, with the instances it has now and
    its weight; ``challenger`` is the challenger's, without its model. Times are seconds.
    """

    kind: Text
    release: Text
    champion: Mapping[str, Any]
    challenger: Mapping[str, Any]
    seconds: int
    look_seconds: int
    minimum_requests: int
    ends: Text
    latency_ratio: float
    error_difference: float
    agreement: float


@dataclass(frozen=True)
class ChallengeRecord:
    """Which execution puts which configuration behind production for its challenge, and which one is the champion's.

    Written before production changes, so that whoever watches it knows the challenge's from a stranger's, and what is
    left of one that was stopped.
    """

    execution: Text
    configuration: Text
    champion_configuration: Text
    package_version: int
    began_epoch: int

    def item(self) -> dict[str, Any]:
        """The record as the table's item."""
        return {"id": CHALLENGE, **render(self)}


_LONGEST_NAME = 80
"""Characters of an execution's name (Step Functions, StartExecution)."""


def name_withdrawal(challenge: ChallengeRecord, now_epoch: float) -> str:
    """The name of the execution that takes a stopped challenge's challenger away: one an hour, whoever starts it.

    Step Functions starts nothing anew by a name that ran: so two that see the same challenge start one execution, and
    what cannot be withdrawn is tried again an hour later and not every few minutes.
    """
    ending = f"-withdrawal-{int(now_epoch) // 3600}"
    return challenge.execution.rpartition(":")[2][: _LONGEST_NAME - len(ending)] + ending


def read_challenge(item: Mapping[str, Any] | None) -> ChallengeRecord | None:
    """Read the table's item, in plain values; None where there was no challenge. Raises ContractError on half a one."""
    return None if item is None else read(ChallengeRecord, item, CHALLENGE)
