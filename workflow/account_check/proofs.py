"""Proves one claim after another: tells how long each took and what shows it, and goes on where one fails.

What needs a claim that failed is not reached. Knows no AWS and no claim.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workflow.errors import GreenlightError

PROVED, FAILED, NOT_REACHED = "proved", "failed", "not reached"

Evidence = Mapping[str, str]
"""What shows that a claim holds, by words: an ARN, an address in the console, a figure."""


@dataclass(frozen=True)
class Proof:
    """A claim, and what proves it, or raises GreenlightError with why not. ``needs`` names claims that come before."""

    name: str
    claim: str
    prove: Callable[[], Evidence]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of a claim; ``reason`` says why it is not proved."""

    name: str
    claim: str
    status: str
    seconds: float = 0.0
    evidence: Evidence = field(default_factory=dict)
    reason: str = ""


def prove_all(proofs: Sequence[Proof], results: list[Result], tell: Callable[[Result], None]) -> None:
    """Prove them in their order; each result is added to ``results`` at once, so that an interruption loses none."""
    for proof in proofs:
        lacking = [one.name for one in results if one.name in proof.needs and one.status != PROVED]
        if lacking:
            result = Result(proof.name, proof.claim, NOT_REACHED, reason=f"needs: {', '.join(lacking)}")
        else:
            result = _prove(proof, results)
        results.append(result)
        tell(result)


def _prove(proof: Proof, results: list[Result]) -> Result:
    began = time.monotonic()
    try:
        evidence = proof.prove()
    except GreenlightError as error:
        return Result(proof.name, proof.claim, FAILED, time.monotonic() - began, reason=str(error))
    except KeyboardInterrupt:
        results.append(Result(proof.name, proof.claim, FAILED, time.monotonic() - began, reason="interrupted"))
        raise
    except Exception as error:
        # Nobody foresaw it. The other claims are paid for, and no less worth knowing.
        why = f"{error!r}, an error of the check itself\n{traceback.format_exc()}"
        return Result(proof.name, proof.claim, FAILED, time.monotonic() - began, reason=why)
    return Result(proof.name, proof.claim, PROVED, time.monotonic() - began, evidence)
