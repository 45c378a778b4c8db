"""Planning a release against S3, the table, the registry and the other machine's executions."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.plan_release import handler as function
from lambdas.plan_release.existing import has_configuration
from lambdas.plan_release.lock import LockedError, ReleaseLock
from lambdas.plan_release.plan import Endpoint
from tests.lambdas.conftest import ENVIRONMENT, SESSION, Bucket, Context, create_key
from tests.lambdas.gate_metrics.figures import measured, scored
from tests.lambdas.plan_release.test_plan import ARN, DECISION, DESCRIBED, EXECUTION
from tests.lambdas.signing import Signer, recorded
from tests.workflow.contract.released import CHAMPION, LOCK, PLAN
from tests.workflow.machines.test_plan_paths import paths
from workflow.contract.decision import Decision
from workflow.contract.deployment import alarm_names, at_once, watched
from workflow.contract.kept_archive import archive_key
from workflow.contract.put_away import PutAwayRecord
from workflow.contract.reading import ContractError
from workflow.contract.vote import Vote

ARCHIVE = b"the archive"
FIGURES = json.dumps(measured(scored(archive_digest=hashlib.sha256(ARCHIVE).hexdigest()), confidence=0.4)).encode()
DECIDED = replace(
    DECISION,
    archive_digest=hashlib.sha256(ARCHIVE).hexdigest(),
    evaluation_digest=hashlib.sha256(FIGURES).hexdigest(),
)
KEPT = archive_key(DECIDED.archive_digest)
OTHER = "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:other"


def event(**given: Any) -> dict[str, Any]:
    """What the state gives."""
    execution = {"id": EXECUTION.id, "name": EXECUTION.name, "started": "2026-11-21T10:14:03Z"}
    return {"input": {"model_package_arn": ARN, **given}, "execution": execution}


def registered(**changes: Any) -> dict[str, Any]:
    """What the registry says of the version, but for these entries."""
    described = copy.deepcopy(DESCRIBED)
    described["CustomerMetadataProperties"] |= {
        "archive_digest": DECIDED.archive_digest,
        "evaluation_digest": DECIDED.evaluation_digest,
        "evaluation_uri": "s3://greenlight-test/runs/one/evaluation/",
    }
    described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = f"s3://greenlight-test/{KEPT}"
    described |= {
        "ModelPackageName": "greenlight-4",
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }
    return described | changes


@pytest.fixture
def signer(aws: None) -> Signer:
    """The stack's key, which the decide function alone may mark with; beside it that of the function that records."""
    create_key(ENVIRONMENT["RECORD_KEY"])
    return Signer()


@pytest.fixture
def registry(bucket: Bucket, table: Any, signer: Signer) -> Any:
    """A registry with one approved version, by a signed decision; no endpoint exists."""
    bucket.put(KEPT, ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(DECIDED))
    with registry_of(registered()):
        yield table


@contextmanager
def registry_of(described: dict[str, Any]) -> Iterator[None]:
    """A registry with this version; no endpoint exists."""
    with Stubber(function.sagemaker) as stub:
        stub.add_response("describe_model_package", described, {"ModelPackageName": ARN})
        for _ in ("staging, to plan", "production, to plan", "production, to confirm"):
            stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
        yield


def test_an_approved_version_is_planned_and_the_lock_is_taken(registry: Any, context: Context) -> None:
    """The plan names what the machine will create."""
    plan = function.handler(event(ask_before_production=True, started_by="ana"), context)
    # Only a production that is a component of a shared endpoint has one, and only one without an endpoint a batch.
    for path in set(paths("release", "plan")) - {"component", "batch"}:
        if path.partition(".")[0] == "asynchronous":
            continue  # Only where a stage answers so, which the machine asks before it reads it.
        assert reduce(dict.__getitem__, path.split("."), plan) is not None, f"the machine reads {path}"
    assert (plan["package_version"], plan["ask_before_production"], plan["started_by"]) == (4, True, "ana")
    assert plan["production_configuration"].startswith("greenlight-production-v4-")
    assert registry.get_item(Key={"id": "release-lock"})["Item"]["execution"] == EXECUTION.id


