"""The console in a real browser, on the stand-in: a run from its start to its release, and what else a person does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.flow.driver import Flow

WAIT_MS = 60_000
SIZES = {"phone": (390, 844), "desk": (1440, 900)}


@contextmanager
def console(*options: str) -> Iterator[str]:
    """The command on a free port; its address."""
    words = [sys.executable, "-m", "workflow.commands.cli", "console", "--port", "0", "--json", *options]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def url(flow: Flow) -> Iterator[str]:
    """A console of the shared stack."""
    with console() as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab on a desk, which must not report an error of its own."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield tab
    tab.close()
    # A refusal is an answer, which Chromium notes all the same.
    assert [text for text in said if "responded with a status of 4" not in text] == []


def path_of(execution: str) -> str:
    """The console's address of an execution."""
    machine, name = execution.rsplit(":", 2)[1:]
    return f"/runs/{machine.rpartition('-')[2]}/{name}"


def test_a_run_is_started_watched_approved_and_released(flow: Flow, url: str, page: Page) -> None:
    """All from the console, and through the page behind the mailed link that everybody decides on."""
    page.goto(f"{url}/start/build")
    page.fill("#dataset", flow.upload())
    page.fill("#name", "from-the-console")
    page.click("text=Start >> nth=-1")
    page.wait_for_url(f"{url}/runs/build/from-the-console")
    expect(page.locator(".machine a[aria-label='Train: done']")).to_be_visible(timeout=WAIT_MS)
    link = page.get_by_role("link", name="Look at the report and decide")
    link.wait_for(timeout=WAIT_MS)
    expect(page.locator(".machine .node.asking")).to_have_count(1)
    with page.context.expect_page() as opened:
        link.click()
    decide = opened.value
    decide.fill("[name=name]", "Ada")
    decide.click("button[value=approve]")
    version = re.search(r"v(\d+)\b", decide.title())
    assert version is not None
    decide.fill("[name=version]", version[1])
    decide.click("text=Approve it")
    decide.close()
    expect(page.locator(".now .badge")).to_have_text("done", timeout=WAIT_MS)
    expect(page.locator(".facts >> text=approved by Ada")).to_be_visible()
    page.click(".machine a[aria-label='Release: done']")
    page.click("text=Open the release it started")
    expect(page.locator(".now .badge")).to_have_text("done", timeout=WAIT_MS)
    expect(page.locator(".over a")).to_have_text("from-the-console")


def test_a_state_shows_its_job_with_curves_and_log_input_and_output(flow: Flow, url: str, page: Page) -> None:
    """A click opens it in place, without another page; the way back leads to what was seen before."""
    ended = flow.build(flow.upload())
    page.goto(url + path_of(ended.arn))
    page.click(".machine a[aria-label='Train: done']")
    expect(page.locator("#state-title")).to_have_text("Train")
    expect(page.locator(".chart polyline").first).to_be_visible()
    expect(page.locator("#text-log pre")).to_contain_text("epoch=1")
    expect(page.locator("#text-output pre")).to_contain_text('"training"')
    page.click("#text-input summary")
    expect(page.locator("#text-input pre")).to_contain_text('"plan"')
    page.go_back()
    expect(page.locator("#state-title")).not_to_have_text("Train")


def test_nobody_reads_the_token_that_would_answer_for_them(flow: Flow, url: str, page: Page) -> None:
    """It lies in the history of a run; the request of the state and its events are shown without it."""
    execution = flow.begin(flow.upload())
    flow.wait_until(lambda: flow.request_mail(execution), "nobody was asked")
    events = flow.machines.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
    asked = next(event for event in events if "waitForTaskToken" in json.dumps(event, default=str))
    scheduled = next(event for event in events if event["type"] == "TaskScheduled")
    token = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
    assert asked
    for path in ("", "?state=Ask%20for%20approval", f"/events/{scheduled['id']}"):
        page.goto(url + path_of(execution) + path)
        assert token not in page.content()
        assert "token" not in path
    assert "whoever holds it" in page.content()
    page.goto(url + path_of(execution))
    page.click("#stop summary")
    page.click("text=Stop this run")
    expect(page.locator(".now .badge")).to_have_text("stopped", timeout=WAIT_MS)
    page.click("text=Redrive")
    expect(page.locator(".now .badge")).not_to_have_text("stopped", timeout=WAIT_MS)
    flow.machines.stop_execution(executionArn=execution)


