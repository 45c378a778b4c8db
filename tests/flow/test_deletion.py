"""What a deletion of the stack in the CloudFormation console does, once its protection is lifted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import deployed
from tests.flow.driver import Flow
from workflow.stack import destroy

pytestmark = pytest.mark.standin


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Flow]:
    """A stack on a stand-in of its own, to be deleted."""
    with deployed(tmp_path / "state") as flow:
        yield flow


def delete_in_the_console(flow: Flow) -> dict[str, Any]:
    """Lift the protection and delete; the stack's description once that is over."""
    stacks = flow.stand_in.client("cloudformation")
    stacks.update_termination_protection(StackName="greenlight", EnableTerminationProtection=False)
    stacks.delete_stack(StackName="greenlight")
    while (described := stacks.describe_stacks(StackName="greenlight")["Stacks"][0])["StackStatus"] == (
        "DELETE_IN_PROGRESS"
    ):
        time.sleep(0.2)
    return dict(described)


def test_a_stack_that_has_built_something_is_not_deleted_by_halves(alone: Flow) -> None:
    """The registry is the first to go, and stays; all that it needs stays with it, and still works."""
    alone.build(alone.upload(), decision="reject")
    described = delete_in_the_console(alone)
    assert described["StackStatus"] == "DELETE_FAILED"
    assert "PackageGroup" in described["StackStatusReason"]
    functions = alone.stand_in.client("lambda").list_functions()["Functions"]
    assert any(function["FunctionName"] == "greenlight-plan-run" for function in functions)
    ended = alone.end(alone.start({}))
    assert (ended.error, "holds no files" in ended.cause) == ("Plan.Rejected", True)
    assert alone.mails("holds no files")
    assert destroy.destroy("greenlight") == alone.stack.table
    assert alone.stand_in.client("lambda").list_functions()["Functions"] == []


def test_destroy_finishes_what_a_deletion_in_the_console_has_left(alone: Flow) -> None:
    """Before anything was built the functions go and a bucket with data stays, and then that goes, too."""
    alone.upload()
    assert delete_in_the_console(alone)["StackStatus"] == "DELETE_FAILED"
    assert destroy.destroy("greenlight") == alone.stack.table
    assert alone.stand_in.client("s3").list_buckets()["Buckets"] == []
