"""Endpoints: created, updated blue/green, described, invoked and deleted, with containers that really serve.

An update that does not become healthy, or whose alarms ring while traffic moves, leaves the old containers serving:
the endpoint is InService again on its old configuration, with a FailureReason, as on AWS.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from infra.local.environments import InstallationError
from infra.local.sagemaker.archives import ArchiveError
from infra.local.sagemaker.endpoints.deployment import Plan, plan
from infra.local.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.endpoints.fleets import Fleet, Variant
from infra.local.sagemaker.endpoints.shadows import Copies
from infra.local.sagemaker.endpoints.traffic import RolledBack, Traffic
from infra.local.sagemaker.errors import ServiceError, invalid, shorten_reason
from infra.local.sagemaker.instances import require_room
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.serving import Server, ServingError
from infra.local.sagemaker.storage import StorageError
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")
KIND = "endpoint"


class Endpoints:
    """CreateEndpoint and its siblings."""

    def __init__(self, workshop: Workshop, configs: EndpointConfigs) -> None:
        self._workshop = workshop
        self._configs = configs
        self.traffic = Traffic(workshop.settings)
        self.figures = workshop.figures
        self.copies = Copies()

    def create(self, parameters: Record) -> Record:
        """Remember the endpoint and start its containers."""
        name, configuration = parameters["EndpointName"], parameters["EndpointConfigName"]
        variants = self._configs.variants(configuration)
        deployment = parameters.get("DeploymentConfig")
        plan(deployment, _instances(variants))
        self._require_room(variants)
        arn, now = self._workshop.settings.arn(f"{KIND}/{name}"), time.time()
        record: Record = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": configuration,
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            "LastDeploymentConfig": deployment,
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
        variants = self._configs.variants(configuration)
        with self._workshop.store.lock:
            record = self._updatable(name)
            if parameters.get("RetainAllVariantProperties"):
                excluded = parameters.get("ExcludeRetainedVariantProperties", [])
                variants = _retained(variants, _variants(record), {item["VariantPropertyType"] for item in excluded})
            kept = record.get("LastDeploymentConfig") if parameters.get("RetainDeploymentConfig") else None
            deployment = parameters.get("DeploymentConfig", kept)
            moves = plan(deployment, _instances(variants))
            self._require_room(variants)
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
            for item in record["_Variants"]:
                change = wanted.pop(item["name"], {})
                if change.get("DesiredInstanceCount", 1) < 1:
                    raise invalid(f"DesiredInstanceCount of the variant {item['name']} must be at least 1.")
                item["weight"] = change.get("DesiredWeight", item["weight"])
                item["instance_count"] = change.get("DesiredInstanceCount", item["instance_count"])
            if wanted:
                raise invalid(f'The variant name(s) "{", ".join(wanted)}" is/are not present within the endpoint.')
            variants = _variants(record)
            self._change(name, _Variants=record["_Variants"], **_shown(variants))
            fleet = self.traffic.next(name)
            if fleet is not None:
                fleet.weigh({variant.name: variant.weight for variant in variants})
        return {"EndpointArn": record["EndpointArn"]}

    def describe(self, parameters: Record) -> Record:
        """The endpoint as it stands."""
        return described("DescribeEndpoint", self._find(parameters["EndpointName"]))

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
            self._change(name, EndpointStatus="Deleting")
        self._in_background(self._end, name, record["EndpointArn"])
        return {}

    def server(self, name: str, variant: str | None) -> tuple[str, str, Server]:
        """The container that answers the next request, with the names of its variant and of its configuration."""
        record = self._workshop.store.read(KIND, name)
        fleet = self.traffic.next(name)
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

    def shadow(self, name: str, configuration: str) -> tuple[str, Server, float] | None:
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
        self.traffic.clear()
        self.copies.close()

    def _require_room(self, variants: list[Variant]) -> None:
        for variant in variants:
            if variant.instance_type:
                require_room(self._workshop, variant.instance_type, "endpoint usage", variant.instance_count)

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
        fleet = self._fleet(name, configuration, variants, generation)
        reason = self._started(fleet)
        if reason is not None:
            self._change(name, EndpointStatus="Failed", FailureReason=reason)
            return
        self.traffic.serve(name, fleet)
        self._change(name, EndpointStatus="InService", **_shown(variants))

    def _replace(self, name: str, configuration: str, variants: list[Variant], generation: int, moves: Plan) -> None:
        began = time.monotonic()
        fleet = self._fleet(name, configuration, variants, generation)
        reason = self._started(fleet)
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
        if old is not None:
            old.stop()
        self._change(
            name,
            EndpointStatus="InService",
            EndpointConfigName=configuration,
            PendingDeploymentSummary=None,
            _NextVariants=None,
            _Variants=[asdict(variant) for variant in variants],
            **_shown(variants),
        )

    def _started(self, fleet: Fleet) -> str | None:
        """Start a fleet; the reason when it does not serve."""
        try:
            fleet.start()
        except (ServingError, StorageError, ArchiveError, InstallationError) as error:
            return shorten_reason(str(error))
        except ServiceError as error:
            return shorten_reason(error.message)
        except Exception as error:
            _LOG.exception("starting the containers of %s", fleet.configuration)
            return shorten_reason(f"InternalServerError: {type(error).__name__}: {error}")
        return None

    def _end(self, name: str, arn: str) -> None:
        fleet = self.traffic.end(name)
        if fleet is not None:
            fleet.stop()
        self._workshop.store.remove(KIND, name)
        self._workshop.store.untag(arn)


def _variants(record: Record) -> list[Variant]:
    return [Variant(**{**item, "container": ServedContainer(**item["container"])}) for item in record["_Variants"]]


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
                "DeployedImages": [
                    {
                        "SpecifiedImage": variant.container.image,
                        "ResolvedImage": variant.container.image,
                        "ResolutionTime": now,
                    }
                ],
                "CurrentWeight": variant.weight,
                "DesiredWeight": variant.weight,
                "CurrentInstanceCount": variant.instance_count,
                "DesiredInstanceCount": variant.instance_count,
            }
            for variant in variants
            if variant.shadow == shadow
        ]

    return {"ProductionVariants": show(False), "ShadowProductionVariants": show(True) or None}
