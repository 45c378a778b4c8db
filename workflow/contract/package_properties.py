"""The properties of a registered version: one text each, as the model registry keeps them.

CreateModelPackage and DescribeModelPackage call them CustomerMetadataProperties. An unknown figure is None everywhere
else; how the registry writes it is known here alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from workflow.contract.document import Address, Digest, Folder, read
from workflow.contract.figures import Figures
from workflow.contract.reading import ContractError
from workflow.contract.scores import QUALITY, Metrics

UNKNOWN = "none"
"""How an unknown figure is registered, where no text may be empty. Earlier versions have an empty one, or no text."""

FIRST_TASK = "detect"
"""What versions do that were registered before there were other tasks, and name none."""


@dataclass(frozen=True)
class Origin:
    """Where a version comes from: the texts that are registered as they are.

    ``evaluation_digest``, ``smoke_digest`` and ``serving`` are empty for versions registered before there were such.
    """

    fingerprint: str
    build_execution: str
    dataset_name: str
    dataset_uri: Address
    dataset_digest: str
    evaluation_uri: Folder
    report_uri: Address
    training_job: str
    training_instance: str
    model_digest: Digest
    archive_digest: Digest
    endpoint_instance: str
    evaluation_digest: str
    smoke_digest: str
    serving: str

    @staticmethod
    def of(described: Mapping[str, Any]) -> Origin:
        """What DescribeModelPackage's answer tells, unchecked: a text is empty where somebody else registered it."""
        properties = described.get("CustomerMetadataProperties", {})
        return Origin(**{field.name: str(properties.get(field.name, "")) for field in fields(Origin)})


@dataclass(frozen=True)
class RegisteredFigures:
    """A version's task and figures. ``quality`` is the one by which models of its task are compared.

    ``serves_in`` is what it computes in, None for a version that was measured before that was told.
    """

    task: str
    quality_name: str
    quality: float | None
    map50: float | None
    map50_95: float | None
    precision: float | None
    recall: float | None
    images: int | None
    serves_in: str | None = None

    @staticmethod
    def of(metrics: Metrics) -> RegisteredFigures:
        """Those of a candidate that was measured."""
        candidate = metrics.candidate
        return RegisteredFigures(
            task=metrics.task,
            quality_name=QUALITY[metrics.task],
            quality=metrics.quality,
            map50=candidate.map50,
            map50_95=candidate.map50_95,
            precision=candidate.precision,
            recall=candidate.recall,
            images=metrics.images,
            serves_in=candidate.serves_in or None,
        )

    def properties(self) -> dict[str, str]:
        """The figures as the registry takes them."""
        return {field.name: _text(getattr(self, field.name)) for field in fields(self)}

    def by_name(self) -> Figures:
        """The figures by their own names, to be shown to people."""
        known = {name: getattr(self, name) for name in ("map50", "map50_95", "precision", "recall")}
        return Figures(self.task, {**known, QUALITY[self.task]: self.quality})


@dataclass(frozen=True)
class PackageProperties:
    """Everything that the build machine registers with a version."""

    origin: Origin
    figures: RegisteredFigures

    @staticmethod
    def parse(properties: Mapping[str, str]) -> PackageProperties:
        """Read the registry's texts. Raises ContractError naming the one that a release cannot do without."""
        names = [field.name for field in fields(Origin)]
        origin = read(Origin, {**dict.fromkeys(names, ""), **properties}, "properties")
        return PackageProperties(origin, _figures(properties))


def _figures(properties: Mapping[str, str]) -> RegisteredFigures:
    task = properties.get("task", FIRST_TASK)
    if task not in QUALITY:
        raise ContractError(f"properties.task: must be one of {', '.join(QUALITY)}, found {task!r}")
    name = QUALITY[task]
    texts = {"quality": properties.get(name, ""), **properties}
    numbers = {field.name: _number(texts.get(field.name, "")) for field in fields(RegisteredFigures)}
    return read(RegisteredFigures, {**numbers, "task": task, "quality_name": name}, "properties")


def _text(value: str | float | None) -> str:
    if isinstance(value, str):
        return value
    return UNKNOWN if value is None else repr(value)


def _number(text: str) -> float | str | None:
    """The number that the text is; None where it says unknown, the text itself where it is none."""
    if text in ("", UNKNOWN):
        return None
    try:
        return float(text)
    except ValueError:
        return text
