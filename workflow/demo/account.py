"""How a demonstration tells what it does: in lines that are broken between words where the terminal is too narrow."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from workflow.contract.plain_text import show_lines
from workflow.terminal import fit

_INDENT = 17
"""Where what a line says begins, behind its name."""


def say(name: str, text: str) -> None:
    """One line of the account, such as ``stack  greenlight: 61 resources ready``."""
    print(fit(show_lines(f"  {name:<14} {text}"), sys.stdout, _INDENT), flush=True)


def say_line(text: str) -> None:
    """A line as it is."""
    print(fit(show_lines(text), sys.stdout, len(text) - len(text.lstrip())), flush=True)


def command() -> str:
    """How ``greenlight`` is called here: it lies beside the interpreter unless that one is on the path."""
    beside = Path(sys.executable).with_name("greenlight")
    if shutil.which("greenlight") or not beside.is_file():
        return "greenlight"
    return os.path.relpath(beside)
