"""What a stack may do on an endpoint that it shares with other projects, read from the template itself."""

from __future__ import annotations

import pytest

from tests.infra import template as read
from tests.infra.template import Json

pytestmark = pytest.mark.fast

MINE, THE_ENDPOINT = "inference-component/${Project}-production", "endpoint/${SharedEndpoint}"


@pytest.fixture(scope="module")
def template() -> Json:
    """The template."""
    return read.load()


def resources(template: Json, action: str) -> dict[str, set[str]]:
    """What each role may do an action on, by the ends of the ARNs."""
    found: dict[str, set[str]] = {}
    for grant in read.grants(template):
        if action in grant.actions:
            ends = {one["Fn::Sub"].rpartition("${AWS::AccountId}:")[2] for one in grant.resources}
            found[grant.role] = found.get(grant.role, set()) | ends
    return found


def test_nobody_changes_what_another_project_serves_there(template: Json) -> None:
    """One function creates and updates the project's own component; nobody takes one away, or the endpoint below."""
    assert resources(template, "sagemaker:UpdateInferenceComponent") == {
        "ServeComponentRole": {MINE, "model/${Project}-v*"}
    }
    assert resources(template, "sagemaker:CreateInferenceComponent") == {
        "ServeComponentRole": {MINE, THE_ENDPOINT, "endpoint-config/${SharedEndpoint}-*", "model/${Project}-v*"}
    }
    assert resources(template, "sagemaker:DeleteInferenceComponent") == {}
    for action in ("sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"):
        assert not any(THE_ENDPOINT in ends for ends in resources(template, action).values())


def test_a_shared_endpoint_is_no_projects_own(template: Json) -> None:
    """Its name ends as no project's endpoint does, so that rights on it are on nothing else."""
    pattern = template["Parameters"]["SharedEndpoint"]["AllowedPattern"]
    assert pattern.endswith("-shared)?")
    assert template["Parameters"]["SharedEndpoint"]["Default"] == ""
