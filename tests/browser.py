"""The browser that pages are opened in: Debian's Chromium, or another by the usual names."""

from __future__ import annotations

import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


def find_chromium() -> str | None:
    """Where it is; None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)
