"""What jobs cost, about: their times by list prices. Knows no discount, and guesses no price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PRICED = "2026"
SOURCE = "aws.amazon.com/sagemaker/pricing"
LEAST = 0.01
"""US dollars below which an amount is not told to the cent."""
HOURLY: Mapping[str, float] = {
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m7i.large": 0.121,
    "ml.m7i.xlarge": 0.2419,
    "ml.m7i.2xlarge": 0.4838,
    "ml.m7i.4xlarge": 0.9677,
    "ml.c7i.xlarge": 0.2142,
    "ml.c7i.2xlarge": 0.4284,
    "ml.c7i.4xlarge": 0.8568,
    "ml.g4dn.xlarge": 0.7364,
    "ml.g4dn.2xlarge": 0.94,
    "ml.g4dn.12xlarge": 4.89,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
    "ml.g5.4xlarge": 2.03,
    "ml.g5.12xlarge": 7.09,
    "ml.p3.2xlarge": 3.825,
}
"""US dollars an hour, on demand, in us-east-1, about as SOURCE lists them in PRICED; those of m7i and c7i are EC2's
list price and the fifth that SageMaker adds. Training and processing cost the same."""


@dataclass(frozen=True)
class Job:
    """A job of the run: so many ``seconds`` on each of ``instances`` of a type, which is empty where nobody said.

    ``spot`` says that unused capacity was asked for and the seconds are those of the clock, so that it costs less than
    the list price. Seconds that SageMaker bills have the discount in them already.
    """

    name: str
    seconds: float
    instance: str
    instances: int = 1
    spot: bool = False

    @property
    def dollars(self) -> float | None:
        """The list price of the time, None for a type without one here."""
        price = HOURLY.get(self.instance)
        return None if price is None else price * self.instances * self.seconds / 3600


def total(jobs: Sequence[Job]) -> float | None:
    """The sum of all, None unless each is known: half a sum would look like the whole."""
    known = [job.dollars for job in jobs if job.dollars is not None]
    return sum(known) if known and len(known) == len(jobs) else None


def tell_cost(jobs: Sequence[Job]) -> str:
    """What the jobs cost in words, with the age of the prices; empty where there is no job."""
    if not jobs:
        return ""
    whole = total(jobs)
    if whole is None:
        return f"unknown: no list price of {', '.join(sorted({job.instance for job in jobs if job.dollars is None}))}"
    about = "about " if whole >= LEAST else ""
    return f"{about}{format_dollars(whole)} (list prices of {PRICED}, us-east-1)"


def tell_time(jobs: Sequence[Job]) -> str:
    """How long the jobs took, where nobody bills them; empty where there is no job."""
    return f"nothing: {sum(job.seconds for job in jobs):,.0f} s of jobs on one machine" if jobs else ""


def tell_dollars(jobs: Sequence[Job]) -> str:
    """The same for a column: the amount alone, empty where there is no job."""
    whole = total(jobs)
    return format_dollars(whole) if whole is not None else "unknown" if jobs else ""


def format_dollars(dollars: float) -> str:
    """An amount in US dollars to the cent."""
    return f"${dollars:,.2f}" if dollars >= LEAST else f"below ${LEAST}"
