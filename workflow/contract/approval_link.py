"""The address of an approval request: the link in a mail, the path that its page answers, the report below it.

Whoever has the link may decide, unless the stack names who signs people in, so that the id in it cannot be guessed.
"""

from __future__ import annotations

import re

OPAQUE_BYTES = 24
"""How much chance an id is made of; 3 bytes are 4 of its characters (``secrets.token_urlsafe``)."""

REPORT = "/report"

SIGNED_IN = "/a/signed-in"
"""The path that a browser comes back to from the provider that signs people in; no id is as short."""

PATH = re.compile(rf"/a/([A-Za-z0-9_-]{{{OPAQUE_BYTES * 4 // 3}}})({REPORT})?")
"""A request's path: its id, and the report's part where it is the report's."""


def link_to(page_url: str, opaque_id: str) -> str:
    """The link to a request, below the address of the stack's approval page."""
    return f"{page_url.rstrip('/')}/a/{opaque_id}"


def report_beside(opaque_id: str) -> str:
    """The address of a request's report, relative to the request's own."""
    return f"{opaque_id}{REPORT}"


def opaque_id_in(link: str) -> str:
    """The id of the request that a link leads to, wherever its page lives; empty for anything else."""
    found = re.search(r"^https?://.*(/a/.*)$", link)
    match = PATH.fullmatch(found.group(1)) if found else None
    return match.group(1) if match and not match.group(2) else ""
