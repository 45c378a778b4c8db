"""Gap: an object under a KMS key is read by whoever may read objects. On AWS the reader has to be let decrypt, too.

Only where policies are enforced. A key's own policy is taken to let its account in, as KMS's default does; whoever is
of another account has to be let in by it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.core.router import extract_access_key_id
from ministack.services import kms
from ministack.services import s3 as engine

from infra.local.gaps.patching import replace, require

_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_their_dispatch: Any = None


def _dispatch(
    method: str, bucket: str, key: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> Any:
    if app.AUTH:
        source = unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")[0]
        read = (bucket, key) if method == "GET" else (source.partition("/")[0], source.partition("/")[2])
        arn = _key_of(*read)
        # By now the engine works in the account of the bucket, where whoever asks need not be known.
        with request_scope(iam_evaluator.caller_arn().split(":")[4], get_region()):
            denied = arn and iam_evaluator.enforce(
                *(extract_access_key_id(headers, query_params), "kms:Decrypt", "kms", get_region()),
                resource_arn=arn,
                service_context={"kms:viaservice": f"s3.{get_region()}.amazonaws.com"},
            )
        if denied or (arn and not _let_in(arn)):
            said = (
                f"User: {iam_evaluator.caller_arn()} is not authorized to perform: kms:Decrypt on resource: {arn} "
                "because no identity-based policy allows the kms:Decrypt action"
            )
            return engine._error("AccessDenied", said, 403, f"/{bucket}/{key}")
    return _their_dispatch(method, bucket, key, headers, body, query_params)


def _key_of(bucket: str, key: str) -> str:
    """The ARN of the key that an object is encrypted with; empty for any other, and where there is no object."""
    found = (engine._buckets.get(bucket) or {"objects": {}})["objects"].get(key) or {}
    named = str(found.get("preserved_headers", {}).get(_KEY, ""))
    if not named or named.startswith("arn:"):
        return named
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{named}"


def _let_in(arn: str) -> bool:
    """Whether a key's own policy lets whoever asks decrypt."""
    asking, (_, _, _, region, owner, resource) = iam_evaluator.caller_arn(), arn.split(":", 5)
    if asking.split(":")[4] == owner:
        return True
    key = kms._keys.get_scoped(owner, region, resource.rpartition("/")[2])
    asked = iam_evaluator.EvalContext(
        principal_arn=asking,
        principal_type="AssumedRole",
        principal_account=asking.split(":")[4],
        action="kms:Decrypt",
        resource_arn=arn,
        region=region,
        service_context={"kms:viaservice": f"s3.{region}.amazonaws.com"},
    )
    policy = key["Policy"] if key else None
    return bool(iam_evaluator.evaluate_resource_policy(policy, asked).decision == "Allow")


def install() -> None:
    """Ask for kms:Decrypt beside what reads the object."""
    global _their_dispatch
    require(engine, "_buckets")
    require(kms, "_keys")
    for name in ("caller_arn", "enforce", "evaluate_resource_policy"):
        require(iam_evaluator, name)
    _their_dispatch = replace(engine, "_dispatch", _dispatch)
