"""How the page writes figures, times, sizes and money. Every function gives HTML, safe to put anywhere in the page."""

from __future__ import annotations

from workflow.contract.cost import format_dollars
from workflow.contract.figures import format_figure
from workflow.contract.scores import Interval

NOTHING = "–"
"""Stands where there is no figure."""


def fraction(value: float | None) -> str:
    """A figure between 0 and 1 with three decimals."""
    return NOTHING if value is None else format_figure(value)


def between(interval: Interval | None) -> str:
    """An interval in brackets, ``(0.621–0.784)``, or nothing."""
    return "" if interval is None else f"({format_figure(interval.low)}–{format_figure(interval.high)})"


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign; the minus is a real one."""
    return f"{value:+,.{digits}f}".replace("-", "−")


def size(octets: int) -> str:
    """A size of so many bytes, in the larger unit that fits."""
    return f"{octets / 1e6:.1f} MB" if octets >= 100_000 else f"{octets / 1e3:.1f} kB"


def milliseconds(value: float) -> str:
    """A short time; below 10 ms with one decimal."""
    return f"{value:.0f} ms" if value >= 9.95 else f"{value:.1f} ms"


def capital(name: str) -> str:
    """The name of a figure at the beginning of a line; ``mAP50`` stays as it is."""
    return name if name.startswith("mAP") else name[:1].upper() + name[1:]


def duration(seconds: float) -> str:
    """``0.4 s``, ``42 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left} min"
    return f"{minutes} min {rest} s" if minutes else f"{whole} s"


def money(dollars: float | None) -> str:
    """An amount in US dollars to the cent, or a dash."""
    if dollars is None:
        return NOTHING
    return format_dollars(dollars)
