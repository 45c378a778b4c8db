"""SageMaker on the wire: JSON 1.1 for the control plane, plain HTTP for invocations.

The four module-level functions are what MiniStack expects of a service: `handle_request`, `get_state`,
`load_persisted_state` and `reset`. No operation runs on the event loop.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import sts

from infra.local.sagemaker import callers
from infra.local.sagemaker.endpoints import async_invocations, invocations
from infra.local.sagemaker.errors import ModelError, ServiceError
from infra.local.sagemaker.service import accounts, running
from infra.local.sagemaker.serving import Answer

_LOG = logging.getLogger("greenlight.sagemaker")
_JSON = "application/x-amz-json-1.1"
TARGET = "SageMaker."


async def handle_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes | str, query_params: Mapping[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """One request of either API."""
    raw = body.encode() if isinstance(body, str) else body
    done: Answer = await run_reentrant(_handle, method, path, headers, raw, thread_name="sagemaker-request")
    return done.status, dict(done.headers), done.body


def get_state() -> dict[str, Any]:
    """What MiniStack saves when it ends."""
    return accounts().dump()


def load_persisted_state(data: dict[str, Any]) -> None:
    """What MiniStack saved when it ended last."""
    accounts().load(data)


def reset() -> None:
    """Forget everything."""
    accounts().clear()


def _handle(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    try:
        found = invocations.PATH.match(path)
        if method == "POST" and found:
            here = running()
            return invocations.invoke(here.endpoints, here.components, found.group(1), headers, body)
        queued = async_invocations.PATH.match(path)
        if method == "POST" and queued:
            return async_invocations.invoke(running().endpoints, queued.group(1), headers, body)
        callers.enter(*_caller(headers))
        return _control(headers, body)
    except ModelError as error:
        more = {"OriginalStatusCode": error.original_status, "OriginalMessage": error.original_message}
        return _refused(error, {"Message": error.message, **more})
    except ServiceError as error:
        return _refused(error, {"message": error.message})
    except Exception as error:
        _LOG.exception("%s %s", method, path)
        said = f"{type(error).__name__}: {error}"
        return _refused(ServiceError("InternalFailure", said, 500), {"message": said})


def _control(headers: Mapping[str, str], body: bytes) -> Answer:
    target = headers.get("x-amz-target", "")
    if not target.startswith(TARGET):
        raise ServiceError("UnknownOperationException", "the request names no operation of SageMaker", 404)
    try:
        parameters = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"the body is no JSON: {error}") from error
    result = running().call(target.removeprefix(TARGET), parameters)
    return Answer(200, {"Content-Type": _JSON}, json.dumps(result).encode())


def _caller(headers: Mapping[str, str]) -> tuple[str, str]:
    """The ARN and the principal id of who makes a request; empty for nobody known."""
    role = headers.get(callers.MACHINE)
    if role:
        session = callers.session_of(role)
        return session, session.rpartition(":assumed-role/")[2].replace("/", ":")
    known = sts._caller_identity(dict(headers))
    return (known["userArn"], known["userId"]) if isinstance(known, dict) else ("", "")


def _refused(error: ServiceError, members: dict[str, Any]) -> Answer:
    document = {"__type": error.code, **members}
    headers = {"Content-Type": _JSON, "x-amzn-errortype": error.code}
    return Answer(error.status, headers, json.dumps(document).encode())
