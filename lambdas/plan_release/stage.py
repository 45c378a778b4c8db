"""How a model comes behind the endpoint of one stage, for a release that has asked for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, check_endpoint
from workflow.contract.deployment import alarm_names, at_once
from workflow.contract.document import Text
from workflow.contract.execution import Execution
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.serverless import SERVERLESS
from workflow.contract.stage_accounts import STAGES
from workflow.contract.stage_plan import Alarms, Asked, StagePlan

MOVES = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
"""States of an endpoint that come to an end by themselves, and in which SageMaker takes no update."""
STAGING_SECONDS = 3600
"""How long the update of staging may take; as long as the machine looks at it."""


class MovesError(Exception):
    """The endpoint is on its way to another configuration: the update that is meant has to wait for that."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Name the endpoint."""
        super().__init__(f"the endpoint {endpoint.name} is {endpoint.status}: the stage goes on once that has ended")


@dataclass(frozen=True)
class StageInput:
    """What a release gives the execution of a stage: its plan, which stage, and whether production goes ``back``."""

    stage: Text
    release: ReleasePlan
    back: bool = False


def attempt_of(execution: Execution, asked: StageInput) -> str:
    """Which attempt of its release an execution is, in digits: its name ends with the counts of that state.

    Names of what it makes go on with it, so that one that was redriven takes none that are taken.
    """
    counts = execution.name.removeprefix(f"{configuration_of(asked)}-").replace("-", "")
    if not counts.isdecimal():
        raise RefusalError(f"the execution's name is none that a release gives: {execution.name}")
    return counts


def configuration_of(asked: StageInput) -> str:
    """What the names of the stage's configurations begin with."""
    release = asked.release
    return release.staging_configuration if asked.stage == "staging" else release.production_configuration


def check_ready(endpoint: Endpoint | None, *, back: bool) -> None:
    """Raise where the endpoint takes no update now: MovesError while it will, RefusalError and LeavingError else.

    The way back is tried whatever the endpoint is.
    """
    if endpoint is not None and endpoint.status in MOVES:
        raise MovesError(endpoint)
    if not back:
        check_endpoint(endpoint)


def draw_stage(
    asked: StageInput,
    attempt: str,
    *,
    exists: bool,
    moves: Mapping[str, Any] | None = None,
    capture: Mapping[str, Any] | None = None,
) -> StagePlan:
    """The plan of a stage. ``moves`` is how production moves forward (``rollout``), None for staging and the way back.

    Raises RefusalError where the release's plan does not say how the stage serves.
    """
    release, stage, back = asked.release, asked.stage, asked.back
    if release.kinds is None or release.variant is None or (back and release.previous is None):
        raise RefusalError("the release was planned by an earlier version of the stack: start it anew")
    here = moves or {
        "variant": release.variant,
        "deployment": at_once() if back else at_once(STAGING_SECONDS),
        "retained": back and release.kinds.keeps_instances,
        "watched": False,
        "alarms": alarm_names(configuration_of(asked)),
    }
    previous = release.previous if back else None
    kind = release.kinds.staging if stage == "staging" else release.kinds.production
    number = STAGES.index(stage)
    serverless = release.serverless_environment or release.environment
    asynchronous = release.asynchronous and (
        release.asynchronous.staging if stage == "staging" else release.asynchronous.production
    )
    return StagePlan(
        stage=stage,
        number=number,
        back=back,
        endpoint=release.staging_endpoint if stage == "staging" else release.production_endpoint,
        exists=exists,
        kind=kind,
        configuration=release.previous_configuration if back else f"{configuration_of(asked)}-{attempt}",
        # Told apart from the other stage's attempts, and from the challenger's: both may be in one account.
        model_name=f"{release.model_name}-{number + 1}{attempt}",
        image=release.image,
        model_data_url=release.model_data_url,
        archive_etag=release.archive_etag,
        environment=serverless if kind == SERVERLESS else release.environment,
        variant=here["variant"],
        deployment=here["deployment"],
        retained=here["retained"],
        watched=here["watched"],
        alarms=Alarms(**here["alarms"]),
        component=release.component if stage == "production" else "",
        smoke=Asked(
            model_digest=previous.model_digest if previous else release.model_digest,
            evaluation_uri=previous.evaluation_uri if previous else release.evaluation_uri,
            smoke_digest=previous.smoke_digest if previous else release.smoke_digest,
            only_the_digest=previous.only_the_digest if previous else False,
        ),
        serving=release.serving or {},
        tags=release.tags,
        asynchronous=asynchronous or None,
        capture=capture,
    )
