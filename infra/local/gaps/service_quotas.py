"""Gap: Service Quotas, which the engine lacks: what an account's quotas are, for who asks before it pays.

`GetServiceQuota`, `ListServiceQuotas` and the two about defaults, as JSON 1.1; a request for more is a person's to AWS
and is refused here. The values are those that SageMaker and Lambda enforce.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id, get_region

from infra.local import quotas
from infra.local.gaps.patching import require
from infra.local.quotas import Quota, Quotas

NAME = "servicequotas"
TARGET = "ServiceQuotasV20190624."
_PAGE = 100
_NAMES = {"sagemaker": "Amazon SageMaker", "lambda": "AWS Lambda"}
_applied = Quotas({})


class _RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def handle_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """One request."""
    operation = headers.get("x-amz-target", "").removeprefix(TARGET)
    try:
        if operation not in _OPERATIONS:
            raise _RefusedError("UnknownOperationException", f"the local stand-in for Service Quotas lacks {operation}")
        status, answer = 200, _OPERATIONS[operation](json.loads(body or b"{}"))
    except _RefusedError as error:
        status, answer = 400, {"__type": error.code, "Message": str(error)}
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def get_state() -> dict[str, Any]:
    """Nothing to keep: whoever starts the stand-in gives the values."""
    return {}


def load_persisted_state(data: dict[str, Any]) -> None:
    """Nothing was kept."""


def reset() -> None:
    """Nothing to forget."""


def _described(quota: Quota, value: float) -> dict[str, Any]:
    arn = f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{quota.service}/{quota.code}"
    return {
        "ServiceCode": quota.service,
        "ServiceName": _NAMES[quota.service],
        "QuotaArn": arn,
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


def _of_service(given: dict[str, Any]) -> list[Quota]:
    found = [quota for quota in quotas.known() if quota.service == given.get("ServiceCode")]
    if not found:
        raise _RefusedError(
            "NoSuchResourceException", "The request failed because the specified service does not exist."
        )
    return found


def _page(given: dict[str, Any], value: Callable[[Quota], float]) -> dict[str, Any]:
    found = _of_service(given)
    first = int(given.get("NextToken") or 0)
    after = first + min(int(given.get("MaxResults") or _PAGE), _PAGE)
    more = {"NextToken": str(after)} if after < len(found) else {}
    return {"Quotas": [_described(quota, value(quota)) for quota in found[first:after]], **more}


def _one(given: dict[str, Any], value: Callable[[Quota], float]) -> dict[str, Any]:
    for quota in _of_service(given):
        if quota.code == given.get("QuotaCode"):
            return {"Quota": _described(quota, value(quota))}
    raise _RefusedError("NoSuchResourceException", "The request failed because the specified quota does not exist.")


_OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ListServiceQuotas": lambda given: _page(given, lambda quota: _applied.value(quota.name)),
    "ListAWSDefaultServiceQuotas": lambda given: _page(given, lambda quota: quota.default),
    "GetServiceQuota": lambda given: _one(given, lambda quota: _applied.value(quota.name)),
    "GetAWSDefaultServiceQuota": lambda given: _one(given, lambda quota: quota.default),
}


def install(applied: Quotas) -> None:
    """Answer for Service Quotas with what applies in this account."""
    global _applied
    _applied = applied
    require(app, "SERVICE_REGISTRY")[NAME] = {"module": NAME}
    require(app, "SERVICE_HANDLERS")[NAME] = handle_request
    require(app, "_state_map")[NAME] = NAME
    require(app, "_loaded_modules")[NAME] = sys.modules[__name__]
    require(router, "SERVICE_PATTERNS")[NAME] = {"target_prefixes": [TARGET.removesuffix(".")]}
    require(iam_actions, "SERVICE_TO_IAM_NAMESPACE")[NAME] = NAME
    require(iam_actions, "_BOTOCORE_SERVICE_MAP")[NAME] = ["service-quotas"]
