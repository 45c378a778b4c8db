"""Planning against S3, the table and the registry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.plan_run.handler import InputRejected, handler
from tests.lambdas.conftest import SESSION, Bucket, Context
from tests.lambdas.plan_run.test_champion import RECORD

EXECUTION = {
    "id": "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one",
    "name": "one",
    "started": "x",
}


def event(**given: Any) -> dict[str, Any]:
    """What the state gives."""
    return {"input": given, "execution": EXECUTION}


@pytest.fixture
def account(bucket: Bucket, table: Any) -> Bucket:
    """A dataset, its neighbour with a longer name, an empty registry."""
    SESSION.client("sagemaker").create_model_package_group(
        ModelPackageGroupName="greenlight", ModelPackageGroupDescription="test"
    )
    bucket.put("datasets/fasteners/images/1.jpg", b"picture")
    bucket.put("datasets/fasteners/labels/1.txt", b"0 .5 .5 .1 .1")
    bucket.put("datasets/fasteners/", b"")
    bucket.put("datasets/fasteners2/images/1.jpg", b"another set")
    return bucket


def register(fingerprint: str) -> None:
    """Register a version."""
    SESSION.client("sagemaker").create_model_package(
        ModelPackageGroupName="greenlight",
        ModelPackageDescription="test",
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={"fingerprint": fingerprint},
    )


def test_a_first_run_is_planned_and_its_prefixes_are_filled(account: Bucket, context: Context) -> None:
    """The evaluation and the training always find their documents."""
    plan = handler(event(), context)
    assert plan["dataset"]["objects"] == 2
    assert plan["hyperparameters"]["epochs"] == "5"
    assert plan["approval_seconds"] == 7200
    assert json.loads(account.get("runs/one/champion/champion.json")) == {"version": 1, "champion": None}
    assert json.loads(account.get("runs/one/pretrained/pretrained.json")) == {"version": 1, "source": None}


def test_planning_twice_gives_one_plan(account: Bucket, context: Context) -> None:
    """The state may be retried."""
    assert handler(event(), context) == handler(event(), context)


def test_a_champion_is_copied_beside_the_run(account: Bucket, table: Any, context: Context) -> None:
    """The evaluation measures the model that production serves."""
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    table.put_item(Item={**RECORD, "model_data_url": f"s3://{account.name}/runs/zero/models/model.tar.gz"})
    plan = handler(event(), context)
    assert plan["champion"]["package_version"] == 3
    assert account.get("runs/one/champion/model.tar.gz") == b"the champion"
    assert json.loads(account.get("runs/one/champion/champion.json"))["champion"]["package_version"] == 3


def test_an_unreadable_champion_stops_the_run(account: Bucket, table: Any, context: Context) -> None:
    """Never taken for a first model."""
    table.put_item(Item={"id": "champion", "package_version": 3})
    with pytest.raises(InputRejected, match="champion"):
        handler(event(), context)


def test_weights_are_copied_beside_the_run(account: Bucket, context: Context) -> None:
    """The training reads its own copy."""
    account.put("weights/coco.pt", b"weights")
    plan = handler(event(weights=f"s3://{account.name}/weights/coco.pt"), context)
    assert account.get("runs/one/pretrained/weights.pt") == b"weights"
    source = json.loads(account.get("runs/one/pretrained/pretrained.json"))["source"]
    assert source == f"s3://{account.name}/weights/coco.pt"
    assert plan["fingerprint"] != handler(event(), context)["fingerprint"]


def test_a_run_with_nothing_to_do_writes_nothing(account: Bucket, context: Context) -> None:
    """The nightly run of an unchanged dataset costs a listing."""
    first = handler(event(), context)
    register(first["fingerprint"])
    before = account.stored()
    nightly = {"input": {}, "execution": {**EXECUTION, "name": "two"}}
    assert handler(nightly, context)["reason"] == "nothing changed since version 1"
    assert account.stored() == before


def test_a_changed_label_of_the_same_size_is_a_new_dataset(account: Bucket, context: Context) -> None:
    """Names and sizes alone would not notice."""
    register(handler(event(), context)["fingerprint"])
    account.put("datasets/fasteners/labels/1.txt", b"1 .5 .5 .1 .1")
    assert handler(event(), context)["reason"] == "the data or the settings changed since version 1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dataset": "s3://greenlight-test/nothing"}, "s3://greenlight-test/nothing/"),
        ({"dataset": "s3://no-such-bucket/x"}, "NoSuchBucket"),
        ({"weights": "s3://greenlight-test/none.pt"}, "weights"),
        ({"epochs": 0}, "from 1 to 1000"),
        ({"epoch": 3}, "unknown key"),
        ({"hyperparameters": {"seed": 1}}, "hyperparameters.seed"),
    ],
)
def test_a_wrong_input_is_refused_in_words(account: Bucket, context: Context, given: dict[str, Any], said: str) -> None:
    """The message names key, value and what is allowed; nothing is written."""
    with pytest.raises(InputRejected, match=said):
        handler(event(**given), context)
    assert not [key for key in account.stored() if key.startswith("runs/")]


@pytest.mark.parametrize("given", [{}, {"input": {}}, {"input": [], "execution": EXECUTION}, {"execution": EXECUTION}])
def test_an_event_that_is_not_whole_is_refused(account: Bucket, context: Context, given: dict[str, Any]) -> None:
    """The same error as for a wrong input."""
    with pytest.raises(InputRejected):
        handler(given, context)
