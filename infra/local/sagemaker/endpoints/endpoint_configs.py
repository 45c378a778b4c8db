"""Endpoint configurations: which models serve, with which weights."""

from __future__ import annotations

import time

from infra.local.sagemaker.endpoints.amis import check_ami
from infra.local.sagemaker.endpoints.fleets import Variant
from infra.local.sagemaker.endpoints.queues import check_config
from infra.local.sagemaker.endpoints.serverless import check_serverless
from infra.local.sagemaker.endpoints.shadows import check_shadows
from infra.local.sagemaker.errors import invalid, lacking
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.models import Models
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

KIND = "endpoint-config"


class EndpointConfigs:
    """CreateEndpointConfig and its siblings."""

    def __init__(self, workshop: Workshop, models: Models) -> None:
        self._workshop = workshop
        self._models = models

    def create(self, parameters: Record) -> Record:
        """Remember a configuration whose models are all there."""
        name = parameters["EndpointConfigName"]
        arn = self._workshop.settings.arn(f"{KIND}/{name}")
        production, shadows = parameters["ProductionVariants"], parameters.get("ShadowProductionVariants", [])
        check_shadows(production, shadows, asynchronous="AsyncInferenceConfig" in parameters)
        names = [variant["VariantName"] for variant in (*production, *shadows)]
        if len(set(names)) < len(names):
            raise invalid(f"The names of the variants must be unique within a configuration, not {', '.join(names)}.")
        for variant in (*production, *shadows):
            for member in () if "ServerlessConfig" in variant else ("InstanceType", "InitialInstanceCount"):
                if member not in variant:
                    raise invalid(f"{member} of the variant {variant['VariantName']} must be specified.")
            if "ModelName" in variant:
                self._models.container(variant["ModelName"])
            if "InferenceAmiVersion" in variant:
                check_ami(variant["InferenceAmiVersion"], variant.get("InstanceType", ""))
        variants = parameters["ProductionVariants"]
        named = {one["ModelName"]: self._models.find(one["ModelName"]) for one in variants if "ModelName" in one}
        check_serverless(variants, named)
        if "AsyncInferenceConfig" in parameters:
            check_config(parameters["AsyncInferenceConfig"])
        _check_hosts(parameters)
        record = {
            **{member: value for member, value in parameters.items() if member != "Tags"},
            "EndpointConfigArn": arn,
            "CreationTime": time.time(),
        }
        if not self._workshop.store.add(KIND, name, record):
            raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
        self._workshop.store.tag(arn, parameters.get("Tags"))
        return {"EndpointConfigArn": arn}

    def describe(self, parameters: Record) -> Record:
        """One configuration."""
        return described("DescribeEndpointConfig", self.find(parameters["EndpointConfigName"]))

    def list_all(self, parameters: Record) -> Record:
        """The configurations, filtered and in pages."""
        records = self._workshop.store.every(KIND)
        return listed("ListEndpointConfigs", parameters, records, "EndpointConfig")

    def delete(self, parameters: Record) -> Record:
        """Forget a configuration; an endpoint that runs it goes on."""
        record = self.find(parameters["EndpointConfigName"])
        self._workshop.store.remove(KIND, parameters["EndpointConfigName"])
        self._workshop.store.untag(record["EndpointConfigArn"])
        return {}

    def find(self, name: str) -> Record:
        """A configuration's record, or AWS's error for an unknown one."""
        record = self._workshop.store.read(KIND, name)
        if record is None:
            raise invalid(f'Could not find endpoint configuration "{self._workshop.settings.arn(f"{KIND}/{name}")}".')
        return record

    def asynchronous(self, name: str) -> Record | None:
        """A configuration's AsyncInferenceConfig; None where it has none, or is not there any more."""
        record = self._workshop.store.read(KIND, name)
        found: Record | None = None if record is None else record.get("AsyncInferenceConfig")
        return found

    def variants(self, name: str) -> list[Variant]:
        """What a configuration starts."""
        record = self.find(name)
        given = [(one, False) for one in record["ProductionVariants"]]
        given += [(one, True) for one in record.get("ShadowProductionVariants", [])]
        return [
            Variant(
                variant["VariantName"],
                self._models.container(variant["ModelName"]) if "ModelName" in variant else None,
                variant.get("InitialVariantWeight", 1.0),
                variant.get("InitialInstanceCount", 0),
                variant.get("InstanceType", ""),
                variant.get("ServerlessConfig"),
                *_range(variant),
                shadow=shadow,
            )
            for variant, shadow in given
        ]


def _check_hosts(parameters: Record) -> None:
    """Refuse what a configuration without a model, on whose endpoint inference components serve, has to say and lacks.

    It names the role (SageMaker's Python SDK, ``endpoint_from_production_variants``); one with models says nothing
    of the network, which is the models'.
    """
    without = [variant["VariantName"] for variant in parameters["ProductionVariants"] if "ModelName" not in variant]
    if not without:
        if "ExecutionRoleArn" in parameters or any("ManagedInstanceScaling" in one for one in _variants(parameters)):
            raise lacking("an ExecutionRoleArn or ManagedInstanceScaling where the variants have models")
        return
    if len(without) < len(parameters["ProductionVariants"]) or len(without) > 1:
        raise lacking("several variants of which some have no ModelName")
    if "ExecutionRoleArn" not in parameters:
        raise invalid("ExecutionRoleArn must be specified for an endpoint configuration whose variants have no model.")
    least, most = _range(_variants(parameters)[0])
    if not least <= _variants(parameters)[0]["InitialInstanceCount"] <= most:
        raise invalid("InitialInstanceCount must be between MinInstanceCount and MaxInstanceCount.")


def _variants(parameters: Record) -> list[Record]:
    found: list[Record] = parameters["ProductionVariants"]
    return found


def _range(variant: Record) -> tuple[int, int]:
    """How many instances a variant may have: those it starts with, unless SageMaker manages their number."""
    count, scaling = variant.get("InitialInstanceCount", 0), variant.get("ManagedInstanceScaling", {})
    if scaling.get("Status") != "ENABLED":
        return count, count
    return scaling.get("MinInstanceCount", count), scaling.get("MaxInstanceCount", count)
