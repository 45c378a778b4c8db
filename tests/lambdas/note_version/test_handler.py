"""What is written of a version where SageMaker's own pages show it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.note_version import handler as function
from lambdas.note_version.handler import handler
from lambdas.note_version.lineage import Lineage
from tests.lambdas.conftest import Bucket, Context
from tests.lambdas.note_version.registry import Registry
from tests.lambdas.note_version.told import ARCHIVE, PLACE, PREPARE, TRAIN, registration, serving
from tests.lambdas.plans import build_plan
from workflow.contract.build_record import BuildRecord
from workflow.contract.dataset_index import DatasetUse, note_use, use_key
from workflow.contract.reading import ContractError
from workflow.contract.table_keys import build_key

KEPT = {
    f"fasteners -ContributedTo-> {PREPARE}-aws-processing-job",
    f"{PREPARE}-aws-processing-job -Produced-> training",
    f"training -ContributedTo-> {TRAIN}-aws-training-job",
    f"{TRAIN}-aws-training-job -Produced-> model.tar.gz",
    "model.tar.gz -ContributedTo-> 1",
}
"""The way from the dataset to version 1."""


@pytest.fixture
def registry(tmp_path: Path, table: Any, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry that the function writes to."""
    opened = Registry(tmp_path)
    monkeypatch.setattr(function, "sagemaker", opened)
    monkeypatch.setattr(function, "lineage", Lineage(opened, "greenlight"))
    yield opened
    opened.service.stop()


def production(arn: str, **plan: Any) -> dict[str, Any]:
    """Production serves a version."""
    return serving("production", model_package_arn=arn, **plan)


