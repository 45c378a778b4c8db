"""What people and tools wrote, as the page shows it."""

from __future__ import annotations

from html import escape

from workflow.contract.plain_text import show_plain


def shown(text: str) -> str:
    """A name or a message as HTML, on one line; nothing in it is markup, unseen, or turns the direction of text."""
    # Nearly every text is plain, and there may be a hundred thousand.
    return escape(text if text.isascii() and text.isprintable() else show_plain(text))


def place(file: str, line: int) -> str:
    """Where something was found, as HTML: the file, and the line where it has one."""
    return f"{shown(file)}:{line}" if line else shown(file)
