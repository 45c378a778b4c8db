"""What a person is asked to decide on, taken from the state data of either machine.

One shape for both questions (may this version be released, may it go from staging to production), so that the mail and
the page need not know which machine asks. Holds no task token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from workflow.contract.approval import ApprovalRequest, ComparedFigure, Purpose
from workflow.contract.build_plan import BuildPlan
from workflow.contract.document import Matching, Text, read
from workflow.contract.figures import Figures, format_figure
from workflow.contract.gate import PassedGate
from workflow.contract.glance import Glance
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Interval, figures_of


@dataclass(frozen=True)
class CheckedDataset:
    """What the check of the prepared dataset says of it, in a line."""

    summary: str = ""


@dataclass(frozen=True)
class Training:
    """The job that made the candidate, and the instance that it ran on."""

    instance: str = ""
    job_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What either machine says of itself when it asks."""

    purpose: Purpose
    machine: str
    run: str
    execution: str
    package_arn: Annotated[str, Matching(".*/[0-9]+", "the ARN of a numbered version")]
    started_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ReleaseQuestion(Question):
    """May the candidate that passed the gate be released?"""

    plan: BuildPlan
    gate: PassedGate
    image: Text
    dataset: CheckedDataset | None = None
    training: Training | None = None

    def request(self, now_epoch: int) -> ApprovalRequest:
        """The request that a person answers."""
        plan, gate, champion = self.plan, self.gate, self.gate.champion
        return ApprovalRequest(
            purpose=self.purpose,
            machine=self.machine,
            run=self.run,
            execution=self.execution,
            name=plan.dataset.name,
            package_version=int(self.package_arn.rpartition("/")[2]),
            production_version=0 if champion is None else champion.package_version,
            compared=plan.compare,
            verdict=gate.summary,
            reasons=gate.reasons,
            figures=compare_figures(gate.metrics, {} if champion is None else champion.values, gate.metrics.intervals),
            changed=plan.reason,
            data="" if self.dataset is None else self.dataset.summary,
            trained_on="" if self.training is None else self.training.instance,
            cost=gate.cost,
            training_job="" if self.training is None else self.training.job_name,
            loosened=plan.loosened,
            asks_again=plan.ask_before_production,
            started_by=self.started_by,
            expires_epoch=now_epoch + plan.approval_seconds,
            evaluation_uri=plan.uris.evaluation,
            report_uri=gate.report_uri,
            archive_digest=gate.archive_digest,
            evaluation_digest=gate.evaluation_digest,
            image=self.image,
            smoke_digest=gate.smoke_digest,
        )


@dataclass(frozen=True, kw_only=True)
class ProductionQuestion(Question):
    """May the version that passed its test on staging go to production? ``compared`` is how its challenge went."""

    release: ReleasePlan
    compared: str = ""

    def request(self, now_epoch: int) -> ApprovalRequest:
        """The request that a person answers."""
        release = self.release
        return ApprovalRequest(
            purpose=self.purpose,
            machine=self.machine,
            run=self.run,
            execution=self.execution,
            name=release.dataset_name,
            package_version=release.package_version,
            production_version=0,
            compared=False,
            verdict=self.compared or "on staging it answers pictures of the evaluation exactly as it did there",
            reasons=(),
            figures=compare_figures(Figures.parse(release.metrics), {}, {}),
            changed=f"production would serve version {release.package_version}",
            data="",
            trained_on="",
            endpoint=release.staging_endpoint,
            started_by=self.started_by,
            expires_epoch=now_epoch + release.approval_seconds,
            evaluation_uri=release.evaluation_uri,
            report_uri=release.report_uri,
            archive_digest=release.archive_digest,
            evaluation_digest=release.evaluation_digest,
            image=release.image,
            report_digest=release.report_digest,
            smoke_digest=release.smoke_digest,
        )


def show_report(request: ApprovalRequest, digest: str, glance: Glance | None) -> ApprovalRequest:
    """The request with what the report says; ``digest`` is the report's, so that people look at no other."""
    if glance is None:
        return replace(request, report_digest=digest)
    changed = request.changed
    if glance.data and request.purpose == "release":
        changed = f"{changed}: {glance.data}"
    return replace(request, report_digest=digest, outcome=glance.outcome, changed=changed)


def read_question(event: Mapping[str, Any]) -> ReleaseQuestion | ProductionQuestion:
    """Read a state's data. Raises ContractError naming what is missing or wrong; it never shows the task token."""
    if read(Question, event, "request").purpose == "release":
        return read(ReleaseQuestion, event, "request")
    return read(ProductionQuestion, event, "request")


def compare_figures(
    candidate: Figures, production: Mapping[str, float | None], intervals: Mapping[str, Interval]
) -> tuple[ComparedFigure, ...]:
    """The figures of the candidate's task, the one that decides first; those that nobody measured are left out."""
    first, ours = QUALITY[candidate.task], candidate.values
    measured = [name for name in figures_of(candidate.task) if name != first and ours.get(name) is not None]
    return tuple(
        ComparedFigure(
            name=FIGURE_NAMES[name],
            candidate=ours.get(name),
            production=production.get(name),
            interval=format_interval(intervals.get(name)),
        )
        for name in (first, *measured)
    )


def format_interval(interval: Interval | None) -> str:
    """An interval in words; empty where there is none."""
    return "" if interval is None else f"{format_figure(interval.low)} to {format_figure(interval.high)}"
