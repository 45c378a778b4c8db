"""What a person types to go on with data that was refused."""

from __future__ import annotations

import pytest

from workflow.contract.dataset_report import FINDINGS
from workflow.contract.rule import InputError
from workflow.contract.run_input import check_policy
from workflow.contract.way_on import DROP, EXAMPLE, read_policy, spell, tell_way_on


def test_a_policy_is_read_as_it_is_spelled() -> None:
    """Blanks after a comma are a person's own."""
    assert read_policy(EXAMPLE) == {"wrong-task": "repair", "empty-box": "drop"}
    assert read_policy("wrong-task=repair, empty-box=drop") == read_policy(EXAMPLE)
    assert spell(read_policy(EXAMPLE)) == EXAMPLE


def test_drop_leaves_out_what_would_reject_and_nothing_that_is_only_noted() -> None:
    """Pictures without labels stay."""
    check_policy(read_policy("drop"))
    assert {"empty-box", "wrong-task", "truncated-image", "leaked-image", "label-conflict"} <= DROP.keys()
    assert not {"missing-label", "rotated-image", "layout", "classes", "empty-split"} & DROP.keys()


@pytest.mark.parametrize("text", ["empty-box", "=drop", "empty-box=", "drop,", "empty-box=drop,empty-box=reject"])
def test_what_is_no_policy_is_refused_with_an_example(text: str) -> None:
    """Or names what it says twice."""
    with pytest.raises(InputError, match="policy '"):
        read_policy(text)


def test_the_way_on_mends_before_it_leaves_out_and_keeps_what_was_given() -> None:
    """It can be typed as it stands, and goes past all that was refused."""
    said = tell_way_on(["wrong-task", "empty-box"], {"crowd": "reject"}, "make demo POLICY={policy}")
    assert said == "to go on without mending it: make demo POLICY=crowd=reject,wrong-task=repair,empty-box=drop"


def test_what_could_not_be_repaired_is_left_out_the_next_time() -> None:
    """And not asked for in the same words again."""
    given = {"wrong-task": "repair", "outside-image": "repair"}
    said = tell_way_on(["wrong-task", "empty-box"], given, "x {policy}")
    assert said.endswith("x wrong-task=drop,outside-image=repair,empty-box=drop")


def test_what_no_policy_goes_past_is_named() -> None:
    """Nothing that misleads the evaluation is passed over in silence."""
    assert tell_way_on(["layout"], {}, "x {policy}") == "layout must be mended: no policy does, and none leaves it out"
    said = tell_way_on(["classes", "empty-split", "empty-box"], {}, "x {policy}")
    assert said.startswith("classes, empty-split must be mended: no policy does, and none leaves them out; for ")
    assert said.endswith("for the rest: x empty-box=drop")


@pytest.mark.parametrize("kind", FINDINGS)
def test_whatever_kind_rejects_the_way_on_is_a_policy_that_a_run_takes(kind: str) -> None:
    """Or that it must be mended."""
    said = tell_way_on([kind], {}, "{policy}")
    if "must be mended" not in said:
        check_policy(read_policy(said.rpartition(": ")[2]))
