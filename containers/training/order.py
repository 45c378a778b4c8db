"""What one training is asked to do, in a file that every process that takes part reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from containers.training.hyperparameters import Settings


@dataclass(frozen=True)
class Order:
    """One training. ``data`` is what ultralytics takes as such, ``folder`` where it works.

    ``identity`` names the training in its ``checkpoints``, ``checkpoint`` is the slot to go on from, ``images`` the
    number of pictures of each split, ``processes`` how many GPUs share the work (1: a GPU or the processor alone).
    """

    settings: Settings
    task: str
    data: str
    folder: str
    pretrained: str | None
    checkpoints: str
    checkpoint: str | None
    identity: str
    images: Mapping[str, int]
    processes: int = 1

    def write(self, file: Path) -> None:
        """Write the order as JSON."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(file: Path) -> Order:
        """The order that ``write`` wrote."""
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Order(**{**document, "settings": Settings(**document["settings"])})
