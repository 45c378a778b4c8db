"""The keys of the project's table: what its items are called.

One item says what production serves, one holds the release lock, one says which foreign production was told, one which
endpoints are being put away; every
release, every approval request and every decision has its own, every execution that asked one that names its newest
request, everything that was built one that names the execution which built it, and what became of it, and every model
that production has served. One names the build that has the endpoint to itself.
"""

from __future__ import annotations

import hashlib

CHAMPION = "champion"
RELEASE_LOCK = "release-lock"
PUT_AWAY = "put-away"
"""Which endpoints are being put away."""
FOREIGN = "foreign-production"
"""What was told of a production that no release recorded."""
CHALLENGE = "challenge"
"""Which execution tries a challenger in production, by which configuration."""

RELEASE = "release#"
"""What the key of every release begins with."""

DECISION = "decision#"
"""What the key of every signed decision begins with."""

APPROVAL = "approval#"
"""What the key of every approval request begins with; the digest of its opaque id follows."""

BUILD = "build#"
"""What the key begins with that says which execution built what has this fingerprint, and what became of it."""

BUILDING = "building"
"""Which build has the endpoint to itself; others wait for its end."""

ASKED = "asked#"
"""What the key begins with that says which request of an execution is the newest."""

OPEN = "open"
"""The index of the approval requests that are open: by their page's secret, which no other item has."""

CAPTURED = "captured#"
"""What the key begins with that says how many bytes were kept of a day's requests."""

SERVED = "served#"
"""What the key of a model begins with that production has served; the first digits of its digest follow."""

SIGN_IN = "sign-in#"
"""What the key of a sign-in begins with that was finished; the digest of its state follows."""


def release_key(released_epoch: int, package_version: int) -> str:
    """The key of one release, so that keys sort by time."""
    return f"{RELEASE}{released_epoch:010d}#{package_version}"


def decision_key(package_arn: str, scope: str = "") -> str:
    """The key of the decision about a version; ``scope`` is the release that asked, where it is about one alone."""
    return f"{DECISION}{package_arn}" + (f"#{scope}" if scope else "")


def asked_key(execution: str) -> str:
    """The key of what says which request of an execution is the newest."""
    return f"{ASKED}{execution}"


def build_key(fingerprint: str) -> str:
    """The key of what is kept of what has this fingerprint."""
    return f"{BUILD}{fingerprint}"


def captured_key(day: str) -> str:
    """The key of what says how much was kept of a day, ``yyyy-mm-dd``."""
    return f"{CAPTURED}{day}"


def served_key(model: str) -> str:
    """The key of a model that production has served, by the first digits of its digest."""
    return f"{SERVED}{model}"


def sign_in_key(state: str) -> str:
    """The key of what says that a sign-in was finished."""
    return f"{SIGN_IN}{hashlib.sha256(state.encode()).hexdigest()}"
