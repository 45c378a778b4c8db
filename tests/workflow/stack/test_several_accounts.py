"""The Stage machine whose stages are in accounts of their own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.workflow.machines.test_definitions import resolve
from workflow.contract.stage_accounts import STAGES
from workflow.stack.definitions import WITHOUT_NETWORK, fit_out
from workflow.stack.package import ROOT
from workflow.stack.several_accounts import OF_AN_ACCOUNT, service_of, spread

MACHINES = ROOT / "workflow" / "machines"
PLAIN = json.loads((MACHINES / "stage.asl.json").read_text())
SPREAD = spread(PLAIN)["States"]
MODELS = {"Create the model", WITHOUT_NETWORK}


def sent(state: dict[str, Any], stage: str) -> Any:
    """What a state sends for a stage, as far as it depends on that; a placeholder has its own name as its value."""
    picked = {key: value for key, value in state.items() if "$.plan.number" in str(value)}
    filled = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", json.dumps(picked)))
    return resolve(filled, {"plan": {"number": STAGES.index(stage)}})


def test_every_call_about_an_endpoint_is_made_in_the_account_of_its_stage() -> None:
    """Functions are called where they are: they assume roles of their own."""
    for state in SPREAD.values():
        if state["Type"] != "Task":
            continue
        assert service_of(state) in (*OF_AN_ACCOUNT, "lambda")
        assert ("Credentials" in state) == (service_of(state) != "lambda")
        for stage in STAGES if "Credentials" in state else ():
            role = sent(state["Credentials"], stage)
            assert role == {"RoleArn": f"{stage.capitalize()}Roles-stage"}


def test_no_other_machine_touches_an_endpoint_that_may_be_in_another_account() -> None:
    """A challenge is refused where production is elsewhere; Release itself calls functions, and starts executions."""
    states = json.loads((MACHINES / "release.asl.json").read_text())["States"].values()
    assert {service_of(state) for state in states if state["Type"] == "Task"} == {"lambda", "states"}


def test_each_account_has_a_model_with_a_role_of_its_own() -> None:
    """Of either kind; no other state names a role to run as."""
    named = {name for name, state in SPREAD.items() if "ExecutionRoleArn" in json.dumps(state)}
    assert named == MODELS
    for name in MODELS:
        for stage in STAGES:
            assert sent(SPREAD[name]["Parameters"], stage)["ExecutionRoleArn"] == f"{stage.capitalize()}Roles-endpoint"


def test_whoever_has_one_account_gets_the_machine_as_it_was() -> None:
    """And what is added changes nothing that was there."""
    assert fit_out(PLAIN, vpc=False, key=False) == PLAIN
    for name, state in PLAIN["States"].items():
        if name not in MODELS:
            assert {key: value for key, value in SPREAD[name].items() if key != "Credentials"} == state, name


def test_each_stage_has_the_network_and_the_key_of_its_account() -> None:
    """A subnet is an account's own."""
    states = fit_out(PLAIN, vpc=True, key=True, accounts=True)["States"]
    for stage in STAGES:
        word = stage.capitalize()
        network = sent(states["Create the model"]["Parameters"]["VpcConfig"], stage)
        assert network == {"Subnets": [f"{word}SubnetIds"], "SecurityGroupIds": [f"{word}SecurityGroupIds"]}
        assert sent(states["Create the configuration"]["Parameters"], stage)["KmsKeyId"] == f"{word}KeyArn"


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_gets_is_filled_in_before_anything_is_picked(stage: str) -> None:
    """A list of subnets has commas of its own."""
    text = json.dumps(fit_out(PLAIN, vpc=True, key=False, accounts=True))
    filled = text.replace("${StagingSubnetIds}", "subnet-1,subnet-2").replace("${ProductionSubnetIds}", "subnet-3")
    network = sent(json.loads(filled)["States"]["Create the model"]["Parameters"]["VpcConfig"], stage)
    assert network["Subnets"] == {"staging": ["subnet-1", "subnet-2"], "production": ["subnet-3"]}[stage]
