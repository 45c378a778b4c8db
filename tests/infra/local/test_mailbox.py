"""The mailbox's file and its links."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from infra.local.mailbox import Mailbox, links_in


def test_mail_is_listed_newest_first_and_kept(tmp_path: Path) -> None:
    """A mailbox opened again on the same file has the same mail."""
    mailbox = Mailbox(tmp_path / "mail.json")
    mailbox.deliver("a@example.com", "first", "one")
    mailbox.deliver("a@example.com", "second", "two")
    assert [mail["subject"] for mail in mailbox.newest_first()] == ["second", "first"]
    assert Mailbox(tmp_path / "mail.json").newest_first() == mailbox.newest_first()


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("no link", []),
        ("see http://127.0.0.1:4566/_aws/lambda-url/id/a/x-_1.", ["http://127.0.0.1:4566/_aws/lambda-url/id/a/x-_1"]),
        ("<https://a.example/b?c=d&e=f>, (http://g.example)", ["https://a.example/b?c=d&e=f", "http://g.example"]),
    ],
)
def test_links_are_found_without_the_punctuation_around_them(body: str, links: list[str]) -> None:
    """A sentence may end after a link."""
    assert links_in(body) == links


def test_a_link_is_found_by_its_end(tmp_path: Path) -> None:
    """In the newest mail that has it; a short address leads there."""
    mailbox = Mailbox(tmp_path / "mail.json")
    for place in ("old", "new"):
        mailbox.deliver("a@example.com", place, f"see http://{place}.example/a/x")
    mailbox.deliver("a@example.com", "other", "see http://new.example/a/y")
    assert mailbox.link_ending("/a/x") == "http://new.example/a/x"
    assert mailbox.link_ending("/a/z") == ""


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """Topics deliver from threads of their own."""
    mailbox = Mailbox(tmp_path / "mail.json")
    threads = [
        threading.Thread(target=mailbox.deliver, args=("a@example.com", str(number), "")) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Mailbox(tmp_path / "mail.json").newest_first()) == 20
