"""InvokeEndpointAsync: takes a request into the queue and says where its answer will be."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.members import refuse_others
from infra.local.sagemaker.model_checks import runtime_model
from infra.local.sagemaker.serving import Answer
from infra.local.sagemaker.taken import ASYNC_INVOCATION

PATH = re.compile(r"^/endpoints/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/async-invocations$")


def invoke(endpoints: Endpoints, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Put a request into an endpoint's queue. The body of the request itself lies in S3."""
    sent = {member: headers[header] for header, member in _members_by_header().items() if header in headers}
    refuse_others("InvokeEndpointAsync", ASYNC_INVOCATION, {**sent, **({"Body": "given"} if body else {})})
    request = endpoints.queue(name, sent)
    shown = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": request.output,
        "X-Amzn-SageMaker-FailureLocation": request.failure,
    }
    return Answer(202, shown, json.dumps({"InferenceId": request.inference_id}).encode())


@cache
def _members_by_header() -> dict[str, str]:
    """The members of InvokeEndpointAsync that are headers, by the header in lower case."""
    shape: Any = runtime_model().operation_model("InvokeEndpointAsync").input_shape
    return {
        member.serialization["name"].lower(): name
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header"
    }
