"""Whether torch can use the GPU that is paid for: a training that cannot ends before its first epoch, not a day later.

torch itself falls back to the processor without a word where the driver is too old for its build.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.training.folders import Folders
from workflow.contract.instance_type import has_gpu

WITHOUT_GPU = "GREENLIGHT_WITHOUT_GPU"
"""The variable that, set to ``allow``, lets a machine without a GPU stand for one that has it."""

DRIVER = Path("/proc/driver/nvidia/version")


class GpuError(RuntimeError):
    """The instance has a GPU, and torch cannot compute on it."""


def require_gpu(instance: str, environ: Mapping[str, str]) -> None:
    """Raise GpuError, with driver and build, where an instance of this type has a GPU that torch cannot compute on."""
    if not has_gpu(instance) or environ.get(WITHOUT_GPU) == "allow":
        return
    import torch

    try:
        # A build without kernels for this GPU counts it as available, and fails on the first of them.
        torch.ones(2, device="cuda").sum().item()
    except (AssertionError, RuntimeError) as error:
        raise GpuError(
            f"training would run on the processor of an {instance}: {build()} cannot use its GPU "
            f"({' '.join(str(error).split())[:300]}); {driver()}. Build the training image with a TORCH_BUILD that "
            "fits the driver (containers/training/README.md), or take an instance without a GPU"
        ) from error


def build() -> str:
    """The build of torch at hand, in words."""
    import torch

    cuda = torch.version.cuda
    return f"torch {torch.__version__}, built {f'for CUDA {cuda}' if cuda else 'without CUDA'},"


def driver(version: Path = DRIVER) -> str:
    """The version of NVIDIA's driver on this machine, in words: as the kernel tells it, or else ``nvidia-smi``."""
    if version.is_file():
        return f"the driver is {version.read_text(encoding='utf-8').splitlines()[0].removeprefix('NVRM version: ')}"
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    except (OSError, subprocess.SubprocessError):
        told = []
    return f"the driver is {told[0]}" if told else "there is no NVIDIA driver"


def instance_of(folders: Folders) -> str:
    """The type of this instance as SageMaker tells it; empty where nobody does.

    In a cluster of several types, where a host may be told of its group alone, it is the group's.
    """
    file = folders.hyperparameters.with_name("resourceconfig.json")
    resources: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    groups = {group["instance_group_name"]: group["instance_type"] for group in resources.get("instance_groups") or ()}
    return str(resources.get("current_instance_type") or groups.get(resources.get("current_group_name"), ""))
