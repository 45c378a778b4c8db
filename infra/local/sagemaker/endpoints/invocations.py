"""InvokeEndpoint: the one operation that is HTTP through and through, with a body that nobody looks into."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from infra.local.sagemaker.endpoints.alarms import Observations
from infra.local.sagemaker.endpoints.cold_starts import ColdServer, Throttled
from infra.local.sagemaker.endpoints.components import Components
from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.endpoints.queues import refuse_waiting
from infra.local.sagemaker.errors import ServiceError, model_error
from infra.local.sagemaker.figures import Figures
from infra.local.sagemaker.members import refuse_others
from infra.local.sagemaker.model_checks import runtime_model
from infra.local.sagemaker.serving import Answer, NotHealthy, NotServing, Server
from infra.local.sagemaker.taken import INVOCATION

PATH = re.compile(r"^/endpoints/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/invocations$")
LARGEST_SERVERLESS = 4 * 1024 * 1024
"""Bytes of a request to a serverless endpoint (SageMaker's guide, "Real-time, asynchronous, serverless: payload")."""
_CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_VARIANT = "x-amzn-sagemaker-target-variant"
_COMPONENT = "x-amzn-sagemaker-inference-component"
LONGEST_ID = 64
"""Characters of an InferenceId. It goes into what is captured, and neither to the container nor back to the caller."""


def invoke(endpoints: Endpoints, components: Components, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Pass a request to one of an endpoint's containers and its answer back."""
    sent = {member: headers[header] for header, member in _members_by_header().items() if header in headers}
    refuse_others("InvokeEndpoint", INVOCATION, sent)
    if "InferenceId" in sent and not 1 <= len(sent["InferenceId"]) <= LONGEST_ID:
        raise ServiceError("ValidationError", f"InferenceId must have 1 to {LONGEST_ID} characters.")
    if endpoints.asynchronous(name):
        raise refuse_waiting(name)
    largest = runtime_model().shape_for("BodyBlob").metadata["max"]
    if endpoints.is_serverless(name):
        largest = LARGEST_SERVERLESS
    if len(body) > largest:
        raise ServiceError("ValidationError", f"The body of {len(body)} bytes is larger than {largest} bytes.", 413)
    passed = {
        "Content-Type": headers.get("content-type", "application/octet-stream"),
        "Accept": headers.get("accept", "*/*"),
    }
    if _CUSTOM_ATTRIBUTES in headers:
        passed["X-Amzn-SageMaker-Custom-Attributes"] = headers[_CUSTOM_ATTRIBUTES]
    component = headers.get(_COMPONENT, "")
    find: Callable[[], tuple[str, str, Server | ColdServer]]
    if component:
        find = partial(components.server, name, component)
        observations = components.traffic.observations
    else:
        find, observations = partial(endpoints.server, name, headers.get(_VARIANT)), endpoints.traffic.observations
    seen = partial(_observe, endpoints.figures, observations, name, component)
    variant, configuration, answer = _answer(find, seen, name, passed, body)
    if not component:
        _copy_to_shadow(endpoints, name, configuration, passed, body)
    if answer.status >= 400:
        message = answer.body[:1024].decode("utf-8", "replace")
        raise model_error(answer.status, message, _log_group(name))
    endpoints.capture.add((name, variant, configuration), passed, body, answer, sent.get("InferenceId", ""))
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
    find: Callable[[], tuple[str, str, Server | ColdServer]],
    seen: Callable[..., None],
    name: str,
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, str, Answer]:
    """The answer, and the variant and its configuration that gave it.

    Containers that are replaced at this very moment take no more requests: then the next look finds the new ones.
    """
    arrived = time.monotonic()
    for last in (False, False, True):
        variant, configuration, server = find()
        at_once, started = server.in_flight + 1, time.monotonic()
        observe = partial(seen, variant, configuration, at_once, arrived, started)
        try:
            answer = server.invoke(headers, body)
        except Throttled:
            observe(429)
            said = f"Endpoint {name} answers its MaxConcurrency of requests."
            raise ServiceError("ThrottlingException", said) from None
        except (NotServing, TimeoutError) as error:
            if isinstance(error, NotHealthy) and not last:
                continue
            observe(503)
            raise _refusal(name, error) from error
        observe(answer.status, answer.setup_seconds)
        return variant, configuration, answer
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
    seen = partial(_observe, endpoints.figures, endpoints.traffic.observations, name, "", variant, configuration)

    def copy() -> None:
        at_once, started = server.in_flight + 1, time.monotonic()
        try:
            status = server.invoke(headers, body).status
        except (NotServing, TimeoutError):
            status = 503
        seen(at_once, arrived, started, status)

    endpoints.copies.send(share, copy)


def _observe(
    figures: Figures,
    observations: Observations,
    name: str,
    component: str,
    variant: str,
    configuration: str,
    at_once: int,
    arrived: float,
    started: float,
    status: int,
    setup_seconds: float = 0.0,
) -> None:
    """Remember one invocation for the deployment's alarms, and publish its figures."""
    seconds = time.monotonic() - started - setup_seconds
    overhead = started - arrived + setup_seconds
    observations.add(name, variant, configuration, status, seconds, component)
    figures.invocation(name, variant, configuration, status, seconds, overhead, at_once, setup_seconds, component)


def _refusal(endpoint: str, error: Exception) -> ServiceError:
    if isinstance(error, TimeoutError):
        said = "Your invocation timed out while waiting for a response from container primary."
        return model_error(0, said, _log_group(endpoint))
    return ServiceError("ServiceUnavailable", str(error), 503)


def _log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"
