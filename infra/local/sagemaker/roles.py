"""Whether SageMaker may assume the roles that a request names, as AWS asks before it accepts one.

It looks at who a role trusts and not at the conditions of that trust, which the stand-in could not tell apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import client

_SERVICE = "sagemaker.amazonaws.com"
_MEMBERS = {"RoleArn", "ExecutionRoleArn"}


class Roles:
    """The account's roles."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _iam(self) -> Any:
        return client(self._settings, "iam")

    def check(self, parameters: dict[str, Any]) -> None:
        """Refuse a request with a role of another account, that is not there, or that SageMaker may not assume."""
        for arn in roles_in(parameters):
            if arn.split(":")[4] != self._settings.account_id:
                raise invalid("Cross-account pass role is not allowed.")
            if not self._assumable(arn):
                raise invalid(
                    f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
                    f"'{_SERVICE}' to assume the role."
                )

    def _assumable(self, arn: str) -> bool:
        try:
            role = self._iam.get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchEntity", "NoSuchEntityException"):
                return False
            raise
        return bool(role["Arn"] == arn) and trusts_sagemaker(role["AssumeRolePolicyDocument"])


def roles_in(parameters: dict[str, Any]) -> Iterator[str]:
    """The ARNs that a request names as roles, at any depth."""
    for member, value in parameters.items():
        if member in _MEMBERS and isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from roles_in(value)


def trusts_sagemaker(document: dict[str, Any] | str) -> bool:
    """Whether a trust policy lets the service assume its role."""
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement["Effect"] == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action", [])))
        and _SERVICE in _listed(_services(statement.get("Principal", {})))
        for statement in _listed(policy["Statement"])
    )


def _services(principal: Any) -> Any:
    return principal.get("Service", []) if isinstance(principal, dict) else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
