"""The console's pages beside a run, in a real browser: versions, endpoints, datasets, and builds side by side."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flow.driver import Ended, Flow
from tests.flow.test_console import SIZES, assert_open_to_everybody, console


@pytest.fixture(scope="module")
def url(flow: Flow) -> Iterator[str]:
    """A console of the shared stack."""
    with console() as address:
        yield address


@pytest.fixture(scope="module")
def builds(flow: Flow) -> tuple[Ended, Ended]:
    """Two builds on the same data with other settings; the second is in production."""
    dataset = flow.upload()
    return flow.build(dataset, epochs=3, force=True), flow.build(dataset, epochs=4, force=True)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab on a desk."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    yield tab
    tab.close()


def name_of(build: Ended) -> str:
    """The name of its execution."""
    return build.arn.rpartition(":")[2]


def version_of(build: Ended) -> str:
    """The number of the version that it registered."""
    return str(build.output["package"]["arn"]).rpartition("/")[2]


def requests_shown(page: Page) -> int:
    """How many requests the page of the endpoints counts for production."""
    label = page.locator("#production svg").get_attribute("aria-label")
    return int(str(label).split()[0])


def test_a_version_shows_who_decided_what_is_live_and_its_report(
    url: str, page: Page, builds: tuple[Ended, Ended]
) -> None:
    """The report is a page that a job wrote: it is looked at, and does nothing."""
    page.goto(f"{url}/versions")
    live = page.locator("tr", has=page.locator("th", has_text=f"v{version_of(builds[1])}")).first
    expect(live).to_contain_text("approved")
    expect(live).to_contain_text("Ada: seen")
    expect(live).to_contain_text("live")
    earlier = page.locator("tr", has=page.locator("th", has_text=f"v{version_of(builds[0])}")).first
    expect(earlier).not_to_contain_text("live")
    live.get_by_text("Report").click()
    answer = page.reload()
    assert answer is not None
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_picture_is_asked_about_and_shown_with_what_production_saw(
    url: str, page: Page, builds: tuple[Ended, Ended]
) -> None:
    """The page names the model that answered, and counts the request."""
    kept = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(kept, "JPEG")
    page.goto(f"{url}/endpoints")
    expect(page.locator("#production")).to_contain_text("100 %")
    before = requests_shown(page)
    page.set_input_files("#production-picture", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": kept.getvalue()})
    page.click("form[action*='production'] button")
    expect(page.locator("#answer")).to_contain_text("Production sees 1 thing")
    assert page.evaluate("document.querySelector('#answer img').naturalWidth") == 8
    page.goto(f"{url}/endpoints")
    # CloudWatch counts a little later.
    Flow.wait_until(lambda: page.reload() and requests_shown(page) > before, "the request was not counted")
    page.set_input_files("#production-picture", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.click("form[action*='production'] button")
    expect(page.locator("#answer")).to_contain_text("is no picture that can be read")


def test_builds_are_ticked_and_compared(url: str, page: Page, builds: tuple[Ended, Ended]) -> None:
    """Only the settings that differ are in sight; the curves of both are on one scale."""
    page.goto(f"{url}/runs?machine=build")
    for build in builds:
        page.check(f"input[value='{name_of(build)}']")
    page.click("text=Compare >> nth=0")
    table = page.locator(".compare")
    assert table.locator("tr", has_text="training hyperparameters epochs").locator("td").all_inner_texts() == ["4", "3"]
    expect(table).not_to_contain_text("image size")
    expect(table.locator("tr", has_text="mAP50-95")).to_have_count(1)
    assert page.locator(".chart").first.locator("polyline").count() == 2
    page.click("#shared summary")
    expect(page.locator("#shared")).to_contain_text("image size")


def test_a_dataset_shows_what_was_found_in_it_and_who_used_it(
    url: str, page: Page, builds: tuple[Ended, Ended]
) -> None:
    """Counts by split and class, and the builds that learned from it."""
    page.goto(f"{url}/datasets")
    card = page.locator(".dataset-card", has=page.locator(f"input[value='{name_of(builds[1])}']"))
    expect(card).to_contain_text("train")
    expect(card).to_contain_text("thing")
    expect(card.locator(f"input[value='{name_of(builds[0])}']")).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_open_to_everybody(
    url: str, browser: Browser, builds: tuple[Ended, Ended], size: str, scheme: str
) -> None:
    """axe-core finds nothing, and nothing is wider than the screen."""
    compare = "/compare?" + "&".join(f"run={name_of(build)}" for build in builds)
    paths = ("/versions", "/endpoints", "/datasets", "/datasets/versions", compare, "/compare")
    assert_open_to_everybody(browser, url, paths, size, scheme)
