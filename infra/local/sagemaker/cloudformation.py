"""The one SageMaker resource that the template creates: a model package group, for MiniStack's CloudFormation.

The functions have the signatures of MiniStack's provisioners; a ``ValueError`` fails the resource with its message.
"""

from __future__ import annotations

from typing import Any

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.registry import GROUP
from infra.local.sagemaker.service import call, running

_NAME = "ModelPackageGroupName"


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    if "ModelPackageGroupPolicy" in properties:
        raise ValueError("the local stand-in for SageMaker lacks ModelPackageGroupPolicy")
    members = (_NAME, "ModelPackageGroupDescription", "Tags")
    try:
        call("CreateModelPackageGroup", {member: properties[member] for member in members if member in properties})
    except ServiceError as error:
        raise ValueError(error.message) from error
    return _described(properties[_NAME])


def _update(
    physical_id: str, old_properties: dict[str, Any], new_properties: dict[str, Any], stack_name: str
) -> tuple[str, dict[str, Any]]:
    name = new_properties[_NAME]
    if name != old_properties.get(_NAME):
        return _create("", new_properties, stack_name)
    store = running().workshop.store
    store.change(GROUP, name, ModelPackageGroupDescription=new_properties.get("ModelPackageGroupDescription"))
    store.untag(physical_id)
    store.tag(physical_id, new_properties.get("Tags"))
    return _described(name)


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    name = physical_id.rsplit("/", 1)[-1]
    if running().workshop.store.read(GROUP, name) is None:
        return
    try:
        call("DeleteModelPackageGroup", {_NAME: name})
    except ServiceError as error:
        raise ValueError(error.message) from error


def _described(name: str) -> tuple[str, dict[str, Any]]:
    group = call("DescribeModelPackageGroup", {_NAME: name})
    attributes = ("ModelPackageGroupArn", "ModelPackageGroupStatus", "CreationTime")
    return group["ModelPackageGroupArn"], {attribute: str(group[attribute]) for attribute in attributes}


MODEL_PACKAGE_GROUP: dict[str, Any] = {"create": _create, "update": _update, "delete": _delete}
