"""Where the stack can be, by the lists of types that CloudFormation publishes for each region, which cfn-lint holds."""

from __future__ import annotations

import json
from pathlib import Path

import cfnlint
import pytest

from tests.infra import template as read
from workflow.errors import UsageError
from workflow.stack.front import has_urls
from workflow.stack.outputs import Place
from workflow.stack.registry import check_registry, has_groups

LISTS = Path(cfnlint.__file__).parent / "data" / "schemas" / "providers"
APART = ("us-iso", "eu-iso", "eusc", "sam")
"""Partitions that the project says nothing about, and what is no region."""
REGIONS = sorted(path.stem for path in LISTS.glob("*.json") if not path.stem.startswith(APART))
URL, GROUP = "AWS::Lambda::Url", "AWS::SageMaker::ModelPackageGroup"


def place(region: str) -> Place:
    """A region in its partition."""
    partitions = {"us-gov": "aws-us-gov", "cn": "aws-cn"}
    return Place("1", region, next((name for start, name in partitions.items() if region.startswith(start)), "aws"))


@pytest.mark.parametrize("region", REGIONS)
def test_a_type_that_a_region_lacks_is_known_to_deploy(region: str) -> None:
    """Function URLs have a substitute there, the registry has none; every other type is everywhere."""
    there = set(json.loads((LISTS / f"{region}.json").read_text()))
    missing = {item["Type"] for item in read.load()["Resources"].values()} - there
    assert missing <= {URL, GROUP}
    assert has_groups(place(region)) is (GROUP not in missing)
    assert not (URL in missing and has_urls(place(region)))


def test_a_region_without_the_registry_s_type_is_refused_by_name() -> None:
    """CloudFormation would say so as well, once images were built and pushed."""
    check_registry(place("eu-central-1"))
    with pytest.raises(UsageError, match=r"no model package group in cn-north-1.*: deploy in another region"):
        check_registry(place("cn-north-1"))


def test_what_a_region_may_lack_is_made_under_a_condition() -> None:
    """A change set takes a type that the region does not know only in a resource that is not to be made."""
    template = read.load()
    for name, item in template["Resources"].items():
        if item["Type"] == URL:
            demands = template["Conditions"][item["Condition"]].get("Fn::And", [])
            assert "BehindUrl" in (item["Condition"], *(one["Condition"] for one in demands)), name
