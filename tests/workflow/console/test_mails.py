"""Mails of the stand-in's mailbox."""

from __future__ import annotations

from workflow.console.mails import Mail, as_mail, link_of_run, split_links

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


def asking(run: str, link: str, by: str = "ana") -> Mail:
    """A mail that asks for a decision about a run."""
    body = f"Approve fasteners v4?\n\nStarted by    {by}, run {run}\n\nLook and decide:\n{link}\n"
    return as_mail({"subject": run, "body": body, "links": [link], "to": "a", "at": link})


def test_the_newest_link_to_decide_about_a_run_is_found() -> None:
    """Not that of another run, nor an earlier one."""
    mails = [asking("other", f"{LINK}0"), asking("mine", f"{LINK}1"), asking("mine", f"{LINK}2")]
    assert link_of_run(mails, "mine") == f"{LINK}1"
    assert link_of_run(mails, "nobody's") == ""


def test_a_run_is_not_decided_by_the_link_of_one_whose_mail_only_holds_its_name() -> None:
    """In a longer name, in the words around it, or where whoever started the other one wrote it."""
    mails = [asking("nightly-2", f"{LINK}0"), asking("v4", f"{LINK}1"), asking("x", f"{LINK}2", "eve, run nightly")]
    assert link_of_run([*mails, asking("nightly", f"{LINK}3")], "nightly") == f"{LINK}3"
    assert link_of_run(mails, "nightly") == ""
    assert link_of_run(mails, "fasteners") == ""
