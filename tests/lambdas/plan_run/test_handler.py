"""Planning against S3, the table and the registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sns.models import sns_backends

from lambdas.plan_run import handler as function
from lambdas.plan_run.claim import Claims
from lambdas.plan_run.earlier import Earlier
from lambdas.plan_run.handler import InputRejected, handler
from lambdas.plan_run.turn import Turn
from tests.lambdas.conftest import ENVIRONMENT, REGION, Bucket, Context, client
from tests.lambdas.signing import recorded
from tests.workflow.contract.released import CHAMPION
from tests.workflow.contract.test_weights import weights
from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import BuildRecord, note_package, note_refusal
from workflow.contract.dataset_index import DatasetVersion, note_version
from workflow.contract.failures import Failure
from workflow.contract.standing import Premises

EXECUTION = {
    "id": "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one",
    "name": "one",
    "started": "x",
}
RECORD = {
    **CHAMPION,
    "model_data_url": "s3://greenlight-test/runs/zero/models/model.tar.gz",
    "package_version": 3,
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3",
}

WEIGHTS = weights()


def event(**given: Any) -> dict[str, Any]:
    """What the state gives."""
    return {"input": given, "execution": EXECUTION}


def subscribe(confirmed: int, pending: int = 0) -> None:
    """The topic with so many subscriptions, which moto keeps and does not count."""
    topic = client("sns").create_topic(Name="greenlight")["TopicArn"]
    assert topic == ENVIRONMENT["TOPIC_ARN"]
    kept = sns_backends["123456789012"][REGION].topics[topic]
    kept.subscriptions_confimed, kept.subscriptions_pending = confirmed, pending


def let(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """The function as another stack sets it."""
    monkeypatch.setattr(function, "environment", replace(function.environment, **settings))


class Quotas:
    """Service Quotas with these values by name, in pages of one; or with nothing but an error."""

    def __init__(self, values: dict[str, float] | None = None, error: str = "") -> None:
        self._values, self._error = values or {}, error

    def get_paginator(self, listing: str) -> Quotas:
        """Itself, whichever listing it is: nobody changed a quota."""
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """The pages."""
        assert asked["ServiceCode"] == "sagemaker"
        if self._error:
            raise ClientError({"Error": {"Code": self._error}}, "ListServiceQuotas")
        for name, value in self._values.items():
            yield {"Quotas": [{"QuotaName": name, "Value": value, "QuotaCode": "L-1"}]}


@pytest.fixture
def account(bucket: Bucket, table: Any, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A dataset, its neighbour with a longer name, an empty registry, and somebody who is told."""
    subscribe(1)
    monkeypatch.setattr(function, "quotas", Quotas())
    client("sagemaker").create_model_package_group(
        ModelPackageGroupName="greenlight", ModelPackageGroupDescription="test"
    )
    bucket.put("datasets/fasteners/images/1.jpg", b"picture")
    bucket.put("datasets/fasteners/labels/1.txt", b"0 .5 .5 .1 .1")
    bucket.put("datasets/fasteners/", b"")
    bucket.put("datasets/fasteners2/images/1.jpg", b"another set")
    return bucket


def register(fingerprint: str, **properties: str) -> str:
    """Register a version; its ARN."""
    made = client("sagemaker").create_model_package(
        ModelPackageGroupName="greenlight",
        ModelPackageDescription="test",
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={"fingerprint": fingerprint, **properties},
    )
    return str(made["ModelPackageArn"])


def test_a_first_run_is_planned_and_its_prefixes_are_filled(account: Bucket, context: Context) -> None:
    """The evaluation and the training always find their documents."""
    plan = handler(event(), context)
    assert plan["dataset"]["objects"] == 2
    assert plan["hyperparameters"]["epochs"] == "5"
    assert plan["approval_seconds"] == 7200
    assert json.loads(account.get("copies/one/champion/champion.json")) == {"version": 1, "champion": None}
    pretrained = json.loads(account.get("copies/one/pretrained/pretrained.json"))
    assert pretrained == {"version": 1, "source": None, "sha256": None}
    assert json.loads(account.get("runs/one/inspected/inspection.json")) == {"version": 1, "instances": 1}