@pytest.mark.parametrize(("there", "waits"), [(True, True), (False, False)], ids=["there", "gone"])
def test_a_release_waits_while_an_endpoint_that_it_found_is_being_put_away(
    registry: Any, context: Context, monkeypatch: pytest.MonkeyPatch, there: bool, waits: bool
) -> None:
    """It holds the lock meanwhile, so that no further one is put away; one that is gone already is made anew."""
    note = PutAwayRecord(("greenlight-staging",), 1_800_000_000)
    registry.put_item(Item=note.item())
    staging = Endpoint("greenlight-staging", "InService", "x") if there else None
    monkeypatch.setattr(function, "find_endpoint", lambda _, name: staging if name == "greenlight-staging" else None)
    if waits:
        with pytest.raises(function.EndpointLeaves, match="greenlight-staging is being put away"):
            function.handler(event(), context)
    else:
        assert function.handler(event(), context)["staging_exists"] is False
    assert registry.get_item(Key={"id": "release-lock"})["Item"]["execution"] == EXECUTION.id


def test_what_a_release_creates_carries_the_project_the_release_and_the_stacks_tags(
    registry: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models, configurations, endpoints and alarms."""
    monkeypatch.setattr(function, "environment", replace(function.environment, tags={"team": "vision"}))
    tags = function.handler(event(), context)["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "project": "greenlight",
        "run": EXECUTION.name,
        "team": "vision",
    }


def test_a_plan_tells_who_approved_it_and_by_which_door(registry: Any, context: Context) -> None:
    """For the record, the history and the mail."""
    told = {"by": "Ada", "door": "link", "at_epoch": DECIDED.at_epoch, "comment": "seen"}
    assert function.handler(event(), context)["approval"] == told


def assert_refused(table: Any, context: Context, told: str) -> None:
    """The release is refused with these words, and holds no lock."""
    with pytest.raises(function.ReleaseRefused, match=told):
        function.handler(event(), context)
    assert "Item" not in table.get_item(Key={"id": "release-lock"})


def test_a_release_without_a_decision_is_refused(registry: Any, signer: Signer, context: Context) -> None:
    """Somebody set the status of a pending version to Approved by hand, or registered one that was born so."""
    registry.delete_item(Key={"id": signer.item(DECIDED)["id"]})
    assert_refused(registry, context, "nobody decided about version 4")


def test_a_rejected_version_is_refused_though_its_status_is_approved(
    registry: Any, signer: Signer, context: Context
) -> None:
    """Whoever rejected it is named."""
    registry.put_item(Item=signer.item(replace(DECIDED, decision="rejected", by="Eve")))
    assert_refused(registry, context, r"version 4 was rejected by Eve \(link\)")


def test_a_decision_copied_to_another_version_is_refused(registry: Any, signer: Signer, context: Context) -> None:
    """Its mark is genuine; it lies under a key that is not its own."""
    other = signer.item(replace(DECIDED, model_package_arn=ARN.replace("/4", "/3"), package_version=3))
    registry.put_item(Item={**other, "id": signer.item(DECIDED)["id"]})
    assert_refused(registry, context, "cannot be believed: .*lies under the key of another version")


CHANGES: dict[str, Any] = {
    "archive_digest": "c" * 64,
    "evaluation_digest": "c" * 64,
    "image": "serving:2",
    "decision": "rejected",
    "by": "Eve",
    "door": "registry",
    "comment": "looks fine",
    "at_epoch": 1,
    "package_version": 5,
    "dataset": "another",
    "smoke_digest": "c" * 64,
    "report_digest": "c" * 64,
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_decision_changed_in_any_field_is_refused(
    registry: Any, signer: Signer, context: Context, field: str
) -> None:
    """Whoever may write to the table has no key to mark it with."""
    item = signer.item(DECIDED)
    document = json.dumps(replace(DECIDED, **{field: CHANGES[field]}).document())
    registry.put_item(Item={**item, "document": document})
    assert_refused(registry, context, "cannot be believed: its mark was not made with the key of greenlight")


@pytest.mark.parametrize("mac", ["", "00", "00" * 32, "zz"])
def test_a_decision_without_a_genuine_mark_is_refused(
    registry: Any, signer: Signer, context: Context, mac: str
) -> None:
    """None, half a one, one that somebody made up, and what is none at all."""
    registry.put_item(Item={**signer.item(DECIDED), "mac": mac})
    assert_refused(registry, context, "cannot be believed")


def test_a_decision_marked_with_another_key_is_refused(registry: Any, context: Context) -> None:
    """A key that somebody made for themselves."""
    registry.put_item(Item=Signer("alias/own").item(DECIDED))
    assert_refused(registry, context, "its mark was not made with the key of greenlight")


def test_half_a_decision_is_refused(registry: Any, signer: Signer, context: Context) -> None:
    """It is no sign that somebody decided."""
    registry.put_item(Item={**signer.item(DECIDED), "document": "{"})
    assert_refused(registry, context, "the decision about version 4 cannot be believed")


def test_a_version_whose_approval_was_taken_back_is_refused(
    bucket: Bucket, table: Any, signer: Signer, context: Context
) -> None:
    """A signed decision needs the registry's status beside it."""
    table.put_item(Item=signer.item(DECIDED))
    with registry_of(registered(ModelApprovalStatus="Rejected")):
        assert_refused(table, context, "version 4 is Rejected, not Approved")


@pytest.mark.parametrize("stored", [b"better figures", None])
def test_figures_that_changed_or_are_gone_are_refused(
    registry: Any, bucket: Bucket, context: Context, stored: bytes | None
) -> None:
    """A person decided on others."""
    if stored is None:
        bucket.s3.delete_object(Bucket=bucket.name, Key="runs/one/evaluation/metrics.json")
    else:
        bucket.put("runs/one/evaluation/metrics.json", stored)
    assert_refused(registry, context, "the evaluation is not what Ada decided on" if stored else "no figures at")


def test_another_archive_registered_after_the_decision_is_refused(
    bucket: Bucket, table: Any, signer: Signer, context: Context
) -> None:
    """Properties of a version can be changed; its digest agrees with what lies there, and not with the decision."""
    bucket.put(KEPT, b"another")
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(DECIDED))
    described = registered()
    described["CustomerMetadataProperties"]["archive_digest"] = hashlib.sha256(b"another").hexdigest()
    with registry_of(described):
        assert_refused(table, context, "the archive is not what Ada decided on")