def test_a_page_is_renewed_under_who_reads_it_and_left_alone_once_the_run_ended(
    flow: Flow, url: str, page: Page
) -> None:
    """One request in two seconds; focus and what was unfolded stay. Afterwards there is none."""
    execution = flow.begin(flow.upload())
    flow.wait_until(lambda: flow.request_mail(execution), "nobody was asked")
    page.goto(url + path_of(execution))
    page.locator("a.step:has-text('Evaluate')").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#state-title")).to_have_text("Evaluate")
    page.click("#text-input summary")
    page.locator("a.step:has-text('Train')").focus()
    took = page.inner_text(".now .soft")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator(".now .soft")).not_to_have_text(took, timeout=WAIT_MS)
    page.wait_for_timeout(4500)
    assert 1 <= len(asked) <= 4
    assert "Train" in page.evaluate("document.activeElement.href")
    assert page.locator("#text-input[open]").count() == 1
    flow.machines.stop_execution(executionArn=execution)
    expect(page.locator(".now .badge")).to_have_text("stopped", timeout=WAIT_MS)
    asked.clear()
    page.wait_for_timeout(4500)
    assert asked == []


def test_what_a_name_holds_is_read_and_does_nothing(flow: Flow, url: str, page: Page) -> None:
    """From the input of a run into every page that shows it, its mail too; a browser reports what is not allowed."""
    hostile = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    ended = flow.end(flow.start({"dataset": hostile, "started_by": hostile}))
    run = path_of(ended.arn)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for path in (
        "/runs",
        run,
        f"{run}?state=Plan%20the%20run",
        f"{run}/events",
        f"/start/build?like={ended.arn}",
        "/mail",
    ):
        page.goto(url + path)
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("script:not([src='/static/live.js'])").count() == 0
    page.goto(url + run)
    assert "onerror=alert(1)" in page.inner_text("#about")


def assert_open_to_everybody(browser: Browser, url: str, paths: Iterable[str], size: str, scheme: str) -> None:
    """On a screen of this size, by day or by night, with all that is folded laid open."""
    width, height = SIZES[size]
    tab = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    for path in paths:
        tab.goto(url + path)
        tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = Axe().run(tab).response["violations"]
        assert [(path, one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_open_to_everybody(flow: Flow, url: str, browser: Browser, size: str, scheme: str) -> None:
    """axe-core finds nothing, and nothing is wider than the screen."""
    ended = flow.build(flow.upload(map50=0.2))
    run = path_of(ended.arn)
    paths = (
        "/runs",
        run,
        f"{run}?state=Train",
        f"{run}/events",
        "/start/build",
        "/start/release",
        "/start/batch",
        "/mail",
        "/no",
    )
    assert_open_to_everybody(browser, url, paths, size, scheme)


def test_what_cannot_be_used_is_marked_at_its_field_and_nothing_starts(flow: Flow, url: str, page: Page) -> None:
    """What was typed is still there."""
    page.goto(f"{url}/start/build")
    page.fill("#dataset", "<b>no address</b>")
    page.click("text=Start >> nth=-1")
    assert "must be an S3 address" in page.inner_text("#dataset-about")
    assert "<b>no address</b>" in page.input_value("#dataset")
    assert page.locator("#dataset-about b").count() == 0


def ask(url: str, *, method: str = "POST", **headers: str) -> int:
    """The status of a request with these headers."""
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_no_page_of_another_site_starts_or_reads_anything(flow: Flow, url: str, page: Page) -> None:
    """Neither by a form of its own nor under another name of this machine."""
    before = len(flow.machines.list_executions(stateMachineArn=flow.stack.build_machine_arn)["executions"])
    assert ask(f"{url}/start/build") == 403
    assert ask(f"{url}/start/build", Origin="http://example.com") == 403
    assert ask(f"{url}/start/build", Origin="null") == 403
    assert ask(f"{url}/runs", method="GET", Host="example.com") == 403
    page.set_content(f'<form method="post" action="{url}/start/build"><button>Win</button></form>')
    page.click("text=Win")
    expect(page.locator("body")).to_contain_text("Only a page of this console")
    after = len(flow.machines.list_executions(stateMachineArn=flow.stack.build_machine_arn)["executions"])
    assert after == before