def test_what_was_asked_for_is_recorded(account: Bucket, context: Context) -> None:
    """The preparation, the report and whoever looks later read it there."""
    given = event(
        policy={"missing-label": "reject"},
        prepare_instances=3,
        class_floors={"bolt": 0.6},
        fallback_instances=["ml.g4dn.xlarge"],
        started_by="ana",
    )
    plan = handler(given, context)
    record = json.loads(account.get("runs/one/record/run.json"))
    assert record["preparation"] == {
        "task": "auto",
        "format": "auto",
        "policy": {"missing-label": "reject"},
        "group_pattern": "",
        "seed": 0,
        "image_size": 640,
        "max_detections": 300,
        "tiles": "off",
        "instances": 3,
    }
    assert record["dataset"] == plan["dataset"]["name"] != ""
    assert record["training"] == {
        "hyperparameters": plan["hyperparameters"],
        "instance": "ml.g5.xlarge",
        "fallback_instances": ["ml.g4dn.xlarge"],
        "spot": True,
        "tune": False,
    }
    assert (record["run"], record["started_by"], record["reason"]) == ("one", "ana", "first model")
    assert record["thresholds"] == plan["thresholds"]
    assert record["thresholds"]["class_floors"] == {"bolt": 0.6}
    assert json.loads(account.get("runs/one/inspected/inspection.json"))["instances"] == 3


def test_planning_twice_gives_one_plan(account: Bucket, context: Context) -> None:
    """The state may be retried."""
    assert handler(event(), context) == handler(event(), context)


def second(**given: Any) -> dict[str, Any]:
    """What the state gives to another execution that was started with the same."""
    return {"input": given, "execution": {**EXECUTION, "id": EXECUTION["id"] + "-again", "name": "one-again"}}


class Executions:
    """Step Functions with executions of these statuses and errors by their ARN; others it does not know."""

    class Unknown(Exception):
        """Step Functions has forgotten it."""

    def __init__(self) -> None:
        self.ends: dict[str, tuple[str, str]] = {}
        self.exceptions = SimpleNamespace(ExecutionDoesNotExist=self.Unknown, InvalidArn=self.Unknown)

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        """As Step Functions answers."""
        if executionArn not in self.ends:
            raise self.Unknown
        status, error = self.ends[executionArn]
        if status == "denied":
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeExecution")
        return {"status": status, **({"error": error} if error else {})}


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> Executions:
    """The executions that the function asks after: the first one runs."""
    known = Executions()
    known.ends[FIRST] = ("RUNNING", "")
    monkeypatch.setattr(function, "claims", Claims(function.table, known, function.is_registered))
    monkeypatch.setattr(function, "turn", Turn(function.table, known))
    return known


FIRST, OTHER = EXECUTION["id"], EXECUTION["id"].removesuffix("one") + "other"


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_a_schedule_that_fires_twice_builds_once(
    account: Bucket, context: Context, executions: Executions, status: str
) -> None:
    """The second start has nothing to do, says who does it, and lays out nothing."""
    assert handler(event(started_by="schedule"), context)["anything_to_do"] is True
    executions.ends[FIRST] = (status, "")
    plan = handler(second(started_by="schedule"), context)
    assert (plan["anything_to_do"], plan["reason"]) == (False, "run one builds the same at this moment")
    assert not [key for key in account.stored() if key.startswith("runs/one-again/")]
    assert handler(event(started_by="schedule"), context)["anything_to_do"] is True


