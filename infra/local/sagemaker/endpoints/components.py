"""Inference components: models side by side on an endpoint whose configuration names none.

An update starts the new copies beside the old ones, which answer until the new ones are healthy; what does not become
healthy, does not fit, or rings an alarm leaves the component in service on its old model. As everywhere here one
container serves, whatever the number of copies is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from infra.local.sagemaker.endpoints.capacity import Share, instances_needed
from infra.local.sagemaker.endpoints.cold_starts import ColdServer
from infra.local.sagemaker.endpoints.deployment import rolling
from infra.local.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.endpoints.endpoints import COMPONENT as KIND
from infra.local.sagemaker.endpoints.endpoints import KIND as ENDPOINT
from infra.local.sagemaker.endpoints.fleets import Fleet, Variant, started
from infra.local.sagemaker.endpoints.traffic import RolledBack, Traffic
from infra.local.sagemaker.errors import ServiceError, invalid, lacking
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.models import Models, ServedContainer
from infra.local.sagemaker.serving import Server
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")


class Components:
    """CreateInferenceComponent and its siblings."""

    def __init__(self, workshop: Workshop, configs: EndpointConfigs, models: Models) -> None:
        self._workshop = workshop
        self._configs = configs
        self._models = models
        self.traffic = Traffic(workshop.settings)

    def create(self, parameters: Record) -> Record:
        """Remember the component and start its copies, where they fit."""
        name, endpoint = parameters["InferenceComponentName"], parameters["EndpointName"]
        arn, now = self._workshop.settings.arn(f"{KIND}/{name}"), time.time()
        host = self._host(endpoint, parameters.get("VariantName"))
        specification, container = self._specified(parameters)
        if "RuntimeConfig" not in parameters:
            raise invalid("RuntimeConfig must be specified for an inference component that is no adapter.")
        copies = parameters["RuntimeConfig"]["CopyCount"]
        record: Record = {
            "InferenceComponentName": name,
            "InferenceComponentArn": arn,
            "EndpointName": endpoint,
            "EndpointArn": self._workshop.settings.arn(f"{ENDPOINT}/{endpoint}"),
            "VariantName": host["VariantName"],
            "InferenceComponentStatus": "Creating",
            "Specification": specification,
            "RuntimeConfig": {"DesiredCopyCount": copies, "CurrentCopyCount": 0},
            "CreationTime": now,
            "LastModifiedTime": now,
            "_Container": asdict(container),
            "_Generation": 1,
        }
        with self._workshop.store.lock:
            if not self._workshop.store.add(KIND, name, record):
                raise invalid(f'Cannot create already existing inference component "{arn}".')
            self._workshop.store.tag(arn, parameters.get("Tags"))
            reason = self._place(endpoint)
        if reason:
            self._change(name, InferenceComponentStatus="Failed", FailureReason=reason)
        else:
            self._in_background(self._first_start, record)
        return {"InferenceComponentArn": arn}

    def update(self, parameters: Record) -> Record:
        """Replace the copies in batches; without a specification only their number changes."""
        name = parameters["InferenceComponentName"]
        with self._workshop.store.lock:
            record = self._updatable(name)
            copies = record["RuntimeConfig"]["DesiredCopyCount"]
            wanted = parameters.get("RuntimeConfig", {}).get("CopyCount", copies)
            deployment = parameters.get("DeploymentConfig")
            if "Specification" not in parameters:
                return self._resize(record, wanted)
            moves = rolling(deployment, wanted)
            specification, container = self._specified(parameters)
            batch = max(1, round(moves.shifts[0].share * wanted)) if moves.shifts else wanted
            reason = self._place(
                record["EndpointName"], [Share.of(specification["ComputeResourceRequirements"])] * batch
            )
            generation = record["_Generation"] + 1
            self._change(
                name,
                InferenceComponentStatus="Updating",
                LastDeploymentConfig=deployment,
                _Generation=generation,
            )
        after = {
            "Specification": specification,
            "RuntimeConfig": {"DesiredCopyCount": wanted, "CurrentCopyCount": wanted},
            "_Container": asdict(container),
        }

        def replace() -> None:
            began = time.monotonic()
            fleet = self._fleet({**record, **after, "_Generation": generation})
            failed = reason or started(fleet)
            if not failed:
                try:
                    self.traffic.move(name, fleet, moves, began)
                except RolledBack as error:
                    failed = str(error)
            if failed:
                _LOG.warning("the update of the component %s was rolled back: %s", name, failed)
                fleet.stop()
                self._change(name, InferenceComponentStatus="InService")
            else:
                old = self.traffic.serve(name, fleet)
                if old is not None:
                    old.stop()
                self._change(name, InferenceComponentStatus="InService", **after)
            self._place(record["EndpointName"])

        self._in_background(replace)
        return {"InferenceComponentArn": record["InferenceComponentArn"]}

    def update_runtime(self, parameters: Record) -> Record:
        """Change the number of copies."""
        with self._workshop.store.lock:
            record = self._updatable(parameters["InferenceComponentName"])
            return self._resize(record, parameters["DesiredRuntimeConfig"]["CopyCount"])

    def describe(self, parameters: Record) -> Record:
        """The component as it stands."""
        return described("DescribeInferenceComponent", self._find(parameters["InferenceComponentName"]))

    def list_all(self, parameters: Record) -> Record:
        """The components, filtered and in pages."""
        wanted = {
            member: parameters[f"{member}Equals"]
            for member in ("EndpointName", "VariantName")
            if f"{member}Equals" in parameters
        }
        every = self._workshop.store.every(KIND)
        found = [record for record in every if all(record[member] == value for member, value in wanted.items())]
        return listed("ListInferenceComponents", parameters, found, "InferenceComponent")

    def delete(self, parameters: Record) -> Record:
        """Drain and end the copies, then forget the component."""
        name = parameters["InferenceComponentName"]
        with self._workshop.store.lock:
            record = self._find(name)
            if record["InferenceComponentStatus"] not in ("InService", "Failed"):
                raise invalid(f'Cannot delete in-progress inference component "{record["InferenceComponentArn"]}".')
            self._change(name, InferenceComponentStatus="Deleting")

        def end() -> None:
            fleet = self.traffic.end(name)
            if fleet is not None:
                fleet.stop()
            self._workshop.store.remove(KIND, name)
            self._workshop.store.untag(record["InferenceComponentArn"])
            self._place(record["EndpointName"])

        self._in_background(end)
        return {}

    def server(self, endpoint: str, name: str) -> tuple[str, str, Server | ColdServer]:
        """The container that answers the next request, with the names of the component's variant and its model."""
        record = self._workshop.store.read(KIND, name)
        if record is None or record["EndpointName"] != endpoint:
            raise ServiceError("ValidationError", f"Inference Component {name} not found on endpoint {endpoint}.")
        fleet = self.traffic.next(name)
        found = None if fleet is None or not record["RuntimeConfig"]["CurrentCopyCount"] else fleet.server(name)
        if fleet is None or found is None:
            said = "Inference Component has no capacity to process this request."
            raise ServiceError("ValidationError", f"{said} It is {record['InferenceComponentStatus']}.")
        return record["VariantName"], fleet.configuration, found[1]

    def after_load(self) -> None:
        """Start again what served when the stand-in ended; an update in between is over, on the old model."""
        for record in self._workshop.store.every(KIND):
            name, status = record["InferenceComponentName"], record["InferenceComponentStatus"]
            if status == "Deleting":
                self._workshop.store.remove(KIND, name)
            elif status != "Failed":
                self._change(name, InferenceComponentStatus="Updating")
                self._in_background(self._first_start, record)

    def close(self) -> None:
        """Forget the containers; whoever closes the stand-in ends their processes."""
        self.traffic.clear()

    def _host(self, endpoint: str, variant: str | None) -> Record:
        """The variant of the endpoint's configuration that hosts components."""
        record = self._workshop.store.read(ENDPOINT, endpoint)
        arn = self._workshop.settings.arn(f"{ENDPOINT}/{endpoint}")
        if record is None:
            raise invalid(f'Could not find endpoint "{arn}".')
        if record["EndpointStatus"] != "InService":
            raise invalid(f'Endpoint "{arn}" is {record["EndpointStatus"]}: it must be InService.')
        variants = {one["name"]: one for one in record["_Variants"]}
        chosen = variants.get(variant or next(iter(variants)))
        if chosen is None:
            raise invalid(f'The variant name "{variant}" is not present within the endpoint "{arn}".')
        if chosen["container"] is not None:
            raise invalid(f'The endpoint "{arn}" serves a model of its own: it hosts no inference components.')
        return {"VariantName": chosen["name"]}

    def _specified(self, parameters: Record) -> tuple[Record, ServedContainer]:
        """A request's specification, and the container that it starts."""
        if "Specification" not in parameters:
            raise lacking("inference components without the one Specification")
        specification = parameters["Specification"]
        if "ModelName" not in specification:
            raise lacking("inference components without a ModelName")
        if "ComputeResourceRequirements" not in specification:
            raise invalid("ComputeResourceRequirements must be specified for an inference component with a model.")
        return specification, self._models.container(specification["ModelName"])

    def _place(self, endpoint: str, more: list[Share] | None = None) -> str:
        """Give the endpoint as many instances as all its copies take; the reason where it may not have so many."""
        with self._workshop.store.lock:
            record = self._workshop.store.read(ENDPOINT, endpoint)
            if record is None:
                return ""
            (variant,) = record["_Variants"]
            low, most = variant["least"], variant["most"]
            copies = list(more or [])
            for one in self._workshop.store.every(KIND):
                if one["EndpointName"] == endpoint and one["InferenceComponentStatus"] != "Failed":
                    share = Share.of(one["Specification"]["ComputeResourceRequirements"])
                    copies += [share] * one["RuntimeConfig"]["DesiredCopyCount"]
            needed = instances_needed(variant["instance_type"], copies, most)
            if needed is None:
                return (
                    f"Insufficient capacity: {len(copies)} copies do not fit on {most} {variant['instance_type']}, "
                    "which is as many as the endpoint may have."
                )
            count = max(low, needed)
            shown = [
                {**one, "CurrentInstanceCount": count, "DesiredInstanceCount": count}
                for one in record["ProductionVariants"]
            ]
            variants = [{**variant, "instance_count": count}]
            self._workshop.store.change(ENDPOINT, endpoint, _Variants=variants, ProductionVariants=shown)
            return ""

    def _resize(self, record: Record, copies: int) -> Record:
        name, before = record["InferenceComponentName"], record["RuntimeConfig"]
        self._change(name, RuntimeConfig={"DesiredCopyCount": copies, "CurrentCopyCount": copies})
        reason = self._place(record["EndpointName"])
        if reason:
            self._change(name, RuntimeConfig=before)
            raise ServiceError("ResourceLimitExceeded", reason)
        return {"InferenceComponentArn": record["InferenceComponentArn"]}

    def _find(self, name: str) -> Record:
        record = self._workshop.store.read(KIND, name)
        if record is None:
            arn = self._workshop.settings.arn(f"{KIND}/{name}")
            raise invalid(f'Could not find inference component "{arn}".')
        return record

    def _updatable(self, name: str) -> Record:
        record = self._find(name)
        if record["InferenceComponentStatus"] != "InService":
            raise invalid(
                f'Cannot update inference component "{record["InferenceComponentArn"]}" while it is '
                f"{record['InferenceComponentStatus']}."
            )
        return record

    def _change(self, name: str, **members: Any) -> None:
        self._workshop.store.change(KIND, name, LastModifiedTime=time.time(), **members)

    def _in_background(self, work: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, name="inference component", daemon=True).start()

    def _fleet(self, record: Record) -> Fleet:
        name = record["InferenceComponentName"]
        folder = self._workshop.settings.state / "components" / name / str(record["_Generation"])
        container = ServedContainer(**record["_Container"])
        copies = record["RuntimeConfig"]["DesiredCopyCount"]
        variant = Variant(name, container, 1.0, copies)
        group = f"/aws/sagemaker/InferenceComponents/{name}"
        return Fleet(self._workshop, "", record["Specification"]["ModelName"], folder, [variant], group)

    def _first_start(self, record: Record) -> None:
        name, copies = record["InferenceComponentName"], record["RuntimeConfig"]["DesiredCopyCount"]
        fleet = self._fleet(record)
        reason = started(fleet)
        if reason:
            self._change(name, InferenceComponentStatus="Failed", FailureReason=reason)
            return
        self.traffic.serve(name, fleet)
        counts = {"DesiredCopyCount": copies, "CurrentCopyCount": copies}
        self._change(name, InferenceComponentStatus="InService", RuntimeConfig=counts)
