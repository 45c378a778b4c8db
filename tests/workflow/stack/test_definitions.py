"""The machines as they are deployed to a network and under a key."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workflow.stack.definitions import KEY, WITHOUT_NETWORK, fit_out, render_definitions, vpc_of
from workflow.stack.package import ROOT

VPC = vpc_of()
MACHINES = ROOT / "workflow" / "machines"
NAMES = ("build", "release", "stage", "challenge", "batch", "drift")
PLAIN = {name: json.loads((MACHINES / f"{name}.asl.json").read_text()) for name in NAMES}


def operations(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What each state that creates something of SageMaker's sends, by the operation; one of each is enough."""
    return {
        state["Resource"].rpartition(":")[2].removesuffix(".sync"): state["Parameters"]
        for name, state in definition["States"].items()
        if ":sagemaker:create" in state.get("Resource", "") and name != WITHOUT_NETWORK
    }


def test_the_plain_machines_are_deployed_as_they_were_rendered() -> None:
    """Who asks for nothing gets what the golden files show."""
    files = render_definitions(ROOT)
    assert {name: json.loads(files[f"{name}.asl.json"]) for name in PLAIN} == PLAIN
    assert len(files) == 28


def test_every_job_and_every_model_is_in_the_network() -> None:
    """Wherever each request has its VpcConfig; an endpoint has that of its model."""
    build, stage = (operations(fit_out(PLAIN[name], vpc=True, key=False)) for name in ("build", "stage"))
    assert build["createProcessingJob"]["NetworkConfig"]["VpcConfig"] == VPC
    assert build["createProcessingJob"]["NetworkConfig"]["EnableNetworkIsolation"] is True
    assert build["createTrainingJob"]["VpcConfig"] == VPC
    assert build["createHyperParameterTuningJob"]["TrainingJobDefinition"]["VpcConfig"] == VPC
    assert stage["createModel"]["VpcConfig"] == VPC


def test_no_state_that_creates_a_job_or_a_model_is_left_out() -> None:
    """Also a second state of the same operation; the rest of the machine is as it was."""
    for name, (vpc, key) in itertools.product(PLAIN, ((True, False), (False, True))):
        fitted = fit_out(PLAIN[name], vpc=vpc, key=key)
        for state_name, state in fitted["States"].items():
            text, resource = json.dumps(state), state.get("Resource", "")
            runs = any(word in resource for word in ("Job.sync", ":createModel", ":createEndpointConfig"))
            runs = runs and "createModelPackage" not in resource and not (vpc and state_name == WITHOUT_NETWORK)
            # The network of a transform job is its model's.
            modelled = ("createEndpointConfig", "createTransformJob")
            fits = runs and not any(one in resource for one in (modelled if vpc else ("createModel",)))
            assert (("${SubnetIds}" if vpc else KEY) in text) == fits, state_name
            assert fits or state == PLAIN[name]["States"][state_name]


def test_what_jobs_write_and_what_endpoints_run_on_is_under_the_key() -> None:
    """The bucket's own key is none that SageMaker takes by itself."""
    build, stage = (operations(fit_out(PLAIN[name], vpc=False, key=True)) for name in ("build", "stage"))
    assert build["createProcessingJob"]["ProcessingOutputConfig"]["KmsKeyId"] == KEY
    assert build["createTrainingJob"]["OutputDataConfig"]["KmsKeyId"] == KEY
    assert build["createHyperParameterTuningJob"]["TrainingJobDefinition"]["OutputDataConfig"]["KmsKeyId"] == KEY
    assert stage["createEndpointConfig"]["KmsKeyId"] == KEY


@pytest.mark.parametrize("name", ["build-vpc-key", "stage-vpc-key", "stage-accounts-vpc-key", "batch-vpc-key"])
def test_statelint_finds_nothing(name: str, tmp_path: Path) -> None:
    """What was added is in the States Language, too."""
    path = tmp_path / f"{name}.asl.json"
    path.write_bytes(render_definitions(ROOT)[path.name])
    linter = Path(sys.executable).with_name("statelint")
    done = subprocess.run([linter, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_jobs_of_several_instances_encrypt_what_these_tell_each_other() -> None:
    """The two that share the images; one instance has nobody to talk to."""
    encrypting = {
        name
        for name, state in PLAIN["build"]["States"].items()
        if state.get("Parameters", {}).get("NetworkConfig", {}).get("EnableInterContainerTrafficEncryption")
    }
    assert encrypting == {"Inspect the images", "Prepare the dataset"}


def test_every_container_runs_without_a_network_of_its_own() -> None:
    """In a VPC as well as out of one."""
    for name in PLAIN:
        for operation, sent in operations(fit_out(PLAIN[name], vpc=True, key=True)).items():
            # A transform job is isolated where its model is (CreateModel, EnableNetworkIsolation).
            if (operation.endswith("Job") and operation != "createTransformJob") or operation == "createModel":
                at = {"createProcessingJob": "NetworkConfig", "createHyperParameterTuningJob": "TrainingJobDefinition"}
                assert sent.get(at.get(operation, ""), sent)["EnableNetworkIsolation"] is True, operation


def test_a_model_without_instances_asks_for_nothing_that_serverless_inference_excludes() -> None:
    """Isolation, a VPC and an ETag: SageMaker takes none of them there, so the network is refused before."""
    fitted = fit_out(PLAIN["stage"], vpc=True, key=True)["States"]
    models = {name: state for name, state in fitted.items() if state.get("Resource", "").endswith(":createModel")}
    assert set(models) == {"Create the model", WITHOUT_NETWORK}
    sent = models[WITHOUT_NETWORK]["Parameters"]
    assert sent["EnableNetworkIsolation"] is False
    assert "VpcConfig" not in sent
    assert sent["PrimaryContainer"].keys() == {"Image.$", "ModelDataUrl.$", "Environment.$"}
