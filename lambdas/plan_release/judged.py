"""The evaluation that was decided on, as far as a release shows it to people and starts the model with it. Pure.

What the registry says of a version can be changed after its approval; the evaluation's figures are held to the digest
that was signed for. So they say what a second question shows, and with which confidence the model serves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.plan_release.package import CONFIDENCE, Package, RefusalError
from workflow.contract.figures import Figures
from workflow.contract.package_properties import RegisteredFigures
from workflow.contract.reading import finite
from workflow.contract.scores import Metrics

REPORT = "report/index.html"
"""Where an evaluation keeps its report, below its own folder."""


@dataclass(frozen=True)
class Judged:
    """The task and the figures of the version, and the confidence (a fraction of 1) with which it was judged."""

    figures: Figures
    confidence: float

    @staticmethod
    def read(content: bytes, package: Package) -> Judged:
        """Read the bytes of metrics.json whose digest was decided on.

        Raises RefusalError where they cannot be understood, or where the version is registered with a model or a
        confidence that they are not about.
        """
        about = f"version {package.version}"
        try:
            metrics = Metrics.parse(json.loads(content))
        except (ValueError, RecursionError) as error:
            raise RefusalError(f"{about}: the evaluation's figures cannot be read: {error}") from error
        measured = metrics.candidate
        if (measured.model_digest, measured.archive_digest) != (package.model_digest, package.archive_digest):
            raise RefusalError(f"{about} is registered with another model than the one that was judged")
        registered = package.environment.get(CONFIDENCE)
        if registered is not None and _number(registered) != metrics.confidence:
            raise RefusalError(
                f"{about} would serve at the confidence {registered}, and was judged at {metrics.confidence:g}: "
                f"somebody changed {CONFIDENCE} in the registry"
            )
        return Judged(RegisteredFigures.of(metrics).by_name(), metrics.confidence)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the container starts with."""
        return {CONFIDENCE: repr(self.confidence)}


def _number(text: str) -> float | None:
    try:
        return finite(float(text))
    except ValueError:
        return None
