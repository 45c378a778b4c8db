"""The page in a real browser: on a phone and a desktop, in light and in dark, with findings by the ten thousands."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from containers.training.__main__ import main
from tests.containers.page.browsing import CONTRASTS, opened
from tests.containers.training.data_page.conftest import EVIL, dirty, label, small
from tests.containers.training.preparation.conftest import Job

LOOKS = [(width, scheme) for width in (360, 600, 1280) for scheme in ("light", "dark")]
MANY = 99_000


def examined(folder: Path, base: Path) -> Path:
    """The page of a dataset."""
    job = Job(base)
    job.dataset.parent.mkdir(parents=True)
    job.dataset.symlink_to(folder)
    job.record()
    assert main(["examine"], {"SAGEMAKER_BASE_DIR": str(base)}) == 0
    return job.output("report/data.html")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a dataset with nearly everything wrong."""
    folder = tmp_path_factory.mktemp("dirty")
    return examined(dirty(folder / "set"), folder / "job")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_fits_asks_for_nothing_and_can_be_read(browser: Browser, page: Path, width: int, scheme: str) -> None:
    """Nothing is wider than the screen, all text has a contrast of 4.5 at least, and a hostile name stays a name."""
    tab, asked = opened(browser, page, width, scheme)
    tab.on("dialog", lambda dialog: pytest.fail(f"a name ran: {dialog.message}"))
    contrasts = tab.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [one for one in contrasts if one[0] < 4.5] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert tab.evaluate("document.scripts.length + document.images.length") == 0
    assert EVIL in tab.inner_text("main")
    tab.close()


def test_what_is_drawn_lies_on_its_picture(browser: Browser, page: Path) -> None:
    """The dashes begin inside the picture and end beyond its right edge."""
    tab, _ = opened(browser, page, 1280, "light")
    figure = tab.locator("figure", has_text="images-train0.txt:7")
    image, box = (figure.locator(name).bounding_box() for name in ("image", ".wrong polygon"))
    assert image
    assert box
    assert image["x"] < box["x"] < image["x"] + image["width"] < box["x"] + box["width"]
    assert image["y"] < box["y"] < image["y"] + image["height"]
    tab.close()


def test_a_keyboard_reaches_every_kind_and_every_row(browser: Browser, page: Path) -> None:
    """A kind's line leads to its pictures; rows unfold and scroll, with a visible ring."""
    tab, _ = opened(browser, page, 360, "light")
    wanted = tab.locator("a:visible, summary:visible, .scroll:visible").count()
    for _ in range(wanted):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.matches('a, summary, .scroll')")
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.locator("a", has_text="outside-image").press("Enter")
    assert tab.evaluate("Math.abs(document.querySelector('#outside-image').getBoundingClientRect().top)") < 40
    tab.close()


def test_a_screen_reader_hears_what_is_seen(browser: Browser, page: Path) -> None:
    """Headings name the kinds, drawings say what they show, rows are lists with a name."""
    tab, _ = opened(browser, page, 1280, "light")
    heard = tab.locator("main").aria_snapshot()
    assert '- heading "outside-image 3 rejected" [level=3]' in heard
    assert 'img "images/train/images-train0.png with 2 objects drawn"' in heard
    assert '- region "Kinds of findings"' in heard
    tab.close()


def test_ninety_nine_thousand_findings_open_and_scroll(browser: Browser, tmp_path: Path) -> None:
    """All of them are rows, of which a browser lays out those that are looked at."""
    folder = small(tmp_path / "set")
    for number in range(5):
        label(folder, f"images-train{number}", *(f"0 1.{row:05} 0.5 0.5 0.25" for row in range(MANY // 5)))
    page = examined(folder, tmp_path / "job")
    tab, _ = opened(browser, page, 390, "light")
    tab.locator("summary", has_text="all 99,000 findings").click()
    rows = tab.locator(".rows", has=tab.locator("ol + ol"))
    assert rows.locator("li").count() == MANY
    end = rows.locator("li").last
    # What is laid out for the first time is taller or shorter than it was thought to be.
    rows.evaluate(
        "async one => { one.scrollIntoView(); for (const _ of [1, 2, 3]) { one.scrollTop = one.scrollHeight;"
        " await new Promise(requestAnimationFrame); } }"
    )
    assert "labels/train/images-train4.txt:19800 " in (end.text_content() or "")
    box = end.bounding_box()
    assert box
    assert 0 < box["y"] < 800
    middle = rows.locator("ol").nth(200)
    assert middle.evaluate("one => !one.firstElementChild.checkVisibility({contentVisibilityAuto: true})")
    tab.close()
