"""What the name of a SageMaker instance type says of the machine: nothing else is known of it before it runs."""

from __future__ import annotations

import re

_GPU = re.compile(r"ml\.(?:g|gr|p)\d[a-z0-9-]*\.[a-z0-9]+")
"""Families with GPUs of NVIDIA's: ``ml.g5.…``, ``ml.gr6.…``, ``ml.p4d.…``; those of AWS's own chips are no such."""


def has_gpu(instance: str) -> bool:
    """Whether an instance of this type has a GPU that CUDA programs use."""
    return _GPU.fullmatch(instance) is not None
