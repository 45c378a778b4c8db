"""What a person is asked to decide on, taken from the state data of either machine.

One shape for both questions (may this version be released, may it go from staging to production), so that the mail and
the page need not know which machine asks. Stored as JSON with the request; holds no task token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workflow.contract.reading import VERSION, finite
from workflow.contract.scores import FIGURE_NAMES, QUALITY, figures_of


@dataclass(frozen=True)
class Figure:
    """One figure of the candidate beside production's; fractions of 1, None where there is none to compare.

    ``interval`` is the candidate's 95 % interval in words, empty where there is none.
    """

    name: str
    candidate: float | None
    production: float | None
    interval: str = ""


@dataclass(frozen=True)
class Request:
    """A question for a person. ``production_version`` is 0 where nothing in production was compared with.

    ``figures`` begin with the one by which models of the task are compared. ``trained_on`` is the instance, or empty.
    """

    purpose: str
    machine: str
    run: str
    execution: str
    name: str
    package_version: int
    production_version: int
    compared: bool
    verdict: str
    reasons: tuple[str, ...]
    figures: tuple[Figure, ...]
    changed: str
    data: str
    trained_on: str
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
        compared=plan.get("compare") is not False,
        verdict=gate["summary"],
        reasons=tuple(gate["reasons"]),
        figures=figures(gate["metrics"], champion),
        changed=plan["reason"],
        data=event.get("dataset", {}).get("summary", ""),
        trained_on=event.get("training", {}).get("instance", ""),
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
        compared=False,
        verdict="on staging: it answered the evaluation's own pictures with the evaluation's own boxes",
        reasons=(),
        figures=figures(release["metrics"], {}),
        changed=f"production would serve version {release['package_version']}",
        data="",
        trained_on="",
        started_by=event.get("started_by", ""),
        expires_epoch=now_epoch + release["approval_seconds"],
        evaluation_uri=release["evaluation_uri"],
        report_uri=release["report_uri"],
    )


def figures(candidate: Mapping[str, Any], production: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The figures of the candidate's ``task``, the one that decides first; those that nobody measured are left out."""
    first = QUALITY[candidate["task"]]
    shown = [
        name for name in figures_of(candidate["task"]) if name != first and finite(candidate.get(name)) is not None
    ]
    intervals = candidate.get("intervals", {})
    return tuple(
        Figure(
            name=FIGURE_NAMES[name],
            candidate=finite(candidate.get(name)),
            production=finite(production.get(name)),
            interval=spread(intervals.get(name)),
        )
        for name in (first, *shown)
    )


def spread(interval: Mapping[str, float] | None) -> str:
    """An interval in words; empty where there is none."""
    return "" if interval is None else f"{interval['low']:.3f} to {interval['high']:.3f}"


def version_of(package_arn: str) -> int:
    """The version at the end of a model package's ARN. Raises ValueError where there is none."""
    return int(package_arn.rpartition("/")[2])
