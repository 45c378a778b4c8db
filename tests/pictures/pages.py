"""Photographs pages in a real browser: on a desk and on a phone, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser import QUIET, find_chromium

SIZES = {"desk": (1280, 800), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True)
class Camera:
    """Photographs into a folder; a file is called after the page, the size and the time of day."""

    browser: Browser
    folder: Path

    def take(self, name: str, address: str, *, whole: bool = False) -> None:
        """Photograph a page four times: what is in sight first, or the whole of it."""
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                page = self.browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(address)
                page.wait_for_timeout(300)
                page.screenshot(path=self.folder / f"{name}-{size}-{scheme}.png", full_page=whole)
                page.close()


@contextmanager
def camera(folder: Path) -> Iterator[Camera]:
    """A browser that photographs into this folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        yield Camera(browser, folder)
        browser.close()
