"""Gap: the engine reads a template with the parser that PyYAML has in Python: a second for the stack's own.

The same loader, with its constructors, stands on libyaml's parser here where PyYAML has it.
"""

from __future__ import annotations

from typing import Any

import yaml
from ministack.services.cloudformation import engine

from infra.local.gaps.patching import EngineChangedError, require


def quick(theirs: type[Any]) -> type[Any]:
    """A loader that reads what ``theirs`` reads, by libyaml; ``theirs`` where PyYAML was built without it."""
    parser = getattr(yaml, "CSafeLoader", None)
    if parser is None:
        return theirs
    tables = {name: getattr(theirs, name) for name in ("yaml_constructors", "yaml_multi_constructors")}
    return type("QuickLoader", (parser,), tables)


def install() -> None:
    """Read every template this way."""
    theirs = require(engine, "CfnLoader")
    if theirs.__mro__[1] is not yaml.SafeLoader:
        raise EngineChangedError("reads templates differently")
    engine.CfnLoader = quick(theirs)
