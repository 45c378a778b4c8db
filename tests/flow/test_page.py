"""The page behind the mailed link, in a real browser with JavaScript on: only the second look decides."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page

from tests.flow.driver import Flow


@pytest.fixture
def page(browser: Browser) -> Page:
    """A fresh tab of the size of a phone."""
    return browser.new_page(viewport={"width": 390, "height": 844})


def waiting(flow: Flow, **given: str | bool) -> tuple[str, str, str]:
    """A run that waits for a decision: its execution, the mailed link, the version it asks about."""
    execution = flow.start({"dataset": flow.upload(), **given})
    flow.wait_until(lambda: flow.request_mail(execution), "nobody was asked")
    mail = flow.request_mail(execution)
    assert mail is not None
    return execution, next(link for link in mail["links"] if "/a/" in link), flow.version_asked_about(mail)


def test_opening_the_link_ten_times_decides_nothing_and_the_second_look_decides(flow: Flow, page: Page) -> None:
    """A scanner that runs scripts changes nothing, nor does one that fills fields and presses the first button.

    A person's name, comment, choice and the version typed decide, once.
    """
    execution, link, version = waiting(flow)
    for _ in range(10):
        page.goto(link, wait_until="load")
    assert flow.describe(execution)["status"] == "RUNNING"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than a phone"
    assert page.inner_text(".lead") == "Finds 3 of 3 objects in 3 held-out pictures, none wrong."
    assert "all 1 found" in str(page.get_attribute(".shot", "aria-label"))
    for _ in range(3):
        for field in page.locator("input:visible, textarea:visible").all():
            field.fill(version)
        page.locator("button").first.click()
        page.wait_for_load_state("load")
        assert flow.describe(execution)["status"] == "RUNNING"
    page.goto(link)
    page.fill("[name=name]", "Ada <b>Lovelace</b>")
    page.click("button[value=approve]")
    page.wait_for_load_state("load")
    assert "A name is up to 80 letters" in page.inner_text("[role=status]")
    assert flow.describe(execution)["status"] == "RUNNING"
    page.fill("[name=name]", "Ada Lovelace")
    page.fill("[name=comment]", "looks <b>right</b>")
    page.click("button[value=approve]")
    page.wait_for_load_state("load")
    assert "Nothing is decided yet" in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than a phone"
    page.fill("[name=version]", f"{version}0")
    page.press("[name=version]", "Enter")
    page.wait_for_load_state("load")
    assert "is not the version" in page.inner_text("[role=status]")
    assert flow.describe(execution)["status"] == "RUNNING"
    page.fill("[name=version]", version)
    page.click("text=Approve it")
    page.wait_for_load_state("load")
    assert "Approved by Ada Lovelace" in page.inner_text("body")
    assert "What happens next" in page.inner_text("body")
    assert page.locator("button").count() == 0
    assert flow.end(execution).status == "SUCCEEDED"
    page.goto(link)
    assert "looks <b>right</b>" in page.inner_text("body")
    assert page.locator("button").count() == 0


POST_TWICE = """
async () => {
    const form = document.querySelector("form[method=post]");
    const body = new URLSearchParams(new FormData(form));
    const post = async () => {
        const answer = await fetch(form.action, {method: "POST", body});
        return [answer.status, await answer.text()];
    };
    return await Promise.all([post(), post()]);
}
"""
"""What a double click sends where the browser does not hold the second post back, as Chromium does."""


def test_a_double_click_decides_once(flow: Flow, browser: Browser) -> None:
    """Two posts of one form at one moment: both see the one decision, and the run is told once."""
    page = browser.new_context(bypass_csp=True).new_page()
    execution, link, version = waiting(flow)
    page.goto(link)
    page.fill("[name=name]", "Ada")
    page.click("button[value=reject]")
    page.wait_for_load_state("load")
    page.fill("[name=version]", version)
    answers = page.evaluate(POST_TWICE)
    assert [status for status, _ in answers] == [200, 200]
    assert all("Rejected by Ada" in text for _, text in answers)
    page.dblclick("text=Reject it")
    page.get_by_text("Rejected by Ada").wait_for()
    assert flow.end(execution).error == "Approval.Rejected"
    events = flow.machines.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    told = [event["taskSucceededEventDetails"]["output"] for event in events if "taskSucceededEventDetails" in event]
    assert sum(json.loads(output).get("decision") == "rejected" for output in told) == 1
