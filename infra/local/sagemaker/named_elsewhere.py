"""What a request names of the account's other services: subnets, security groups and KMS keys have to be there.

SageMaker on AWS finds out when it creates the job; here they are looked up in the stand-in's own EC2 and KMS, and only
where a request names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import client
from infra.local.sagemaker.store import Record

_OWN_DISKS = re.compile(r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g[56]\w*|gr6|p[56][\w-]*|trn\d\w*)\.")


class NamedElsewhere:
    """Checks the names in a request."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clients: dict[str, Any] = {}

    def check(self, parameters: Record) -> None:
        """Refuse a request that names what is not there, or a volume's key for an instance that brings its disks."""
        for item in objects(parameters):
            instance = str(item.get("InstanceType", ""))
            if item.get("VolumeKmsKeyId") and _OWN_DISKS.match(instance):
                raise invalid(f"VolumeKmsKeyId is not supported for the instance type {instance}: its disks are local.")
            for member in ("KmsKeyId", "VolumeKmsKeyId"):
                if item.get(member):
                    self._ask("kms", "describe_key", KeyId=item[member])
            network = item.get("VpcConfig", {})
            if network:
                self._ask("ec2", "describe_subnets", SubnetIds=network["Subnets"])
                self._ask("ec2", "describe_security_groups", GroupIds=network["SecurityGroupIds"])

    def _ask(self, service: str, operation: str, **names: Any) -> None:
        if service not in self._clients:
            self._clients[service] = client(self._settings, service)
        try:
            getattr(self._clients[service], operation)(**names)
        except ClientError as error:
            raise invalid(str(error.response["Error"]["Message"])) from error


def objects(value: Any) -> Iterator[Record]:
    """Every object of a request, itself first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from objects(item)
