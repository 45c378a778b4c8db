"""Gap: a change set tells of resources whose condition does not hold, and of none that a condition makes or removes."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import changesets

from infra.local.gaps.patching import replace, require

_theirs: Any = None


def _resolve_props_for_diff(template: dict[str, Any], params: dict[str, Any], stack_name: str, stack_id: str) -> Any:
    resolved = _theirs(template, params, stack_name, stack_id)
    if not template:
        return resolved
    holds = changesets._evaluate_conditions(template, params)
    there = {
        name: item
        for name, item in resolved["Resources"].items()
        if "Condition" not in item or holds.get(item["Condition"])
    }
    return {**resolved, "Resources": there}


def install() -> None:
    """Compare the resources that a stack has, before and after."""
    global _theirs
    require(changesets, "_evaluate_conditions")
    _theirs = replace(changesets, "_resolve_props_for_diff", _resolve_props_for_diff)
