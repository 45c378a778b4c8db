"""Application Auto Scaling on the wire: JSON 1.1, checked against botocore's own model both ways.

The four module-level functions are what MiniStack expects of a service. What it remembers lies with SageMaker's state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from ministack.core.concurrency import run_reentrant

from infra.local.sagemaker.errors import ServiceError, lacking
from infra.local.sagemaker.service import running

NAME = "application-autoscaling"
TARGET = "AnyScaleFrontendService."
_JSON = "application/x-amz-json-1.1"


async def handle_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes | str, query_params: Mapping[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """One request."""
    name = headers.get("x-amz-target", "").removeprefix(TARGET)
    done: tuple[int, dict[str, str], bytes] = await run_reentrant(
        _handle, name, body or b"{}", thread_name="scaling-request"
    )
    return done


def get_state() -> dict[str, Any]:
    """Nothing beside what SageMaker saves."""
    return {}


def load_persisted_state(data: dict[str, Any]) -> None:
    """SageMaker's state holds it."""


def reset() -> None:
    """SageMaker forgets it."""


def condition_keys(members: Mapping[str, Any]) -> dict[str, Any]:
    """What a policy's conditions may ask of a request."""
    asked = {"service-namespace": "ServiceNamespace", "scalable-dimension": "ScalableDimension"}
    return {f"{NAME}:{key}": members[member] for key, member in asked.items() if member in members}


def _handle(name: str, body: bytes | str) -> tuple[int, dict[str, str], bytes]:
    try:
        operations = running().scaling
        if name not in operations:
            raise lacking(f"the operation {name} of automatic scaling; it has {', '.join(sorted(operations))}")
        parameters = json.loads(body)
        report = ParamValidator().validate(parameters, _model().operation_model(name).input_shape)
        if report.has_errors():
            raise ServiceError("ValidationException", report.generate_report())
        return 200, {"Content-Type": _JSON}, json.dumps(operations[name](parameters), default=str).encode()
    except ServiceError as error:
        told = {"__type": error.code, "message": error.message}
        return error.status, {"Content-Type": _JSON}, json.dumps(told).encode()


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model(NAME)