@pytest.mark.parametrize(
    "address",
    ["s3://greenlight-test/runs/one/model.tar.gz", f"s3://another/{KEPT}", f"s3://greenlight-test/models/{KEPT}"],
)
def test_the_same_archive_at_another_address_is_refused(
    bucket: Bucket, table: Any, signer: Signer, context: Context, address: str
) -> None:
    """An address can be changed in the registry; there, the bytes could be replaced once they serve."""
    name, _, key = address.removeprefix("s3://").partition("/")
    if name != bucket.name:
        bucket.s3.create_bucket(Bucket=name)
    bucket.s3.put_object(Bucket=name, Key=key, Body=ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(DECIDED))
    described = registered()
    described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = address
    with registry_of(described):
        assert_refused(table, context, "the archive is at s3://.*, not kept at s3://greenlight-test/models/")


def test_an_adopted_version_lies_where_it_lay(bucket: Bucket, table: Any, signer: Signer, context: Context) -> None:
    """It was registered before archives were kept."""
    bucket.put("runs/one/model.tar.gz", ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(replace(DECIDED, door="adoption")))
    described = registered()
    described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = "s3://greenlight-test/runs/one/model.tar.gz"
    with registry_of(described):
        assert function.handler(event(), context)["model_data_url"].endswith("/runs/one/model.tar.gz")


TWO = (Vote("Ada", "link", "seen", 1), Vote("Ben", "command", "", 2))
ONE = (Vote("ada@example.com", "link", "", 1), Vote("arn:aws:iam::123456789012:user/Ada", "command", "", 2))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, r"approved by Ada \(link\), and 2 people have to: build it anew"),
        ({"door": "adoption"}, r"approved by Ada \(adoption\), and 2 people have to"),
        ({"votes": ONE}, "approved by ada@example.com, arn:aws:iam::123456789012:user/Ada .*, and 2 people have to"),
        ({"votes": TWO, "decision": "rejected"}, "was rejected by"),
    ],
    ids=["one", "adopted", "one by two names", "rejected"],
)
def test_a_decision_of_fewer_people_than_the_stack_requires_now_is_refused(
    registry: Any, signer: Signer, context: Context, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], told: str
) -> None:
    """However genuine its mark is; it was made when one was enough, or one person took it over."""
    monkeypatch.setattr(function, "decisions", replace(function.decisions, required=2))
    registry.put_item(Item=signer.item(replace(DECIDED, **changes)))
    assert_refused(registry, context, told)


