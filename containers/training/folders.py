"""Where SageMaker puts what a job reads and expects what it writes.

Knows the paths of the container contract and nothing of what lies in them. ``SAGEMAKER_BASE_DIR``,
the toolkit's own variable, moves the root from ``/opt/ml`` to anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The folders of one job under one root."""

    root: Path

    @staticmethod
    def of(environ: Mapping[str, str]) -> Folders:
        """The folders that these environment variables ask for."""
        return Folders(Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"))

    @property
    def hyperparameters(self) -> Path:
        """Training: a JSON object of strings."""
        return self.root / "input" / "config" / "hyperparameters.json"

    def channel(self, name: str) -> Path:
        """Training: the folder of one input channel."""
        return self.root / "input" / "data" / name

    @property
    def checkpoints(self) -> Path:
        """Training: what is kept for a restart."""
        return self.root / "checkpoints"

    @property
    def model(self) -> Path:
        """Training: what becomes model.tar.gz."""
        return self.root / "model"

    @property
    def failure(self) -> Path:
        """Training: the reason of a failure; its first 1,024 characters are shown."""
        return self.root / "output" / "failure"

    @property
    def message(self) -> Path:
        """Processing: the reason of a failure; its first 1,024 characters are shown."""
        return self.root / "output" / "message"

    @property
    def dataset(self) -> Path:
        """Processing: the dataset as it was uploaded."""
        return self.root / "processing" / "input" / "dataset"

    @property
    def record(self) -> Path:
        """Processing: the run's record."""
        return self.root / "processing" / "input" / "record" / "run.json"

    @property
    def inspected(self) -> Path:
        """Processing: what all hosts found out about their shares of the dataset."""
        return self.root / "processing" / "input" / "inspected"

    @property
    def hosts(self) -> Path:
        """Processing: which hosts the job has."""
        return self.root / "config" / "resourceconfig.json"

    def prepared(self, name: str) -> Path:
        """Processing: one output (``training``, ``test`` or ``report``; ``inspected`` of an inspection)."""
        return self.root / "processing" / "output" / name
