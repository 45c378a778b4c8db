"""The keys of the project's table: what its items are called.

One item says what production serves, one holds the release lock; every release and every approval request has its own.
"""

from __future__ import annotations

CHAMPION = "champion"
RELEASE_LOCK = "release-lock"

RELEASE = "release#"
"""What the key of every release begins with."""

APPROVAL = "approval#"
"""What the key of every approval request begins with; its opaque id follows."""


def release_key(released_epoch: int, package_version: int) -> str:
    """The key of one release, so that keys sort by time."""
    return f"{RELEASE}{released_epoch:010d}#{package_version}"
