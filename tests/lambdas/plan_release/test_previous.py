"""What a roll-back has to bring back, as far as anybody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release.previous import describe_previous
from tests.lambdas.plan_release.test_plan import DECISION, DESCRIBED, PROPERTIES
from tests.lambdas.plans import release_plan
from tests.workflow.contract.released import CHAMPION
from workflow.contract.champion import read_champion
from workflow.contract.decision import Decision
from workflow.contract.release_plan import PreviousVersion

SERVED = CHAMPION["production_configuration"]
NEW = release_plan(evaluation_uri="s3://bucket/runs/two/evaluation/", smoke_digest="9" * 64)


def previous(
    configuration: str = SERVED,
    described: Any = DESCRIBED,
    record: Any = CHAMPION,
    decision: Decision | None = DECISION,
) -> PreviousVersion:
    """What is brought back where the table and the registry say this."""
    plan = replace(NEW, previous_configuration=configuration)
    return describe_previous(read_champion(record), described, decision, plan)


def by_the_new(digest: str) -> PreviousVersion:
    """What is known of it is this digest; the pictures are those of the version that is to be released."""
    return PreviousVersion(digest, NEW.evaluation_uri, only_the_digest=True, smoke_digest="9" * 64)


def test_the_version_before_is_known_by_its_digest_and_its_own_pictures() -> None:
    """As the record, the registry and its own decision have it."""
    own = PreviousVersion("a" * 64, PROPERTIES["evaluation_uri"], only_the_digest=False, smoke_digest="7" * 64)
    assert previous() == own


@pytest.mark.parametrize(
    "described",
    [
        {},
        {**DESCRIBED, "CustomerMetadataProperties": {}},
        {**DESCRIBED, "CustomerMetadataProperties": {**PROPERTIES, "model_digest": "c" * 64}},
    ],
    ids=["gone", "not whole", "another model"],
)
def test_a_version_that_the_registry_does_not_know_is_told_by_its_digest(described: Any) -> None:
    """Which the record has."""
    assert previous(described=described) == by_the_new("a" * 64)


@pytest.mark.parametrize("decision", [None, replace(DECISION, smoke_digest="")], ids=["none", "from before"])
def test_pictures_that_nobody_signed_for_are_not_sent(decision: Decision | None) -> None:
    """Those of the version to be released are signed for, and show which model answers."""
    assert previous(decision=decision) == by_the_new("a" * 64)


@pytest.mark.parametrize(
    ("configuration", "record"),
    [("greenlight-production-by-hand", CHAMPION), (SERVED, None)],
    ids=["moved by hand", "never recorded"],
)
def test_what_no_release_has_recorded_has_no_digest(configuration: str, record: Any) -> None:
    """So nothing that answers can pass for it."""
    assert previous(configuration, record=record) == by_the_new("")
