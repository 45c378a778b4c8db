"""A web site that somebody else runs, on another port of this machine, and a browser that opens it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.browser import QUIET, find_chromium

CHROMIUM = find_chromium()
# A name of the site's own that has come to mean this machine.
REBOUND = "rebound.example"
_FLAGS = [
    *QUIET,
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
]


class _Site(BaseHTTPRequestHandler):
    """An empty page at every path; `/to?address` sends the browser on to an address."""

    def do_GET(self) -> None:
        """Answer."""
        asked = urlsplit(self.path)
        body = b"<!doctype html><title>hostile</title><body></body>"
        self.send_response(302 if asked.path == "/to" else 200)
        if asked.path == "/to":
            self.send_header("Location", parse_qs(asked.query)["address"][0])
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def site() -> Iterator[int]:
    """The port of a running hostile site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


@contextmanager
def browser() -> Iterator[Browser]:
    """A real browser."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield running
        running.close()
