"""The Release machine whose stages are in accounts of their own."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from workflow.errors import GreenlightError
from workflow.stack.definitions import WITHOUT_NETWORK, fit_out
from workflow.stack.package import ROOT
from workflow.stack.several_accounts import MODEL, MODEL_OF_PRODUCTION, spread

PLAIN = json.loads((ROOT / "workflow" / "machines" / "release.asl.json").read_text())
SPREAD = spread(PLAIN)["States"]
CHANGED = (MODEL, *WITHOUT_NETWORK, "How does production serve?")
"""The states whose models have their account's role, or that lead to production's configuration."""
STAGING = {
    "Create the model",
    "Create the serverless staging model",
    "Create the staging configuration",
    "Create the asynchronous staging configuration",
    "Create staging",
    "Update staging",
    "Look at staging",
}
PRODUCTION = {
    "Create the model in production",
    "Create the serverless production model",
    "Create the production configuration",
    "Create the asynchronous production configuration",
    "Create the captured production configuration",
    "Create production",
    "Update production",
    "Look at production",
    "Watch the errors",
    "Watch the latency",
    "Watch the answers",
    "Remove the alarms",
    "Remove the failed release's alarms",
    "Put the previous version back",
    "Look at the previous version",
}


def with_role(role: str) -> set[str]:
    """The states that assume a role."""
    return {name for name, state in SPREAD.items() if state.get("Credentials") == {"RoleArn": role}}


def test_every_call_about_an_endpoint_is_made_in_the_account_of_its_stage() -> None:
    """Functions are called where they are: they assume roles of their own."""
    assert with_role("${StagingRoles}-release") == STAGING
    assert with_role("${ProductionRoles}-release") == PRODUCTION
    rest = {name: state for name, state in SPREAD.items() if name not in STAGING | PRODUCTION}
    # A challenge is refused where production is elsewhere.
    rest.pop("Challenge production")
    others = {name for name, state in rest.items() if state["Type"] == "Task" and ":lambda:" not in state["Resource"]}
    assert others == {"Answer the evaluation's pictures"}, "a batch runs where the model was built"
    assert not any("Credentials" in state for state in rest.values())


def test_each_account_has_a_model_with_a_role_of_its_own() -> None:
    """Production's is made only once people have agreed, in front of its configuration, and fails as that does."""
    first, second = SPREAD[MODEL], SPREAD[MODEL_OF_PRODUCTION]
    assert first["Parameters"]["ExecutionRoleArn"] == "${StagingRoles}-endpoint"
    assert second["Parameters"]["ExecutionRoleArn"] == "${ProductionRoles}-endpoint"
    assert SPREAD["How does production serve?"]["Default"] == MODEL_OF_PRODUCTION
    assert second["Next"] == "Create the production configuration"
    assert second["Catch"] == SPREAD["Create the production configuration"]["Catch"]
    assert first["Parameters"]["ModelName.$"] != second["Parameters"]["ModelName.$"]


def test_whoever_has_one_account_gets_the_machine_as_it_was() -> None:
    """And what is added changes nothing that was there."""
    assert fit_out(PLAIN, vpc=False, key=False) == PLAIN
    for name, state in PLAIN["States"].items():
        kept = {key: value for key, value in SPREAD[name].items() if key != "Credentials"}
        if name not in CHANGED:
            assert kept == state, name


def test_each_stage_has_the_network_and_the_key_of_its_account() -> None:
    """A subnet is an account's own."""
    states = fit_out(PLAIN, vpc=True, key=True, accounts=True)["States"]
    for stage, model in (("Staging", MODEL), ("Production", MODEL_OF_PRODUCTION)):
        network = states[model]["Parameters"]["VpcConfig"]
        assert network["Subnets.$"] == f"States.StringSplit('${{{stage}SubnetIds}}', ',')"
        assert network["SecurityGroupIds.$"] == f"States.StringSplit('${{{stage}SecurityGroupIds}}', ',')"
        configuration = states[f"Create the {stage.lower()} configuration"]
        assert configuration["Parameters"]["KmsKeyId"] == f"${{{stage}KeyArn}}"


def without_model(machine: dict[str, Any]) -> None:
    """No model is made."""
    del machine["States"][MODEL]


def test_whoever_chooses_productions_configuration_creates_its_model_first() -> None:
    """A rule of a choice leads there, as a default does."""
    machine = copy.deepcopy(PLAIN)
    rule = {"Variable": "$.a", "IsPresent": True, "Next": "Create the production configuration"}
    machine["States"]["Choose"] = {"Type": "Choice", "Choices": [rule], "Default": "Tell everyone"}
    choose = spread(machine)["States"]["Choose"]
    assert choose == {"Type": "Choice", "Choices": [{**rule, "Next": MODEL_OF_PRODUCTION}], "Default": "Tell everyone"}


@pytest.mark.parametrize("change", [without_model])
def test_a_machine_that_cannot_be_spread_is_refused(change: Any) -> None:
    """Rather than deployed with a production that has no model."""
    machine = copy.deepcopy(PLAIN)
    change(machine)
    with pytest.raises(GreenlightError):
        spread(machine)
