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
from collections import Counter
from pathlib import Path
from typing import Any

SHAPES = {"Choice": "hexagon", "Succeed": "oval", "Fail": "oval"}
"""A diamond takes twice the room for the same words: a picture shall be seen at one look."""
COLOURS = {"Task": ("#e8f1fb", "#2f6db3"), "Choice": ("#fdf3dc", "#b5852b")}
PLAIN, GOOD, BAD = ("#f3f3f3", "#8a8a8a"), ("#c9edd0", "#1f7a36"), ("#fbe5e5", "#b03a3a")
"""Fill and line: of states by their type, of a good end, and of states from which none is reached any more."""


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


def reached_from(states: dict[str, Any], start: str) -> set[str]:
    """All states that an execution may be in once it is in ``start``."""
    reached: set[str] = set()
    open_ends = [start]
    while open_ends:
        current = open_ends.pop()
        if current not in reached:
            reached.add(current)
            open_ends += [target for target, _ in edges(states[current])]
    return reached


def is_good_end(state: dict[str, Any]) -> bool:
    """Whether an execution that ends in this state has succeeded."""
    return state["Type"] == "Succeed" or bool(state.get("End"))


def goes_back(states: dict[str, Any], start: str, target: str) -> bool:
    """Whether a way from ``start`` to ``target`` closes a loop to a state that comes earlier."""
    order = list(states)
    return order.index(target) <= order.index(start) and start in reached_from(states, target)


def ways_out(states: dict[str, Any]) -> tuple[set[str], str]:
    """The states that name an error and share one tail, which ends badly, and the first state of that tail."""
    lost = {name for name in states if not any(is_good_end(states[one]) for one in reached_from(states, name))}
    naming = {name for name in lost if states[name]["Type"] == "Pass" and "Error" in states[name].get("Parameters", {})}
    tails = Counter(states[name]["Next"] for name in naming)
    tail, count = max(tails.items(), key=lambda one: one[1], default=("", 0))
    return ({name for name in naming if states[name]["Next"] == tail} if count > 1 else set()), tail


def source(definition: dict[str, Any]) -> str:
    """The Graphviz source of a picture: one line from a state to each that may follow, the ways out in one frame."""
    states = definition["States"]
    gathered, tail = ways_out(states)
    lines = [
        "digraph {",
        '  graph [rankdir=TB, nodesep=0.2, ranksep=0.22, bgcolor="white", fontname="Helvetica"];',
        "  graph [compound=true, newrank=true];",
        '  node [style="filled,rounded", fontname="Helvetica", fontsize=11, margin="0.1,0.05", height=0.3];',
        '  edge [color="#666666", arrowsize=0.6];',
        '  "start" [label="", shape=circle, width=0.15, height=0.15, fillcolor="#333333"];',
        f'  "start" -> "{definition["StartAt"]}";',
        f'  subgraph cluster_ways_out {{ style="rounded,dashed"; color="{BAD[1]}";',
        *(_node(states, name, states[name]["Parameters"]["Error"]) for name in states if name in gathered),
        # Unseen, at the foot of the frame: the one arrow to the tail, which is below all ways out, leads from here.
        '  "foot" [shape=point, style=invis];',
        *(f'  "{name}" -> "foot" [style=invis, weight=0];' for name in states if name in gathered),
        "  }",
        *(_node(states, name) for name in states if name not in gathered),
    ]
    for name, state in states.items():
        if name not in gathered:
            lines += _arrows(states, name, state)
    if gathered:
        lines.append(f'  "foot" -> "{tail}" [ltail=cluster_ways_out, color="{BAD[1]}", penwidth=2, weight=20];')
    return "\n".join([*lines, "}"])


def _node(states: dict[str, Any], name: str, below: str = "") -> str:
    """A state with its name, and what else is said ``below`` it."""
    state = states[name]
    fill, line = COLOURS.get(state["Type"], PLAIN)
    look = ""
    if is_good_end(state):
        (fill, line), look = GOOD, ", penwidth=3, fontsize=16"
    elif not any(is_good_end(states[one]) for one in reached_from(states, name)):
        fill, line = BAD
    label = "\\n".join([*textwrap.wrap(name, 22), *([below] if below else [])])
    shape = SHAPES.get(state["Type"], "box")
    return f'  "{name}" [label="{label}", shape={shape}, fillcolor="{fill}", color="{line}"{look}];'


def _arrows(states: dict[str, Any], name: str, state: dict[str, Any]) -> list[str]:
    """One for each state that may follow: dashed where only an error leads there."""
    found = edges(state)
    regular = {target for target, kind in found if kind != "catch"}
    arrows = []
    for target in dict.fromkeys(target for target, _ in found):
        look = "weight=20" if target in regular else f'style=dashed, color="{BAD[1]}", weight=1'
        if goes_back(states, name, target):
            # A loop must not turn the picture upside down.
            look += ", constraint=false"
        arrows.append(f'  "{name}" -> "{target}" [{look}];')
    return arrows


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
