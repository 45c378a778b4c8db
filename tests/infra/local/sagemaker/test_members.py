"""Every member of every request is acted on or refused: botocore's own description says which there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.members import How, Only, refuse_others
from infra.local.sagemaker.model_checks import operation, runtime_model
from infra.local.sagemaker.service import SageMaker
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.taken import INVOCATION, TAKEN
from tests.infra.local.sagemaker.requests import training

SHAPES: dict[str, Any] = {name: operation(name).input_shape for name in TAKEN} | {
    "InvokeEndpoint": runtime_model().operation_model("InvokeEndpoint").input_shape
}
TABLES: dict[str, Any] = TAKEN | {"InvokeEndpoint": INVOCATION}


def structure(shape: Any) -> Any:
    """The structure that a member is or is a list of, or ``None``."""
    while shape.type_name == "list":
        shape = shape.member
    return shape if shape.type_name == "structure" else None


def wrapped(shape: Any, value: Any) -> Any:
    """A value as the member wants it: lists around it where the member is one."""
    return [wrapped(shape.member, value)] if shape.type_name == "list" else value


def accepted(shape: Any, table: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Every structure that is taken, with its table and the way to it."""
    yield path, shape, table
    for name, how in table.items():
        inner = structure(shape.members[name]) if name in shape.members else None
        if inner is not None and isinstance(how, dict):
            yield from accepted(inner, how, (*path, name))


def request(shape: Any, path: tuple[str, ...], member: str, value: Any) -> dict[str, Any]:
    """A request with one member at the end of a path, and nothing else."""
    if not path:
        return {member: value}
    outer = shape.members[path[0]]
    return {path[0]: wrapped(outer, request(structure(outer), path[1:], member, value))}


def test_the_table_has_every_operation(tmp_path: Path) -> None:
    """And none that is not there."""
    service = SageMaker(Settings(tmp_path, "http://127.0.0.1:1"))
    try:
        assert set(TAKEN) == set(service.operations)
    finally:
        service.stop()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_table_names_members_that_sagemaker_has_and_never_a_structure_as_a_whole(name: str) -> None:
    """What a structure that was taken as a whole is given later would slip by."""
    for path, shape, table in accepted(SHAPES[name], TABLES[name]):
        for member, how in table.items():
            where = ".".join((*path, member))
            assert member in shape.members, f"{where} is no member"
            assert isinstance(how, dict) == (structure(shape.members[member]) is not None), where
            if isinstance(how, Only):
                known = getattr(shape.members[member], "enum", None) or (True, False)
                assert set(how.values) < set(known), f"{where} takes every value or an unknown one"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_member_that_the_table_does_not_name_is_refused_by_its_name(name: str) -> None:
    """At every depth, and one that botocore does not know yet as well."""
    for path, shape, table in accepted(SHAPES[name], TABLES[name]):
        for member in [*shape.members, "BroughtByANewerSageMaker"]:
            where = ".".join((*path, member))
            how = table.get(member)
            sent = request(SHAPES[name], path, member, "given")
            if how is None or isinstance(how, Only):
                with pytest.raises(ServiceError, match=rf"lacks {where}.* of {name}$") as refused:
                    refuse_others(name, TABLES[name], sent)
                assert refused.value.code == "UnsupportedOperation"
            elif isinstance(how, How):
                refuse_others(name, TABLES[name], sent)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("CreateEndpointConfig", {"ExplainerConfig": {"ClarifyExplainerConfig": {}}}),
        ("CreateTrainingJob", {"DebugHookConfig": {"S3OutputPath": "s3://b/p"}}),
        ("CreateTrainingJob", {"ProfilerConfig": {"S3OutputPath": "s3://b/p"}}),
        ("CreateTrainingJob", {"ExperimentConfig": {"ExperimentName": "e"}}),
        ("CreateProcessingJob", {"ExperimentConfig": {"ExperimentName": "e"}}),
        ("UpdateEndpoint", {"DeploymentConfig": {"RollingUpdatePolicy": {"WaitIntervalInSeconds": 1}}}),
    ],
)
def test_what_makes_a_request_look_done_is_refused(name: str, more: dict[str, Any]) -> None:
    """The members that people ask for most."""
    with pytest.raises(ServiceError, match=f"lacks {next(iter(more))}"):
        refuse_others(name, TAKEN[name], more)


def test_the_service_asks_before_it_does_anything(tmp_path: Path) -> None:
    """A valid request with one member too many makes no job."""
    service = SageMaker(Settings(tmp_path, "http://127.0.0.1:1"))
    try:
        with pytest.raises(ServiceError, match=r"lacks RetryStrategy of CreateTrainingJob$"):
            service.call("CreateTrainingJob", training("job") | {"RetryStrategy": {"MaximumRetryAttempts": 1}})
        assert service.call("ListTrainingJobs", {})["TrainingJobSummaries"] == []
    finally:
        service.stop()