def test_a_decision_of_as_many_people_is_believed_and_the_plan_names_them(
    registry: Any, signer: Signer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with door and reason; the way to production needs as many again."""
    monkeypatch.setattr(function, "decisions", replace(function.decisions, required=2))
    registry.put_item(Item=signer.item(replace(DECIDED, votes=TWO)))
    plan = function.handler(event(ask_before_production=True), context)
    assert [vote["by"] for vote in plan["approval"]["votes"]] == ["Ada", "Ben"]
    registry.put_item(Item=signer.item(for_production()))
    with pytest.raises(function.ReleaseRefused, match=r"approved by Bea .* 2 people have to: start the release anew"):
        function.handler({"confirm": plan}, context)
    registry.put_item(Item=signer.item(for_production(votes=TWO)))
    assert function.handler({"confirm": plan}, context)["confirmed"] is True


def test_a_rollback_to_a_version_without_a_decision_is_refused(registry: Any, signer: Signer, context: Context) -> None:
    """The way back is a release like any other."""
    newer = {**OTHER_CHAMPION, "model_package_arn": ARN.replace("/4", "/5"), "package_version": 5}
    registry.put_item(Item=recorded(newer))
    registry.delete_item(Key={"id": signer.item(DECIDED)["id"]})
    assert_refused(registry, context, "nobody decided about version 4: .* 'greenlight adopt 4'")


def test_without_the_key_nothing_is_believed(registry: Any, signer: Signer, context: Context) -> None:
    """A key that was disabled or deleted fails the function; it plans nothing."""
    signer.kms.delete_alias(AliasName=function.environment.decision_key)
    with pytest.raises(ClientError):
        function.handler(event(), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})


def for_production(**changes: Any) -> Decision:
    """The decision that lets this release go on from staging to production, but for these fields."""
    return replace(DECIDED, **{"scope": EXECUTION.id, "by": "Bea", **changes})


def test_a_release_that_asks_again_goes_on_with_its_own_decision(
    registry: Any, signer: Signer, context: Context
) -> None:
    """Made once staging was seen."""
    plan = function.handler(event(ask_before_production=True), context)
    registry.put_item(Item=signer.item(for_production()))
    assert function.handler({"confirm": plan}, context)["confirmed"] is True


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "nobody decided about version 4 for production in this release, whoever let it go on"),
        (for_production(scope=OTHER), "nobody decided about version 4 for production"),
        (for_production(decision="rejected"), r"version 4 for production was rejected by Bea \(link\)"),
        (for_production(evaluation_digest="c" * 64), "not those that Bea decided on"),
    ],
    ids=["none", "another release's", "no", "other figures"],
)
def test_a_token_completed_by_somebody_else_releases_nothing(
    registry: Any, signer: Signer, context: Context, found: Decision | None, told: str
) -> None:
    """The machine goes on with whatever completed its task; the version's own decision is no answer to this."""
    plan = function.handler(event(ask_before_production=True), context)
    if found is not None:
        registry.put_item(Item=signer.item(found))
    with pytest.raises(function.ReleaseRefused, match=told):
        function.handler({"confirm": plan}, context)


def test_a_production_decision_that_somebody_made_up_releases_nothing(registry: Any, context: Context) -> None:
    """Marked with a key of their own."""
    plan = function.handler(event(ask_before_production=True), context)
    registry.put_item(Item=Signer("alias/own").item(for_production()))
    with pytest.raises(function.ReleaseRefused, match="its mark was not made with the key of greenlight"):
        function.handler({"confirm": plan}, context)


@pytest.mark.parametrize("asks", [True, False])
def test_a_roll_back_waits_for_nobody(registry: Any, context: Context, asks: bool) -> None:
    """Production answers wrongly: what served before comes back, whoever decided what."""
    plan = function.handler(event(ask_before_production=asks), context)
    assert function.handler({"roll_back": plan}, context) == {"confirmed": True}
    old = {key: value for key, value in plan.items() if key not in ("approval", "evaluation_digest")}
    assert function.handler({"roll_back": old}, context) == {"confirmed": True}


def test_a_roll_back_is_not_confirmed_once_another_release_took_place(registry: Any, context: Context) -> None:
    """Production is that one's."""
    plan = function.handler(event(), context)
    registry.put_item(Item=recorded(OTHER_CHAMPION))
    with pytest.raises(function.ReleaseOvertaken, match="serves version 3 by now"):
        function.handler({"roll_back": plan}, context)


def test_a_release_cannot_leave_out_the_question_that_the_stack_demands(
    registry: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before it holds the lock; where the stack shows what is loosened, the build's approver was asked."""
    demanding = replace(function.environment, defaults={"ask_before_production": True})
    monkeypatch.setattr(function, "environment", demanding)
    said = "ask_before_production: the run asks false, the stack demands true"
    with pytest.raises(function.ReleaseRefused, match=said):
        function.handler(event(ask_before_production=False), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})
    monkeypatch.setattr(function, "environment", replace(demanding, loosening="show"))
    plan = function.handler(event(ask_before_production=False), context)
    assert (plan["ask_before_production"], plan["skipped_question"]) == (False, True)


def test_the_plan_names_the_very_object_whose_bytes_were_hashed(
    registry: Any, bucket: Bucket, context: Context
) -> None:
    """By S3's mark of it, which SageMaker is given along with the address."""
    etag = bucket.s3.head_object(Bucket=bucket.name, Key=KEPT)["ETag"]
    assert function.handler(event(), context)["archive_etag"] == etag.strip('"')


def test_the_plan_says_what_a_roll_back_has_to_bring_back(
    bucket: Bucket, table: Any, signer: Signer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest from the champion's record, the pictures from its entry in the registry.

    Also where more people have to approve by now than did then: what they signed for is what it was.
    """
    monkeypatch.setattr(function, "decisions", replace(function.decisions, required=2))
    bucket.put(KEPT, ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(replace(DECIDED, votes=TWO)))
    table.put_item(Item=recorded({**OTHER_CHAMPION, "model_digest": "c" * 64}))
    arn = OTHER_CHAMPION["model_package_arn"]
    own = replace(DECIDED, model_package_arn=arn, package_version=3, smoke_digest="9" * 64)
    table.put_item(Item=signer.item(own))
    before = registered()
    before["CustomerMetadataProperties"] |= {
        "model_digest": "c" * 64,
        "evaluation_uri": "s3://bucket/runs/zero/evaluation/",
    }
    there = {
        "EndpointName": "greenlight-production",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/greenlight-production",
        "EndpointConfigName": OTHER_CHAMPION["production_configuration"],
        "EndpointStatus": "InService",
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }
    with Stubber(function.sagemaker) as stub:
        package, champion = "describe_model_package", OTHER_CHAMPION["model_package_arn"]
        stub.add_response(package, registered(), {"ModelPackageName": ARN})
        stub.add_response("describe_endpoint", there, {"EndpointName": "greenlight-production"})
        stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
        stub.add_response(package, before, {"ModelPackageName": champion})
        plan = function.handler(event(), context)
    assert plan["previous"] == {
        "model_digest": "c" * 64,
        "evaluation_uri": "s3://bucket/runs/zero/evaluation/",
        "only_the_digest": False,
        "smoke_digest": "9" * 64,
    }


def test_an_archive_that_changed_is_refused_and_holds_no_lock(registry: Any, bucket: Bucket, context: Context) -> None:
    """A refused release blocks nobody."""
    bucket.put(KEPT, b"something else")
    with pytest.raises(function.ReleaseRefused, match="changed after registration"):
        function.handler(event(), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})


OTHER_CHAMPION = {
    **CHAMPION,
    "model_package_arn": ARN.replace("/4", "/3"),
    "production_configuration": "greenlight-production-v3-00000000",
}


def test_a_version_is_not_judged_by_a_record_that_somebody_wrote_into_the_table(
    registry: Any, context: Context
) -> None:
    """It names a weaker version than production serves, under the mark of the record before."""
    weaker = {**recorded(OTHER_CHAMPION), "package_version": 2, "model_package_arn": ARN.replace("/4", "/2")}
    for forged in (weaker, {**OTHER_CHAMPION, "mac": "00" * 32}, OTHER_CHAMPION):
        registry.put_item(Item=forged)
        refused = pytest.raises(function.ReleaseRefused, match="carries no mark of the function that records")
        with refused, registry_of(registered()):
            function.handler(event(judged_against=forged["model_package_arn"]), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})


def test_a_release_by_hand_puts_right_a_record_without_a_mark(registry: Any, context: Context) -> None:
    """It believes nothing of it; once a release has recorded another version meanwhile, it is overtaken."""
    registry.put_item(Item=OTHER_CHAMPION)
    plan = function.handler(event(), context)
    assert (plan["replaces"], plan["previous"]["model_digest"]) == ("", "")
    registry.put_item(Item=recorded(OTHER_CHAMPION))
    with pytest.raises(function.ReleaseOvertaken, match="serves version 3 by now"):
        function.handler({"confirm": plan}, context)


def test_a_plan_shows_the_figures_that_were_decided_on_whatever_the_registry_says(
    bucket: Bucket, table: Any, signer: Signer, context: Context
) -> None:
    """Whoever may change a version there changes neither the second question nor where its report lies."""
    bucket.put(KEPT, ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(DECIDED))
    lie = registered()
    lie["CustomerMetadataProperties"] |= {
        **{"map50_95": "0.99", "quality": "0.99", "recall": "1.0", "report_uri": "s3://elsewhere/nice.html"},
        "dataset_uri": "s3://greenlight-test/datasets/the-good-one/",
    }
    with registry_of(lie):
        plan = function.handler(event(ask_before_production=True), context)
    assert (plan["metrics"]["map50_95"], plan["metrics"]["recall"]) == (0.7, 0.94)
    assert plan["report_uri"] == "s3://greenlight-test/runs/one/evaluation/report/index.html"
    assert plan["dataset_name"] == "fasteners"


def test_a_version_judged_against_another_is_refused_and_holds_no_lock(registry: Any, context: Context) -> None:
    """A build started before there was a champion."""
    registry.put_item(Item=recorded(OTHER_CHAMPION))
    with pytest.raises(function.ReleaseRefused, match="judged against nothing, and production serves version 3"):
        function.handler(event(judged_against=""), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})


@pytest.mark.parametrize("missing", ["model_package_arn", "production_configuration", "model_digest"])
def test_half_a_record_is_no_sign_that_production_serves_nothing(registry: Any, context: Context, missing: str) -> None:
    """Whoever mends it is told where; nothing is released until then."""
    registry.put_item(Item={key: value for key, value in OTHER_CHAMPION.items() if key != missing})
    with pytest.raises(function.ReleaseRefused, match=f"not whole: mend the table's item champion .*{missing}"):
        function.handler(event(), context)
    assert "Item" not in registry.get_item(Key={"id": "release-lock"})


def test_a_plan_is_confirmed_while_nothing_else_is_released(registry: Any, context: Context) -> None:
    """Also by an execution that had lost the lock; not once production serves something else."""
    plan = function.handler(event(), context)
    assert plan["replaces"] == ""
    registry.delete_item(Key={"id": "release-lock"})
    name = plan["production_configuration"]
    assert plan["variant"] == {"InstanceType": plan["instance"], "InitialInstanceCount": 1}
    first = {
        "confirmed": True,
        "retained": True,
        "count": 1,
        "variant": plan["variant"],
        "deployment": watched(name, 1),
        "capture": None,
    }
    assert function.handler({"confirm": plan}, context) == {**first, "watched": False, "alarms": alarm_names(name)}
    assert registry.get_item(Key={"id": "release-lock"})["Item"]["execution"] == EXECUTION.id
    registry.put_item(Item=recorded(OTHER_CHAMPION))
    with pytest.raises(function.ReleaseOvertaken, match="served nothing when this release was planned, and serves"):
        function.handler({"confirm": plan}, context)


def test_a_confirmed_plan_keeps_the_instances_that_production_has_by_now(
    table: Any, record_key: Any, context: Context
) -> None:
    """A person may have answered days after the plan was made; production was scaled meanwhile."""
    table.put_item(Item=recorded(OTHER_CHAMPION))
    scaled = {
        "EndpointName": "greenlight-production",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/greenlight-production",
        "EndpointStatus": "InService",
        "CreationTime": 0,
        "LastModifiedTime": 0,
        "ProductionVariants": [{"VariantName": "main", "DesiredInstanceCount": 3}],
    }
    planned = {**PLAN, "replaces": OTHER_CHAMPION["model_package_arn"]}
    with Stubber(function.sagemaker) as stub:
        for _ in range(2):
            stub.add_response("describe_endpoint", scaled, {"EndpointName": "greenlight-production"})
        watch = function.handler({"confirm": planned}, context)
        back = function.handler({"confirm": {**planned, "goes_back": True}}, context)
    name = planned["production_configuration"]
    variant = {"InstanceType": planned["instance"], "InitialInstanceCount": 3}
    both = {"confirmed": True, "retained": True, "count": 3, "variant": variant, "alarms": alarm_names(name)}
    both |= {"capture": None}
    assert watch == {**both, "deployment": watched(name, 3), "watched": True}
    assert back == {**both, "deployment": at_once(), "watched": False}


def test_the_way_back_is_looked_for_where_production_serves_something_else(aws: None, context: Context) -> None:
    """By its name; the empty one is no configuration, and a refusal to tell is no sign that it is gone."""
    assert [has_configuration(function.sagemaker, name) for name in ("", "greenlight-production-v3-00000000")] == [
        False,
        False,
    ]
    variant = {"VariantName": "main", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    function.sagemaker.create_model(ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/endpoint-role-name")
    function.sagemaker.create_endpoint_config(
        EndpointConfigName="greenlight-production-v3-00000000", ProductionVariants=[variant]
    )
    assert has_configuration(function.sagemaker, "greenlight-production-v3-00000000")
    with Stubber(function.sagemaker) as stub:
        stub.add_client_error("describe_endpoint_config", "AccessDeniedException")
        with pytest.raises(ClientError):
            has_configuration(function.sagemaker, "greenlight-production-v3-00000000")


def test_a_plan_is_not_confirmed_beside_another_release(registry: Any, context: Context) -> None:
    """One that was stopped and is redriven while the next one runs."""
    plan = function.handler(event(), context)
    registry.put_item(Item={**LOCK, "execution": OTHER})
    with Stubber(function.lock.stepfunctions) as stub:
        stub.add_response("describe_execution", described("RUNNING"), {"executionArn": OTHER})
        with pytest.raises(function.ReleaseOvertaken, match="greenlight-release:other"):
            function.handler({"confirm": plan}, context)


@pytest.mark.parametrize(
    "confirmed",
    [{}, None, {"execution_arn": EXECUTION.id}, {**PLAN, "version": 2}, {**PLAN, "replaces": None}],
    ids=["nothing", "null", "half a plan", "another version", "a gap"],
)
def test_what_was_never_planned_is_not_confirmed(table: Any, context: Context, confirmed: Any) -> None:
    """A plan of another version of the machine, too; the lock stays with whom it was."""
    with pytest.raises(function.ReleaseRefused, match="input"):
        function.handler({"confirm": confirmed}, context)
    assert "Item" not in table.get_item(Key={"id": "release-lock"})


@pytest.mark.parametrize(
    "asked",
    [
        *({}, {"plan": PLAN}, {**event(), "confirm": PLAN}, {**event(), "roll_back": PLAN}),
        *({"confirm": PLAN, "roll_back": PLAN}, {"input": {"model_package_arn": ARN}}, {"execution": {}}),
    ],
    ids=["nothing", "something else", "both", "and back", "there and back", "no execution", "no input"],
)
def test_an_event_is_a_question_for_a_plan_or_for_its_confirmation(
    table: Any, context: Context, asked: dict[str, Any]
) -> None:
    """Never neither, and never both."""
    with pytest.raises(function.ReleaseRefused, match="the event has"):
        function.handler(asked, context)
    assert "Item" not in table.get_item(Key={"id": "release-lock"})


def test_an_archive_that_is_gone_is_refused(registry: Any, bucket: Bucket, context: Context) -> None:
    """Nothing to serve."""
    bucket.s3.delete_object(Bucket=bucket.name, Key=KEPT)
    with pytest.raises(function.ReleaseRefused, match="no archive"):
        function.handler(event(), context)


def test_a_release_beside_a_running_one_is_refused(registry: Any, context: Context) -> None:
    """The message names the one that runs."""
    registry.put_item(Item={**LOCK, "execution": OTHER})
    with Stubber(function.lock.stepfunctions) as stub:
        stub.add_response("describe_execution", described("RUNNING"), {"executionArn": OTHER})
        with pytest.raises(function.ReleaseRefused, match="greenlight-release:other"):
            function.handler(event(), context)


def test_an_unknown_package_is_refused(bucket: Bucket, table: Any, context: Context) -> None:
    """By its name."""
    with Stubber(function.sagemaker) as stub:
        stub.add_client_error("describe_model_package", "ValidationException")
        with pytest.raises(function.ReleaseRefused, match="there is no model package"):
            function.handler(event(), context)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"model_package_arn": 4},
        {"model_package_arn": "greenlight/4"},
        {"model_package_arn": ARN, "ask_before_production": "no"},
        {"model_package_arn": ARN, "force": True},
        {"model_package_arn": ARN, "judged_against": "3"},
        {"model_package_arn": ARN, "ask_before_production": None},
        {"model_package_arn": ARN, "started_by": "a" * 81},
        [],
        None,
    ],
    ids=str,
)
def test_a_wrong_input_is_refused(context: Context, given: Any) -> None:
    """Before anything is read."""
    with pytest.raises(function.ReleaseRefused, match=r"^the execution input is wrong: input"):
        function.handler({"input": given, "execution": event()["execution"]}, context)


def test_what_step_functions_adds_to_a_nested_input_is_left_out(registry: Any, context: Context) -> None:
    """The build machine starts this one."""
    nested = event(AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID="arn")
    assert function.handler(nested, context)["package_version"] == 4


def described(status: str) -> dict[str, Any]:
    """An execution's description."""
    return {
        "executionArn": OTHER,
        "stateMachineArn": OTHER,
        "startDate": 0,
        "status": status,
    }


@pytest.fixture
def lock(table: Any) -> Any:
    """The lock, over a table and an execution whose status a test names."""
    client = SESSION.client("stepfunctions")
    with Stubber(client) as stub:
        yield ReleaseLock(table, client), stub, table


def test_the_lock_is_taken_twice_by_its_holder(lock: Any) -> None:
    """A retried state goes on."""
    held, _, table = lock
    held.take(OTHER, 1)
    held.take(OTHER, 2)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["taken_epoch"] == 2


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_the_lock_of_an_ended_release_is_taken_over(lock: Any, status: str) -> None:
    """A crash in mid-release blocks nobody for good."""
    held, stub, table = lock
    held.take(OTHER, 1)
    stub.add_response("describe_execution", described(status), {"executionArn": OTHER})
    held.take("mine", 2)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == "mine"


def test_the_lock_of_a_forgotten_release_is_taken_over(lock: Any) -> None:
    """Step Functions forgets executions after ninety days."""
    held, stub, _ = lock
    held.take(OTHER, 1)
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
    held.take("mine", 2)


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_the_lock_of_a_running_release_stays(lock: Any, status: str) -> None:
    """Two releases at once end with one digest in production."""
    held, stub, table = lock
    held.take(OTHER, 1)
    stub.add_response("describe_execution", described(status), {"executionArn": OTHER})
    with pytest.raises(LockedError):
        held.take("mine", 2)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == OTHER


def test_a_lock_whose_holder_cannot_be_asked_stays(lock: Any) -> None:
    """Not knowing is no permission."""
    held, stub, table = lock
    held.take(OTHER, 1)
    stub.add_client_error("describe_execution", "AccessDeniedException")
    with pytest.raises(ClientError):
        held.take("mine", 2)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == OTHER


def test_of_two_releases_that_find_an_ended_holder_one_takes_over(lock: Any) -> None:
    """The second finds the first, not the ended one."""
    held, stub, table = lock
    held.take(OTHER, 1)
    stub.add_response("describe_execution", described("FAILED"))

    def overtake(**_: Any) -> None:
        table.put_item(Item={"id": "release-lock", "execution": "first", "taken_epoch": 2})

    held.stepfunctions.meta.events.register("before-parameter-build.stepfunctions.DescribeExecution", overtake)
    with pytest.raises(LockedError, match="first"):
        held.take("second", 3)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == "first"


def test_a_lock_that_was_given_back_meanwhile_is_taken(lock: Any) -> None:
    """Between finding it held and asking by whom; there is no execution to look at then."""
    held, _, table = lock
    held.take(OTHER, 1)

    def give_back(**_: Any) -> None:
        table.delete_item(Key={"id": "release-lock"})

    table.meta.client.meta.events.register("before-parameter-build.dynamodb.GetItem", give_back)
    held.take("mine", 2)
    assert table.scan()["Items"] == [{**LOCK, "execution": "mine", "taken_epoch": 2}]


def test_a_lock_that_names_nobody_stays(lock: Any) -> None:
    """Half a record is no sign that nobody holds it."""
    held, _, table = lock
    table.put_item(Item={"id": "release-lock", "taken_epoch": 1})
    with pytest.raises(ContractError, match=r"release-lock\.execution: missing"):
        held.take("mine", 2)


def test_a_look_at_the_accounts_of_the_stages_touches_nothing(context: Context) -> None:
    """Where both are in the stack's own, there is nothing to reach; no table and no registry is asked."""
    assert function.handler({"look": "accounts"}, context) == {"staging": "", "production": ""}
