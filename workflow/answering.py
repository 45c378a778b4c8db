"""Gets the demonstration's approval decided: a person at the terminal or on the page, or the mailed link by itself.

Either way the answer goes through the page that the mail links to.
"""

from __future__ import annotations

import getpass
import select
import sys
import time
from collections.abc import Callable

from workflow.approvals import Approval, decide, read_page, standing
from workflow.errors import GreenlightError
from workflow.standin import read_mail

_MAIL_SECONDS = 20
_WORDS = {"approve": "approve", "a": "approve", "yes": "approve", "y": "approve", "reject": "reject", "r": "reject"}


def mailed_link(url: str, link: str) -> dict[str, object]:
    """The mail that holds this link. Raises GreenlightError when none arrives."""
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
    mail = mailed_link(url, approval.link)
    say(f"mail: {mail['subject']}")
    decide(approval.link, "approve", name="make demo", comment="approved without a person, as APPROVE=auto asks")
    say("opened its link and approved on the page behind it")


def ask_person(approval: Approval, say: Callable[[str], None]) -> None:
    """Ask at the terminal, until an answer comes from there or on the page."""
    say(f"mail to you · {approval.link}")
    say("Open the link to look at the report, or answer here.")
    while True:
        print("    approve / reject › ", end="", flush=True)
        word = _typed_or_decided(approval.link)
        if word is None:
            print()
            say(f"{standing(read_page(approval.link))} on the page")
            return
        if word in _WORDS:
            decide(approval.link, _WORDS[word], name=_person(), comment="answered at the terminal")
            return


def _typed_or_decided(link: str) -> str | None:
    """The next line typed, or None once somebody decided on the page."""
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 1.0)
        if ready:
            line = sys.stdin.readline()
            if not line:
                raise KeyboardInterrupt
            return line.strip().lower()
        if read_page(link).get("status") != "pending":
            return None


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person at the terminal"
