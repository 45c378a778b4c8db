"""The stand-in's mailbox as mails: who was written to, and which parts of a text are links. No mail is kept on AWS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract.plain_text import show_lines, show_plain
from workflow.standin import read_mail

DECIDE = "/a/"
"""What the path of a link has behind which a person decides."""


@dataclass(frozen=True)
class Part:
    """A piece of a mail's text; ``link`` is its address where it is one."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Mail:
    """One mail. ``key`` tells it apart from the others and stays the same."""

    key: str
    subject: str
    to: str
    at: str
    parts: Sequence[Part]
    decide: str = ""


def read_mails(mailbox: str) -> list[Mail]:
    """Every mail that the stand-in keeps, newest first. Raises GreenlightError where it does not answer."""
    return [as_mail(found) for found in read_mail(mailbox)]


def as_mail(found: Mapping[str, Any]) -> Mail:
    """A mail as the mailbox gives it, with the links of its text marked."""
    body, links = str(found.get("body", "")), [str(link) for link in found.get("links", []) if _is_web(str(link))]
    identity = json.dumps([found.get(name) for name in ("at", "to", "subject", "body")])
    return Mail(
        key=hashlib.sha256(identity.encode()).hexdigest()[:12],
        subject=show_plain(str(found.get("subject", ""))),
        to=show_plain(str(found.get("to", ""))),
        at=str(found.get("at", "")).replace("T", " ").removesuffix("Z"),
        parts=split_links(show_lines(_laid_out(body)), links),
        decide=next((link for link in links if DECIDE in link), ""),
    )


def split_links(text: str, links: Iterable[str]) -> list[Part]:
    """The text in pieces, each of the links one of its own."""
    parts = [Part(text)]
    for link in sorted(set(links), key=len, reverse=True):
        split: list[Part] = []
        for part in parts:
            if part.link:
                split.append(part)
                continue
            for at, piece in enumerate(part.text.split(link)):
                split += [Part(link, link)] if at else []
                split += [Part(piece)] if piece else []
        parts = split
    return parts


def link_of_run(mails: Iterable[Mail], run: str) -> str:
    """The newest link behind which a person decides about this run; empty where none was sent."""
    return next((mail.decide for mail in mails if mail.decide and _asks_about(mail, run)), "")


def _asks_about(mail: Mail, run: str) -> bool:
    """Whether it is this run that a mail asks about: its line ends with the whole name, whatever stands before it."""
    lines = "".join(part.text for part in mail.parts).split("\n")
    return any(line.startswith("Started by ") and line.endswith(f", run {run}") for line in lines)


def _is_web(link: str) -> bool:
    return link.startswith(("http://", "https://"))


def _laid_out(body: str) -> str:
    """What alarms write is JSON on one line."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return json.dumps(document, indent=2, ensure_ascii=False)
