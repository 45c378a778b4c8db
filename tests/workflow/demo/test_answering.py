"""The demonstration's approval is decided by a person, or by opening the mailed link; always through the page."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import TextIO

import pytest

from tests.workflow.runs.test_approvals import Page
from workflow.demo.answering import answer_mail, ask_person
from workflow.errors import GreenlightError
from workflow.runs.approvals import Approval

MAIL = {"subject": "[greenlight] bolts v1 waits for your decision", "to": "ada@example.com"}


class Machine(Page):
    """The approval page and the stand-in's mailbox at one address."""

    mail: list[dict[str, object]]

    def do_GET(self) -> None:
        if self.path == "/_local/mail":
            self.reply(200, self.mail)  # type: ignore[arg-type]
        else:
            super().do_GET()


@pytest.fixture
def request_and_url() -> Iterator[tuple[Approval, str]]:
    """A mailed request that waits, and the stand-in's address."""
    Page.state, Page.posted = {"status": "pending", "nonce": "n-1"}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Machine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    Machine.mail = [{**MAIL, "links": [f"{url}/a/right"]}]
    yield Approval(f"{url}/a/right", "arn:x", "run-1", "release", "passed", datetime.now(UTC)), url
    server.shutdown()
    server.server_close()


@pytest.fixture
def keyboard() -> Iterator[tuple[TextIO, TextIO]]:
    """A pipe: what is written into the second can be read from the first."""
    read, write = os.pipe()
    with os.fdopen(read) as reading, os.fdopen(write, "w") as writing:
        yield reading, writing


def test_the_mailed_link_is_opened_and_approved(request_and_url: tuple[Approval, str]) -> None:
    """Through the page's form, under a name that says nobody decided."""
    said: list[str] = []
    answer_mail(request_and_url[1], request_and_url[0], said.append)
    (form,) = Page.posted
    assert (form["decision"], form["name"]) == ("approve", "make demo")
    assert MAIL["subject"] in said[0]


def test_a_link_that_nobody_mailed_is_not_opened(
    request_and_url: tuple[Approval, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail is part of the flow: without it the demonstration fails and approves nothing."""
    monkeypatch.setattr("workflow.demo.answering._MAIL_SECONDS", 0.3)
    approval, url = request_and_url
    with pytest.raises(GreenlightError, match="no mail with the link"):
        answer_mail(url, replace(approval, link=approval.link + "x"), lambda _: None)
    assert Page.posted == []


@pytest.mark.parametrize(("typed", "decision"), [("approve\n", "approve"), ("what?\n Reject \n", "reject")])
def test_a_person_answers_at_the_terminal(
    request_and_url: tuple[Approval, str], keyboard: tuple[TextIO, TextIO], typed: str, decision: str
) -> None:
    """Anything else than an answer is asked again."""
    approval, url = request_and_url
    keyboard[1].write(typed)
    keyboard[1].flush()
    ask_person(url, approval, lambda _: None, keyboard[0])
    assert [form["decision"] for form in Page.posted] == [decision]


def test_an_answer_on_the_page_ends_the_question(
    request_and_url: tuple[Approval, str], keyboard: tuple[TextIO, TextIO]
) -> None:
    """Nothing is typed; who decided is told, and nothing more is posted."""
    approval, url = request_and_url
    Page.state = {"status": "rejected", "decision": "rejected", "by": "Ada"}
    said: list[str] = []
    ask_person(url, approval, said.append, keyboard[0])
    assert said[-1] == "    rejected by Ada, on the page"
    assert Page.posted == []


def test_a_terminal_that_goes_away_decides_nothing(
    request_and_url: tuple[Approval, str], keyboard: tuple[TextIO, TextIO]
) -> None:
    """The end of input is an interruption, never a yes."""
    approval, url = request_and_url
    keyboard[1].close()
    with pytest.raises(KeyboardInterrupt):
        ask_person(url, approval, lambda _: None, keyboard[0])
    assert Page.posted == []
