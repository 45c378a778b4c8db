"""The machines' pictures, coloured."""

from __future__ import annotations

import json
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from workflow.console.picture import FOLDER, Look, draw, states_of
from workflow.console.visits import Status
from workflow.machines.diagram import edges


def drawn(machine: str, look: Look) -> Element:
    """A picture, read again."""
    return ElementTree.fromstring(draw(machine, look, lambda state: f"?state={state}"))  # noqa: S314 - drawn here


@pytest.mark.parametrize("machine", ["build", "release", "batch"])
def test_the_picture_shows_every_state_of_the_definition(machine: str) -> None:
    """Whatever a run enters can be coloured and clicked."""
    definition = json.loads((FOLDER / f"{machine}.asl.json").read_text())
    assert set(definition["States"]) <= states_of(machine)


def test_a_state_that_was_entered_is_a_link_with_its_status_in_words_and_the_way_is_marked() -> None:
    """One that is still to come is neither."""
    look = Look({"Begin": Status.DONE, "Plan the run": Status.RUNNING}, frozenset({("Begin", "Plan the run")}))
    svg = drawn("build", look)
    links = {link.get("href"): link.get("aria-label") for link in svg.iter("a")}
    assert links == {"?state=Begin": "Begin: done", "?state=Plan the run": "Plan the run: running"}
    classes = [group.get("class") for group in svg.iter("g")]
    assert [classes.count(name) for name in ("node done", "node running", "edge taken")] == [1, 1, 1]
    assert "node ahead" in classes


def test_the_picture_brings_no_colours_and_no_ids_of_its_own() -> None:
    """The style sheet knows day and night, and a page has one element of a name."""
    svg = drawn("release", Look({}))
    found = {name for part in svg.find("g") or () for one in part.iter() for name in one.attrib}
    assert found.isdisjoint({"fill", "stroke", "id", "style"})


@pytest.mark.parametrize("machine", ["build", "release", "batch"])
def test_every_way_that_a_machine_can_take_is_drawn(machine: str) -> None:
    """Also into the tail that all ways out share, which has one arrow for them all."""
    states = json.loads((FOLDER / f"{machine}.asl.json").read_text())["States"]
    for name, state in states.items():
        for target in {target for target, _ in edges(state)}:
            svg = drawn(machine, Look({}, frozenset({(name, target)})))
            taken = [group for group in svg.iter("g") if "taken" in str(group.get("class"))]
            assert len(taken) == 1, f"{name} to {target}"
