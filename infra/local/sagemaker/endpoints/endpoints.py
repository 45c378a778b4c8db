"""Endpoints: created, updated blue/green, described, invoked and deleted, with containers that really serve.

An update that does not become healthy, or whose alarms ring while traffic moves, leaves the old containers serving:
the endpoint is InService again on its old configuration, with a FailureReason, as on AWS.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from infra.local.sagemaker.endpoints.capture import Capture
from infra.local.sagemaker.endpoints.cold_starts import ColdServer
from infra.local.sagemaker.endpoints.deployment import Plan, plan
from infra.local.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.endpoints.fleets import Fleet, Variant, started
from infra.local.sagemaker.endpoints.queues import Queues, check_kept, refuse_queued
from infra.local.sagemaker.endpoints.requests import Request
from infra.local.sagemaker.endpoints.serverless import check_kind, require_concurrency
from infra.local.sagemaker.endpoints.shadows import Copies
from infra.local.sagemaker.endpoints.traffic import RolledBack, Traffic
from infra.local.sagemaker.errors import ServiceError, invalid, lacking
from infra.local.sagemaker.instances import require_room
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.serving import Server
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")
KIND = "endpoint"
COMPONENT = "inference-component"


class Endpoints:
    """CreateEndpoint and its siblings."""

    def __init__(self, workshop: Workshop, configs: EndpointConfigs) -> None:
        self._workshop = workshop
        self.configs = configs
        self.traffic = Traffic(workshop.settings)
        self.figures = workshop.figures
        self.capture = Capture(workshop, configs)
        self._queues = Queues(workshop, self)
        self.is_followed: Callable[[str], bool] = lambda _: False
        """Whether automatic scaling follows a fleet, by the name that it has for it."""
        self.let_go: Callable[[str], None] = lambda _: None
        """Has a fleet followed no more, by the same name."""
        self.copies = Copies()

    def create(self, parameters: Record) -> Record:
        """Remember the endpoint and start its containers."""
        name, configuration = parameters["EndpointName"], parameters["EndpointConfigName"]
        variants = self.configs.variants(configuration)
        deployment = parameters.get("DeploymentConfig")
        plan(deployment, _instances(variants))
        self._require_room(variants)
        queued = self._queued(configuration, variants)
        arn, now = self._workshop.settings.arn(f"{KIND}/{name}"), time.time()
        record: Record = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": configuration,
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            "LastDeploymentConfig": deployment,
            **({"AsyncInferenceConfig": queued} if queued else {}),
            "_Generation": 1,
            "_Variants": [asdict(variant) for variant in variants],
        }
        if not self._workshop.store.add(KIND, name, record):
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        self._workshop.store.tag(arn, parameters.get("Tags"))
        self._in_background(self._first_start, name, configuration, variants, 1)
        return {"EndpointArn": arn}

    def update(self, parameters: Record) -> Record:
        """Start the containers of another configuration beside the present ones, then move the traffic."""
        name, configuration = parameters["EndpointName"], parameters["EndpointConfigName"]
        variants = self.configs.variants(configuration)
        with self._workshop.store.lock:
            record = self._updatable(name)
            check_kind(record["EndpointArn"], _variants(record), variants)
            if self._hosted(record):
                raise lacking("updates of an endpoint that hosts inference components")
            if parameters.get("RetainAllVariantProperties"):
                excluded = parameters.get("ExcludeRetainedVariantProperties", [])
                variants = _retained(variants, _variants(record), {item["VariantPropertyType"] for item in excluded})
            kept = record.get("LastDeploymentConfig") if parameters.get("RetainDeploymentConfig") else None
            deployment = parameters.get("DeploymentConfig", kept)
            moves = plan(deployment, _instances(variants))
            check_kept(name, record.get("AsyncInferenceConfig"), self.configs.asynchronous(configuration))
            self._require_room(variants)
            self._queued(configuration, variants)
            self._refuse_other_instances(name, _variants(record), variants)
            generation = record["_Generation"] + 1
            pending = {"EndpointConfigName": configuration, "StartTime": time.time()}
            self._change(
                name,
                EndpointStatus="Updating",
                FailureReason=None,
                LastDeploymentConfig=deployment,
                PendingDeploymentSummary=pending,
                _NextVariants=[asdict(variant) for variant in variants],
                _Generation=generation,
            )
        self._in_background(self._replace, name, configuration, variants, generation, moves)
        return {"EndpointArn": record["EndpointArn"]}

    def update_weights(self, parameters: Record) -> Record:
        """Move traffic between the variants of the present configuration."""
        name = parameters["EndpointName"]
        wanted = {item["VariantName"]: item for item in parameters["DesiredWeightsAndCapacities"]}
        with self._workshop.store.lock:
            record = self._updatable(name)
            least, before = 0 if "AsyncInferenceConfig" in record else 1, _instances(_variants(record))
            for item in record["_Variants"]:
                change = wanted.pop(item["name"], {})
                if "DesiredInstanceCount" in change and item.get("serverless"):
                    raise invalid(f"The variant {item['name']} is serverless, and has no DesiredInstanceCount.")
                if change.get("DesiredInstanceCount", 1) < least:
                    raise invalid(f"DesiredInstanceCount of the variant {item['name']} must be at least 1.")
                item["weight"] = change.get("DesiredWeight", item["weight"])
                item["instance_count"] = change.get("DesiredInstanceCount", item["instance_count"])
            if wanted:
                raise invalid(f'The variant name(s) "{", ".join(wanted)}" is/are not present within the endpoint.')
            variants = _variants(record)
            self._change(name, _Variants=record["_Variants"], **_shown(variants))
            if bool(before) != bool(_instances(variants)):
                self._change(name, EndpointStatus="Updating")
                self._in_background(self._first_start if not before else self._rest, *_begun(record, variants))
                return {"EndpointArn": record["EndpointArn"]}
            fleet = self.traffic.next(name)
            if fleet is not None:
                fleet.weigh({variant.name: variant.weight for variant in variants})
        return {"EndpointArn": record["EndpointArn"]}

    def instances_of(self, name: str, variant: str) -> int:
        """The instances of a variant. Raises ServiceError where there is none, or where its endpoint is updated."""
        record = self._updatable(name)
        found = [one for one in _variants(record) if one.name == variant]
        if not found:
            raise invalid(f'The variant "{variant}" is not present within the endpoint "{name}".')
        return found[0].instance_count

    def may_have(self, name: str, least: int) -> None:
        """See that a fleet may shrink so far. Raises ServiceError where it may not."""
        if least < 1 and "AsyncInferenceConfig" not in self._find(name):
            raise invalid("The minimum capacity of a variant that answers at once must be at least 1.")

    def scale(self, name: str, variant: str, count: int) -> None:
        """Give a variant so many instances, each a container of its own, that answer once they are healthy.

        What its fleet began with is one container, however many instances that stands for.
        """
        wanted = [{"VariantName": variant, "DesiredInstanceCount": count}]
        self.update_weights({"EndpointName": name, "DesiredWeightsAndCapacities": wanted})
        fleet = self.traffic.next(name)
        if fleet is not None and count:
            self._in_background(lambda _: fleet.resize(variant, count), name)

    def backlog(self, name: str) -> int:
        """How many requests wait in an endpoint's queue."""
        return self._queues.backlog(name)

    def describe(self, parameters: Record) -> Record:
        """The endpoint as it stands."""
        record = self._find(parameters["EndpointName"])
        return described("DescribeEndpoint", {**record, **self.capture.shown(record["EndpointConfigName"])})

    def list_all(self, parameters: Record) -> Record:
        """The endpoints, filtered and in pages."""
        return listed("ListEndpoints", parameters, self._workshop.store.every(KIND), "Endpoint")

    def delete(self, parameters: Record) -> Record:
        """Drain and end the containers, then forget the endpoint."""
        name = parameters["EndpointName"]
        with self._workshop.store.lock:
            record = self._find(name)
            if record["EndpointStatus"] not in ("InService", "Failed"):
                raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
            # They go first: "Delete Endpoints and Resources" of SageMaker's guide.
            if self._hosted(record):
                raise invalid(f'Cannot delete endpoint "{record["EndpointArn"]}": it hosts {self._hosted(record)}.')
            self._change(name, EndpointStatus="Deleting")
        for one in _variants(record):
            self.let_go(f"endpoint/{name}/variant/{one.name}")
        self._in_background(self._end, name, record["EndpointArn"])
        return {}

    def server(self, name: str, variant: str | None) -> tuple[str, str, Server | ColdServer]:
        """The container that answers the next request, with the names of its variant and of its configuration."""
        record = self._workshop.store.read(KIND, name)
        fleet = self.traffic.next(name)
        if record is not None and all(one["container"] is None for one in record["_Variants"]):
            raise ServiceError(
                "ValidationError",
                "Inference Component Name header is required for endpoints to which you plan to deploy inference "
                "components. Please include Inference Component Name header or consider using SageMaker models.",
            )
        if fleet is None or record is None:
            if record is not None and record["EndpointStatus"] == "SystemUpdating":
                raise ServiceError("ServiceUnavailable", f"Endpoint {name} is being started.", 503)
            account = self._workshop.settings.account_id
            raise ServiceError("ValidationError", f"Endpoint {name} of account {account} not found.")
        found = fleet.server(variant)
        if found is None:
            raise ServiceError("ValidationError", f"Variant {variant} not found for Request.")
        name_of_variant, server = found
        return name_of_variant, fleet.configuration, server

    def is_serverless(self, name: str) -> bool:
        """Whether there is an endpoint of this name whose variants have no instances."""
        record = self._workshop.store.read(KIND, name)
        return record is not None and any(variant.get("serverless") for variant in record["_Variants"])

    def asynchronous(self, name: str) -> bool:
        """Whether an endpoint answers out of a queue."""
        record = self._workshop.store.read(KIND, name)
        return record is not None and "AsyncInferenceConfig" in record

    def queue(self, name: str, sent: Mapping[str, str]) -> Request:
        """Put a request into the queue of an endpoint. Raises ServiceError where it has none."""
        record = self._workshop.store.read(KIND, name)
        if record is None or record["EndpointStatus"] in ("Creating", "Failed", "Deleting"):
            account = self._workshop.settings.account_id
            raise ServiceError("ValidationError", f"Endpoint {name} of account {account} not found.")
        if "AsyncInferenceConfig" not in record:
            raise refuse_queued(name)
        return self._queues.put(name, record["AsyncInferenceConfig"], sent)

    def fleet_of(self, name: str) -> Fleet | None:
        """The containers that take the next request out of an endpoint's queue."""
        return self.traffic.next(name)

    def observe_queued(self, name: str, variant: str, configuration: str, status: int, seconds: float) -> None:
        """Remember one answer to a request out of a queue, for the deployment's alarms, and publish its figures."""
        self.traffic.observations.add(name, variant, configuration, status, seconds)
        self.figures.answer(name, variant, configuration, status, seconds)

    def shadow(self, name: str, configuration: str) -> tuple[str, Server | ColdServer, float] | None:
        """The variant in the shadow of those that serve by this configuration, with its share of copies."""
        fleet = self.traffic.next(name)
        return fleet.shadow() if fleet is not None and fleet.configuration == configuration else None

    def after_load(self) -> None:
        """Start again what served when the stand-in ended; an update in between is over, on the old configuration."""
        shutil.rmtree(self._workshop.settings.state / "endpoints", ignore_errors=True)
        for record in self._workshop.store.every(KIND):
            name, status = record["EndpointName"], record["EndpointStatus"]
            if status == "Deleting":
                self._workshop.store.remove(KIND, name)
            elif status != "Failed":
                over = {"PendingDeploymentSummary": None, "_NextVariants": None}
                self._change(name, EndpointStatus="SystemUpdating", **over)
                arguments = (name, record["EndpointConfigName"], _variants(record), record["_Generation"])
                self._in_background(self._first_start, *arguments)

    def close(self) -> None:
        """Forget the containers; whoever closes the stand-in ends their processes."""
        self._queues.close()
        self.traffic.clear()
        self.capture.close()
        self.copies.close()

    def _queued(self, configuration: str, variants: list[Variant]) -> Record | None:
        """A configuration's AsyncInferenceConfig, whose topics have been sent what SageMaker tries them with."""
        configured = self.configs.asynchronous(configuration)
        container = variants[0].container
        if configured and container is not None:
            self._queues.check(configured, container.role)
        return configured

    def _refuse_other_instances(self, name: str, present: list[Variant], wanted: list[Variant]) -> None:
        """As SageMaker refuses it ("Update endpoints that use auto scaling")."""
        kept = {(one.name, one.instance_type) for one in wanted}
        for one in present:
            if self.is_followed(f"endpoint/{name}/variant/{one.name}") and (one.name, one.instance_type) not in kept:
                raise invalid(
                    f'The variant(s) "{one.name}" must be deregistered as scalable targets with AutoScaling before '
                    "they can be removed or have their instance type updated."
                )

    def _require_room(self, variants: list[Variant]) -> None:
        require_concurrency(self._workshop, variants)
        for variant in variants:
            if variant.instance_type:
                require_room(self._workshop, variant.instance_type, "endpoint usage", variant.instance_count)

    def _hosted(self, record: Record) -> str:
        """The names of the components on an endpoint; empty for none."""
        every = self._workshop.store.every(COMPONENT)
        return ", ".join(
            one["InferenceComponentName"] for one in every if one["EndpointName"] == record["EndpointName"]
        )

    def _find(self, name: str) -> Record:
        record = self._workshop.store.read(KIND, name)
        if record is None:
            raise invalid(f'Could not find endpoint "{self._workshop.settings.arn(f"{KIND}/{name}")}".')
        return record

    def _updatable(self, name: str) -> Record:
        record = self._find(name)
        if record["EndpointStatus"] == "Failed":
            raise invalid(f'Cannot update endpoint "{record["EndpointArn"]}" because it is in the status Failed.')
        if record["EndpointStatus"] != "InService":
            raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
        return record

    def _change(self, name: str, **members: Any) -> None:
        self._workshop.store.change(KIND, name, LastModifiedTime=time.time(), **members)

    def _in_background(self, work: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, name=f"endpoint {arguments[0]}", daemon=True).start()

    def _fleet(self, name: str, configuration: str, variants: list[Variant], generation: int) -> Fleet:
        folder = self._workshop.settings.state / "endpoints" / name / str(generation)
        return Fleet(self._workshop, name, configuration, folder, variants)

    def _first_start(self, name: str, configuration: str, variants: list[Variant], generation: int) -> None:
        configured = self._find(name).get("AsyncInferenceConfig")
        if configured:
            self._queues.open(name, configured)
        if configured and not _instances(variants):
            self._change(name, EndpointStatus="InService", **_shown(variants))
            return
        fleet = self._fleet(name, configuration, variants, generation)
        reason = started(fleet)
        if reason is not None:
            self._change(name, EndpointStatus="Failed", FailureReason=reason)
            return
        self.traffic.serve(name, fleet)
        self._change(name, EndpointStatus="InService", **_shown(variants))

    def _replace(self, name: str, configuration: str, variants: list[Variant], generation: int, moves: Plan) -> None:
        began = time.monotonic()
        fleet = self._fleet(name, configuration, variants, generation)
        reason = started(fleet)
        if reason is None:
            try:
                self.traffic.move(name, fleet, moves, began)
            except RolledBack as error:
                reason = str(error)
            except Exception as error:
                _LOG.exception("moving the traffic of %s", name)
                reason = f"InternalServerError: {type(error).__name__}: {error}"
            if reason is not None:
                self._change(name, EndpointStatus="RollingBack")
                fleet.stop()
        if reason is not None:
            over = {"PendingDeploymentSummary": None, "_NextVariants": None}
            self._change(name, EndpointStatus="InService", FailureReason=reason, **over)
            return
        old = self.traffic.serve(name, fleet)
        configured = self.configs.asynchronous(configuration)
        if configured:
            self._queues.open(name, configured)
        if old is not None:
            old.stop()
        self._change(
            name,
            EndpointStatus="InService",
            EndpointConfigName=configuration,
            PendingDeploymentSummary=None,
            _NextVariants=None,
            AsyncInferenceConfig=configured,
            _Variants=[asdict(variant) for variant in variants],
            **_shown(variants),
        )

    def _rest(self, name: str, configuration: str, variants: list[Variant], generation: int) -> None:
        """End the containers of an endpoint that shrinks to no instance; what comes waits in its queue."""
        fleet = self.traffic.end(name)
        if fleet is not None:
            fleet.stop()
        self._change(name, EndpointStatus="InService", **_shown(variants))

    def _end(self, name: str, arn: str) -> None:
        self._queues.end(name)
        fleet = self.traffic.end(name)
        if fleet is not None:
            fleet.stop()
        self._workshop.store.remove(KIND, name)
        self._workshop.store.untag(arn)