@pytest.mark.parametrize(
    "end",
    [("FAILED", "Training.Failed"), ("FAILED", "Data.Rejected"), ("ABORTED", ""), ("TIMED_OUT", ""), ("SUCCEEDED", "")],
)
def test_what_an_ended_run_did_not_build_is_built_by_the_next(
    account: Bucket, context: Context, executions: Executions, end: tuple[str, str]
) -> None:
    """Also where the check of the data broke: it told of no rejection. Then it is that one's to build."""
    handler(event(), context)
    executions.ends |= {FIRST: end, FIRST + "-again": ("RUNNING", "")}
    assert handler(second(), context)["anything_to_do"] is True
    assert handler(event(), context)["reason"] == "run one-again builds the same at this moment"


def test_a_run_that_step_functions_has_forgotten_does_not_block(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """After 90 days it knows no execution any more; what was not registered is built."""
    handler(event(), context)
    del executions.ends[FIRST]
    assert handler(second(), context)["anything_to_do"] is True


def test_a_refusal_is_the_answer_to_the_same_again(account: Bucket, context: Context, executions: Executions) -> None:
    """Neither trained nor told once more; other thresholds, or force, build it."""
    plan = handler(event(), context)
    note_refusal(function.table, BuildPlan.parse(plan), Failure.GATE_REJECTED, "mAP50 0.4 is below 0.8")
    executions.ends[FIRST] = ("FAILED", "Gate.Rejected")
    again = handler(second(), context)
    assert (again["anything_to_do"], again["reason"]) == (
        False,
        "run one ended Gate.Rejected on the same: mAP50 0.4 is below 0.8 (force=true builds it once more)",
    )
    assert handler(second(force=True), context)["anything_to_do"] is True


def test_what_is_judged_otherwise_is_built_again(
    account: Bucket, table: Any, record_key: Any, context: Context, executions: Executions
) -> None:
    """Another threshold, or another model in production, may turn a refusal into a yes."""
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    plan = handler(event(), context)
    note_refusal(function.table, BuildPlan.parse(plan), Failure.GATE_REJECTED, "mAP50 0.4 is below 0.8")
    executions.ends[FIRST] = ("FAILED", "Gate.Rejected")
    assert handler(second(), context)["anything_to_do"] is False
    table.put_item(Item=recorded(RECORD))
    assert handler(second(), context)["anything_to_do"] is True


def test_what_an_earlier_version_was_built_from_is_not_built_again(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """A is released, B registered, and then A comes again; unless somebody deleted A's version."""
    plan = handler(event(), context)
    arn = register(plan["fingerprint"])
    note_package(function.table, BuildPlan.parse(plan), arn)
    register("b" * 64)
    executions.ends[FIRST] = ("SUCCEEDED", "")
    again = handler(second(), context)
    assert again["anything_to_do"] is False
    assert again["reason"] == "run one built the same: version 1 (force=true builds it once more)"
    note_package(function.table, BuildPlan.parse(plan), arn.rpartition("/")[0] + "/9")
    assert handler(second(), context)["anything_to_do"] is True


def test_what_was_registered_before_anything_was_noted_is_not_built_again(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """A record of an earlier version of this function, or one whose note was lost: the newest version says it all."""
    register(handler(event(), context)["fingerprint"])
    executions.ends[FIRST] = ("SUCCEEDED", "")
    assert "run one built the same: version 1" in handler(second(), context)["reason"]


def test_what_was_stopped_while_it_waited_for_a_person_is_built_again(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """Its version is the newest that there is, and nobody is asked about it any more."""
    plan = handler(event(), context)
    note_package(function.table, BuildPlan.parse(plan), register(plan["fingerprint"]))
    executions.ends[FIRST] = ("ABORTED", "")
    again = handler(second(), context)
    assert (again["anything_to_do"], again["reason"]) == (True, "the run that built the same did not come to its end")


def test_a_run_whose_other_cannot_be_asked_is_an_error(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """Rather none at this moment than two."""
    handler(event(), context)
    executions.ends[FIRST] = ("denied", "")
    with pytest.raises(ClientError, match="AccessDenied"):
        handler(second(), context)


def test_what_is_forced_is_built_once_more(account: Bucket, context: Context, executions: Executions) -> None:
    """Somebody asked for it."""
    handler(event(), context)
    assert handler(second(force=True, when_busy="beside"), context)["anything_to_do"] is True


@pytest.mark.parametrize(
    ("people", "given", "said"), [(0, {}, "nobody would be told"), (1, {"when_busy": "refuse"}, "when_busy is refuse")]
)
def test_a_start_that_is_refused_forgets_nothing_of_what_was_built(
    account: Bucket, context: Context, executions: Executions, people: int, given: dict[str, Any], said: str
) -> None:
    """Forced, for want of people or of its turn: else the next schedule would pay for the same once more."""
    built = BuildPlan.parse(handler(event(), context))
    note_package(function.table, built, register(built.fingerprint))
    executions.ends |= {FIRST: ("SUCCEEDED", ""), OTHER: ("RUNNING", "")}
    handler(other_data(), context)
    kept = function.claims.find(built.fingerprint)
    subscribe(people)
    with pytest.raises(InputRejected, match=said):
        handler(second(force=True, **given), context)
    assert function.claims.find(built.fingerprint) == kept


def test_of_two_starts_that_find_an_ended_one_one_builds(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """Between the look at the holder and the taking over, another execution took it."""
    fingerprint = handler(event(), context)["fingerprint"]
    third = FIRST + "-third"

    class Ended(Executions):
        """The holder has ended, and while that is asked, a third takes over."""

        def describe_execution(self, executionArn: str) -> dict[str, str]:
            function.claims.take_over(fingerprint, BuildRecord(third), 1)
            return {"status": "RUNNING" if executionArn == third else "FAILED"}

    claims = Claims(function.table, Ended(), function.is_registered)
    assert claims.take(fingerprint, BuildRecord(FIRST + "-again"), 1) == "run one-third builds the same at this moment"


SOON = {"started": datetime.now(UTC).isoformat()}


def other_data(before: Any = None, **given: Any) -> dict[str, Any]:
    """What the state gives to an execution that builds something else than the first."""
    execution = {**EXECUTION, **SOON, "id": OTHER, "name": "other"}
    return {"input": {"epochs": 7, **given}, "execution": execution, "before": before}


def test_a_run_waits_for_the_one_before_it_and_is_planned_anew_then(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """By then production may serve another model; nothing is laid out while it waits."""
    handler(event(), context)
    waiting = handler(other_data(), context)
    assert (waiting["anything_to_do"], waiting["behind"]) == (True, "one")
    assert waiting["reason"].endswith("for the end of run one")
    assert not [key for key in account.stored() if key.startswith("runs/other/")]
    assert handler(other_data(waiting), context)["behind"] == "one"
    executions.ends[FIRST] = ("FAILED", "Training.Failed")
    account.put("datasets/fasteners/labels/2.txt", b"more")
    plan = handler(other_data(waiting), context)
    assert "behind" not in plan
    assert plan["dataset"]["objects"] == 3
    assert [key for key in account.stored() if key.startswith("runs/other/")]
    # What it meant to build before is nobody's any more.
    assert function.claims.find(waiting["fingerprint"]) is None


def test_a_start_of_what_waits_has_nothing_to_do(account: Bucket, context: Context, executions: Executions) -> None:
    """The second night finds the first one's run still in the queue."""
    handler(event(), context)
    handler(other_data(), context)
    executions.ends[OTHER] = ("RUNNING", "")
    assert handler(second(epochs=7), context)["reason"] == "run other builds the same at this moment"


def test_a_run_that_may_not_wait_is_refused(account: Bucket, context: Context, executions: Executions) -> None:
    """By its input, or because it has waited long enough; the run that it met is named."""
    handler(event(), context)
    with pytest.raises(InputRejected, match="run one is under way to the same endpoint, and when_busy is refuse"):
        handler(other_data(when_busy="refuse"), context)
    waiting = handler(other_data(), context)
    with pytest.raises(InputRejected, match=r"run one is under way .* waited 0 hours"):
        handler(other_data(waiting, queue_hours=0), context)


def test_a_run_that_goes_on_beside_another_waits_for_nobody(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """As its input says: whose turn it is stays whose turn it is."""
    handler(event(), context)
    assert "behind" not in handler(other_data(when_busy="beside"), context)
    executions.ends = {FIRST: ("SUCCEEDED", ""), OTHER: ("RUNNING", "")}
    assert "behind" not in handler(second(epochs=8), context)


def test_a_run_that_would_go_on_beside_another_and_meets_none_is_waited_for(
    account: Bucket, context: Context, executions: Executions
) -> None:
    """It has a turn that nobody else has, so that what queues is not judged against a model that is gone."""
    assert "behind" not in handler(event(when_busy="beside"), context)
    assert handler(other_data(), context)["behind"] == "one"


def test_a_champion_is_copied_beside_the_run(account: Bucket, table: Any, record_key: Any, context: Context) -> None:
    """The evaluation measures the model that production serves."""
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    table.put_item(Item=recorded(RECORD))
    plan = handler(event(), context)
    assert plan["champion"]["package_version"] == 3
    assert plan["judged_against"] == RECORD["model_package_arn"]
    assert account.get("copies/one/champion/model.tar.gz") == b"the champion"
    assert json.loads(account.get("copies/one/champion/champion.json"))["champion"]["package_version"] == 3


def test_a_run_that_replaces_is_not_compared(
    account: Bucket, table: Any, record_key: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the stack says so, because production finds something else."""
    let(monkeypatch, defaults={**function.environment.defaults, "compare": False})
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    table.put_item(Item=recorded(RECORD))
    plan = handler(event(), context)
    assert (plan["champion"], plan["compare"], plan["judged_against"]) == (None, False, None)
    assert "loosened" not in plan
    assert json.loads(account.get("copies/one/champion/champion.json"))["champion"] is None


def test_a_champion_that_somebody_wrote_into_the_table_stops_the_run(
    account: Bucket, table: Any, record_key: Any, context: Context
) -> None:
    """A candidate would be compared with a weaker model than production serves: copied under a mark, or with none."""
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    for forged in ({**recorded(RECORD), "archive_digest": "c" * 64}, {**recorded(RECORD), "mac": "zz"}, RECORD):
        table.put_item(Item=forged)
        with pytest.raises(InputRejected, match=r"carries no mark of the function that records.* once more by hand"):
            handler(event(), context)


def test_an_unreadable_champion_stops_the_run(account: Bucket, table: Any, context: Context) -> None:
    """Never taken for a first model."""
    table.put_item(Item={"id": "champion", "package_version": 3})
    with pytest.raises(InputRejected, match="champion"):
        handler(event(), context)


def test_weights_are_copied_beside_the_run(account: Bucket, context: Context) -> None:
    """The training reads its own copy."""
    account.put("weights/coco.pt", WEIGHTS)
    plan = handler(event(weights=f"s3://{account.name}/weights/coco.pt"), context)
    assert account.get("copies/one/pretrained/weights.pt") == WEIGHTS
    assert plan["pretrained"] == {"task": "detect", "model": "yolov8n"}
    pretrained = json.loads(account.get("copies/one/pretrained/pretrained.json"))
    assert pretrained["source"] == f"s3://{account.name}/weights/coco.pt"
    assert pretrained["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert plan["fingerprint"] != handler(event(), context)["fingerprint"]


def test_other_weights_than_the_input_names_are_refused(account: Bucket, context: Context) -> None:
    """Somebody may have put another file at the address; nothing is written then."""
    account.put("weights/coco.pt", WEIGHTS)
    uri, right = f"s3://{account.name}/weights/coco.pt", hashlib.sha256(WEIGHTS).hexdigest()
    with pytest.raises(InputRejected, match=rf"coco\.pt': its SHA-256 is {right}, not the weights_sha256 {'0' * 64}"):
        handler(event(weights=uri, weights_sha256="0" * 64), context)
    assert not [key for key in account.stored() if key.startswith("runs/")]
    assert handler(event(weights=uri, weights_sha256=right), context)["anything_to_do"]


def test_weights_that_do_not_fit_are_refused_before_anything_is_paid(account: Bucket, context: Context) -> None:
    """A file that is none, another task than the input names, another architecture; and nothing is written."""
    uri = f"s3://{account.name}/weights/coco.pt"
    for content, given, said in (
        (b"weights", {}, "damaged, or not a weights file of PyTorch"),
        (WEIGHTS, {"task": "pose"}, r"find boxes \(detect\)"),
        (WEIGHTS, {"model": "yolov8s"}, "set model=yolov8n"),
    ):
        account.put("weights/coco.pt", content)
        with pytest.raises(InputRejected, match=said):
            handler(event(weights=uri, **given), context)
    assert not [key for key in account.stored() if key.startswith("runs/")]


def test_where_the_champion_was_judged_is_planned(
    account: Bucket, table: Any, record_key: Any, context: Context
) -> None:
    """So that the data can be compared with what it finds before a model is trained."""
    account.put("runs/zero/models/model.tar.gz", b"the champion")
    properties = {"evaluation_uri": "s3://greenlight-test/runs/zero/evaluation/"}
    arn = register("f", **properties)
    table.put_item(Item=recorded({**RECORD, "model_package_arn": arn}))
    assert handler(event(), context)["champion"]["evaluation"] == properties["evaluation_uri"]


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


LOOSENED = {"minimum_map50": 0, "compare": False}
"""What once sent a model that finds nothing to a person, as one that had passed."""


def test_a_run_cannot_ask_less_than_its_stack_demands(account: Bucket, context: Context) -> None:
    """Whoever starts it is told each key, what the stack demands, and how it is done; nothing is written."""
    with pytest.raises(InputRejected) as caught:
        handler(event(**LOOSENED), context)
    assert "compare: the run asks false, the stack demands true" in str(caught.value)
    assert "minimum_map50: the run asks 0, the stack demands 0.5" in str(caught.value)
    assert "--default KEY=VALUE" in str(caught.value)
    assert "PolicyLoosening=show" in str(caught.value)
    assert not [key for key in account.stored() if key.startswith("runs/")]


def test_a_stack_that_demands_less_lets_its_runs_ask_less(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy is the stack's, whatever this software suggests."""
    let(monkeypatch, defaults={**function.environment.defaults, **LOOSENED, "ask_before_production": True})
    assert handler(event(**LOOSENED), context)["thresholds"]["minimum_map50"] == 0
    with pytest.raises(InputRejected, match="ask_before_production: the run asks false, the stack demands true"):
        handler(event(ask_before_production=False), context)


def test_what_a_run_loosens_where_it_may_travels_in_its_plan(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was and what it is, for the gate and whoever approves; and in the run's record."""
    let(monkeypatch, loosening="show")
    plan = handler(event(**LOOSENED), context)
    told = [{"key": "compare", "was": True, "now": False}, {"key": "minimum_map50", "was": 0.5, "now": 0}]
    assert plan["loosened"] == told
    assert json.loads(account.get("runs/one/record/run.json"))["loosened"] == told


@pytest.mark.parametrize(
    ("pending", "said"), [(0, "nobody subscribed"), (2, "2 wait to be confirmed by the link that AWS mailed")]
)
def test_a_run_that_nobody_would_be_told_of_is_refused_before_anything_is_paid(
    account: Bucket, context: Context, pending: int, said: str
) -> None:
    """It would train for hours, and wait for a decision until it expires."""
    subscribe(0, pending)
    with pytest.raises(InputRejected, match=f"no confirmed subscription on the topic arn:aws:sns:.*{said}") as caught:
        handler(event(), context)
    assert "AskWithoutMail=allow" in str(caught.value)
    assert not [key for key in account.stored() if key.startswith("runs/")]


def test_a_run_that_asks_nobody_needs_nobody(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing changed, or people watch elsewhere."""
    mark = handler(event(), context)["fingerprint"]
    subscribe(0)
    let(monkeypatch, ask_without_mail="allow")
    assert handler(event(), context)["anything_to_do"]
    let(monkeypatch, ask_without_mail="refuse")
    register(mark)
    assert handler(event(), context)["reason"] == "nothing changed since version 1"


ROOM = {
    "ml.m7i.xlarge for processing job usage": 4.0,
    "ml.g5.xlarge for spot training job usage": 1.0,
    "ml.g5.xlarge for training job usage": 1.0,
    "ml.c7i.xlarge for endpoint usage": 2.0,
}


@pytest.mark.parametrize("use", ["processing job", "training job", "endpoint"])
def test_a_run_without_a_quota_ends_before_anything_is_written(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    """It would fail after its preparation was paid for, or wait for an hour. The last training is on demand."""
    monkeypatch.setattr(
        function, "quotas", Quotas({name: 0.0 if use in name else value for name, value in ROOM.items()})
    )
    with pytest.raises(InputRejected, match=f"{use} usage.* is 0, and .* needed.*console.aws.amazon.com"):
        handler(event(), context)
    assert not [key for key in account.stored() if key.startswith("runs/")]


def test_a_release_beside_what_production_serves_needs_a_second_fleet(
    account: Bucket, context: Context, record_key: Any, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are enough for a first release; then staging, the old and the new fleet are three."""
    monkeypatch.setattr(function, "quotas", Quotas(ROOM))
    assert handler(event(), context)["anything_to_do"]
    given = {"SupportedRealtimeInferenceInstanceTypes": ["ml.c7i.xlarge"]}
    monkeypatch.setattr(function, "describe_champion", lambda _: {"InferenceSpecification": given})
    account.put("runs/zero/models/model.tar.gz", b"model")
    table.put_item(Item=recorded(RECORD))
    with pytest.raises(InputRejected, match="is 2, and 3 needed"):
        handler(event(force=True), context)


def test_endpoints_of_another_account_take_nothing_from_this_one_s_quotas(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is not refused for want of what its own account will never need."""
    elsewhere = replace(function.environment.deployment, premises=Premises(elsewhere=True))
    let(monkeypatch, deployment=elsewhere)
    monkeypatch.setattr(function, "quotas", Quotas({**ROOM, "ml.c7i.xlarge for endpoint usage": 0.0}))
    assert handler(event(), context)["anything_to_do"]


def test_an_endpoint_that_cannot_become_what_is_asked_ends_the_run_before_it_costs_anything(
    account: Bucket, context: Context
) -> None:
    """A first production can be made as it likes; one that stands on instances never becomes serverless."""
    assert handler(event(serve="serverless", force=True), context)["anything_to_do"]
    stand("greenlight-production")
    with pytest.raises(InputRejected, match=r"serve = serverless: greenlight-production is on instances.*start"):
        handler(event(serve="serverless", force=True), context)
    assert handler(event(force=True), context)["anything_to_do"]


def stand(endpoint: str) -> None:
    """An endpoint on one instance."""
    sagemaker, role = client("sagemaker"), "arn:aws:iam::123456789012:role/greenlight-endpoint"
    sagemaker.create_model(ModelName="old", ExecutionRoleArn=role, PrimaryContainer={"Image": "image"})
    variant = {"VariantName": "main", "ModelName": "old", "InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="old", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName="old")


def test_a_stack_that_may_not_ask_for_quotas_goes_on(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch, log_of: Any
) -> None:
    """Denied, or without a way there: SageMaker has the last word, and the log says why nobody looked."""
    log = log_of(function)
    monkeypatch.setattr(function, "quotas", Quotas(error="AccessDeniedException"))
    assert handler(event(), context)["anything_to_do"]
    assert "quotas cannot be read" in log.text


class Denying:
    """S3 that refuses to read what it lists, in these words."""

    def __init__(self, s3: Any, said: str) -> None:
        self._s3, self._said = s3, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **asked: Any) -> Any:
        """Refused."""
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": self._said}}, "GetObject")


KEY = "arn:aws:kms:us-east-1:123456789012:key/0a-1"


@pytest.mark.parametrize(
    ("dataset", "said", "then"),
    [
        ("s3://elsewhere/x/", "Access Denied", "--parameter Sources=arn:aws:s3:::known/,s3://elsewhere/x/"),
        ("s3://known/x/", f"not authorized to perform: kms:Decrypt on resource: {KEY}", f"SourceKeys={KEY}"),
        ("s3://known/x/", "Access Denied", "SourceKeys=ARN-OF-THE-KEY"),
    ],
)
def test_a_dataset_that_may_not_be_read_says_what_to_type_before_its_preparation_is_paid_for(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch, dataset: str, said: str, then: str
) -> None:
    """Who may list a bucket may not yet decrypt what is in it: a byte of one file is read."""
    for name in ("known", "elsewhere"):
        account.s3.create_bucket(Bucket=name)
        account.s3.put_object(Bucket=name, Key="x/images/1.jpg", Body=b"picture")
    reader = replace(function.reader, s3=Denying(function.s3, said), sources=("arn:aws:s3:::known/",))
    monkeypatch.setattr(function, "reader", reader)
    with pytest.raises(InputRejected, match=r"dataset = .*cannot be read \(AccessDenied\)") as caught:
        handler(event(dataset=dataset), context)
    assert then in str(caught.value)


def test_a_run_from_an_earlier_version_has_its_objects_and_the_fingerprint_of_the_first(
    account: Bucket, context: Context
) -> None:
    """Whatever the dataset holds by now; so that the same again is known for what it is."""
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=ENVIRONMENT["BUCKET"], VersioningConfiguration={"Status": "Enabled"})
    first = handler(event(when_busy="beside"), context)
    objects = f"{first['uris']['record']}dataset-objects.jsonl"
    kept = DatasetVersion("a" * 64, "fasteners", first["dataset"]["uri"], "detect", {}, {}, 1, objects=objects)
    note_version(s3, ENVIRONMENT["BUCKET"], kept)
    account.put("datasets/fasteners/images/1.jpg", b"another picture")
    account.put("datasets/fasteners/images/2.jpg", b"a new one")
    again = {**EXECUTION, "id": EXECUTION["id"].replace(":one", ":two"), "name": "two"}
    given = {"dataset_version": "aaaa", "when_busy": "beside"}
    plan = handler({"input": {**given, "force": True}, "execution": again}, context)
    place = f"s3://{ENVIRONMENT['BUCKET']}/copies/two/dataset/"
    assert plan["dataset"] == {**first["dataset"], "uri": place, "version": "a" * 64}
    assert plan["fingerprint"] == first["fingerprint"]
    assert account.get("copies/two/dataset/images/1.jpg") == b"picture"
    assert [key for key in account.stored() if key.startswith("copies/two/dataset/images/")] == [
        "copies/two/dataset/images/1.jpg"
    ]
    with pytest.raises(InputRejected, match="no version's digest begins so"):
        handler({"input": {"dataset_version": "bbbb"}, "execution": again}, context)


def test_a_bucket_whose_versions_may_not_be_listed_stops_no_run(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch, log_of: Any
) -> None:
    """As somebody's own bucket may have it; only a later run has nothing to go back to."""

    def deny(*_: Any) -> bool:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectVersions")

    monkeypatch.setattr(Earlier, "keep", deny)
    log = log_of(function)
    assert handler(event(), context)["anything_to_do"]
    assert "was not kept" in log.text
