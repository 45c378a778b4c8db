"""Who or what started an execution: the one key that the inputs of all machines have in common."""

from __future__ import annotations

from typing import Annotated

from workflow.contract.plain_text import PlainName

STARTED_BY_LENGTH = 80
"""Characters that name who or what started an execution."""

StartedBy = Annotated[str, PlainName(STARTED_BY_LENGTH)]
