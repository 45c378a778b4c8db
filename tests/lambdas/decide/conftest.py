"""A request that waits in the table, the key that marks decisions, and an execution that takes what a test says."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.decide import services
from tests.lambdas.ask_approval.test_ask_approval import RELEASE, request_of
from tests.lambdas.conftest import ENVIRONMENT, client, create_key
from workflow.contract.approval import StoredApproval, item_id
from workflow.contract.mark import MAC_ALGORITHM

OPAQUE, SECRET, TOKEN = "k" * 32, "n" * 32, "the-secret-task-token"
KEY = {"id": item_id(OPAQUE)}


def stored_request(event: dict[str, Any] = RELEASE, opaque_id: str = OPAQUE, **changes: Any) -> StoredApproval:
    """A request that waits for ten minutes, but for these fields, with its mark."""
    now = int(time.time())
    fields: dict[str, Any] = {
        "id": item_id(opaque_id),
        "status": "pending",
        "secret": SECRET,
        "delivered": False,
        "package_arn": event["package_arn"],
        "subject": "the subject",
        "request": request_of(event, now),
        "created_epoch": now,
        "expires_epoch": now + 600,
    }
    return mark(StoredApproval(**{**fields, **changes}))


def mark(approval: StoredApproval, key: str = ENVIRONMENT["REQUEST_KEY"]) -> StoredApproval:
    """The request with the mark that the function which asks would make."""
    kms = client("kms")
    mac = kms.generate_mac(KeyId=key, MacAlgorithm=MAC_ALGORITHM, Message=approval.message())["Mac"]
    return replace(approval, mac=mac.hex())


@pytest.fixture
def decision_key(aws: None, request_key: Any) -> Any:
    """The key that marks decisions, beside the one that marks requests; gives KMS."""
    return create_key(ENVIRONMENT["DECISION_KEY"])


@pytest.fixture
def pending(table: Any, decision_key: Any) -> Any:
    """A table with one pending request."""
    table.put_item(Item=stored_request().item(TOKEN))
    return table


def stored(table: Any, opaque_id: str = OPAQUE) -> dict[str, Any]:
    """The request as it stands in the table."""
    item: dict[str, Any] = table.get_item(Key={"id": item_id(opaque_id)})["Item"]
    return item


class Waiting:
    """An execution that waits: takes one answer, then has nobody waiting."""

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub

    def takes(self, times: int = 1) -> None:
        """The next answers are taken."""
        for _ in range(times):
            self.stub.add_response("send_task_success", {})

    def fails(self, code: str) -> None:
        """The next answer fails."""
        self.stub.add_client_error("send_task_success", code)

    def is_gone(self, code: str = "TaskTimedOut", *taken: dict[str, str]) -> None:
        """Nobody waits for the next answer, and the history says that these were ``taken``."""
        self.fails(code)
        events = [
            {
                "timestamp": 0,
                "type": "TaskSucceeded",
                "id": at,
                "taskSucceededEventDetails": {
                    "resourceType": "lambda",
                    "resource": "invoke.waitForTaskToken",
                    "output": json.dumps(told),
                },
            }
            for at, told in enumerate(taken, 1)
        ]
        last = {"timestamp": 0, "type": "ExecutionAborted", "id": len(events) + 1}
        asked = {"executionArn": RELEASE["execution"], "reverseOrder": True}
        self.stub.add_response("get_execution_history", {"events": [last, *reversed(events)]}, asked)


@pytest.fixture
def execution() -> Any:
    """The waiting execution. A call that no test announced is an error."""
    with Stubber(services.stepfunctions) as stub:
        yield Waiting(stub)
        stub.assert_no_pending_responses()
