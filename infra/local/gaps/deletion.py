"""Gap: a stack whose deletion fails. The engine deletes buckets with what lies in them, and goes on after a failure.

CloudFormation deletes no bucket that holds anything, and a resource only once nothing is left that depends on it: what
stays keeps all that it needs. Here each that was kept is told as failed, too, where CloudFormation says no word of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ministack.services import cloudformation, s3
from ministack.services.cloudformation import handlers, stacks

from infra.local.gaps.patching import replace, require

_theirs: dict[str, Any] = {}
_kept: dict[str, dict[str, str]] = {}
"""For each stack that is being deleted: what is kept, by logical id, and which resource needs it that stayed."""


class KeptError(Exception):
    """A resource that cannot be deleted, or that another one still needs."""


async def _delete_stack(
    stack_name: str, stack_id: str, retain_resources: Collection[str] = (), force: bool = False
) -> None:
    _kept[stack_name] = {}
    try:
        await _theirs["stack"](stack_name, stack_id, retain_resources, force)
    finally:
        _kept.pop(stack_name, None)


def _delete_resource(
    resource_type: str,
    physical_id: str,
    props: dict[str, Any],
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> None:
    kept = _kept.get(stack_name or "")
    if kept is not None and logical_id in kept:
        raise KeptError(f"kept: {kept[logical_id]} needs it, and could not be deleted")
    try:
        if resource_type == "AWS::S3::Bucket":
            _check_empty(physical_id)
        _theirs["resource"](resource_type, physical_id, props, stack_name, logical_id)
    except Exception:
        if kept is not None and logical_id is not None:
            stack = cloudformation._stacks[stack_name]
            needed = stacks._with_dependencies([logical_id], stack["_template"]["Resources"], set(stack["_resources"]))
            kept.update(dict.fromkeys(needed - {logical_id}, logical_id))
        raise


def _check_empty(name: str) -> None:
    bucket = s3._buckets.get(name)
    if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(name)):
        raise KeptError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")


def install() -> None:
    """Keep buckets that hold something, and what a resource needs that could not be deleted."""
    require(stacks, "_with_dependencies")
    require(s3, "_bucket_has_versions")
    _theirs["resource"] = replace(stacks, "_delete_resource", _delete_resource)
    _theirs["stack"] = replace(stacks, "_delete_stack_async", _delete_stack)
    replace(handlers, "_delete_stack_async", _delete_stack)
