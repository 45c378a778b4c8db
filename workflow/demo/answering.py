"""Gets the demonstration's approval decided: a person at the terminal or on the page, or the mailed link by itself.

Either way the answer goes through the page that the mail links to.
"""

from __future__ import annotations

import getpass
import os
import select
import time
from collections.abc import Callable
from typing import TextIO

from workflow.errors import GreenlightError
from workflow.runs.approvals import Approval, decide, read_page, standing
from workflow.standin import read_mail

_MAIL_SECONDS = 20
_LOOK_SECONDS = 1.0
_WORDS = {"approve": "approve", "a": "approve", "yes": "approve", "y": "approve", "reject": "reject", "r": "reject"}


def wait_for_mail(url: str, link: str) -> dict[str, object]:
    """Wait for the mail that holds this link, and give it. Raises GreenlightError when none arrives."""
    ended = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < ended:
        for mail in read_mail(url):
            links = mail.get("links")
            if isinstance(links, list) and link in links:
                return mail
        time.sleep(0.2)
    raise GreenlightError(
        f"no mail with the link to the approval page came within {_MAIL_SECONDS} s: {url}/_local/mail"
    )


def answer_mail(url: str, approval: Approval, say: Callable[[str], None]) -> None:
    """Read the mail, open its link and approve on the page behind it."""
    mail = wait_for_mail(url, approval.link)
    say(f"  ? mail to {mail['to']}: {mail['subject']}")
    decide(approval.link, "approve", name="make demo", comment="approved without a person, as APPROVE=auto asks")
    say("    opened its link and approved on the page behind it")


def ask_person(url: str, approval: Approval, say: Callable[[str], None], answers: TextIO) -> None:
    """Ask at the terminal, and read from ``answers`` until one comes from there or on the page."""
    mail = wait_for_mail(url, approval.link)
    say(f"  ? mail to {mail['to']}: {mail['subject']}")
    say(f"    {approval.link}")
    say("    Open the link to look at the report, or answer here.")
    while True:
        print("    approve / reject › ", end="", flush=True)
        word = _wait_for_answer(approval.link, answers)
        if word is None:
            print()
            say(f"    {standing(read_page(approval.link))}, on the page")
            return
        if word in _WORDS:
            decide(approval.link, _WORDS[word], name=_person(), comment="answered at the terminal")
            return


def _wait_for_answer(link: str, answers: TextIO) -> str | None:
    """The next line typed, or None once the request does not wait any more. The end of input is an interruption."""
    while True:
        ready, _, _ = select.select([answers], [], [], _LOOK_SECONDS)
        if ready:
            # Past Python's own buffer, in which select would not see a second line waiting.
            typed = os.read(answers.fileno(), 4096)
            if not typed:
                raise KeyboardInterrupt
            return (typed.decode(errors="replace").strip().splitlines() or [""])[-1].strip().lower()
        if read_page(link).get("status") != "pending":
            return None


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person at the terminal"
