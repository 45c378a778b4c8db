"""How a demonstration tells what it does: in lines that are broken between words where the terminal is too narrow."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from workflow.contract.plain_text import show_lines
from workflow.terminal import columns_of, wrap

_INDENT = 17
"""Where what a line says begins, behind its name."""


def say(name: str, text: str) -> None:
    """One line of the account, such as ``stack  greenlight: 61 resources ready``."""
    _print(f"  {name:<14} {text}", _INDENT)


def say_line(text: str) -> None:
    """A line as it is."""
    _print(text, len(text) - len(text.lstrip()))


def _print(text: str, indent: int) -> None:
    columns = columns_of(sys.stdout)
    lines = (part for line in show_lines(text).split("\n") for part in wrap(line, columns, indent))
    print("\n".join(lines), flush=True)


def command() -> str:
    """How ``greenlight`` is called here: it lies beside the interpreter unless that one is on the path."""
    beside = Path(sys.executable).with_name("greenlight")
    if shutil.which("greenlight") or not beside.is_file():
        return "greenlight"
    return os.path.relpath(beside)
