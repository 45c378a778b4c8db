"""The mail that would have been sent, kept in one file of the stand-in's state.

Knows nothing about topics or subscriptions: it stores a message, finds the links in it, and lists the newest first.
"""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import TypedDict

_LINK = re.compile(r"https?://[^\s<>\"']+")
# Enough for every run of a long day; older mail is dropped so that the file stays small.
_KEPT = 500


class Mail(TypedDict):
    """One message as `GET /_local/mail` shows it."""

    subject: str
    body: str
    to: str
    links: list[str]
    at: str


def links_in(body: str) -> list[str]:
    """The addresses in a plain-text body, in order, without the punctuation that ends a sentence."""
    return [link.rstrip(".,;:!?)]") for link in _LINK.findall(body)]


class Mailbox:
    """Every message delivered since the state was made; safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Open the mailbox in `path`, reading what an earlier stand-in left there."""
        self._path = path
        self._lock = threading.Lock()
        self._mails: list[Mail] = json.loads(path.read_text()) if path.exists() else []

    def deliver(self, to: str, subject: str, body: str) -> None:
        """Store one message for one reader."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mail = Mail(subject=subject, body=body, to=to, links=links_in(body), at=at)
        with self._lock:
            self._mails = [*self._mails, mail][-_KEPT:]
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._mails, indent=1))
            draft.replace(self._path)

    def link_ending(self, end: str) -> str:
        """The link of the newest mail that has one with this end; empty where none has."""
        links = (link for mail in self.newest_first() for link in mail["links"])
        return next((link for link in links if link.endswith(end)), "")

    def newest_first(self) -> list[Mail]:
        """Every message kept, the latest delivered first."""
        with self._lock:
            return self._mails[::-1]
