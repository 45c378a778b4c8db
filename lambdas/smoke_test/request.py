"""What the Release machine asks to be tested, and to be probed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.asynchronous import ASYNC
from workflow.contract.document import Digest, Folder, Text, read
from workflow.contract.reading import ContractError
from workflow.contract.serving import Serving


@dataclass(frozen=True)
class Request:
    """An endpoint, the model that it must serve, and the folder of that model's evaluation.

    ``smoke_digest`` is what a person decided on of that folder (StoredSmoke), so that nobody makes the test easier.
    ``variant`` names the one that is to answer, empty for whichever does.
    With ``only_the_digest`` it is the folder of another model's, whose pictures show which model answers and no more.
    ``serving`` are the keys that say how each stage serves; None in a plan from before there were any.
    ``component`` is the inference component to ask on an endpoint that is shared, empty on any other.
    Where there are ``answers``, a batch has given them already, in that folder; the endpoint is a name alone.
    """

    endpoint: Text
    model_digest: Digest
    evaluation_uri: Folder
    smoke_digest: Digest
    only_the_digest: bool = False
    serving: Mapping[str, Any] | None = None
    component: str = ""
    variant: str = ""
    answers: str = ""

    @property
    def stage(self) -> str:
        """Which of the project's two stages it is."""
        return (self.component or self.endpoint).rpartition("-")[2]

    @property
    def asynchronous(self) -> bool:
        """Whether the endpoint answers asynchronously. Raises ContractError where the keys say nothing."""
        return self.serving is not None and Serving.read(self.serving).stage(self.stage) == ASYNC

    @staticmethod
    def parse(event: object) -> Request:
        """Read what the state passes on. Raises ContractError naming the key and what is allowed."""
        if isinstance(event, Mapping) and event.get("model_digest") == "":
            raise ContractError("no release has recorded which model has to answer, so nobody can tell if this one may")
        return read(Request, event, "the smoke test")


@dataclass(frozen=True, kw_only=True)
class ProbeRequest(Request):
    """The same while traffic moves: only the answers of the fleet of this ``configuration`` count."""

    configuration: Text

    @staticmethod
    def parse(event: object) -> ProbeRequest:
        """Read what the state passes on. Raises ContractError naming the key and what is allowed."""
        return read(ProbeRequest, event, "the probe")
