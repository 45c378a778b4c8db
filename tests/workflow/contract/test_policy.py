"""What a run asks less of than its stack demands."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.dataset_report import FINDINGS
from workflow.contract.policy import Loosened, find_loosened, refuse_loosened
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.thresholds import Thresholds

DATASET = {"dataset": "s3://bucket/datasets/fasteners/"}


def loosened(run: dict[str, Any], stack: dict[str, Any] | None = None) -> list[tuple[str, Any, Any]]:
    """Key, the stack's value and the run's, of everything that a run over this stack loosens."""
    defaults = {**DATASET, **(stack or {})}
    return [(one.key, one.was, one.now) for one in RunInput.parse(run, defaults).loosened(defaults)]


@pytest.mark.parametrize(
    ("run", "stack", "found"),
    [
        ({"minimum_map50": 0.49}, {}, [("minimum_map50", 0.5, 0.49)]),
        ({"minimum_map50": 0.5}, {}, []),
        ({"minimum_map50": 0.51}, {}, []),
        ({"minimum_map50": 0.4}, {"minimum_map50": 0.3}, []),
        ({"minimum_map50": 0.4}, {"minimum_map50": 0.6}, [("minimum_map50", 0.6, 0.4)]),
        ({"minimum_images": 5}, {"minimum_images": 10}, [("minimum_images", 10, 5)]),
        ({"minimum_class_objects": 0}, {}, [("minimum_class_objects", 1, 0)]),
        ({"maximum_regression": 0.03}, {}, [("maximum_regression", 0.02, 0.03)]),
        ({"maximum_regression": 0.0}, {}, []),
        ({"maximum_class_regression": 1}, {}, [("maximum_class_regression", 0.1, 1)]),
        ({"maximum_latency_ms": 0}, {"maximum_latency_ms": 50}, [("maximum_latency_ms", 50, None)]),
        ({"maximum_latency_ms": 60}, {"maximum_latency_ms": 50}, [("maximum_latency_ms", 50, 60)]),
        ({"maximum_latency_ms": 40}, {"maximum_latency_ms": 50}, []),
        ({"maximum_model_mb": 40}, {}, []),
        ({"compare": False}, {}, [("compare", True, False)]),
        ({"compare": True}, {"compare": False}, []),
        ({"ask_before_production": False}, {"ask_before_production": True}, [("ask_before_production", True, False)]),
        ({"ask_before_production": True}, {}, []),
        ({"confidence": 0.01, "epochs": 1, "approval_hours": 1}, {"confidence": 0.9}, []),
    ],
)
def test_a_key_is_loosened_in_its_own_direction(run: Any, stack: Any, found: Any) -> None:
    """Equal is not, and stricter never is; what is no policy may be anything."""
    assert loosened(run, stack) == found


@pytest.mark.parametrize(
    ("run", "stack", "found"),
    [
        ({"class_floors": {"bolt": 0.6}}, {"class_floors": {"bolt": 0.6}}, []),
        ({"class_floors": {"bolt": 0.5}}, {"class_floors": {"bolt": 0.6}}, [("class_floors.bolt", 0.6, 0.5)]),
        ({"class_floors": {}}, {"class_floors": {"bolt": 0.6}}, [("class_floors.bolt", 0.6, None)]),
        ({"class_floors": {"nut": 0.7}}, {"class_floors": {"bolt": 0.6}}, [("class_floors.bolt", 0.6, None)]),
        ({"class_floors": {"bolt": 0.1}}, {"minimum_class_map50": 0.4}, [("class_floors.bolt", 0.4, 0.1)]),
        ({"class_floors": {"bolt": 0.1}}, {}, []),
        ({"minimum_class_map50": 0.2}, {"class_floors": {"bolt": 0.1}, "minimum_class_map50": 0.2}, []),
    ],
)
def test_a_class_is_held_to_its_own_floor_or_to_that_of_all(run: Any, stack: Any, found: Any) -> None:
    """A floor for one class must not undercut the floor of every class; a class left out is asked for no more."""
    assert loosened(run, stack) == found


@pytest.mark.parametrize(
    ("run", "stack", "found"),
    [
        ({"outside-image": "repair"}, {}, [("policy.outside-image", "reject", "repair")]),
        ({"outside-image": "reject"}, {"outside-image": "repair"}, []),
        ({"outside-image": "repair"}, {"outside-image": "drop"}, [("policy.outside-image", "drop", "repair")]),
        ({}, {"unused-file": "reject"}, [("policy.unused-file", "reject", "note")]),
        ({"leaked-near-duplicate": "drop"}, {}, []),
        ({"repeated-object": "note"}, {}, [("policy.repeated-object", "drop", "note")]),
    ],
)
def test_a_finding_is_taken_more_mildly_in_the_order_of_the_policies(run: Any, stack: Any, found: Any) -> None:
    """To accept what the stack rejects is to loosen; each kind has its own default."""
    assert loosened({"policy": run}, {"policy": stack}) == found


def test_every_threshold_says_in_which_direction_it_grows_stricter() -> None:
    """A key that is added without one could be switched off by whoever starts a run."""
    directions = {one.name: one.metadata["direction"] for one in fields(RunInput) if one.metadata.get("direction")}
    assert {one.name for one in fields(Thresholds)} | {"policy", "compare", "ask_before_production"} == set(directions)
    assert all(direction.words for direction in directions.values())


floors = st.fixed_dictionaries(
    {},
    optional={
        "minimum_map50": st.floats(0, 1),
        "maximum_regression": st.floats(0, 1),
        "maximum_latency_ms": st.sampled_from([0, 1, 2.5, 60_000]),
        "class_floors": st.dictionaries(st.sampled_from("ab"), st.floats(0, 1)),
        "minimum_class_map50": st.floats(0, 1),
        "policy": st.sampled_from([{}, *({kind: one} for kind, found in FINDINGS.items() for one in found.allowed)]),
        "compare": st.booleans(),
    },
)


@given(floors, floors)
def test_two_inputs_that_loosen_nothing_of_each_other_ask_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """No key has values of which none is the stricter: where they differ, one of the two is refused."""
    first, second = RunInput.parse(one, DATASET), RunInput.parse(other, DATASET)
    assert not find_loosened(first, first)
    if not find_loosened(first, second) and not find_loosened(second, first):
        for name in ("minimum_map50", "maximum_regression", "maximum_latency_ms", "minimum_class_map50", "compare"):
            assert getattr(first, name) == getattr(second, name)
        assert first.class_floors == second.class_floors


def test_a_refusal_names_everything_and_the_way() -> None:
    """Nobody repairs one key to learn of the next."""
    refuse_loosened(())
    both = (Loosened("minimum_map50", 0.5, 0.0), Loosened("maximum_model_mb", 12.5, None))
    with pytest.raises(InputError) as caught:
        refuse_loosened(both)
    assert str(caught.value).startswith(
        "minimum_map50: the run asks 0, the stack demands 0.5; "
        "maximum_model_mb: the run asks nothing, the stack demands 12.5. "
    )
    assert both[0].text() == "minimum_map50 was 0.5, is 0"
