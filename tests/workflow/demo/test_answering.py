"""The demonstration's approval: a person decides, or nobody once the mail is there; always at the signed address."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import TextIO

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.runs.test_approvals import RIGHT, Page, told
from workflow.contract.approval import item_id
from workflow.demo.answering import Door, answer_mail, ask_person
from workflow.errors import GreenlightError
from workflow.runs.approvals import Approval, Approvals

MAIL = {"subject": "[greenlight] bolts v1 waits for your decision", "to": "ada@example.com"}


class Machine(Page):
    """The approval page and the stand-in's mailbox at one address."""

    mail: list[dict[str, object]]

    def do_GET(self) -> None:
        if self.path == "/_local/mail":
            self.reply(200, self.mail)
        else:
            super().do_GET()


@dataclass(frozen=True)
class Asked:
    """A request that was mailed: the stand-in's address, what decides on it, and what was decided so far."""

    approval: Approval
    door: Door
    cloud: ScriptedCloud

    def decided(self) -> list[str]:
        """What was posted to the signed address, signed."""
        return [asked["body"]["decision"] for _, asked in self.cloud.asked]


@pytest.fixture
def asked() -> Iterator[Asked]:
    """A mailed request that waits."""
    Page.state = told()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Machine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    Machine.mail = [
        {**MAIL, "links": [f"{url}/elsewhere", f"{url}/a/{'o' * 32}"]},
        {**MAIL, "links": [f"{url}/a/{RIGHT}"]},
    ]
    item = {"id": item_id(RIGHT), "status": "approved", "decision": "approved", "decided_by": "ada@example.com"}
    stored = {"Item": {name: {"S": value} for name, value in item.items()}}
    cloud = ScriptedCloud({"post_signed": {"status": 200, "told": told(status="approved")}, "get_item": stored})
    approval = Approval(item_id(RIGHT), "arn:x", "run-1", "release", 1, "passed", datetime.now(UTC))
    yield Asked(approval, Door(cloud, url, f"{url}/decide", Approvals(cloud, "greenlight")), cloud)
    server.shutdown()
    server.server_close()


@pytest.fixture
def keyboard() -> Iterator[tuple[TextIO, TextIO]]:
    """A pipe: what is written into the second can be read from the first."""
    read, write = os.pipe()
    with os.fdopen(read) as reading, os.fdopen(write, "w") as writing:
        yield reading, writing


def test_the_mailed_link_is_looked_at_and_the_command_line_approves(asked: Asked) -> None:
    """The comment says that nobody decided."""
    said: list[str] = []
    answer_mail(asked.door, asked.approval, said.append)
    assert asked.decided() == ["approve"]
    assert "without a person" in asked.cloud.asked[0][1]["body"]["comment"]
    assert MAIL["subject"] in said[0]


def test_a_request_that_nobody_mailed_is_not_approved(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is part of the flow: without it the demonstration fails and approves nothing."""
    monkeypatch.setattr("workflow.demo.answering._MAIL_SECONDS", 0.3)
    with pytest.raises(GreenlightError, match="no mail with the link"):
        answer_mail(asked.door, replace(asked.approval, key=asked.approval.key + "x"), lambda _: None)
    assert asked.decided() == []


@pytest.mark.parametrize(
    ("typed", "decision"), [("approve\n", "approve"), ("what?\n Reject \n", "reject"), ("n\n", "reject")]
)
def test_a_person_answers_at_the_terminal(
    asked: Asked, keyboard: tuple[TextIO, TextIO], typed: str, decision: str
) -> None:
    """Anything else than an answer is asked again; the link to look at leads to the mailed one, and is short."""
    keyboard[1].write(typed)
    keyboard[1].flush()
    said: list[str] = []
    ask_person(asked.door, asked.approval, said.append, keyboard[0])
    assert asked.decided() == [decision]
    assert f"    {asked.door.url}/_local/a/{RIGHT}" in said
    assert all(len(line) < 80 for line in said if "http" in line)


def test_what_is_no_answer_is_told(asked: Asked, keyboard: tuple[TextIO, TextIO]) -> None:
    """With what would be one; nothing is decided by it."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "is no answer" in line:
            assert asked.decided() == []
            keyboard[1].write("approve\n")
            keyboard[1].flush()

    keyboard[1].write("perhaps\n")
    keyboard[1].flush()
    ask_person(asked.door, asked.approval, say, keyboard[0])
    assert "    'perhaps' is no answer: type approve or reject, or open the link." in said
    assert asked.decided() == ["approve"]


def test_an_answer_on_the_page_ends_the_question(asked: Asked, keyboard: tuple[TextIO, TextIO]) -> None:
    """Nothing is typed; who decided is told, and nothing more is posted."""
    Page.state = told(status="rejected", decision="rejected", by="Ada")
    said: list[str] = []
    ask_person(asked.door, asked.approval, said.append, keyboard[0])
    assert said[-1] == "    rejected by Ada, on the page"
    assert asked.decided() == []


def test_a_page_that_asks_to_sign_in_is_no_obstacle(asked: Asked, keyboard: tuple[TextIO, TextIO]) -> None:
    """Who decided there, once signed in, is read where the stack keeps it."""
    Page.state = {}
    said: list[str] = []
    ask_person(asked.door, asked.approval, said.append, keyboard[0])
    assert said[-1] == "    approved by ada@example.com, on the page"


def test_a_terminal_that_goes_away_decides_nothing(asked: Asked, keyboard: tuple[TextIO, TextIO]) -> None:
    """The end of input is an interruption, never a yes."""
    keyboard[1].close()
    with pytest.raises(KeyboardInterrupt):
        ask_person(asked.door, asked.approval, lambda _: None, keyboard[0])
    assert asked.decided() == []
