"""What the table remembers of a release: the champion, and one line of history. Pure."""

from __future__ import annotations

from workflow.contract.champion import ChampionRecord
from workflow.contract.release_history import ReleaseRecord
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.serving import Serving


def champion_of(plan: ReleasePlan, configuration: str, released_epoch: int) -> ChampionRecord:
    """The record of what production serves from now on, by a configuration of this name."""
    return ChampionRecord(
        model_package_arn=plan.model_package_arn,
        package_version=plan.package_version,
        model_digest=plan.model_digest,
        archive_digest=plan.archive_digest,
        model_data_url=plan.model_data_url,
        production_configuration=configuration,
        released_epoch=released_epoch,
        execution=plan.execution_arn,
        approval=plan.approval,
        serving="" if plan.serving is None else Serving.read(plan.serving).text(),
    )


def release_of(plan: ReleasePlan, configuration: str, released_epoch: int) -> ReleaseRecord:
    """The line of history."""
    return ReleaseRecord(
        **vars(champion_of(plan, configuration, released_epoch)),
        run=plan.run,
        started_by=plan.started_by,
        previous_configuration=plan.previous_configuration,
        skipped_question=plan.skipped_question,
    )
