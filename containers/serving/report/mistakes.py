"""How precision falls as recall rises, and which classes are mistaken for which."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from containers.page.words import count
from containers.serving.report.chart import Axis, Chart, Line
from containers.serving.report.evidence import Confusion, Curve, Evidence
from containers.serving.report.words import fraction
from workflow.contract.scores import Metrics

CURVES = 6
"""Classes drawn beside the curve of all, the weakest; more could not be told apart."""
LARGEST_MATRIX = 20
"""Names in a matrix that can still be read; above this only the pairs most often confused are listed."""
PAIRS, PAIRS_BESIDE_MATRIX = 8, 3
"""Pairs of classes that are listed, alone and where the matrix shows all."""
SHADES = 5
NOTHING = "nothing"
_TICKS = tuple((at / 4, f"{at / 4:g}") for at in range(5))


def curves(evidence: Evidence) -> str:
    """Precision by recall of all classes together and of the weakest ones, or nothing for a classifier."""
    if not evidence.curves:
        return ""
    metrics = evidence.metrics
    overall, others = evidence.curves[0], evidence.curves[1:]
    drawn = _weakest(others, metrics) if len(others) > 1 else ()
    figures = {score.name: score.map50 for score in metrics.candidate.per_class}
    lines = [Line(_points(curve), f"line c{at}") for at, curve in enumerate(drawn, 1)]
    lines.append(Line(_points(overall), "line all"))
    label = f"Precision by recall at overlap 0.5. All classes together: mAP50 {fraction(metrics.candidate.map50)}."
    chart = Chart(label, 380, 300, Axis(0, 1, _TICKS, "recall"), Axis(0, 1, _TICKS, ""), tuple(lines))
    entries = [_entry("all", "all classes together", metrics.candidate.map50)]
    entries += [_entry(f"c{at}", curve.name, figures.get(curve.name)) for at, curve in enumerate(drawn, 1)]
    rest = len(others) - len(drawn)
    more = f"<p>The {len(drawn)} weakest of {len(others)} classes are drawn.</p>" if drawn and rest else ""
    return (
        "<section>\n<h2>Precision and recall</h2>\n"
        '<div class="beside"><figure><figcaption>precision ↑</figcaption>'
        f'{chart.svg()}</figure>\n<div><ul class="key">{"".join(entries)}</ul>{more}'
        '<p class="quiet">Boxes at overlap 0.5. Every point is one confidence: to find more (right), more wrong '
        "detections come with it (down). A good model stays near the upper right corner.</p></div></div>\n</section>\n"
    )


def confusion(evidence: Evidence) -> str:
    """The pairs of classes most often confused, and the whole matrix where there are few classes."""
    found = evidence.confusion
    if not any(map(sum, found.counts)):
        return ""
    small = len(found.names) <= LARGEST_MATRIX
    shown = _pairs(found, PAIRS_BESIDE_MATRIX) + _matrix(found) if small else _pairs(found, PAIRS)
    return f"<section>\n<h2>Confusions</h2>\n{shown}</section>\n"


@dataclass(frozen=True)
class _Pair:
    """``times`` of ``objects`` of class ``true`` were mistaken for ``said``."""

    true: str
    said: str
    times: int
    objects: int


def _pairs(found: Confusion, most: int) -> str:
    named = len(found.names)
    pairs = [
        _Pair(found.names[row], found.names[column], counts[column], sum(counts))
        for row, counts in enumerate(found.counts[:named])
        for column in range(named)
        if row != column and counts[column]
    ]
    if not pairs:
        return "<p>No class is mistaken for another.</p>\n" if named > 1 else ""
    pairs.sort(key=lambda pair: (-pair.times, -pair.times / pair.objects, pair.true, pair.said))
    lines = "".join(
        f"<li><b>{escape(pair.true)}</b> mistaken for <b>{escape(pair.said)}</b>: {pair.times:,} of {pair.objects:,} "
        f"({pair.times / pair.objects:.0%})</li>"
        for pair in pairs[:most]
    )
    hidden, rest = sum(pair.times for pair in pairs[most:]), len(pairs) - most
    more = (
        f'<p class="quiet">And {count(hidden, "confusion")} among {count(rest, "other pair")}.</p>\n' if hidden else ""
    )
    return f'<ol class="pairs">{lines}</ol>\n{more}'


def _matrix(found: Confusion) -> str:
    named = len(found.names)
    square = len(found.counts) == named
    names = [escape(name) for name in found.names] + ([] if square else [f"<i>{NOTHING}</i>"])
    head = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(_cell(counts, row, column) for column in range(len(names)))}</tr>\n'
        for row, (name, counts) in enumerate(zip(names, found.counts, strict=True))
    )
    nothing = "" if square else " The last column counts objects that were missed, the last row detections of nothing."
    return (
        '<div class="scroll" role="region" tabindex="0" aria-label="Confusions"><table class="matrix">\n'
        f"<thead><tr><td>labelled ↓<br>said →</td>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
        f'<p class="quiet">Right ones are bold, on the diagonal; the darker a cell, the larger its share of the row.'
        f"{nothing}</p>\n"
    )


def _cell(counts: tuple[int, ...], row: int, column: int) -> str:
    """A count, shaded by its share of the row."""
    number = counts[column]
    if not number:
        return '<td class="none">0</td>'
    shade = min(SHADES, 1 + int(SHADES * number / sum(counts)))
    return f'<td class="{"right" if row == column else "wrong"} s{shade}">{number:,}</td>'


def _weakest(others: tuple[Curve, ...], metrics: Metrics) -> tuple[Curve, ...]:
    quality = {score.name: score.quality for score in metrics.candidate.per_class}
    return tuple(sorted(others, key=lambda curve: quality.get(curve.name, 0.0))[:CURVES])


def _points(curve: Curve) -> list[tuple[float, float]]:
    """The curve down to where it ends: after that it would run along the axis."""
    points = list(zip(curve.recall, curve.precision, strict=True))
    end = next((at for at, (_, precision) in enumerate(points) if precision <= 0), len(points))
    return points[: end + 1]


def _entry(kind: str, name: str, figure: float | None) -> str:
    sample = f'<svg aria-hidden="true" viewBox="0 0 36 12"><path class="line {kind}" d="M1 6H35"/></svg>'
    return f"<li>{sample}{escape(name)} <small>mAP50 {fraction(figure)}</small></li>"
