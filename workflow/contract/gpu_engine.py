"""What an engine for a GPU was built for, which is where alone it may be loaded.

TensorRT chooses its kernels by timing them on the GPU at hand: on another they are slow at best, and another version
cannot read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workflow.contract.reading import ContractError

FILE = "model.engine"
"""Its name in an archive of a model."""


@dataclass(frozen=True)
class Machine:
    """A GPU by its name (``NVIDIA A10G``) and compute capability (``8.6``), and TensorRT's whole version."""

    gpu: str
    compute_capability: str
    tensorrt: str

    def document(self) -> dict[str, str]:
        """As ``manifest.json`` holds it."""
        return asdict(self)

    @staticmethod
    def parse(value: object) -> Machine:
        """Read what ``document`` gave. Raises ContractError naming the key."""
        given: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        for name in Machine.__dataclass_fields__:
            if not isinstance(given.get(name), str) or not given[name]:
                raise ContractError(f"engine.{name}: must be a text, found {given.get(name)!r}")
        return Machine(given["gpu"], given["compute_capability"], given["tensorrt"])

    def differs_from(self, here: Machine) -> str:
        """Why an engine that was built on this machine is not for the one ``here``; empty where it is.

        >>> Machine("NVIDIA A10G", "8.6", "10.16.1.11").differs_from(Machine("Tesla T4", "7.5", "10.16.1.11"))
        'built for NVIDIA A10G (8.6), and this is Tesla T4 (7.5)'
        """
        if (self.gpu, self.compute_capability) != (here.gpu, here.compute_capability):
            return (
                f"built for {self.gpu} ({self.compute_capability}), and this is {here.gpu} ({here.compute_capability})"
            )
        if self.tensorrt != here.tensorrt:
            return f"built by TensorRT {self.tensorrt}, and this is {here.tensorrt}"
        return ""
