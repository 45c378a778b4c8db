"""What the table's items are called, and how they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.infra import template
from workflow.contract import table_keys
from workflow.contract.table_items import found_item, plain_item
from workflow.contract.table_keys import release_key


def test_the_template_lets_functions_at_these_keys_and_no_other() -> None:
    """A key that changed here alone would be one that no function may read."""
    allowed = {
        key
        for grant in template.grants(template.load())
        for key in grant.condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    }
    one_item, many = (
        {
            table_keys.CHAMPION,
            table_keys.RELEASE_LOCK,
            table_keys.FOREIGN,
            table_keys.PUT_AWAY,
            table_keys.BUILDING,
            table_keys.CHALLENGE,
        },
        {
            table_keys.RELEASE,
            table_keys.APPROVAL,
            table_keys.DECISION,
            table_keys.ASKED,
            table_keys.BUILD,
            table_keys.SIGN_IN,
            table_keys.CAPTURED,
            table_keys.SERVED,
        },
    )
    assert allowed == one_item | {f"{prefix}*" for prefix in many}


def test_keys_of_releases_sort_by_time() -> None:
    """As text, for whoever looks at the table; a release of the same second is told apart by its version."""
    assert release_key(999_999_999, 12) == "release#0999999999#12"
    assert release_key(999_999_999, 12) < release_key(1_800_000_000, 3) < release_key(1_800_000_000, 4)


def test_an_item_reads_the_same_through_a_resource_and_through_a_client() -> None:
    """Numbers are numbers again: whole ones stay whole."""
    plain = {
        "id": "champion",
        "package_version": 3,
        "share": 0.5,
        "delivered": True,
        "approval": {"votes": [{"at_epoch": 9}]},
    }
    inner = {"votes": [{"at_epoch": Decimal(9)}]}
    through_resource = {**plain, "package_version": Decimal(3), "share": Decimal("0.5"), "approval": inner}
    through_client: dict[str, dict[str, Any]] = {
        "id": {"S": "champion"},
        "package_version": {"N": "3"},
        "share": {"N": "0.5"},
        "delivered": {"BOOL": True},
        "approval": {"M": {"votes": {"L": [{"M": {"at_epoch": {"N": "9"}}}]}}},
    }
    assert found_item({"Item": through_resource}) == plain_item(through_client) == plain
    assert isinstance(plain_item(through_client)["package_version"], int)


def test_an_item_that_is_not_there_is_nothing() -> None:
    """Only then: an empty item is something."""
    assert found_item({"ResponseMetadata": {}}) is None
    assert found_item({"Item": {}}) == {}
