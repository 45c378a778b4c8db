"""Chooses the form of an answer by the ``Accept`` header, as RFC 9110 (12.5.1) describes it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from containers.serving.request.refusal import InvocationError, quote


class _Range(NamedTuple):
    weight: float
    place: int


def choose_media_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """Of the media types ``offered``, best first, the one that ``accept`` likes most; None where it takes none.

    The most specific range decides how much a type is liked. Among equals the one named outright wins, then the one
    named first, then the one offered first. An empty header takes everything. Raises InvocationError (400) for a
    weight that is no number from 0 to 1.
    """
    ranges = _read_ranges(accept)
    if not ranges:
        return offered[0]
    best, best_rank = None, (0.0, 0, 0)
    for media_type in offered:
        wider = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        specific = next((at for at, name in enumerate(wider) if name in ranges), None)
        if specific is None:
            continue
        found = ranges[wider[specific]]
        rank = (found.weight, -specific, -found.place)
        if found.weight > 0 and (best is None or rank > best_rank):
            best, best_rank = media_type, rank
    return best


def _read_ranges(accept: str) -> dict[str, _Range]:
    """The media ranges of the header, in small letters and without parameters; of a range given twice the first."""
    ranges: dict[str, _Range] = {}
    for part in filter(None, map(str.strip, accept.split(","))):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_read_weight(one, part) for one in parameters if one.startswith("q=")), 1.0)
        # Java's own client has long sent a lone star.
        ranges.setdefault("*/*" if name == "*" else name, _Range(weight, len(ranges)))
    return ranges


def _read_weight(parameter: str, part: str) -> float:
    try:
        weight = float(parameter.removeprefix("q="))
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise InvocationError(400, f"Accept: {quote(part)}: q must be a number from 0 to 1")
    return weight
