"""What the name of a SageMaker instance type says of the machine: nothing else is known of it before it runs."""

from __future__ import annotations

import re

_GPU = re.compile(r"ml\.(?:g|gr|p)\d[a-z0-9-]*\.[a-z0-9]+")
"""Families with GPUs of NVIDIA's: ``ml.g5.…``, ``ml.gr6.…``, ``ml.p4d.…``; those of AWS's own chips are no such."""

_DISKS = re.compile(
    r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g(?:4dn|5|6|6e|7e)|gr6|i\d[a-z]*|p(?:4de?|5[a-z]*|6[a-z0-9-]*)|trn\d[a-z]*)\..+"
)
"""Families with NVMe disks of their own: those with a ``d`` behind the generation, and nearly all with accelerators."""
DISKS_VOLUME_GB = 50
"""What is asked for where SageMaker mounts those disks: no more than the smallest of them, or a job is refused."""

_BFLOAT16 = re.compile(r"ml\.[cmr](?:7i|7a|8i|8a)[a-z-]*\..+")
"""Families whose processors compute in bfloat16: Intel's since Sapphire Rapids and AMD's since Genoa."""

_NEWEST = "al2023-ami-sagemaker-inference-gpu-4-1"
_INFERENCE_AMIS = {
    **dict.fromkeys(("g4dn", "g5", "g6", "g6e", "g7e", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200"), _NEWEST),
    "p3": "al2-ami-sagemaker-inference-gpu-2",
}
"""The newest of SageMaker's InferenceAmiVersions that AWS documents or uses for a family of GPUs: driver 580 or 535."""


def family(instance: str) -> str:
    """The family of an instance type: ``ml.g5.xlarge`` is of ``g5``."""
    return instance.removeprefix("ml.").partition(".")[0]


def choose_inference_ami(instance: str, wanted: str) -> str:
    """The InferenceAmiVersion of an endpoint on this type: the one that is wanted, or the newest of its family.

    Empty where there is none to name: without a GPU, and for a family that nothing is known of, which AWS then chooses
    for. Unnamed, the oldest driver would serve (470 on ``g4dn``, ``g5`` and ``p4d``).
    """
    return (wanted or _INFERENCE_AMIS.get(family(instance), "")) if has_gpu(instance) else ""


def has_disks(instance: str) -> bool:
    """Whether an instance of this type has disks of its own, which SageMaker uses instead of a volume."""
    return _DISKS.fullmatch(instance) is not None


def has_bfloat16(instance: str) -> bool:
    """Whether the processor of an instance of this type is known to compute in bfloat16 by itself."""
    return _BFLOAT16.fullmatch(instance) is not None


def has_gpu(instance: str) -> bool:
    """Whether an instance of this type has a GPU that CUDA programs use."""
    return _GPU.fullmatch(instance) is not None
