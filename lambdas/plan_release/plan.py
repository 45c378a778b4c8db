"""The plan of a release: what exists, what will be created, under which names, and how production moves. Pure.

Rolling back is releasing an earlier version, with the same checks; production only moves faster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.plan_release.asynchronous import answering_as, describe_answering, queue_limits
from lambdas.plan_release.judged import REPORT, Judged
from lambdas.plan_release.kinds import as_it_serves, describe_stage, describe_variant
from lambdas.plan_release.package import Package, RefusalError
from lambdas.plan_release.previous import choose_previous
from lambdas.plan_release.ways import as_it_was
from workflow.contract.asynchronous import Outlets
from workflow.contract.challenge import CHALLENGES
from workflow.contract.champion import NOT_RECORDED, ChampionRecord
from workflow.contract.decision import Decision
from workflow.contract.deployment import alarm_names, at_once, watched
from workflow.contract.execution import Execution
from workflow.contract.release_approval import ReleaseApproval
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import PlannedKinds, ReleasePlan
from workflow.contract.rule import InputError
from workflow.contract.run_input import RULES, RunInput
from workflow.contract.serverless import ONE_WORKER, SERVERLESS
from workflow.contract.serving import BATCH, REALTIME, SERVING_RULES, Serving
from workflow.contract.shared_endpoint import component_name
from workflow.contract.standing import Described, Premises, check_serving


class OvertakenError(RefusalError):
    """Another release has taken place since this one was planned: says which."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that exists: its status, the configuration it serves, and how many instances it shall have.

    The instances are those of its smallest variant, 0 where it has none that are counted. ``serverless`` is the
    ServerlessConfig of one without instances, ``asynchronous`` whether it answers so. What stands for production where
    its endpoint is shared is its inference component, by the same words.
    """

    name: str
    status: str
    configuration: str
    instances: int = 0
    serverless: Mapping[str, Any] | None = None
    asynchronous: bool = False
    kind: str = "endpoint"

    @staticmethod
    def of_component(described: Mapping[str, Any]) -> Endpoint:
        """Read DescribeInferenceComponent's answer: of a component the model is what it serves by."""
        return Endpoint(
            described["InferenceComponentName"],
            status=described["InferenceComponentStatus"],
            configuration=described.get("Specification", {}).get("ModelName", ""),
            kind="inference component",
        )

    @staticmethod
    def of(described: Mapping[str, Any]) -> Endpoint:
        """Read DescribeEndpoint's answer."""
        variants, standing = described.get("ProductionVariants", []), Described.of(described)
        return Endpoint(
            standing.name,
            status=described["EndpointStatus"],
            configuration=described.get("EndpointConfigName", ""),
            instances=min((variant.get("DesiredInstanceCount", 0) for variant in variants), default=0),
            serverless=standing.serverless,
            asynchronous=standing.asynchronous,
        )


AS_USUAL, AT_HOME = Serving(), Premises()


@dataclass(frozen=True)
class Settings:
    """What the stack says of every release: how long a person has to answer, and what serves unless a version says."""

    approval_seconds: int
    instance: str
    serving: Serving = AS_USUAL
    premises: Premises = AT_HOME

    @staticmethod
    def read(defaults: Mapping[str, Any], premises: Premises = AT_HOME) -> Settings:
        """Read the stack's defaults. Raises InputError on a wrong one."""

        def setting(key: str, fallback: object) -> Any:
            return RULES[key].read(key, defaults.get(key, fallback))

        return Settings(
            approval_seconds=max(1, round(setting("approval_hours", RunInput.approval_hours) * 3600)),
            instance=setting("endpoint_instance", RunInput.endpoint_instance),
            serving=Serving.read({key: defaults[key] for key in SERVING_RULES if key in defaults}),
            premises=premises,
        )


class LeavingError(Exception):
    """An endpoint is being deleted: a release that waits a little makes it anew."""

    def __init__(self, name: str) -> None:
        """Name the endpoint."""
        super().__init__(f"the endpoint {name} is being put away: the release goes on once it is gone")


