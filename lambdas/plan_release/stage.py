"""How a model comes behind the endpoint of one stage, and whether a release asks for that at all. Pure.

A stage is brought up by an execution of its own, which a release starts and waits for. Whoever may start executions
could start one, too: it goes by its input, so that very input must be what a release that runs has asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, check_endpoint
from workflow.contract.deployment import alarm_names, at_once
from workflow.contract.document import Text
from workflow.contract.execution import Execution
from workflow.contract.reading import object_or_empty, read_object
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


def machine_of(execution: str) -> str:
    """The ARN of the machine whose execution has this ARN."""
    return execution.rpartition(":")[0].replace(":execution:", ":stateMachine:")


def check_asked(execution: Execution, given: object, release: str, newest: Iterable[Mapping[str, Any]]) -> None:
    """Raise RefusalError where the release of this ARN has not asked for this execution, with this very input.

    ``newest`` are the newest events of its history, which nobody but Step Functions writes: while it waits for the
    execution, the call that started it is among them.
    """
    project_stage = machine_of(execution.id)
    if machine_of(release) != f"{project_stage.removesuffix('-stage')}-release":
        raise RefusalError(f"{release} is no release of this project: start the release machine instead")
    for event in newest:
        called = read_object(object_or_empty(event.get("taskScheduledEventDetails")).get("parameters"))
        named = (called.get("StateMachineArn"), called.get("Name"))
        if named == (project_stage, execution.name) and _as_object(called.get("Input")) == given:
            return
    raise RefusalError(
        f"the release {release.rpartition(':')[2]} has not asked for this: a stage is brought up by a release alone. "
        "Start the release machine instead"
    )


def _as_object(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


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
