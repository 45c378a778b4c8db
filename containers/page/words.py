"""How pages write counts and names. Every function gives HTML, safe to put anywhere in a page."""

from __future__ import annotations

from html import escape


def count(number: int, noun: str, nouns: str = "") -> str:
    """``1 box``, ``1,200 boxes``; ``nouns`` is the plural where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def code(text: object) -> str:
    """A digest, an address or a name as it is."""
    return f"<code>{escape(str(text))}</code>"


def listed(names: list[str], most: int = 12) -> str:
    """Names with commas, escaped; of many only the first, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return escape(", ".join(names[:most])) + more