def check_endpoint(endpoint: Endpoint | None) -> None:
    """Raise RefusalError for an endpoint that exists and cannot be updated now, LeavingError for one that goes."""
    if endpoint is None or endpoint.status == "InService":
        return
    if endpoint.status == "Deleting":
        raise LeavingError(endpoint.name)
    if endpoint.status == "Failed":
        raise RefusalError(f"the {endpoint.kind} {endpoint.name} is Failed: delete it, and start the release again")
    raise RefusalError(f"the {endpoint.kind} {endpoint.name} is {endpoint.status}: start again when it is InService")


@dataclass(frozen=True)
class Served:
    """What the table says that production serves: a package, its version and configuration; empty for nothing yet.

    Not ``believed`` is what the function that records did not mark; it names no package.
    """

    package: str = ""
    configuration: str = ""
    version: int = 0
    believed: bool = True

    @staticmethod
    def of(champion: ChampionRecord | None, *, believed: bool = True) -> Served:
        """What the champion's record says."""
        if champion is None:
            return Served()
        if not believed:
            return Served(configuration=champion.production_configuration, believed=False)
        return Served(champion.model_package_arn, champion.production_configuration, champion.package_version)


@dataclass(frozen=True)
class Found:
    """What there was before planning; None for an endpoint that does not exist.

    The decision approves the version, by the evaluation that ``judged`` tells of.
    ``served_is_there`` tells whether SageMaker still has the configuration that is recorded as served.
    """

    staging: Endpoint | None
    production: Endpoint | None
    served: Served
    decision: Decision
    judged: Judged
    served_is_there: bool = True


def check_champion(judged_against: str | None, package: Package, served: Served, production: Endpoint | None) -> None:
    """Raise RefusalError where production serves something else than this package was judged against.

    Of two builds that run side by side, the second would otherwise replace a model it was never compared with.
    A release that is repeated finds its own package in production.
    """
    if judged_against is None:
        return
    if not served.believed:
        raise RefusalError(NOT_RECORDED)
    by_hand = f"start the release by hand, with the model_package_arn {package.arn} alone"
    if production is not None and production.configuration != served.configuration:
        raise RefusalError(
            f"production serves {production.configuration}, which no release has recorded "
            f"({served.configuration or 'nothing'} is): {by_hand}"
        )
    if served.package not in (judged_against, package.arn):
        raise RefusalError(
            f"version {package.version} was judged against {_named(judged_against)}, and production serves "
            f"{_named(served.package)} by now: build again with force=true, or {by_hand}"
        )


def check_overtaken(plan: ReleasePlan, served: Served) -> None:
    """Raise OvertakenError where another release has taken place since this one was planned."""
    if served.package not in (plan.replaces, plan.model_package_arn):
        raise OvertakenError(
            f"production served {_named(plan.replaces)} when this release was planned, and serves "
            f"{_named(served.package)} by now: start it anew"
        )


def _named(package_arn: str) -> str:
    return f"version {package_arn.rpartition('/')[2]}" if package_arn else "nothing"