def test_a_registered_version_has_a_card_a_stage_and_a_way_from_its_dataset(
    registry: Registry, context: Context
) -> None:
    """And waits as before: nothing here decides."""
    arn = registry.register()
    plan = build_plan()
    function.table.put_item(Item=BuildRecord(plan.execution_arn).item(plan.fingerprint, 1))
    noted = {"noted": ["build", "dataset", "card", "stage", "lineage"], "missed": []}
    assert handler(registration(package_arn=arn), context) == noted
    assert function.table.get_item(Key={"id": build_key(plan.fingerprint)})["Item"]["package_arn"] == arn
    described = registry.describe(arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelCard"]["ModelCardStatus"] == "PendingReview"
    assert json.loads(described["ModelCard"]["ModelCardContent"])["model_overview"]["model_artifact"] == [ARCHIVE]
    assert described["ModelLifeCycle"]["Stage"] == "Registered"
    assert set(registry.ascendants(registry.artifact(arn))) == KEPT
    tags = registry.call("ListTags", ResourceArn=registry.artifact(ARCHIVE))["Tags"]
    assert tags == [{"Key": "project", "Value": "greenlight"}]


def test_a_registered_version_is_kept_with_its_data(registry: Registry, bucket: Bucket, context: Context) -> None:
    """What came of the run, by the digest that an answer carries; since when the run used the data stays."""
    plan, arn = build_plan(), registry.register()
    first = DatasetUse(plan.run, plan.execution_arn, "d" * 64, plan.dataset.name, used_epoch=7)
    note_use(bucket.s3, bucket.name, first)
    handler(registration(package_arn=arn), context)
    kept = DatasetUse.parse(json.loads(bucket.get(use_key("d" * 64, plan.run))))
    assert (kept.used_epoch, kept.ended, kept.package_arn, kept.model_digest) == (7, "registered", arn, "a" * 64)


def test_a_note_that_is_repeated_leaves_what_one_leaves(registry: Registry, context: Context) -> None:
    """A state is retried, and a run redriven; another run of the same dataset shares its artifact."""
    arn = registry.register()
    handler(registration(package_arn=arn), context)
    registry.called.clear()
    assert handler(registration(package_arn=arn), context)["missed"] == []
    assert not {"CreateArtifact", "AddAssociation"} & set(registry.called)
    assert set(registry.ascendants(registry.artifact(arn))) == KEPT


def test_a_card_that_is_there_has_status_and_content_changed_one_by_one(registry: Registry, context: Context) -> None:
    """SageMaker may make an empty one of each version; what is as it should be is not changed again."""
    arn = registry.register()
    registry.call("UpdateModelPackage", ModelPackageArn=arn, ModelCard={"ModelCardStatus": "Draft"})
    for updates in (["ModelCardStatus", "ModelCardContent"], []):
        registry.updates.clear()
        assert handler(registration(package_arn=arn), context)["missed"] == []
        assert [list(card) for card in registry.updates] == [[member] for member in updates]
    assert registry.describe(arn)["ModelCard"]["ModelCardStatus"] == "PendingReview"


def test_artifacts_that_sagemaker_keeps_itself_are_taken(registry: Registry, context: Context) -> None:
    """It keeps one of each channel, also where it comes first by a moment."""
    arn = registry.register()
    registry.call("CreateArtifact", Source={"SourceUri": ARCHIVE}, ArtifactType="Model")
    assert handler(registration(package_arn=arn), context)["missed"] == []
    assert set(registry.ascendants(registry.artifact(arn))) == KEPT


def test_a_job_that_sagemaker_keeps_no_component_of_is_left_out(registry: Registry, context: Context) -> None:
    """The way goes past it, and is whole."""
    arn = registry.register()
    jobs = {**registration()["jobs"], "prepare": "unknown-0-0"}
    assert handler(registration(package_arn=arn, jobs=jobs), context)["missed"] == []
    assert "fasteners -DerivedFrom-> training" in registry.ascendants(registry.artifact(arn))


def test_a_release_is_noted_from_staging_to_production(registry: Registry, context: Context) -> None:
    """The card is approved, for a release has believed the decision; both endpoints are at the end of the way."""
    arn = registry.register()
    handler(registration(package_arn=arn), context)
    noted = handler(serving("staging", model_package_arn=arn), context)
    assert noted == {"noted": ["card", "stages left", "stage", "lineage"], "missed": []}
    described = registry.describe(arn)
    assert (described["ModelCard"]["ModelCardStatus"], described["ModelLifeCycle"]["Stage"]) == ("Approved", "Staging")
    assert handler(production(arn, replaces=""), context)["missed"] == []
    assert registry.describe(arn)["ModelLifeCycle"]["Stage"] == "Production"
    for stage in ("staging", "production"):
        (found,) = registry.call("ListContexts", SourceUri=f"{PLACE}:endpoint/greenlight-{stage}")["ContextSummaries"]
        expected = KEPT | {f"1 -AssociatedWith-> greenlight-{stage}-context"}
        assert set(registry.ascendants(found["ContextArn"])) == expected


def test_a_version_that_answers_batches_is_approved_and_leads_to_no_endpoint(
    registry: Registry, context: Context
) -> None:
    """It was on no staging, whose note approves the card of others; there is nothing that could not be noted."""
    arn = registry.register()
    handler(registration(package_arn=arn), context)
    noted = handler(production(arn, replaces="", batch="greenlight-v1-00000000"), context)
    assert noted == {"noted": ["card", "stages left", "stage"], "missed": []}
    described = registry.describe(arn)
    assert described["ModelCard"]["ModelCardStatus"] == "Approved"
    assert described["ModelLifeCycle"]["Stage"] == "Production"


def test_the_version_before_leaves_production(registry: Registry, context: Context) -> None:
    """And comes back by a roll-back, from which the newer one is archived."""
    first, second = registry.register(), registry.register()
    handler(production(first, package_version=1, replaces=""), context)
    handler(production(second, package_version=2, replaces=first), context)
    stage = registry.describe(first)["ModelLifeCycle"]
    assert (stage["Stage"], stage["StageStatus"]) == ("Archived", "Superseded")
    assert stage["StageDescription"] == "Production serves version 2"
    handler(production(first, package_version=1, replaces=second, goes_back=True), context)
    assert registry.describe(first)["ModelLifeCycle"]["Stage"] == "Production"
    assert registry.describe(second)["ModelLifeCycle"]["StageStatus"] == "RolledBack"


@pytest.mark.parametrize(
    ("broken", "missed"),
    [
        ("AddAssociation", ["lineage"]),
        ("CreateArtifact", ["lineage"]),
        ("ListArtifacts", ["lineage"]),
        ("UpdateModelPackage", ["card", "stage"]),
    ],
)
def test_what_cannot_be_noted_is_told_and_keeps_nothing_else(
    registry: Registry, context: Context, log_of: Any, broken: str, missed: list[str]
) -> None:
    """The machine goes on either way."""
    arn, log = registry.register(), log_of(function)
    registry.broken.add(broken)
    answer = handler(registration(package_arn=arn), context)
    assert answer["missed"] == missed
    assert set(answer["noted"]) == {"build", "dataset", "card", "stage", "lineage"} - set(missed)
    assert "not today" in log.text


@pytest.mark.parametrize("event", [{}, {"kind": "else"}, {"kind": "serving"}, serving("elsewhere")])
def test_an_event_that_tells_nothing_is_refused(registry: Registry, context: Context, event: dict[str, Any]) -> None:
    """By the key that is missing or wrong."""
    with pytest.raises(ContractError):
        handler(event, context)
