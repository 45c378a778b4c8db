"""What a roll-back has to bring back, as far as anybody knows."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_release.previous import describe_previous
from tests.lambdas.plan_release.test_plan import DESCRIBED, PROPERTIES
from tests.workflow.contract.released import CHAMPION
from workflow.contract.champion import read_champion
from workflow.contract.release_plan import PreviousVersion

NEW = "s3://bucket/runs/two/evaluation/"
SERVED = CHAMPION["production_configuration"]


def previous(configuration: str = SERVED, described: Any = DESCRIBED, record: Any = CHAMPION) -> PreviousVersion:
    """What is brought back where the table and the registry say this."""
    return describe_previous(read_champion(record), configuration, described, NEW)


def test_the_version_before_is_known_by_its_digest_and_its_own_pictures() -> None:
    """As the record and the registry have it."""
    assert previous() == PreviousVersion("a" * 64, PROPERTIES["evaluation_uri"], only_the_digest=False)


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
    """Which the record has; the pictures are those of the version that is to be released."""
    assert previous(described=described) == PreviousVersion("a" * 64, NEW, only_the_digest=True)


@pytest.mark.parametrize(
    ("configuration", "record"),
    [("greenlight-production-by-hand", CHAMPION), (SERVED, None)],
    ids=["moved by hand", "never recorded"],
)
def test_what_no_release_has_recorded_has_no_digest(configuration: str, record: Any) -> None:
    """So nothing that answers can pass for it."""
    assert previous(configuration, record=record) == PreviousVersion("", NEW, only_the_digest=True)
