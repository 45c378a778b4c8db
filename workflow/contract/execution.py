"""The Step Functions execution that a plan is for, as the first state of either machine passes it on."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.document import Text


@dataclass(frozen=True)
class Execution:
    """What the machine's context says of its execution. ``id`` is the ARN."""

    id: Text
    name: Text
