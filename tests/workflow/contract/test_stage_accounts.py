"""How functions reach the accounts of the stages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workflow.contract.stage_accounts import STAGES, AccountError, StageAccounts

ROLE = "arn:aws:iam::333333333333:role/greenlight-production-clean-up"
MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:greenlight-release"
ENVIRON = {"PRODUCTION_ROLE_ARN": ROLE, "RELEASE_MACHINE_ARN": MACHINE}


class Refused(Exception):
    """What STS raises."""


class Client:
    """Tells of which service it is, and how it was set."""

    def __init__(self, service: str) -> None:
        self.meta = SimpleNamespace(service_model=SimpleNamespace(service_name=service), config="its")


class Makes:
    """Makes clients as boto3 does, and remembers them; its STS trusts whoever has the external id."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.trusts = MACHINE

    def __call__(self, service: str, **given: Any) -> Any:
        self.made.append((service, given))
        if service == "sts":
            return SimpleNamespace(assume_role=self.assume, exceptions=SimpleNamespace(ClientError=Refused))
        return Client(service)

    def assume(self, RoleArn: str, RoleSessionName: str, ExternalId: str, DurationSeconds: int) -> dict[str, Any]:
        if (RoleArn, ExternalId) != (ROLE, self.trusts):
            raise Refused("AccessDenied")
        return {"Credentials": {"AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": "token"}}


def test_a_stage_in_this_account_is_reached_by_the_client_itself() -> None:
    """Nothing is assumed, and nothing is made."""
    makes = Makes()
    for environ in ({}, {"STAGING_ROLE_ARN": "", "RELEASE_MACHINE_ARN": MACHINE}):
        client = object()
        assert all(StageAccounts(makes, environ).twin(client, stage) is client for stage in STAGES)
        assert StageAccounts(makes, environ).look("staging") == ""
    assert makes.made == []


def test_another_account_is_reached_as_the_role_there() -> None:
    """By a client of the same service and settings, with the machine's ARN as external id; it is made once."""
    makes = Makes()
    client = makes("sagemaker")
    accounts = StageAccounts(makes, ENVIRON)
    twin = accounts.twin(client, "production")
    assert makes.made[-1] == (
        "sagemaker",
        {
            "config": "its",
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
        },
    )
    assert accounts.twin(client, "production") is twin
    assert accounts.twin(client, "staging") is client
    assert [service for service, _ in makes.made].count("sts") == 1


def test_a_role_that_cannot_be_assumed_is_an_error_that_names_it() -> None:
    """Once more after it was forgotten, for a session that was given holds on."""
    makes = Makes()
    accounts = StageAccounts(makes, ENVIRON)
    accounts.twin(makes("sagemaker"), "production")
    makes.trusts = "another"
    accounts.forget()
    with pytest.raises(AccountError, match=rf"account of production cannot be reached: the role {ROLE} cannot be assu"):
        accounts.twin(makes("sagemaker"), "production")
    assert ROLE in accounts.look("production")


def test_a_session_is_renewed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that runs for five minutes ends within it."""
    makes, now = Makes(), 1_000_000.0
    monkeypatch.setattr("workflow.contract.stage_accounts.time", SimpleNamespace(time=lambda: now))
    accounts, client = StageAccounts(makes, ENVIRON), makes("sagemaker")
    accounts.twin(client, "production")
    for later, assumed in ((539, 1), (540, 2)):
        monkeypatch.setattr("workflow.contract.stage_accounts.time", SimpleNamespace(time=lambda at=now + later: at))
        accounts.twin(client, "production")
        assert [service for service, _ in makes.made].count("sts") == assumed
