"""What is known of this machine's processor, as the runtime sees it."""

from __future__ import annotations

from dataclasses import dataclass

from containers.serving.model.runtime import computes_in_bfloat16


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
        name = str(core.get_property("CPU", "FULL_DEVICE_NAME")).strip()
        return Processor(name, computes_in_bfloat16(core))
