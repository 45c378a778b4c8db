"""What an account check will take and cost, before it starts: the sum of its parts, by the dated list prices. Pure.

The minutes are what such steps take as AWS and its users describe them; nobody has measured them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workflow.account_check.options import REMOVAL_MINUTES, Options
from workflow.contract.batch import JOIN_INSTANCE
from workflow.contract.cost import HOURLY, PRICED, SOURCE, format_dollars
from workflow.errors import UsageError
from workflow.table import format_table

DEPLOY, BUILD, RELEASE, CANARY, UPDATE = 8.0, 13.0, 11.0, 14.0, 2.0
"""Minutes of the steps that wait for one another: the stack (without its images), a build, a first release, a release
whose canary is sent back, a change of the stack."""
WHOLE_CANARY, WAY_BACK, STAGING = 18.0, 11.0, 8.0
"""Minutes of a release whose canary stays, of the way back to the version before, of a release that ends at staging."""
PROCESSING, TRAINING, TRANSFORM = 5.0, 5.0, 6.0
"""Minutes that one job is billed, its start included."""
SECOND_FLEET = 10.0
"""Minutes for which a release that moves traffic has both fleets."""
REQUESTS_DOLLARS = 0.25
"""An allowance for what is counted by request, gigabyte or month: states, functions, notices, metrics, keys, data."""


@dataclass(frozen=True)
class Part:
    """Something that is paid for by the minute: so many instances of a type."""

    name: str
    instance: str
    count: int
    minutes: float

    @property
    def dollars(self) -> float:
        """The list price of it. Raises UsageError for a type without one."""
        if self.instance not in HOURLY:
            raise UsageError(
                f"{self.instance} has no list price here, so nobody could say before what it costs; these have one: "
                f"{', '.join(sorted(HOURLY))}"
            )
        return HOURLY[self.instance] * self.count * self.minutes / 60


@dataclass(frozen=True)
class Estimate:
    """The parts of a check, and how long it takes: ``minutes`` on the clock, the removal included."""

    parts: tuple[Part, ...]
    minutes: float

    @property
    def dollars(self) -> float:
        """What all of it costs, with the allowance."""
        return sum(part.dollars for part in self.parts) + REQUESTS_DOLLARS

    def document(self) -> dict[str, Any]:
        """The estimate as JSON."""
        parts = [
            {
                "part": part.name,
                "instance": part.instance,
                "count": part.count,
                "minutes": part.minutes,
                "dollars": round(part.dollars, 4),
            }
            for part in self.parts
        ]
        return {
            "dollars": round(self.dollars, 2),
            "minutes": self.minutes,
            "prices": {"source": SOURCE, "of": PRICED, "region": "us-east-1"},
            "requests_dollars": REQUESTS_DOLLARS,
            "parts": parts,
        }

    def text(self) -> str:
        """The estimate as a table, with where its prices are from."""
        rows: list[Sequence[object]] = [
            (part.name, f"{part.count} × {part.instance}", f"{part.minutes:g} min", format_dollars(part.dollars))
            for part in self.parts
        ]
        rows.append(("requests, storage, the stack at rest", "allowance", "", format_dollars(REQUESTS_DOLLARS)))
        rows.append(("together", "", f"{self.minutes:g} min", format_dollars(self.dollars)))
        table = format_table(("WHAT", "ON", "FOR", "ABOUT"), rows)
        return f"{table}\nList prices of {PRICED} in us-east-1 ({SOURCE}); other regions differ."


def estimate(options: Options) -> Estimate:
    """What a check of these options takes. Raises UsageError for an instance type without a list price."""
    settings, count = options.defaults, options.production_instances
    builds = 2 + bool(options.gpu)
    releases = [CANARY] + ([UPDATE, WHOLE_CANARY, WAY_BACK, STAGING, STAGING] if options.thorough else [])
    fleets = 1 + (2 if options.thorough else 0)
    on = str(settings["endpoint_instance"])
    # Staging and production stand from the middle of the first release until the removal has begun.
    served = RELEASE / 2 + UPDATE + sum(releases)
    parts = [
        Part("preparations and evaluations", str(settings["processing_instance"]), 2 * builds, PROCESSING),
        Part("trainings, one of them stopped and redriven", str(settings["training_instance"]), 3, TRAINING),
        *([Part("a training on a GPU", options.gpu, 1, 2 * TRAINING)] if options.gpu else []),
        Part("a batch", on, 1, TRANSFORM),
        Part("the join of its answers", JOIN_INSTANCE, 1, PROCESSING),
        Part("staging", on, 1, served + RELEASE / 2),
        Part("production", on, count, served),
        Part("second fleets while traffic moves", on, count * fleets + fleets, SECOND_FLEET),
    ]
    minutes = DEPLOY + BUILD + RELEASE + UPDATE + sum(releases) + REMOVAL_MINUTES
    found = Estimate(tuple(parts), minutes)
    if found.dollars > options.dollars:
        limit = format_dollars(options.dollars)
        raise UsageError(f"{found.text()}\nThat is more than {limit}: choose a smaller --instance, or raise --dollars.")
    if minutes - DEPLOY > options.minutes:
        raise UsageError(f"it takes about {minutes - DEPLOY:g} minutes once the stack stands: raise --minutes.")
    return found
