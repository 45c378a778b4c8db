"""What a deployed stack demands of every run: the defaults of a run's input, and what it says of one that asks less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.clients import Cloud
from workflow.contract.policy import REFUSE, show
from workflow.contract.run_input import RunInput
from workflow.stack.outputs import defaults_of, describe_stack, values_of

SHOWN = 3
"""Keys that are named where a run asks less; the rest are counted."""


@dataclass(frozen=True)
class Demands:
    """``defaults`` are keys of a run's input; ``loosening`` is what becomes of a run that asks less: refuse or show."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    loosening: str = REFUSE

    def tell_loosened(self, given: Mapping[str, Any]) -> list[str]:
        """Lines that say what of an input, given over the defaults, a run of this stack may not ask."""
        base = {"dataset": "s3://bucket/any/", **self.defaults}
        loosened = RunInput.parse(dict(given), base).loosened(base) if self.loosening == REFUSE else ()
        if not loosened:
            return []
        shown = [f"{one.key}={show(one.now)} where it demands {show(one.was)}" for one in loosened[:SHOWN]]
        more = f" and {len(loosened) - SHOWN} more" if len(loosened) > SHOWN else ""
        return [
            f"the stack refuses a run that asks {', '.join(shown)}{more}: before the start, change its defaults",
            "(greenlight deploy --default KEY=VALUE), or show it to the approvers (--parameter PolicyLoosening=show)",
        ]


def read_demands(cloud: Cloud, project: str) -> Demands:
    """The stack's own, or a fresh stack's where there is none."""
    given = values_of(describe_stack(cloud, project))
    return Demands(defaults_of(given), given.get("PolicyLoosening") or REFUSE)
