"""How a person goes on with data that was refused: the policy that leaves out or mends what is wrong, as it is typed.

A policy is spelled ``wrong-task=repair,empty-box=drop`` wherever a person types one; ``drop`` alone is all that can be
left out. No spelling goes past what would mislead the evaluation unseen: that is mended, or named by its own kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workflow.contract.dataset_report import FINDINGS
from workflow.contract.rule import InputError

EXAMPLE = "wrong-task=repair,empty-box=drop"
DROP: Mapping[str, str] = {
    kind: "drop" for kind, found in FINDINGS.items() if found.default == "reject" and "drop" in found.allowed
}
"""What ``drop`` alone means: all that would reject and can be left out. A note is no reason to lose pictures."""


def read_policy(text: str) -> dict[str, str]:
    """What a person typed, by kinds of findings, which are checked apart. Raises InputError where it is no list."""
    if text == "drop":
        return dict(DROP)
    policy: dict[str, str] = {}
    for part in text.split(","):
        kind, equals, wanted = part.strip().partition("=")
        if not kind or not equals or not wanted:
            raise InputError(f"policy {text!r}: must be drop, or kinds of findings such as {EXAMPLE}")
        if policy.setdefault(kind, wanted) != wanted:
            raise InputError(f"policy {text!r}: says two things of {kind}")
    return policy


def spell(policy: Mapping[str, str]) -> str:
    """A policy as it is typed."""
    return ",".join(f"{kind}={wanted}" for kind, wanted in policy.items())


def find_policy(rejected: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """For each kind that rejects under the policy ``given`` and need not: mended where it can be, else left out."""
    return {kind: wanted for kind in dict.fromkeys(rejected) if (wanted := _go_on(kind, given.get(kind, "")))}


def tell_way_on(rejected: Iterable[str], given: Mapping[str, str], command: str) -> str:
    """What to do about data that was refused for these kinds under the policy ``given``, in a sentence or two.

    ``command`` is what is typed, with ``{policy}`` where the policy belongs.
    """
    kinds = list(dict.fromkeys(rejected))
    policy = find_policy(kinds, given)
    stuck = [kind for kind in kinds if kind not in policy]
    mend = (
        f"{', '.join(stuck)} must be mended: no policy does, and none leaves {'it' if len(stuck) == 1 else 'them'} out"
    )
    if not policy:
        return mend
    typed = command.replace("{policy}", spell({**given, **policy}))
    return f"{mend}; for the rest: {typed}" if stuck else f"to go on without mending it: {typed}"


def _go_on(kind: str, given: str) -> str:
    """The mildest that changes no picture unseen; empty where there is nothing but to mend it.

    What still rejects although it is to be repaired cannot be.
    """
    found = FINDINGS[kind]
    usual = found.default if found.default != "reject" else ""
    ways = ("drop",) if given == "repair" else ("repair", "drop")
    return next((wanted for wanted in ways if wanted in found.allowed), usual)
