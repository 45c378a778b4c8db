"""What the report carries for whoever decides: read back as it was written, and never believed where it is odd."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from workflow.contract.glance import Glance, GlancePicture, Shape, View, find_glance
from workflow.contract.outcome import Counted, Outcome
from workflow.contract.reading import ContractError
from workflow.contract.scores import Lead

EVIL = "--><script>alert(1)</script><!--verdict--><!--glance:{}-->"
JPEG = base64.b64encode(b"\xff\xd8\xff picture").decode()
OUTCOME = Outcome("detect", 16, 53, Counted(48, 5), Counted(45, 7))


def glance(name: str = "a.jpg", label: str = "bolt 0.91") -> Glance:
    """Two pictures, one of them with an outline and points."""
    shape = Shape("missed", label, (0.1, 0.2, 0.3, 1.0), ((0.1, 0.2, 0.3, 0.4),), (0.5, 0.5))
    view = View((shape,), "")
    return Glance(
        outcome=OUTCOME,
        data=name,
        lead=Lead(0.04, -0.01, 0.09),
        pictures=(GlancePicture(name, 640, 480, JPEG, view, view), GlancePicture(name, 1, 1, JPEG, View((), label))),
    )


@pytest.mark.parametrize("name", ["a.jpg", EVIL, "\u202e--\u2028", "<!--", "-" * 7])
def test_a_report_gives_back_what_it_carries_whatever_things_are_called(name: str) -> None:
    """No name ends the comment, begins another, or takes the verdict's place."""
    carried = glance(name, name)
    page = f"<!doctype html><!--verdict--><p>x{carried.comment()}</p>"
    assert find_glance(page) == carried
    assert page.count("-->") == page.count("<!--") == 2
    assert "<script" not in page


def test_a_report_from_before_carries_none() -> None:
    """That is no error: it is only not shown."""
    assert find_glance("<!doctype html><p>Figures") is None


def test_two_glances_are_none() -> None:
    """Nobody guesses which one was meant."""
    with pytest.raises(ContractError, match="two glances"):
        find_glance(glance().comment() * 2)


def picture(**changes: Any) -> dict[str, Any]:
    """The document with a changed first picture."""
    document = glance().document()
    document["pictures"][0] |= changes
    return document


def shaped(**changes: Any) -> dict[str, Any]:
    """The document with a changed first shape."""
    document = glance().document()
    document["pictures"][0]["candidate"]["shapes"][0] |= changes
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (picture(jpeg="bm8ganBlZw=="), "must be a JPEG"),
        (picture(jpeg='"onload="x'), "must be base64"),
        (picture(jpeg=base64.b64encode(b"\xff\xd8\xff" + bytes(60_000)).decode()), "must be a JPEG"),
        (picture(width=0), "at least 1"),
        (shaped(kind='right" onload="x'), "right, wrong or missed"),
        (shaped(sides=[0.1, 0.2, 0.3]), "four numbers"),
        (shaped(sides=[0.1, 0.2, 0.3, 1.01]), "from 0 to 1"),
        (shaped(points=["0"]), "must be a number"),
        (shaped(outlines=[[float("nan")]]), "must be a number"),
        ({**glance().document(), "pictures": glance().document()["pictures"] * 3}, "at most 4 pictures"),
        ({**glance().document(), "version": 2}, "version"),
        ([], "Glance"),
    ],
)
def test_what_could_not_be_drawn_is_refused(document: Any, said: str) -> None:
    """A page draws places from 0 to 1, three kinds of boxes and a few small JPEGs, and nothing else."""
    with pytest.raises(ContractError, match=said):
        find_glance(f"<!--glance:{json.dumps(document)}-->")


def test_what_is_no_json_is_refused() -> None:
    """Half a comment, or one that somebody cut."""
    with pytest.raises(ContractError, match="cannot be read"):
        find_glance("<!--glance:{-->")
