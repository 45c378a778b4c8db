"""The page in a real browser: on a narrow phone and a desktop, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from containers.serving.report.page import write_page
from tests.containers.page.browsing import CONTRASTS, opened
from tests.containers.serving.report.example_pages import PAGES
from tests.containers.serving.report.test_page import hostile

LOOKS = [(name, 360, scheme) for name in PAGES for scheme in ("light", "dark")]
VERDICTS = {
    kind: f'<section class="verdict {kind}"><h2>{kind}</h2><ul><li>mAP50 0.41 below 0.60</li></ul></section>'
    for kind in ("passed", "rejected")
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every example page."""
    folder = tmp_path_factory.mktemp("pages")
    for name, page in {**PAGES, "hostile": hostile}.items():
        write_page(folder / name, page())
    return folder


@pytest.mark.parametrize(("name", "width", "scheme"), [*LOOKS, ("hostile", 360, "light"), ("many", 1280, "dark")])
def test_the_page_fits_asks_for_nothing_and_can_be_read(
    browser: Browser, written: Path, name: str, width: int, scheme: str
) -> None:
    """Nothing is wider than the screen, all text has a contrast of 4.5 at least, folded text too."""
    tab, asked = opened(browser, written / name / "index.html", width, scheme)
    contrasts = tab.evaluate(CONTRASTS)
    assert len(contrasts) > 60
    assert [one for one in contrasts if one[0] < 4.5] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert tab.evaluate("document.scripts.length") == 0
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", VERDICTS)
def test_a_verdict_stands_out_below_the_title(
    browser: Browser, written: Path, tmp_path: Path, kind: str, scheme: str
) -> None:
    """With a sign before it, so that colour is not needed, and its reasons; without one there is no gap."""
    plain = written / "detect" / "index.html"
    judged = tmp_path / "index.html"
    judged.write_text(plain.read_text(encoding="utf-8").replace("<!--verdict-->", VERDICTS[kind]), encoding="utf-8")
    tab, _ = opened(browser, judged, 360, scheme)
    sign = tab.evaluate("getComputedStyle(document.querySelector('.verdict h2'), '::before').content")
    assert sign == {"passed": '"✓ "', "rejected": '"✗ "'}[kind]
    assert tab.inner_text(".verdict li") == "mAP50 0.41 below 0.60"
    box = tab.locator(".verdict").bounding_box()
    assert box
    assert box["y"] < 200
    assert [one for one in tab.evaluate(CONTRASTS) if one[0] < 4.5] == []
    tab.goto(plain.as_uri())
    assert tab.evaluate("document.querySelector('.lead').getBoundingClientRect().top") < 140
    tab.close()


def test_letters_are_large_enough_on_a_phone(browser: Browser, written: Path) -> None:
    """Twelve pixels at least, ten in a drawing."""
    tab, _ = opened(browser, written / "tuned" / "index.html", 360, "light")
    small = tab.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(one =>
             one.childElementCount === 0 && one.textContent.trim() && !one.closest('.picture')).map(one => {
               const svg = one.closest('svg');
               const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
               return [parseFloat(getComputedStyle(one).fontSize) * scale, svg ? 10 : 12, one.textContent];
             }).filter(([size, least]) => size < least)"""
    )
    assert small == []
    tab.close()


def test_a_keyboard_reaches_what_scrolls_and_what_unfolds(browser: Browser, written: Path) -> None:
    """Every wide table and every folded part, in the order of the page, with a visible ring."""
    tab, _ = opened(browser, written / "many" / "index.html", 360, "light")
    wanted = tab.locator("main > section .scroll:visible, main > section summary:visible").count()
    reached = []
    for _ in range(wanted):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.matches('.scroll, summary')"))
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == [True] * wanted
    assert tab.evaluate("document.activeElement.getBoundingClientRect().width > 0")
    tab.close()
