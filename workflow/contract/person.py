"""Whether names are of one person, as far as names tell: rather once too often.

People are called by e-mail addresses, by an issuer's subjects and by ARNs. So the last part of an ARN, and what an
e-mail address has before its @, count as names too; capital letters do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable


def are_same(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether somebody of these names may be somebody of those."""
    return bool(_variants(names) & _variants(others))


def _variants(names: Iterable[str]) -> set[str]:
    return {variant for name in names for variant in _variants_of(name)}


def _variants_of(name: str) -> set[str]:
    whole = name.strip().casefold()
    last = whole.rpartition("/")[2] if whole.startswith("arn:") else whole
    return {text for text in (whole, last, last.partition("@")[0]) if text}
