"""Endpoint configurations: which models serve, with which weights."""

from __future__ import annotations

import time

from infra.local.sagemaker.endpoints.amis import check_ami
from infra.local.sagemaker.endpoints.fleets import Variant
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
            if "ModelName" not in variant:
                raise lacking("variants without a ModelName")
            for member in ("InstanceType", "InitialInstanceCount"):
                if member not in variant:
                    raise invalid(f"{member} of the variant {variant['VariantName']} must be specified.")
            self._models.container(variant["ModelName"])
            if "InferenceAmiVersion" in variant:
                check_ami(variant["InferenceAmiVersion"], variant.get("InstanceType", ""))
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

    def variants(self, name: str) -> list[Variant]:
        """What a configuration starts."""
        record = self.find(name)
        given = [(one, False) for one in record["ProductionVariants"]]
        given += [(one, True) for one in record.get("ShadowProductionVariants", [])]
        return [
            Variant(
                variant["VariantName"],
                self._models.container(variant["ModelName"]),
                variant.get("InitialVariantWeight", 1.0),
                variant["InitialInstanceCount"],
                variant["InstanceType"],
                shadow=shadow,
            )
            for variant, shadow in given
        ]
