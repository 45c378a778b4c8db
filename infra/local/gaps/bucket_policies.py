"""Gap: a bucket policy that denies binds nobody here, and no condition of it sees a conditional write.

The engine asks bucket policies only with IAM on, and only for callers that are not the account's root. On AWS a Deny
holds for everyone, until somebody takes the policy away. It also leaves `If-None-Match` of a copy unread, and takes
ETags in it that S3 does not.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions
from ministack.core.iam_evaluator import EvalContext, caller_arn, evaluate_resource_policy
from ministack.core.responses import get_account_id
from ministack.services import s3 as engine

from infra.local.gaps.patching import replace, require

_WRITES = {"s3:PutObject"}
_their_context: Any = None
_their_dispatch: Any = None
_their_copy: Any = None


def _s3_service_context(
    iam_action: str, query_params: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    context: dict[str, Any] = _their_context(iam_action, query_params, path, headers)
    if iam_action in _WRITES:
        context |= _conditions_of_a_write(query_params or {}, headers or {})
    return context


def _conditions_of_a_write(query: dict[str, Any], headers: dict[str, str]) -> dict[str, str]:
    """What a policy may ask of a write: its conditional headers, and whether it is what makes the object."""
    of_an_upload = "uploads" in query or "partNumber" in query
    found = {f"s3:{name}": headers[name] for name in ("if-match", "if-none-match") if headers.get(name)}
    return {**found, "s3:ObjectCreationOperation": "false" if of_an_upload else "true"}


def _dispatch(
    method: str, bucket: str, key: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> Any:
    for object_key, action in _asked_for(method, bucket, key, body, query_params):
        if _denied(bucket, object_key, action, headers, query_params):
            return engine._error("AccessDenied", "Access Denied", 403, f"/{bucket}/{object_key}")
        if action in _WRITES and headers.get("if-none-match", "*").strip() != "*":
            message = "A header you provided implies functionality that is not implemented"
            return engine._error("NotImplemented", message, 501, f"/{bucket}/{object_key}")
    return _their_dispatch(method, bucket, key, headers, body, query_params)


def _asked_for(method: str, bucket: str, key: str, body: bytes, query: dict[str, Any]) -> list[tuple[str, str]]:
    """The objects a request is about, each with the action that it needs."""
    if key:
        action = iam_actions._s3_action(method, f"/{bucket}/{key}", query)
        return [(key, f"s3:{action}")] if action else []
    if method == "POST" and "delete" in query:
        targets = iam_actions._s3_batch_delete_targets(bucket, body)
        return [
            (arn.partition(":::")[2].partition("/")[2], "s3:DeleteObjectVersion" if version else "s3:DeleteObject")
            for arn, version in targets
        ]
    return []


def _denied(bucket: str, key: str, action: str, headers: dict[str, str], query: dict[str, Any]) -> bool:
    policy = engine._bucket_policies.get(bucket)
    if not policy:
        return False
    account = get_account_id()
    asked = EvalContext(
        principal_arn=caller_arn(),
        principal_type="User",
        principal_account=account,
        action=action,
        resource_arn=f"arn:aws:s3:::{bucket}/{key}",
        region="us-east-1",
        # Whoever comes in the clear is refused by the engine itself, as `transport.py` has it.
        secure_transport=True,
        service_context={
            name.lower(): value
            for name, value in _s3_service_context(action, query, f"/{bucket}/{key}", headers).items()
        },
    )
    return bool(evaluate_resource_policy(policy, asked).decision == "Deny")


def _copy_object(bucket_name: str, dest_key: str, headers: dict[str, str]) -> Any:
    bucket = engine._buckets.get(bucket_name)
    there = bucket["objects"].get(dest_key) if bucket is not None else None
    return engine._check_put_preconditions(headers, there) or _their_copy(bucket_name, dest_key, headers)


def install() -> None:
    """Ask bucket policies about every request for an object, and keep a conditional copy's condition."""
    global _their_context, _their_copy, _their_dispatch
    for name in ("_bucket_policies", "_buckets", "_check_put_preconditions", "_error"):
        require(engine, name)
    for name in ("_s3_action", "_s3_batch_delete_targets"):
        require(iam_actions, name)
    _their_context = replace(iam_actions, "s3_service_context", _s3_service_context)
    _their_copy = replace(engine, "_copy_object", _copy_object)
    _their_dispatch = replace(engine, "_dispatch", _dispatch)
