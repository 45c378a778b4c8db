"""The page in a real browser: on a narrow phone and a desktop, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from containers.serving.report.page import write_page
from tests.containers.serving.report.example_pages import PAGES
from tests.containers.serving.report.test_page import hostile

LOOKS = [(name, 360, scheme) for name in PAGES for scheme in ("light", "dark")]
VERDICTS = {
    kind: f'<section class="verdict {kind}"><h2>{kind}</h2><ul><li>mAP50 0.41 below 0.60</li></ul></section>'
    for kind in ("passed", "rejected")
}

CONTRASTS = """() => {
  const numbers = text => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith('color(') ? found.slice(0, 3).map(v => v * 255).concat(found[3] ?? 1)
                                     : found.slice(0, 3).concat(found[3] ?? 1);
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = colour => {
    const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(numbers(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  document.querySelectorAll('details').forEach(one => one.open = true);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('.picture')) continue;
    const style = getComputedStyle(element), below = ground(element);
    const colour = over(numbers(element.closest('svg') ? style.fill : style.color), below);
    const [high, low] = [light(colour), light(below)].sort((a, b) => b - a);
    seen.push([Math.round((high + 0.05) / (low + 0.05) * 100) / 100, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return seen;
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every example page."""
    folder = tmp_path_factory.mktemp("pages")
    for name, page in {**PAGES, "hostile": hostile}.items():
        write_page(folder / name, page())
    return folder


def opened(browser: Browser, path: Path, width: int, scheme: str) -> tuple[Tab, list[str]]:
    """A tab with a page, and every address that was asked for."""
    tab = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri(), wait_until="load")
    return tab, asked


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
