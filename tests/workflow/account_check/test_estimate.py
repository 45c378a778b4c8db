"""What an account check says that it costs, before it starts."""

from __future__ import annotations

import pytest

from workflow.account_check.estimate import REQUESTS_DOLLARS, estimate
from workflow.account_check.options import GPU_INSTANCE, THOROUGH_MINUTES, Options
from workflow.contract.cost import HOURLY, PRICED, SOURCE
from workflow.errors import UsageError


@pytest.mark.parametrize(
    "options", [Options("p"), Options("p", gpu=GPU_INSTANCE, thorough=True, minutes=THOROUGH_MINUTES)]
)
def test_the_estimate_is_the_sum_of_its_parts(options: Options) -> None:
    """Each is so many instances for so many minutes at the list price; the allowance is one of them."""
    found = estimate(options)
    parts = sum(HOURLY[part.instance] * part.count * part.minutes / 60 for part in found.parts)
    assert found.dollars == pytest.approx(parts + REQUESTS_DOLLARS)
    assert found.document()["dollars"] == pytest.approx(found.dollars, abs=0.005)
    assert 0 < found.dollars < 5


def test_it_takes_an_hour_with_the_removal() -> None:
    """What is promised without further options, the images aside."""
    assert estimate(Options("p")).minutes <= 60


def test_each_option_is_in_it() -> None:
    """The GPU, the longer way and further instances all cost more."""
    usual = estimate(Options("p")).dollars
    assert estimate(Options("p", gpu=GPU_INSTANCE)).dollars > usual
    assert estimate(Options("p", thorough=True, minutes=THOROUGH_MINUTES)).dollars > usual
    assert estimate(Options("p", parameters={"EndpointInstanceCount": "4"})).dollars > usual
    assert estimate(Options("p", settings={"endpoint_instance": "ml.c7i.4xlarge"})).dollars > usual


def test_it_says_how_old_its_prices_are() -> None:
    """And where they are from: a price is true on a day."""
    text = estimate(Options("p")).text()
    assert PRICED in text
    assert SOURCE in text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (Options("p", instance="ml.m9.huge"), "ml.m9.huge has no list price"),
        (Options("p", settings={"training_instance": "ml.x1.huge"}), "ml.x1.huge has no list price"),
        (Options("p", dollars=0.5), r"more than \$0.50"),
        (Options("p", thorough=True, minutes=60), "raise --minutes"),
    ],
)
def test_what_nobody_can_say_or_costs_too_much_is_not_begun(options: Options, why: str) -> None:
    """No guess stands in for a price, and no check begins that could not end."""
    with pytest.raises(UsageError, match=why):
        estimate(options)
