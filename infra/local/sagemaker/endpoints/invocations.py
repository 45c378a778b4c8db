"""InvokeEndpoint: the one operation that is HTTP through and through, with a body that nobody looks into."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.errors import ServiceError, model_error
from infra.local.sagemaker.members import refuse_others
from infra.local.sagemaker.model_checks import runtime_model
from infra.local.sagemaker.serving import Answer, NotHealthy, NotServing
from infra.local.sagemaker.taken import INVOCATION

PATH = re.compile(r"^/endpoints/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/invocations$")
_CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_VARIANT = "x-amzn-sagemaker-target-variant"


def invoke(endpoints: Endpoints, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Pass a request to one of an endpoint's containers and its answer back."""
    sent = {member: headers[header] for header, member in _members_by_header().items() if header in headers}
    refuse_others("InvokeEndpoint", INVOCATION, sent)
    largest = runtime_model().shape_for("BodyBlob").metadata["max"]
    if len(body) > largest:
        raise ServiceError("ValidationError", f"The body of {len(body)} bytes is larger than {largest} bytes.", 413)
    passed = {
        "Content-Type": headers.get("content-type", "application/octet-stream"),
        "Accept": headers.get("accept", "*/*"),
    }
    if _CUSTOM_ATTRIBUTES in headers:
        passed["X-Amzn-SageMaker-Custom-Attributes"] = headers[_CUSTOM_ATTRIBUTES]
    variant, answer = _answer(endpoints, name, headers.get(_VARIANT), passed, body)
    if answer.status >= 400:
        message = answer.body[:1024].decode("utf-8", "replace")
        raise model_error(answer.status, message, _log_group(name))
    shown = {
        "Content-Type": answer.headers.get("content-type", "application/octet-stream"),
        "x-Amzn-Invoked-Production-Variant": variant,
    }
    if _CUSTOM_ATTRIBUTES in answer.headers:
        shown["X-Amzn-SageMaker-Custom-Attributes"] = answer.headers[_CUSTOM_ATTRIBUTES]
    return Answer(200, shown, answer.body)


@cache
def _members_by_header() -> dict[str, str]:
    """The members of InvokeEndpoint that are headers, by the header in lower case."""
    shape: Any = runtime_model().operation_model("InvokeEndpoint").input_shape
    headers = {
        name: member for name, member in shape.members.items() if member.serialization.get("location") == "header"
    }
    return {member.serialization["name"].lower(): name for name, member in headers.items()}


def _answer(
    endpoints: Endpoints, name: str, wanted: str | None, headers: Mapping[str, str], body: bytes
) -> tuple[str, Answer]:
    """The answer and the variant that gave it.

    Containers that are replaced at this very moment take no more requests: then the next look finds the new ones.
    """
    arrived = time.monotonic()
    for last in (False, False, True):
        variant, configuration, server = endpoints.server(name, wanted)
        at_once, started = server.in_flight + 1, time.monotonic()
        observe = partial(_observe, endpoints, name, variant, configuration, at_once, arrived, started)
        try:
            answer = server.invoke(headers, body)
        except (NotServing, TimeoutError) as error:
            if isinstance(error, NotHealthy) and not last:
                continue
            observe(503)
            raise _refusal(name, error) from error
        observe(answer.status)
        _copy_to_shadow(endpoints, name, configuration, headers, body)
        return variant, answer
    raise AssertionError("the last attempt returns or raises")


def _copy_to_shadow(
    endpoints: Endpoints, name: str, configuration: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Send the shadow its share of copies; its answers are counted and dropped."""
    found = endpoints.shadow(name, configuration)
    if found is None:
        return
    variant, server, share = found
    arrived = time.monotonic()

    def copy() -> None:
        at_once, started = server.in_flight + 1, time.monotonic()
        observe = partial(_observe, endpoints, name, variant, configuration, at_once, arrived, started)
        try:
            observe(server.invoke(headers, body).status)
        except (NotServing, TimeoutError):
            observe(503)

    endpoints.copies.send(share, copy)


def _observe(
    endpoints: Endpoints,
    name: str,
    variant: str,
    configuration: str,
    at_once: int,
    arrived: float,
    started: float,
    status: int,
) -> None:
    """Remember one invocation for the deployment's alarms, and publish its figures."""
    seconds = time.monotonic() - started
    endpoints.traffic.observations.add(name, variant, configuration, status, seconds)
    endpoints.figures.invocation(name, variant, configuration, status, seconds, started - arrived, at_once)


def _refusal(endpoint: str, error: Exception) -> ServiceError:
    if isinstance(error, TimeoutError):
        said = "Your invocation timed out while waiting for a response from container primary."
        return model_error(0, said, _log_group(endpoint))
    return ServiceError("ServiceUnavailable", str(error), 503)


def _log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"
