"""Gap: a function sees every package of the stand-in, on the stand-in's own Python.

On AWS it sees what its zip holds and what the runtime brings. A package that a zip lacks would be found here, and be
missed on the first day there. The Python is the one that the function's `Runtime` names, where this machine has it;
else the stand-in's own. Knows nothing about who invoked the function.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime

from infra.local.gaps.patching import replace
from infra.local.runtimes import find_python, provide

_PROLOGUE = """\
import os, sys
if not sys.flags.isolated:
    os.execv(sys.executable, [sys.executable, "-I", "-S", __file__])
sys.path.append({provided!r})
"""
"""What runs before the engine's own worker: on AWS a zip comes before what the runtime brings, as it does here."""
_their_binary: Any = None


def _detect_runtime_binary(runtime: str) -> tuple[str, str]:
    binary, script = _their_binary(runtime)
    if runtime.startswith("python"):
        return find_python(runtime) or binary, _PROLOGUE.format(provided=str(provide())) + script
    return binary, script


def install() -> None:
    """Start functions with their zip and what the runtime brings alone, on the Python that they name."""
    global _their_binary
    provide()
    _their_binary = replace(lambda_runtime, "_detect_runtime_binary", _detect_runtime_binary)
