"""Mails of the stand-in's mailbox."""

from __future__ import annotations

from workflow.console.mails import as_mail, link_of_run, split_links

LINK = "http://127.0.0.1:4566/x/a/Qq-1"


def test_a_link_is_one_where_it_stands_and_nothing_else_is() -> None:
    """Also where one begins like another."""
    parts = split_links(f"see {LINK}2\nor {LINK} now", [LINK, f"{LINK}2"])
    assert [(part.text, part.link) for part in parts] == [
        ("see ", ""),
        (f"{LINK}2", f"{LINK}2"),
        ("\nor ", ""),
        (LINK, LINK),
        (" now", ""),
    ]


def test_an_address_that_a_browser_would_run_is_no_link() -> None:
    """Whatever the mailbox says it found."""
    mail = as_mail(
        {"subject": "x", "body": "javascript:alert(1)", "links": ["javascript:alert(1)"], "to": "a", "at": ""}
    )
    assert [part.link for part in mail.parts] == [""]
    assert mail.decide == ""


def test_the_newest_link_to_decide_about_a_run_is_found() -> None:
    """Not that of another run, nor an earlier one."""
    mails = [
        as_mail({"subject": run, "body": f"run {run}\n{link}", "links": [link], "to": "a", "at": str(at)})
        for at, (run, link) in enumerate([("other", f"{LINK}0"), ("mine", f"{LINK}1"), ("mine", f"{LINK}2")])
    ]
    assert link_of_run(mails, "mine") == f"{LINK}1"
    assert link_of_run(mails, "nobody's") == ""
