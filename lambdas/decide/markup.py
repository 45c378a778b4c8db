"""What every page is made of: escaped text, notices, lists, and the document around them. No script, ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape as escape_markup

from lambdas.decide.style import STYLE
from workflow.contract.plain_text import show_plain


def escape(text: str) -> str:
    """Any text as the page shows it: on one line, nothing in it unseen, none of it markup."""
    return escape_markup(show_plain(text))


def frame(title: str, content: str) -> str:
    """A whole document around some content, which is HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{content}\n</main>\n</body>\n</html>\n"
    )


def message(title: str, text: str) -> str:
    """A page that only says something."""
    return frame(title, f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>")


def notice(text: str, kind: str) -> str:
    """Something to be read first: ``good``, ``bad`` or ``soft``."""
    return f'<p class="notice {kind}" role="status">{escape(text)}</p>'


def list_facts(facts: Mapping[str, str]) -> str:
    """Names with their values."""
    rows = "\n".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>\n{rows}\n</dl>"


def fold(summary: str, content: str) -> str:
    """A part that is unfolded by whoever wants it; ``summary`` is plain text, ``content`` HTML."""
    return f"<details>\n<summary>{escape(summary)}</summary>\n{content}\n</details>"


def format_time(epoch: int) -> str:
    """A time as people read it anywhere."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
