"""Draws a definition in the States Language as an SVG picture. Knows the language, not the machines.

Layout by Graphviz (``dot``). The SVG names the digest of the definition it shows, so a test can tell a stale picture.
"""

from __future__ import annotations

import hashlib
import html
import json
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

LOOKS = {
    "Task": ("box", "#e8f1fb", "#2f6db3"),
    "Choice": ("diamond", "#fdf3dc", "#b5852b"),
    "Pass": ("box", "#f3f3f3", "#8a8a8a"),
    "Wait": ("box", "#f3f3f3", "#8a8a8a"),
    "Succeed": ("oval", "#e2f4e5", "#2f8f46"),
    "Fail": ("oval", "#fbe5e5", "#b03a3a"),
}


class PictureError(RuntimeError):
    """Graphviz is missing or refused the source."""


def digest(definition: dict[str, Any]) -> str:
    """Digest of a definition, whatever its layout on disk."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


def edges(state: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a state may go: pairs of target and kind (``next``, ``choice``, ``default``, ``catch``)."""
    found = [(choice["Next"], "choice") for choice in state.get("Choices", [])]
    found += [(state["Default"], "default")] if "Default" in state else []
    found += [(state["Next"], "next")] if "Next" in state else []
    found += [(catch["Next"], "catch") for catch in state.get("Catch", [])]
    return found


def goes_back(states: dict[str, Any], start: str, target: str) -> bool:
    """Whether a way from ``start`` to ``target`` closes a loop to a state that comes earlier."""
    order = list(states)
    if order.index(target) > order.index(start):
        return False
    reached, open_ends = set(), [target]
    while open_ends:
        current = open_ends.pop()
        if current not in reached:
            reached.add(current)
            open_ends += [next_one for next_one, _ in edges(states[current])]
    return start in reached


def source(definition: dict[str, Any]) -> str:
    """The Graphviz source of a picture."""
    lines = [
        "digraph {",
        '  graph [rankdir=TB, nodesep=0.25, ranksep=0.3, bgcolor="white", fontname="Helvetica"];',
        '  node [style="filled,rounded", fontname="Helvetica", fontsize=11, margin="0.12,0.06"];',
        '  edge [color="#666666", arrowsize=0.6];',
        f'  "start" [label="", shape=circle, width=0.15, fillcolor="#333333"]; "start" -> "{definition["StartAt"]}";',
    ]
    for name, state in definition["States"].items():
        shape, fill, line = LOOKS[state["Type"]]
        label = "\\n".join(textwrap.wrap(name, 22))
        if state["Type"] == "Fail":
            label += f"\\n{state['Error']}"
        lines.append(f'  "{name}" [label="{label}", shape={shape}, fillcolor="{fill}", color="{line}"];')
        drawn = set()
        for target, kind in edges(state):
            if (target, kind) in drawn:
                continue
            drawn.add((target, kind))
            look = ' [style=dashed, color="#b03a3a", weight=0]' if kind == "catch" else " [weight=4]"
            if goes_back(definition["States"], name, target):
                # A loop must not turn the picture upside down.
                look = " [constraint=false]"
            lines.append(f'  "{name}" -> "{target}"{look};')
    return "\n".join([*lines, "}"])


def draw(definition: dict[str, Any], target: Path) -> None:
    """Write the picture of a definition. Raises PictureError where Graphviz is missing."""
    if shutil.which("dot") is None:
        raise PictureError("the pictures are drawn by Graphviz: install it (Debian: apt-get install graphviz)")
    done = subprocess.run(["dot", "-Tsvg"], input=source(definition), capture_output=True, text=True, check=False)
    if done.returncode:
        raise PictureError(f"dot: {done.stderr.strip()}")
    mark = f"<!-- definition {digest(definition)} -->"
    title = html.escape(str(definition.get("Comment", "")))
    body = done.stdout[done.stdout.index("<svg") :]
    body = body.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    target.write_text(f"{mark}\n{body}")
