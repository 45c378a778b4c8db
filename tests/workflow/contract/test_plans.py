"""The plans of both machines, as documents that were once written and must always be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.contract.build_plan import BuildPlan
from workflow.contract.document import Document
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan

EXAMPLES = Path(__file__).parent / "examples"
PLANS: tuple[tuple[type[Document], str], ...] = ((BuildPlan, "build-plan"), (ReleasePlan, "release-plan"))


def example(name: str) -> Any:
    """A document as it is kept."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("plan", "name"), PLANS)
def test_a_plan_is_read_and_written_without_a_change(plan: type[Document], name: str) -> None:
    """Keys, values and their order; a key that is renamed or added on the way is found here."""
    assert json.dumps(plan.parse(example(name)).document()) == json.dumps(example(name))


@pytest.mark.parametrize(("plan", "name"), PLANS)
def test_a_plan_that_lacks_a_key_is_no_plan(plan: type[Document], name: str) -> None:
    """No state goes on with half of one."""
    whole = example(name)
    for key in whole:
        with pytest.raises(ContractError, match=key):
            plan.parse({other: value for other, value in whole.items() if other != key})


def test_the_last_attempt_has_no_fallback() -> None:
    """The machine looks whether the key is there."""
    second = BuildPlan.parse(example("build-plan")).training.fallback
    assert second is not None
    assert second.fallback is not None
    assert second.fallback.fallback is None
    assert "fallback" not in example("build-plan")["training"]["fallback"]["fallback"]
