"""What a person is asked to decide on, taken from the state data of either machine.

One shape for both questions (may this version be released, may it go from staging to production), so that the mail and
the page need not know which machine asks. Stored as JSON with the request; holds no task token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workflow.contract import VERSION, finite

FIGURES = (("map50", "mAP50"), ("map50_95", "mAP50-95"), ("precision", "precision"), ("recall", "recall"))


@dataclass(frozen=True)
class Figure:
    """One figure of the candidate beside production's; fractions of 1, None where there is none to compare."""

    name: str
    candidate: float | None
    production: float | None


@dataclass(frozen=True)
class Request:
    """A question for a person. ``production_version`` is 0 where nothing is in production to compare with."""

    purpose: str
    machine: str
    run: str
    execution: str
    name: str
    package_version: int
    production_version: int
    verdict: str
    reasons: tuple[str, ...]
    figures: tuple[Figure, ...]
    changed: str
    data: str
    started_by: str
    expires_epoch: int
    evaluation_uri: str
    report_uri: str

    def document(self) -> dict[str, Any]:
        """The request as it is stored for the page."""
        return {"version": VERSION, **asdict(self)}

    def title(self) -> str:
        """What is decided on, in a few words."""
        return f"{self.name} v{self.package_version}"


def read(event: Mapping[str, Any], now_epoch: int) -> Request:
    """Make the request from a state's data, already checked against the schema."""
    build = event["purpose"] == "release"
    return _release(event, now_epoch) if build else _production(event, now_epoch)


def _release(event: Mapping[str, Any], now_epoch: int) -> Request:
    plan, gate = event["plan"], event["gate"]
    champion: Mapping[str, Any] = gate.get("champion") or {}
    return Request(
        purpose="release",
        machine=event["machine"],
        run=event["run"],
        execution=event["execution"],
        name=plan["dataset"]["name"],
        package_version=version_of(event["package_arn"]),
        production_version=champion.get("package_version", 0),
        verdict=gate["summary"],
        reasons=tuple(gate["reasons"]),
        figures=figures(gate["metrics"], champion),
        changed=plan["reason"],
        data=event.get("dataset", {}).get("summary", ""),
        started_by=event.get("started_by", ""),
        expires_epoch=now_epoch + plan["approval_seconds"],
        evaluation_uri=plan["uris"]["evaluation"],
        report_uri=gate["report_uri"],
    )


def _production(event: Mapping[str, Any], now_epoch: int) -> Request:
    release = event["release"]
    return Request(
        purpose="production",
        machine=event["machine"],
        run=event["run"],
        execution=event["execution"],
        name=release["dataset_name"],
        package_version=release["package_version"],
        production_version=0,
        verdict="on staging: it answered the evaluation's own pictures with the evaluation's own boxes",
        reasons=(),
        figures=figures(release["metrics"], {}),
        changed=f"production would serve version {release['package_version']}",
        data="",
        started_by=event.get("started_by", ""),
        expires_epoch=now_epoch + release["approval_seconds"],
        evaluation_uri=release["evaluation_uri"],
        report_uri=release["report_uri"],
    )


def figures(candidate: Mapping[str, Any], production: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The figures people compare, in the order they are shown."""
    return tuple(Figure(name, finite(candidate.get(key)), finite(production.get(key))) for key, name in FIGURES)


def version_of(package_arn: str) -> int:
    """The version at the end of a model package's ARN. Raises ValueError where there is none."""
    return int(package_arn.rpartition("/")[2])
