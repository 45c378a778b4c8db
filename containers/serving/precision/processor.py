"""What is known of this machine's processor, as the runtime sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Processor:
    """Its name as it gives itself, and whether it computes in bfloat16 by itself."""

    name: str
    bfloat16: bool

    @staticmethod
    def here() -> Processor:
        """This machine's."""
        import openvino

        core = openvino.Core()
        capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return Processor(str(core.get_property("CPU", "FULL_DEVICE_NAME")).strip(), "BF16" in capabilities)
