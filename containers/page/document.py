"""A whole page as one text with everything in it: no script, no request, readable on a phone, in light and in dark."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser lets a page do, whatever the names in it hold."""
BASE = Path(__file__).with_name("base.css")


def document(title: str, style: Path, content: str) -> str:
    """The page with this ``title``, plain text, and ``content``, HTML; ``style`` is a sheet of its own."""
    styles = "".join(sheet.read_text(encoding="utf-8") for sheet in (BASE, style))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{styles}</style>\n</head>\n<body>\n<main>\n"
        f"{content}</main>\n</body>\n</html>\n"
    )


def embed(jpeg: bytes) -> str:
    """A JPEG as an address that holds the picture itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
