"""The tags of what runs and releases create."""

from __future__ import annotations

import pytest

from workflow.contract.reading import ContractError
from workflow.contract.tags import OWN_LIMIT, check_tags, read_tags, tag_list


def test_what_is_created_carries_the_project_the_run_and_the_stacks_own() -> None:
    """As SageMaker takes them."""
    assert tag_list("greenlight", "nightly", {"cost center": "42"}) == (
        {"Key": "project", "Value": "greenlight"},
        {"Key": "run", "Value": "nightly"},
        {"Key": "cost center", "Value": "42"},
    )


def test_a_stack_without_tags_has_none() -> None:
    """Neither an empty parameter nor an empty object is a fault."""
    assert read_tags("") == read_tags("{}") == {}
    assert read_tags('{"team": "vision"}') == {"team": "vision"}


@pytest.mark.parametrize(
    "text",
    [
        '{"project": "other"}',
        '{"run": "other"}',
        '{"aws:x": "1"}',
        '{"AWS:x": "1"}',
        '{"a?": "1"}',
        '{"": "1"}',
        '{"a": 1}',
        '{"a": "x\\ny"}',
        f'{{"{"k" * 129}": "1"}}',
        f'{{"k": "{"v" * 257}"}}',
        "[1]",
        "no json",
    ],
)
def test_a_tag_that_aws_would_refuse_or_that_is_greenlights_is_refused(text: str) -> None:
    """Before anything is created; otherwise the first job of a run would fail by it."""
    with pytest.raises(ContractError):
        read_tags(text)


def test_there_is_room_for_the_tags_of_others() -> None:
    """AWS takes fifty on a resource, and Greenlight and CloudFormation set some."""
    check_tags({f"k{n}": "" for n in range(OWN_LIMIT)})
    with pytest.raises(ContractError):
        check_tags({f"k{n}": "" for n in range(OWN_LIMIT + 1)})
