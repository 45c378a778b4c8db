"""Which stage a version is in, and who is named with it."""

from __future__ import annotations

import re

import pytest

from infra.local.sagemaker.model_checks import check_request
from lambdas.note_version.stage import archive, choose_left, register, serve
from tests.lambdas.note_version.told import PACKAGE, PLACE, registered, served

THIRD = f"{PLACE}:model-package/greenlight/3"
SECOND = f"{PLACE}:model-package/greenlight/2"


def listed(arn: str, stage: str = "") -> dict[str, object]:
    """A version as ListModelPackages tells of it."""
    return {
        "ModelPackageArn": arn,
        **({"ModelLifeCycle": {"Stage": stage, "StageStatus": "InService"}} if stage else {}),
    }


def test_a_version_goes_from_registered_over_staging_to_production() -> None:
    """With who started the run, who started the release, and who approved it."""
    stages = [register(registered()), serve(served("staging")), serve(served("production"))]
    assert [one["Stage"] for one in stages] == ["Registered", "Staging", "Production"]
    assert stages[0]["StageDescription"] == "By the run nightly, started by ana"
    assert stages[1]["StageDescription"] == "By the release go, started by ana"
    assert stages[2]["StageDescription"] == "By the release go, started by ana, approved by Ada (link)"


def test_a_version_that_was_followed_is_archived() -> None:
    """Told apart from one that a person went back from."""
    assert archive(served("production")) == {
        "Stage": "Archived",
        "StageStatus": "Superseded",
        "StageDescription": "Production serves version 4",
    }
    assert archive(served("production", goes_back=True))["StageStatus"] == "RolledBack"
    assert archive(served("staging", goes_back=True))["StageStatus"] == "Superseded"


def test_whoever_was_in_a_stage_leaves_it() -> None:
    """All that were noted there, what the plan replaces from before stages were noted, and never the version itself."""
    known = [listed(PACKAGE, "Staging"), listed(THIRD, "Production"), listed(SECOND, "Staging")]
    assert choose_left(served("staging"), known) == [SECOND]
    assert choose_left(served("production"), known) == [THIRD]
    assert choose_left(served("production"), [listed(THIRD), listed(SECOND)]) == [THIRD]
    assert choose_left(served("production", replaces=PACKAGE), [listed(PACKAGE, "Production")]) == []
    assert choose_left(served("production", replaces=""), []) == []


@pytest.mark.parametrize("name", ["ana", "x" * 3000, "a\nb", ""])
def test_the_registry_takes_every_stage(name: str) -> None:
    """Whoever started it, whatever they are called."""
    for stage in (serve(served("production", started_by=name)), archive(served("production", started_by=name))):
        check_request("UpdateModelPackage", {"ModelPackageArn": PACKAGE, "ModelLifeCycle": stage})
        assert not re.search("\n", stage["StageDescription"])
