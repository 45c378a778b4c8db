"""Gap: the address of an API, as a template has to spell it, leads to AWS.

`https://<id>.execute-api.<region>.amazonaws.com/` in an output of a stack becomes an address of this stand-in, which
the engine serves already.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services.cloudformation import stacks

from infra.local.gaps.patching import replace

_AT_AWS = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com/")
_their_resolve: Any = None
_base_url = ""


def _resolve_stack_outputs(
    outputs_defs: dict[str, Any],
    conditions: dict[str, bool],
    resources: dict[str, Any],
    param_values: dict[str, Any],
    mappings: dict[str, Any],
    stack_name: str,
    stack_id: str,
) -> Any:
    outputs, exports = _their_resolve(outputs_defs, conditions, resources, param_values, mappings, stack_name, stack_id)
    for output in outputs:
        output["OutputValue"] = _AT_AWS.sub(rf"{_base_url}/_aws/execute-api/\1/", output["OutputValue"])
    return outputs, exports


def install(base_url: str) -> None:
    """Give APIs an address below `base_url`."""
    global _their_resolve, _base_url
    _base_url = base_url
    _their_resolve = replace(stacks, "_resolve_stack_outputs", _resolve_stack_outputs)
