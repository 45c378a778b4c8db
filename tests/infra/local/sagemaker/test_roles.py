"""A role is assumed by SageMaker or refused, as on AWS."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.roles import roles_in, trusts_sagemaker
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import ROLE, fresh, training
from tests.stand_in import StandIn

ROLES = ROLE.rpartition("/")[0]


def statement(**more: Any) -> dict[str, Any]:
    """A trust of SageMaker with some changes."""
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return trust | more


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([statement()], True),
        (statement(), True),
        ([statement(Principal={"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]})], True),
        ([statement(Action=["sts:TagSession", "sts:AssumeRole"])], True),
        ([statement(Principal={"Service": "lambda.amazonaws.com"})], False),
        ([statement(Principal={"AWS": "*"})], False),
        ([statement(Action="sts:TagSession")], False),
        ([statement(Effect="Deny")], False),
        ([], False),
    ],
)
def test_who_is_trusted_is_read_from_the_policy(statements: Any, trusted: bool) -> None:
    """In the forms that IAM takes and gives."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    assert trusts_sagemaker(policy) is trusted
    assert trusts_sagemaker(quote(json.dumps(policy))) is trusted


def test_a_search_s_role_is_one_of_its_request() -> None:
    """It stands in the definition of its trainings."""
    assert list(roles_in({"TrainingJobDefinition": {"RoleArn": ROLE}, "Environment": {"ROLE": "x"}})) == [ROLE]


def test_a_role_of_another_account_is_refused(service: SageMaker) -> None:
    """Nobody passes one, whoever it trusts."""
    role = ROLE.replace("000000000000", "111111111111")
    with pytest.raises(ServiceError, match=r"Cross-account pass role is not allowed\."):
        service.call("CreateTrainingJob", training(fresh("refused")) | {"RoleArn": role})


def test_a_role_that_is_not_there_is_refused_in_aws_s_words(service: SageMaker) -> None:
    """Before anything is created."""
    role = f"{ROLES}/never-made"
    said = f"ValidationException: Could not assume role {role}. Please ensure that the role exists and allows principal"
    with pytest.raises(ServiceError, match=said):
        service.call("CreateTrainingJob", training(fresh("refused")) | {"RoleArn": role})


def test_a_role_of_another_service_is_refused(service: SageMaker, stand_in: StandIn) -> None:
    """The one of a function, say."""
    stand_in.role(f"{ROLES}/functions", "lambda")
    model = {"ModelName": fresh("model"), "PrimaryContainer": {"Image": "fake"}}
    with pytest.raises(ServiceError, match=r"allows principal 'sagemaker\.amazonaws\.com' to assume the role"):
        service.call("CreateModel", model | {"ExecutionRoleArn": f"{ROLES}/functions"})
    service.call("CreateModel", model | {"ExecutionRoleArn": ROLE})
