"""Which precision a model serves in and why: what each one scored and took when the model was made.

Stands in the model's own manifest, under ``KEY``, where the precision was measured; the report shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Text, read
from workflow.contract.scores import Interval, Lead

KEY = "precision_choice"
"""Of ``manifest.json``."""

ENDPOINT_INSTANCE = "GREENLIGHT_ENDPOINT_INSTANCE"
"""The variable by which a training is told the instance type that shall serve its model."""


@dataclass(frozen=True)
class Tried:
    """One precision: its figure with the middle 95 % of draws of the pictures, and the median time of one in ms.

    ``lead`` is how far it is ahead of f32 on the same draws, None of f32 itself. ``refused`` says why it may not serve,
    empty where it may.
    """

    precision: Text
    quality: float
    interval: Interval | None
    milliseconds: float
    lead: Lead | None = None
    refused: str = ""


@dataclass(frozen=True)
class PrecisionChoice:
    """What serves (one of PRECISIONS), why in a sentence or two, and what was measured.

    ``figure`` is the task's in QUALITY; ``pictures`` of the ``validation`` pictures were looked at, on ``processor``.
    """

    chosen: Text
    reason: Text
    figure: Text
    pictures: int
    validation: int
    processor: str
    tried: tuple[Tried, ...]


def read_choice(manifest: Mapping[str, Any] | None) -> PrecisionChoice | None:
    """The choice that a manifest tells of; None where its precision was named, or it is older than choosing.

    Raises ContractError naming the key at fault.
    """
    told = (manifest or {}).get(KEY)
    return None if told is None else read(PrecisionChoice, told, f"manifest.json: {KEY}")
