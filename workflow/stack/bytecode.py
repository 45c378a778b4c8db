"""Compiles what a function's zip holds for the Python that runs it, so that no cold start has to.

Lambda keeps nothing that Python compiles there: without byte code in the zip every start compiles every module anew.
The same source gives the same bytes. Knows neither functions nor zips.
"""

from __future__ import annotations

import functools
import importlib.util
import marshal
import sys
from collections.abc import Mapping

_UNCHECKED = 0b01
"""Flags of a pyc that holds its source's hash, which nobody compares at import (PEP 552): a zip changes as a whole."""
_WITHOUT_REFERENCES = 2
"""Marshal's version before back references, which depend on what else lives in the process that writes."""


def compiles_for(runtime: str) -> bool:
    """Whether byte code of this interpreter is what ``runtime``, such as 3.12, imports; of another it is ignored."""
    return sys.implementation.name == "cpython" and runtime == "{}.{}".format(*sys.version_info)


def compile_all(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Byte code of every module among files by their path, at the path where an import looks for it."""
    compiled = {}
    for path, source in sources.items():
        folder, slash, file = path.rpartition("/")
        if file.endswith(".py"):
            name = f"{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
            compiled[f"{folder}{slash}__pycache__/{name}"] = _compiled(path, source)
    return compiled


@functools.cache
def _compiled(path: str, source: bytes) -> bytes:
    code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code, _WITHOUT_REFERENCES)
