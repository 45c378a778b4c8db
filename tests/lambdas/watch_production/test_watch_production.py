"""When everyone is told that production serves what no release recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.watch_production import handler as function
from lambdas.watch_production.mail import write_foreign
from tests.lambdas.conftest import ENVIRONMENT, Context, Mailbox
from tests.workflow.contract.released import CHAMPION, LOCK
from workflow.contract.champion import read_champion
from workflow.contract.reading import ContractError

RECORDED = CHAMPION["production_configuration"]
FOREIGN = "made-by-hand"


@contextmanager
def serving(configuration: str, status: str = "InService") -> Iterator[None]:
    """A production on this configuration; none at all where it is empty."""
    with Stubber(function.sagemaker) as stub:
        if not configuration:
            stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
        else:
            described = {
                "EndpointName": "greenlight-production",
                "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/greenlight-production",
                "EndpointConfigName": configuration,
                "EndpointStatus": status,
                "CreationTime": 0,
                "LastModifiedTime": 0,
            }
            stub.add_response("describe_endpoint", described, {"EndpointName": "greenlight-production"})
        yield


def look(context: Context, configuration: str, status: str = "InService") -> dict[str, Any]:
    """What the function says of a production on this configuration."""
    with serving(configuration, status):
        said: dict[str, Any] = function.handler({}, context)
        return said


@contextmanager
def release(status: str) -> Iterator[None]:
    """The execution that holds the lock is in this status; it is unknown where that is empty."""
    with Stubber(function.stepfunctions) as stub:
        if status:
            stub.add_response(
                "describe_execution",
                {
                    "executionArn": LOCK["execution"],
                    "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-release",
                    "status": status,
                    "startDate": 0,
                },
            )
        else:
            stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
        yield


@pytest.fixture
def recorded(table: Any) -> Any:
    """A table in which a release has recorded what it did."""
    table.put_item(Item=CHAMPION)
    return table


def test_a_production_that_serves_what_was_recorded_is_no_news(
    recorded: Any, mailbox: Mailbox, context: Context
) -> None:
    """Nor one that does not exist, or does not serve yet, whatever is recorded."""
    assert look(context, RECORDED) == {
        "configuration": RECORDED,
        "foreign": False,
        "told": False,
        "withdrawal": "",
        "put_away": [],
    }
    assert look(context, "")["foreign"] is False
    assert look(context, FOREIGN, "Creating")["foreign"] is False
    assert mailbox.mails() == []


def test_a_foreign_configuration_is_told_once_and_another_one_again(
    recorded: Any, mailbox: Mailbox, context: Context
) -> None:
    """Also one that comes back after production was well."""
    said = {"configuration": FOREIGN, "foreign": True, "withdrawal": "", "put_away": []}
    assert look(context, FOREIGN) == {**said, "told": True}
    assert look(context, FOREIGN) == {**said, "told": False}
    (mail,) = mailbox.mails()
    assert f"serves {FOREIGN}, which no release recorded" in mail["Message"]
    assert RECORDED in mail["Message"]
    assert mail["TopicArn"] == ENVIRONMENT["TROUBLE_TOPIC_ARN"]
    assert "https://console.aws.amazon.com/sagemaker/home?region=us-east-1#/endpoints/greenlight-p" in mail["Message"]
    assert [look(context, name)["told"] for name in ("another", FOREIGN, RECORDED, FOREIGN)] == [
        True,
        True,
        False,
        True,
    ]


def test_an_endpoint_that_no_release_made_is_told(table: Any, mailbox: Mailbox, context: Context) -> None:
    """Nothing is recorded, and something serves."""
    assert look(context, FOREIGN)["told"] is True
    (mail,) = mailbox.mails()
    assert "none has recorded anything" in mail["Message"]


@pytest.mark.parametrize(
    ("status", "told"),
    [("RUNNING", False), ("PENDING_REDRIVE", False), ("ABORTED", True), ("FAILED", True), ("", True)],
)
def test_a_release_under_way_is_ahead_of_the_record_and_one_that_ended_is_not(
    recorded: Any, mailbox: Mailbox, context: Context, status: str, told: bool
) -> None:
    """One that was stopped keeps the lock, and may have left production on what it never recorded."""
    recorded.put_item(Item=LOCK)
    with serving(FOREIGN), release(status):
        assert function.handler({}, context)["told"] is told
    assert len(mailbox.mails()) == told


def test_a_mail_that_could_not_be_sent_is_sent_by_the_next_look(
    recorded: Any, mailbox: Mailbox, context: Context
) -> None:
    """Nothing is noted that was not told."""
    with serving(FOREIGN), Stubber(function.sns) as stub:
        stub.add_client_error("publish", "Throttled")
        with pytest.raises(ClientError):
            function.handler({}, context)
    assert look(context, FOREIGN)["told"] is True


@pytest.mark.parametrize("half", [{"id": "champion"}, {"id": "release-lock"}], ids=["champion", "lock"])
def test_a_record_that_is_not_whole_is_an_error(recorded: Any, context: Context, half: dict[str, Any]) -> None:
    """The function's alarm tells: nobody knows what should serve."""
    recorded.put_item(Item=half)
    with pytest.raises(ContractError):
        look(context, FOREIGN)


def test_the_mail_fits_sns_and_says_what_to_release() -> None:
    """A configuration's name may have 63 characters, and no sign that an address needs."""
    mail = write_foreign("greenlight", "greenlight-production", "x" * 63, read_champion(CHAMPION))
    assert len(mail.subject) <= 100
    assert "x" * 63 in mail.text
    assert CHAMPION["model_package_arn"] in mail.text


def test_an_endpoint_beside_a_production_by_batches_is_told_as_what_stops_every_release(
    table: Any, mailbox: Mailbox, context: Context
) -> None:
    """It is nothing to release a version to; a production that has none is what was recorded."""
    by_batches = {**CHAMPION, "production_configuration": "greenlight-batch", "serving": "serve=batch"}
    table.put_item(Item=by_batches)
    assert look(context, "")["foreign"] is False
    assert look(context, FOREIGN)["told"] is True
    (mail,) = mailbox.mails()
    assert "Recorded    batches, without an endpoint" in mail["Message"]
    assert "every release is refused: delete it" in mail["Message"]
    assert "release its package" not in mail["Message"]