def draw_up(
    project: str,
    execution: Execution,
    given: ReleaseInput,
    settings: Settings,
    package: Package,
    found: Found,
    outlets: Outlets | None = None,
) -> ReleasePlan:
    """The whole plan. Raises RefusalError where an endpoint cannot be updated now, or serves what it should not.

    ``outlets`` None is where the stages are in other accounts.
    """
    check_endpoint(found.staging)
    check_endpoint(found.production)
    check_champion(given.judged_against, package, found.served, found.production)
    production = found.production
    serving = choose_serving(package, settings.serving, given)
    shared = settings.premises.shared_endpoint
    own = f"{project}-production"
    previous = choose_previous(
        f"inference component {component_name(project)}" if shared else f"endpoint {own}",
        "" if production is None else production.configuration,
        found.served.configuration,
        recorded_is_there=found.served_is_there,
    )
    instance = package.instance or settings.instance
    # A build's version was compared with what it replaces: it is a step ahead, whatever its number.
    goes_back = given.judged_against is None and package.version <= found.served.version
    if goes_back and "serve" not in given.serving:
        if serving.serve in CHALLENGES:
            # Whoever brings a version back wants it now, however it first came.
            serving = serving.changed({"serve": REALTIME})
        serving = as_it_was(serving, found.served.configuration, project)
        serving = answering_as(as_it_serves(serving, production), production)
    check_serving(serving, settings.premises, found.staging, production)
    mark = f"v{package.version}-{hashlib.sha256(execution.id.encode()).hexdigest()[:8]}"
    return ReleasePlan(
        run=execution.name,
        execution_arn=execution.id,
        started_by=given.started_by,
        model_package_arn=package.arn,
        replaces=found.served.package,
        package_version=package.version,
        dataset_name=found.decision.dataset,
        model_name=f"{project}-{mark}",
        staging_configuration=f"{project}-staging-{mark}",
        production_configuration=f"{project}-production-{mark}",
        staging_endpoint=f"{project}-staging",
        production_endpoint=shared or own,
        staging_exists=found.staging is not None,
        production_exists=found.production is not None,
        previous_configuration=previous,
        model_digest=package.model_digest,
        archive_digest=package.archive_digest,
        evaluation_uri=package.evaluation_uri,
        report_uri=package.evaluation_uri + REPORT,
        image=package.image,
        model_data_url=package.model_data_url,
        environment={**found.judged.environment, **queue_limits(serving)},
        instance=instance,
        ask_before_production=given.ask_before_production,
        approval_seconds=settings.approval_seconds,
        metrics=found.judged.figures.document(),
        goes_back=goes_back,
        evaluation_digest=found.decision.evaluation_digest,
        approval=ReleaseApproval.of(found.decision),
        smoke_digest=found.decision.smoke_digest,
        report_digest=found.decision.report_digest,
        variant=describe_stage("staging", serving, instance, given.inference_ami),
        serving=asdict(serving),
        production_variant=describe_stage("production", serving, instance, given.inference_ami),
        serverless_environment={**found.judged.environment, **ONE_WORKER},
        kinds=PlannedKinds(serving.stage("staging"), serving.serve, keeps_instances=serving.serve != SERVERLESS),
        asynchronous=describe_answering(serving, outlets),
        component=component_name(project) if shared else "",
        challenged=serving.serve in CHALLENGES and found.production is not None,
        batch=f"{project}-{mark}" if serving.serve == BATCH else "",
    )


def choose_serving(package: Package, standard: Serving, given: ReleaseInput) -> Serving:
    """How a version is served: as it was registered to be, or else as the stack says, but for what the input says.

    Raises RefusalError where its registered words are none, InputError where they and the input's contradict.
    """
    try:
        registered = Serving.parse(package.serving) if package.serving else standard
    except InputError as error:
        raise RefusalError(f"version {package.version}: how it is to be served cannot be read: {error}") from error
    return registered.changed(given.serving)


def begin_with(plan: ReleasePlan, count: int) -> int:
    """The instances of a fleet that is made: as many as the stack says, within the bounds of one that is followed."""
    serving = Serving.read(plan.serving or {})
    if not serving.maximum_instances:
        return count
    return max(serving.minimum_instances, 1, min(count, serving.maximum_instances))


def rollout(plan: ReleasePlan, production: Endpoint | None, count: int) -> dict[str, Any]:
    """How production moves now: its ``variant``, the ``count`` of instances it keeps, DeploymentConfig, ``alarms``.

    The ``count`` given holds where production does not exist, or has no instances now: else they are ``retained``, also
    where they change meanwhile; a serverless one has none to keep. A release is ``watched`` by its alarms where there
    is a production that a version new to it could go back to.
    """
    serverless = plan.kinds is not None and plan.kinds.production == SERVERLESS
    kept = 0 if serverless else (production.instances if production else 0) or begin_with(plan, count)
    deployment = at_once() if plan.goes_back else watched(plan.production_configuration, kept)
    variant = plan.production_variant or plan.variant or describe_variant(plan.instance, "")
    return {
        # For executions that began before there was a variant: their definition reads the count alone.
        "count": kept,
        "variant": {**variant, **({} if serverless else {"InitialInstanceCount": kept})},
        "deployment": deployment,
        # A fleet that has shrunk to no instance would show nothing of a new version.
        "retained": not serverless and (production is None or production.instances > 0),
        "watched": plan.production_exists and not plan.goes_back,
        "alarms": alarm_names(plan.production_configuration),
    }