def _begun(record: Record, variants: list[Variant]) -> tuple[str, str, list[Variant], int]:
    """What the containers of an endpoint are started by."""
    return record["EndpointName"], record["EndpointConfigName"], variants, record["_Generation"]


def _variants(record: Record) -> list[Variant]:
    return [
        Variant(**{**item, "container": ServedContainer(**item["container"]) if item["container"] else None})
        for item in record["_Variants"]
    ]


def _instances(variants: list[Variant]) -> int:
    return sum(variant.instance_count for variant in variants)


def _retained(variants: list[Variant], present: list[Variant], excluded: set[str]) -> list[Variant]:
    """The variants of a configuration with count and weight of those that serve under the same names now."""
    by_name = {variant.name: variant for variant in present}
    kept = []
    for variant in variants:
        now = by_name.get(variant.name, variant)
        if "DesiredInstanceCount" not in excluded:
            variant = replace(variant, instance_count=now.instance_count)
        if "DesiredWeight" not in excluded:
            variant = replace(variant, weight=now.weight)
        kept.append(variant)
    return kept


def _shown(variants: list[Variant]) -> Record:
    """The production variants as DescribeEndpoint shows them."""
    now = time.time()

    def show(shadow: bool) -> list[Record]:
        return [
            {
                "VariantName": variant.name,
                **(
                    {
                        "DeployedImages": [
                            {
                                "SpecifiedImage": variant.container.image,
                                "ResolvedImage": variant.container.image,
                                "ResolutionTime": now,
                            }
                        ]
                    }
                    if variant.container is not None
                    else {}
                ),
                "CurrentWeight": variant.weight,
                "DesiredWeight": variant.weight,
                "CurrentInstanceCount": variant.instance_count,
                "DesiredInstanceCount": variant.instance_count,
                **({"CurrentServerlessConfig": variant.serverless} if variant.serverless else {}),
            }
            for variant in variants
            if variant.shadow == shadow
        ]

    return {"ProductionVariants": show(False), "ShadowProductionVariants": show(True) or None}
