"""A plan of a production that is an inference component of a shared endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, Found, Served, Settings, draw_up
from tests.lambdas.plan_release.test_plan import ARN, DECISION, EXECUTION, JUDGED, package
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.rule import InputError
from workflow.contract.standing import Premises

ON_SHARED = Settings.read({}, Premises(shared_endpoint="vision-shared"))


def plan(settings: Settings, component: Endpoint | None = None, recorded: str = "", **serving: Any) -> ReleasePlan:
    """A release's plan where the component is there, or not."""
    found = Found(None, component, Served(configuration=recorded), DECISION, JUDGED)
    return draw_up("greenlight", EXECUTION, ReleaseInput(ARN, serving=serving), settings, package(), found)


def component(status: str = "InService") -> Endpoint:
    """What DescribeInferenceComponent says of production."""
    return Endpoint.of_component(
        {
            "InferenceComponentName": "greenlight-production",
            "InferenceComponentStatus": status,
            "Specification": {"ModelName": "greenlight-v3-00000000-0-0"},
        }
    )


def test_production_is_the_component_and_goes_back_to_the_model_that_it_serves() -> None:
    """The model takes the place of a configuration; staging stays an endpoint of the project's own."""
    first = plan(ON_SHARED, serve="shared")
    assert (first.component, first.production_endpoint) == ("greenlight-production", "vision-shared")
    assert (first.production_exists, first.previous_configuration) == (False, "")
    assert first.staging_endpoint == "greenlight-staging"
    later = plan(ON_SHARED, component(), "greenlight-v3-00000000-0-0", serve="shared")
    assert (later.production_exists, later.previous_configuration) == (True, "greenlight-v3-00000000-0-0")
    with pytest.raises(RefusalError, match="the inference component greenlight-production is Failed"):
        plan(ON_SHARED, component("Failed"), "greenlight-v3-00000000-0-0", serve="shared")


@pytest.mark.parametrize(
    ("settings", "serve", "said"),
    [(ON_SHARED, "realtime", "serves on the shared endpoint vision-shared alone"), (Settings.read({}), "shared", "no")],
)
def test_a_version_is_served_where_the_stacks_rights_are(settings: Settings, serve: str, said: str) -> None:
    """Rather than somewhere that its clients do not ask."""
    with pytest.raises(InputError, match=said):
        plan(settings, serve=serve)
    assert plan(Settings.read({})).component == ""
