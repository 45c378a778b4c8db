"""What the Release machine asks to be tested, and to be probed."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.document import Digest, Folder, Text, read


@dataclass(frozen=True)
class Request:
    """An endpoint, the model that it must serve, and the folder of that model's evaluation."""

    endpoint: Text
    model_digest: Digest
    evaluation_uri: Folder

    @staticmethod
    def parse(event: object) -> Request:
        """Read what the state passes on. Raises ContractError naming the key and what is allowed."""
        return read(Request, event, "the smoke test")


@dataclass(frozen=True)
class ProbeRequest(Request):
    """The same while traffic moves: only the answers of the fleet of this ``configuration`` count."""

    configuration: Text

    @staticmethod
    def parse(event: object) -> ProbeRequest:
        """Read what the state passes on. Raises ContractError naming the key and what is allowed."""
        return read(ProbeRequest, event, "the probe")
