"""The picture of a machine, as it lies beside the definition, coloured by how far an execution is. Pure.

Drawn by ``workflow.machines.render``; nothing is laid out here. Colours are classes, which the style sheet knows for
day and night; a state that was entered is a link to what happened there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from workflow.console.visits import Status

FOLDER = Path(__file__).parents[1] / "machines"
_SPACE = "{http://www.w3.org/2000/svg}"
_ARROW = "->"


Way = tuple[str, str]
"""From which state to which one."""


@dataclass(frozen=True)
class Look:
    """How far an execution is: the status of every state that was entered, the ways it took, the state looked at."""

    statuses: Mapping[str, Status]
    ways: frozenset[Way] = frozenset()
    chosen: str = ""


def draw(machine: str, look: Look, address: Callable[[str], str]) -> str:
    """The SVG of a machine (``build`` or ``release``) as text that may stand in a page.

    ``address`` gives the link of a state.
    """
    svg = ElementTree.fromstring(_read(machine))  # noqa: S314 - the project's own file
    states = states_of(machine)
    for part in svg.iter():
        part.tag = part.tag.removeprefix(_SPACE)
    graph = svg.find("g")
    if graph is None:
        raise ValueError(f"{machine}.svg holds no picture")
    for part in list(graph):
        if part.tag != "g":
            # The white ground, and the picture's own title.
            graph.remove(part)
        elif part.get("class") == "node":
            _node(part, look, address)
        elif part.get("class") == "edge":
            _edge(part, look.ways, states)
        else:
            _frame(part)
    svg.set("class", "machine")
    # No image: its states are links.
    svg.set("role", "group")
    svg.set("aria-label", f"the states of {machine}")
    for name, unit in (("width", "pt"), ("height", "pt")):
        svg.set(name, svg.get(name, "").removesuffix(unit))
    return ElementTree.tostring(svg, encoding="unicode")


def states_of(machine: str) -> frozenset[str]:
    """The names of the states that the picture of a machine shows."""
    svg = ElementTree.fromstring(_read(machine))  # noqa: S314 - the project's own file
    groups = svg.iter(f"{_SPACE}g")
    return frozenset(group.findtext(f"{_SPACE}title", "") for group in groups if group.get("class") == "node")


@functools.cache
def _read(machine: str) -> str:
    return (FOLDER / f"{machine}.svg").read_text(encoding="utf-8")


def _node(group: ElementTree.Element, look: Look, address: Callable[[str], str]) -> None:
    name = _take_title(group)
    status = look.statuses.get(name)
    classes = ["node", status.value if status else "ahead", *(["chosen"] if name == look.chosen else [])]
    group.attrib.clear()
    group.set("class", " ".join(classes))
    _strip(group)
    if status is None:
        return
    link = ElementTree.Element("a", {"href": address(name), "data-goes": "", "aria-label": f"{name}: {status.words}"})
    link.extend(list(group))
    for part in list(group):
        group.remove(part)
    group.append(link)


def _edge(group: ElementTree.Element, ways: frozenset[Way], states: frozenset[str]) -> None:
    start, _, target = _take_title(group).partition(_ARROW)
    caught = any(part.get("stroke-dasharray") for part in group)
    # An arrow that leads from no state leads from a frame: it is that of all states in it.
    taken = (start, target) in ways if start in states else any(target == reached for _, reached in ways)
    group.attrib.clear()
    group.set("class", " ".join(["edge", *["caught"] * caught, *["taken"] * taken]))
    _strip(group, arrow=True)


def _frame(group: ElementTree.Element) -> None:
    """What gathers several states."""
    _take_title(group)
    group.attrib.clear()
    group.set("class", "frame")
    _strip(group)


def _take_title(group: ElementTree.Element) -> str:
    """A group's name, which a browser would show as a hint, taken out of it."""
    title = group.find("title")
    if title is None:
        return ""
    group.remove(title)
    return title.text or ""


def _strip(group: ElementTree.Element, arrow: bool = False) -> None:
    """Leave shapes and letters to the style sheet."""
    for part in group:
        for name in ("fill", "stroke", "stroke-dasharray", "font-family"):
            part.attrib.pop(name, None)
        if part.tag != "text":
            part.set("class", "head" if arrow and part.tag == "polygon" else "shape")
