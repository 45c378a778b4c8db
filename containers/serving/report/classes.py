"""The page's table of classes, weakest first, beside production's."""

from __future__ import annotations

from html import escape

from containers.page.table import Row, folded
from containers.page.words import listed
from containers.serving.report.head import change
from containers.serving.report.words import between, capital, fraction
from workflow.contract.outcome import tell_chance
from workflow.contract.scores import FIGURE_NAMES, QUALITY, ClassScore, Interval, Metrics


def classes(metrics: Metrics) -> str:
    """Every class that has objects among the held-out pictures; the others are named."""
    scores = sorted(metrics.candidate.per_class, key=lambda score: (score.quality, score.name))
    empty = [score.name for score in scores if not score.objects]
    boxes = metrics.task != "classify"
    head = ["Class", "Objects" if boxes else "Pictures", _quality_name(metrics.task)]
    head += ["Compared with production"] if metrics.champion else []
    head += [capital(FIGURE_NAMES[name]) for name in _box_figures(metrics.task)] + [
        "Precision",
        *(["Recall"] if boxes else []),
        "F1",
    ]
    rows = [_row(score, metrics) for score in scores if score.objects]
    if not rows:
        return ""
    absent = f'<p class="quiet">No object among the held-out pictures: {listed(empty, 40)}.</p>\n' if empty else ""
    shown = folded("Figures of each class, weakest first", head, rows, "classes, stronger than these")
    return f"<section>\n<h2>Classes, weakest first</h2>\n{shown}{absent}</section>\n"


def _quality_name(task: str) -> str:
    return "Named correctly (recall)" if task == "classify" else capital(FIGURE_NAMES[QUALITY[task]])


def _box_figures(task: str) -> tuple[str, ...]:
    """The figures of boxes that a class has beside the one that decides."""
    return tuple(name for name in ("map50", "map50_95") if task != "classify" and name != QUALITY[task])


def _row(score: ClassScore, metrics: Metrics) -> Row:
    interval = f' <small class="whole">{between(score.interval)}</small>' if score.interval else ""
    cells = [
        escape(score.name),
        f"{score.objects:,}",
        f"{_bar(score.quality, score.interval)}{fraction(score.quality)}{interval}",
    ]
    if metrics.champion:
        cells.append(_against(score, metrics))
    cells += [fraction(getattr(score, name)) for name in _box_figures(metrics.task)]
    # Of a classifier's class the recall is the share that is named right, which stands there already.
    recall = [] if metrics.task == "classify" else [fraction(score.recall)]
    return [*cells, fraction(score.precision), *recall, fraction(score.f1)]


def _against(score: ClassScore, metrics: Metrics) -> str:
    """A class that production does not know is new: no comparison with zero."""
    lead = metrics.comparison.per_class.get(score.name) if metrics.comparison else None
    if lead is None:
        return "new"
    return f"{change(lead.value)} <small>{tell_chance(lead)}</small>"


def _bar(value: float, interval: Interval | None) -> str:
    whisker = (
        f'<rect class="whisker" x="{interval.low * 100:.1f}%" y="4" height="2" '
        f'width="{(interval.high - interval.low) * 100:.1f}%"/>'
        if interval
        else ""
    )
    return (
        '<svg class="bar" aria-hidden="true"><rect class="ground" width="100%" height="10" rx="4"/>'
        f'<rect class="value" width="{value * 100:.1f}%" height="10" rx="4"/>{whisker}</svg>'
    )
