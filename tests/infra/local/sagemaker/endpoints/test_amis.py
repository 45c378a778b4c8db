"""An endpoint's AMI has to be one that its instances can start."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from infra.local.sagemaker.endpoints.amis import FAMILIES, check_ami
from infra.local.sagemaker.errors import ServiceError
from workflow.contract.instance_type import choose_inference_ami


def test_every_ami_of_the_service_s_model_is_known() -> None:
    """A version that AWS adds is found here, when botocore knows it."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.shape_for("ProductionVariantInferenceAmiVersion")
    assert set(FAMILIES) == set(shape.enum)


@pytest.mark.parametrize("family", sorted(frozenset().union(*FAMILIES.values()) - {"inf2", "trn1"}))
def test_what_a_release_names_by_itself_is_taken(family: str) -> None:
    """For each family of GPUs that is known here."""
    instance = f"ml.{family}.48xlarge"
    check_ami(choose_inference_ami(instance, ""), instance)


@pytest.mark.parametrize(
    ("version", "instance", "said"),
    [
        ("al2-ami-sagemaker-inference-gpu-9", "ml.g5.xlarge", "is none of al2-ami-sagemaker-inference-gpu-2, "),
        ("al2-ami-sagemaker-inference-gpu-2", "ml.c7i.xlarge", "not supported for the instance type ml.c7i.xlarge"),
        ("al2-ami-sagemaker-inference-gpu-2", "ml.inf2.xlarge", "not supported for the instance type ml.inf2.xlarge"),
        ("al2-ami-sagemaker-inference-neuron-2", "ml.g5.xlarge", "not supported for the instance type ml.g5.xlarge"),
        ("al2023-ami-sagemaker-inference-gpu-4-1", "ml.p3.2xlarge", "not supported for the instance type ml.p3."),
    ],
)
def test_a_driver_for_another_chip_is_refused(version: str, instance: str, said: str) -> None:
    """As one that no version has the name of."""
    with pytest.raises(ServiceError, match=said):
        check_ami(version, instance)
