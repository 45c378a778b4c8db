"""The approver's pages in a real browser: on a phone and a desktop, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.containers.page.browsing import CONTRASTS, opened
from tests.lambdas.decide.pages import PAGES

SCREEN = 844
"""Pixels that a phone shows at once; pages are opened 390 wide."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page."""
    folder = tmp_path_factory.mktemp("pages")
    for name, page in PAGES.items():
        (folder / f"{name}.html").write_text(page(), encoding="utf-8")
    return folder


LOOKS = [(name, 390, scheme) for name in PAGES for scheme in ("light", "dark")]


@pytest.mark.parametrize(("name", "width", "scheme"), [*LOOKS, ("detect", 1280, "light"), ("first", 1280, "dark")])
def test_a_page_fits_can_be_read_and_keeps_nobody_out(
    browser: Browser, written: Path, name: str, width: int, scheme: str
) -> None:
    """axe-core finds nothing, no text is fainter than 4.5 to 1, nothing is wider than the screen, or asked for."""
    tab, asked = opened(browser, written / f"{name}.html", width, scheme)
    assert [one for one in tab.evaluate(CONTRASTS) if one[0] < 4.5 and not one[1].startswith(("✗", "?"))] == []
    found = Axe().run(tab).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert tab.evaluate("document.scripts.length") == 0
    tab.close()


def test_a_phone_s_first_screen_asks_says_how_good_it_is_and_shows_a_picture(browser: Browser, written: Path) -> None:
    """The question, the sentence, both models' first picture and both buttons, without scrolling."""
    tab, _ = opened(browser, written / "detect.html", 390, "light")
    tab.set_viewport_size({"width": 390, "height": SCREEN})
    bar = tab.locator(".bar").bounding_box()
    assert bar
    assert bar["y"] + bar["height"] == SCREEN
    for wanted in ("h1", ".lead", "text=Full report on fasteners v4"):
        box = tab.locator(wanted).bounding_box()
        assert box
        assert box["y"] + box["height"] < bar["y"]
    shots = tab.locator(".shot").all()[:2]
    for shot in shots:
        box = shot.bounding_box()
        assert box
        assert box["y"] + 100 < bar["y"], "the first picture is not in sight"
        assert box["width"] > 150
    left, right = (shot.bounding_box() for shot in shots)
    assert left
    assert right
    assert left["y"] == right["y"], "production is not beside it"
    drawn = "element => element.querySelector('svg').firstElementChild.getBoundingClientRect().width > 150"
    assert all(shot.evaluate(drawn) for shot in shots), "a picture stands in the page once, and is seen twice"
    tab.close()


def test_pressing_a_button_without_a_name_leads_to_the_field(browser: Browser, written: Path) -> None:
    """The browser itself scrolls there and says what is missing; the bar lies over nothing that has the focus."""
    tab, asked = opened(browser, written / "detect.html", 390, "light")
    tab.set_viewport_size({"width": 390, "height": SCREEN})
    tab.click("text=Continue to approve")
    assert tab.evaluate("document.activeElement.id") == "name"
    field, bar = tab.locator("#name").bounding_box(), tab.locator(".bar").bounding_box()
    assert field
    assert bar
    assert field["y"] > 0
    assert field["y"] + field["height"] <= bar["y"]
    assert len([address for address in asked if address.startswith("file:")]) == 1, "something was posted"
    tab.close()


def test_what_a_person_need_not_read_is_folded(browser: Browser, written: Path) -> None:
    """ARNs, digests and the list of checks open by a tap, and are not seen before."""
    tab, _ = opened(browser, written / "detect.html", 390, "light")
    assert not tab.locator("text=arn:aws:states").first.is_visible()
    assert not tab.locator("text=training is Completed").is_visible()
    tab.click("text=Where it comes from")
    tab.click("summary:has-text('All checks')")
    assert tab.locator("text=arn:aws:states").first.is_visible()
    assert tab.locator("text=training is Completed").is_visible()
    tab.close()
