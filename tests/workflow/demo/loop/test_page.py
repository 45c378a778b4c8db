"""The story of a turn as a page: everything in one file, readable by anybody, safe whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.containers.page.browsing import CONTRASTS, opened
from tests.workflow.demo.loop.example import make_story
from workflow.demo.loop.page import write_page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page, written."""
    folder = tmp_path_factory.mktemp("loop")
    return write_page(folder, make_story(folder))


def test_the_page_says_what_happened_and_takes_no_name_for_markup(page: Path) -> None:
    """Both versions' figures with their intervals, what drifted and not what did not, and who answered."""
    text = page.read_text()
    for said in ("0.202<small>[0.150, 0.240]", "0.609<small>[0.550, 0.660]", "+0.407", "no worse", "brightness"):
        assert said in text
    assert "version 1 gave 210 answers, version 2 31, and 0 requests were lost" in text
    assert '<th scope="row">size' not in text
    assert "onerror=alert(1)&gt;" in text
    assert "<img src=x" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_read_on_a_phone_and_at_a_desk(browser: Browser, page: Path, width: int, scheme: str) -> None:
    """Nothing is fetched, nothing wider than the window, every text stands out by 4.5 to 1."""
    tab, asked = opened(browser, page, width, scheme)
    assert {address.split(":")[0] for address in asked} <= {"file", "data"}
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in tab.evaluate(CONTRASTS) if one[0] < 4.5] == []
