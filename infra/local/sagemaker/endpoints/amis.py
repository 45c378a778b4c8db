"""Which InferenceAmiVersion goes with which instance type: a driver for a chip that is not there starts nothing.

From AWS's page on GPU drivers of endpoints and its own libraries; its table is not complete for every new family.
"""

from __future__ import annotations

import re

from infra.local.sagemaker.errors import invalid

_GPUS_OF_ALL = frozenset({"g4dn", "g5", "g6", "g6e", "p4d", "p4de", "p5"})
FAMILIES = {
    "al2-ami-sagemaker-inference-gpu-2": _GPUS_OF_ALL | {"p3"},
    "al2-ami-sagemaker-inference-gpu-2-1": _GPUS_OF_ALL | {"p3"},
    "al2-ami-sagemaker-inference-gpu-3-1": _GPUS_OF_ALL | {"p5e", "p5en"},
    "al2023-ami-sagemaker-inference-gpu-4-1": _GPUS_OF_ALL | {"p5e", "p5en", "g7e", "p6-b200"},
    "al2-ami-sagemaker-inference-neuron-2": frozenset({"inf2", "trn1"}),
}
"""Every InferenceAmiVersion, with the families of instances that it serves on."""


def check_ami(version: str, instance: str) -> None:
    """Refuse an AMI that does not exist, or that an instance of this type cannot start."""
    if version not in FAMILIES:
        raise invalid(f"InferenceAmiVersion {version} is none of {', '.join(FAMILIES)}")
    found = re.fullmatch(r"ml\.([a-z0-9-]+)\..+", instance)
    if found is None or found.group(1) not in FAMILIES[version]:
        raise invalid(f"InferenceAmiVersion {version} is not supported for the instance type {instance}")
