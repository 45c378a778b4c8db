"""Gap: `aws-sdk:s3:putObject`, which the engine's table of S3 operations leaves out.

A Body that is an object is written as its JSON; one that is text is written as a JSON text, in quotation marks, as
Step Functions does. Knows nothing of who calls it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack import app
from ministack.services import stepfunctions as engine

from infra.local.gaps.patching import replace, require

_their_dispatch: Any = None


def _dispatch_aws_sdk_rest_xml(
    service_info: dict[str, Any], service_name: str, action: str, input_data: dict[str, Any]
) -> Any:
    if (service_name, action) != ("s3", "putObject"):
        return _their_dispatch(service_info, service_name, action, input_data)
    body = json.dumps(input_data.get("Body", "")).encode()
    headers = {
        "host": "s3.amazonaws.com",
        "authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{engine.REGION}/s3/aws4_request",
        "content-type": input_data.get("ContentType", "application/octet-stream"),
        "content-length": str(len(body)),
    }
    path = f"/{input_data['Bucket']}/{input_data['Key']}"
    status, answered, said = app.call_service_handler_sync(app.SERVICE_HANDLERS["s3"], "PUT", path, headers, body, {})
    if status >= 400:
        code = re.search(rb"<Code>(\w+)</Code>", said)
        name = code[1].decode() if code else "S3"
        raise engine._ExecutionError(f"S3.{name.removesuffix('Exception')}Exception", said.decode("utf-8", "replace"))
    return {"ETag": next((value for name, value in answered.items() if name.lower() == "etag"), "")}


def install() -> None:
    """Take the one operation over."""
    global _their_dispatch
    for name in ("call_service_handler_sync", "SERVICE_HANDLERS"):
        require(app, name)
    require(engine, "REGION")
    _their_dispatch = replace(engine, "_dispatch_aws_sdk_rest_xml", _dispatch_aws_sdk_rest_xml)
