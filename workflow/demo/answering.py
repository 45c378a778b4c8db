"""Gets the demonstration's approval decided: a person at the terminal or on the page, or the command line by itself.

The page is reached by the mailed link alone, as on AWS; the terminal's answer is signed, as `greenlight approve` signs.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from workflow.clients import Cloud
from workflow.contract.approval import item_id
from workflow.contract.approval_link import opaque_id_in
from workflow.errors import GreenlightError
from workflow.runs.approvals import SIGN_IN, Approval, Approvals, decide, read_page, standing
from workflow.standin import read_mail

_MAIL_SECONDS = 20
_LOOK_SECONDS = 1.0
_WORDS = {
    **dict.fromkeys(("approve", "a", "yes", "y"), "approve"),
    **dict.fromkeys(("reject", "r", "no", "n"), "reject"),
}


@dataclass(frozen=True)
class Door:
    """Where the demonstration decides: the stand-in's mailbox is at ``url``, the signed address is ``decide_url``."""

    cloud: Cloud
    url: str
    decide_url: str
    approvals: Approvals

    def look(self, approval: Approval, link: str) -> dict[str, Any]:
        """How a request stands: as the page behind its link says, and as the table does where that asks to sign in."""
        page = read_page(link)
        return self.approvals.look_up(approval.key) if page.get("status") == SIGN_IN else page

    def decide(self, approval: Approval, decision: str, comment: str) -> None:
        """Answer a request as who runs the demonstration."""
        decide(self.cloud, self.decide_url, approval, decision, comment)


def wait_for_mail(url: str, approval: Approval) -> tuple[dict[str, object], str]:
    """Wait for the mail that asks for this approval; give it and its link. Raises GreenlightError when none arrives."""
    ended = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < ended:
        for mail in read_mail(url):
            links = mail.get("links")
            for link in links if isinstance(links, list) else []:
                if item_id(opaque_id_in(str(link))) == approval.key:
                    return mail, str(link)
        time.sleep(0.2)
    raise GreenlightError(
        f"no mail with the link to the approval page came within {_MAIL_SECONDS} s: {url}/_local/mail"
    )


def short_link(url: str, link: str) -> str:
    """The address of the stand-in at ``url`` that leads to a mailed link, short enough for a line of any terminal."""
    return f"{url}/_local/a/{opaque_id_in(link)}"


def answer_mail(door: Door, approval: Approval, say: Callable[[str], None]) -> None:
    """Read the mail, look at the page behind its link, and approve as `greenlight approve` does."""
    mail, link = wait_for_mail(door.url, approval)
    say(f"  ? mail to {mail['to']}: {mail['subject']}")
    if door.look(approval, link).get("status") != "pending":
        raise GreenlightError("the page behind the mailed link does not show a request that waits")
    door.decide(approval, "approve", "approved without a person, as APPROVE=auto asks")
    say("    looked at the page behind its link, and approved at the command line")


def ask_person(door: Door, approval: Approval, say: Callable[[str], None], answers: TextIO) -> None:
    """Ask at the terminal, and read from ``answers`` until one comes from there or on the page."""
    mail, link = wait_for_mail(door.url, approval)
    say(f"  ? mail to {mail['to']}: {mail['subject']}")
    say(f"    {short_link(door.url, link)}")
    say("    Open the link to look at the report, or answer here.")
    while True:
        print("    approve / reject › ", end="", flush=True)
        word = _wait_for_answer(door, approval, link, answers)
        if word is None:
            print()
            say(f"    {standing(door.look(approval, link))}, on the page")
            return
        if word in _WORDS:
            door.decide(approval, _WORDS[word], "answered at the terminal")
            return
        if word:
            say(f"    {word!r} is no answer: type approve or reject, or open the link.")


def _wait_for_answer(door: Door, approval: Approval, link: str, answers: TextIO) -> str | None:
    """The next line typed, or None once the request does not wait any more. The end of input is an interruption."""
    while True:
        ready, _, _ = select.select([answers], [], [], _LOOK_SECONDS)
        if ready:
            # Past Python's own buffer, in which select would not see a second line waiting.
            typed = os.read(answers.fileno(), 4096)
            if not typed:
                raise KeyboardInterrupt
            return (typed.decode(errors="replace").strip().splitlines() or [""])[-1].strip().lower()
        if door.look(approval, link).get("status") != "pending":
            return None
