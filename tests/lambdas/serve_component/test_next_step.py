"""What is done next until a component serves the wanted model, and when waiting would not help."""

from __future__ import annotations

import pytest

from lambdas.serve_component.next_step import MOST_LOOKS, Component, NotServedError, SoFar, Step, choose

FIRST, BEGUN = SoFar(0, begun=False), SoFar(3, begun=True)


def component(status: str = "InService", model: str = "old", endpoint: str = "vision-shared") -> Component:
    """A component of two copies."""
    return Component("greenlight-production", endpoint, status, model, 2, "it broke" if status == "Failed" else "")


@pytest.mark.parametrize(
    ("endpoint", "found", "so_far", "step"),
    [
        ("", None, FIRST, Step.MAKE_ENDPOINT),
        ("Creating", None, FIRST, Step.WAIT),
        ("Deleting", None, FIRST, Step.WAIT),
        ("InService", None, FIRST, Step.CREATE),
        ("InService", component("Creating", "new"), BEGUN, Step.WAIT),
        ("InService", component(), FIRST, Step.UPDATE),
        ("InService", component("Updating"), BEGUN, Step.WAIT),
        ("InService", component("Deleting"), FIRST, Step.WAIT),
        ("InService", component(model="new"), BEGUN, Step.READY),
        ("InService", component(model="new"), FIRST, Step.READY),
    ],
)
def test_each_look_leads_to_the_next_step(endpoint: str, found: Component | None, so_far: SoFar, step: Step) -> None:
    """Also where another project makes the endpoint meanwhile, and where a redriven release finds it done."""
    assert choose("vision-shared", endpoint, found, "new", so_far) is step


@pytest.mark.parametrize(
    ("endpoint", "found", "so_far", "said"),
    [
        ("Failed", None, FIRST, "is Failed"),
        ("InService", component("Failed", "new"), BEGUN, "it broke"),
        ("InService", component(), BEGUN, "serves old and not new"),
        ("InService", None, BEGUN, "somebody deleted it"),
        ("InService", component(endpoint="other-shared"), FIRST, "on other-shared"),
        ("Creating", None, SoFar(MOST_LOOKS, begun=False), "after 240 looks"),
    ],
)
def test_what_waiting_does_not_mend_is_said(endpoint: str, found: Component | None, so_far: SoFar, said: str) -> None:
    """An update that SageMaker took back leaves the component in service on the old model: that is no success."""
    with pytest.raises(NotServedError, match=said):
        choose("vision-shared", endpoint, found, "new", so_far)
