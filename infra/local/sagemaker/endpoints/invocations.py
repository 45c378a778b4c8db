"""InvokeEndpoint: the one operation that is HTTP through and through, with a body that nobody looks into."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.errors import ServiceError, lacking, model_error
from infra.local.sagemaker.model_checks import runtime_model
from infra.local.sagemaker.serving import Answer, NotHealthy, NotServing

PATH = re.compile(r"^/endpoints/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/invocations$")
_CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_VARIANT = "x-amzn-sagemaker-target-variant"
_LACKING = {
    "x-amzn-sagemaker-target-model": "TargetModel",
    "x-amzn-sagemaker-target-container-hostname": "TargetContainerHostname",
    "x-amzn-sagemaker-inference-component": "InferenceComponentName",
    "x-amzn-sagemaker-session-id": "SessionId",
}


def invoke(endpoints: Endpoints, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Pass a request to one of an endpoint's containers and its answer back."""
    for header, member in _LACKING.items():
        if header in headers:
            raise lacking(f"{member} of InvokeEndpoint")
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


def _answer(
    endpoints: Endpoints, name: str, wanted: str | None, headers: Mapping[str, str], body: bytes
) -> tuple[str, Answer]:
    """The answer and the variant that gave it.

    Containers that are replaced at this very moment take no more requests: then the next look finds the new ones.
    """
    observe = endpoints.traffic.observations.add
    for last in (False, False, True):
        variant, configuration, server = endpoints.server(name, wanted)
        started = time.monotonic()
        try:
            answer = server.invoke(headers, body)
        except (NotServing, TimeoutError) as error:
            if isinstance(error, NotHealthy) and not last:
                continue
            observe(name, variant, configuration, 503, time.monotonic() - started)
            raise _refusal(name, error) from error
        observe(name, variant, configuration, answer.status, time.monotonic() - started)
        return variant, answer
    raise AssertionError("the last attempt returns or raises")


def _refusal(endpoint: str, error: Exception) -> ServiceError:
    if isinstance(error, TimeoutError):
        said = "Your invocation timed out while waiting for a response from container primary."
        return model_error(0, said, _log_group(endpoint))
    return ServiceError("ServiceUnavailable", str(error), 503)


def _log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"
