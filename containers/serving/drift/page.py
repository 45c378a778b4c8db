"""The page of a watch: what drifted in words, every figure before and now, and the pictures that moved most.

One HTML file without a script. Names of pictures and classes may hold markup and are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from containers.page.document import document, embed
from containers.page.table import folded, table
from containers.page.words import count
from containers.serving.drift.judging import NOTHING_FOUND, class_shares
from containers.serving.drift.reference import Reference
from containers.serving.drift.table import FIGURES, Table
from containers.serving.drift.verdict import RARE
from workflow.contract.drift import DriftFigure, DriftReport

if TYPE_CHECKING:
    from containers.serving.drift.sheet import Pair

BINS, STEP, HEIGHT = 24, 12, 90
"""Of a drawing: how many bins, how wide one is, and how high the fullest, in its own units."""


@dataclass(frozen=True)
class Page:
    """What came of a watch, both sets of pictures, and the pairs to show."""

    report: DriftReport
    reference: Reference
    window: Table
    pairs: Sequence[Pair]

    def html(self) -> str:
        """The page."""
        verdict = "Drifted" if self.report.drifted else "No drift" if self.report.judged else "Not judged"
        sections = (self._head(verdict), self._figures(), self._spreads(), self._classes(), self._pairs())
        title = f"{verdict}: version {self.report.package_version}, {self.report.run}"
        return document(title, Path(__file__).with_name("page.css"), "".join(sections))

    def _head(self, verdict: str) -> str:
        said = self.report
        line = said.line[:1].upper() + said.line[1:]
        return (
            f"<header>\n<h1>{verdict}</h1>\n"
            f'<p class="quiet">Version {said.package_version} · {escape(said.since)} to {escape(said.until)} · '
            f"run {escape(said.run)}</p>\n</header>\n"
            f'<p class="lead">{escape(line)}.</p>\n'
            f'<p class="quiet">{count(said.pictures, "picture")} of production beside '
            f"{count(said.reference_pictures, 'picture')} that were held out when the version was judged, all seen by "
            f"the same model. A figure has drifted where its distance is large and where a window like the held-out "
            f"pictures is as far, by any of the figures, in less than {RARE:.1%} of all cases.</p>\n"
        )

    def _figures(self) -> str:
        if not self.report.figures:
            return ""
        rows = [
            (
                f'<span class="drifted">{escape(_called(one))}</span>' if one.drifted else escape(_called(one)),
                f'<span class="way">{escape(one.became)}</span>',
                _spread(one.reference),
                _spread(one.window),
                f"{one.distance:.3f} of {one.large:g}",
                f"{one.chance:.2%}",
            )
            for one in sorted(self.report.figures, key=lambda one: (not one.drifted, one.chance, -one.distance))
        ]
        head = ("Figure", "Became", "Before", "Now", "Distance", "Chance")
        return (
            f"<section>\n<h2>Figures</h2>\n{table('Every figure before and now', head, rows)}"
            '<p class="quiet">Before and now: the tenth, the middle and the ninetieth of a hundred pictures.</p>\n'
            "</section>\n"
        )

    def _spreads(self) -> str:
        drawn = [self._spread(one) for one in self.report.figures if one.drifted and one.name in FIGURES]
        if not drawn:
            return ""
        return (
            f'<section>\n<h2>What moved</h2>\n<div class="spreads">\n{"".join(drawn)}</div>\n'
            '<p class="quiet">The line is before, the filled is now.</p>\n</section>\n'
        )

    def _spread(self, one: DriftFigure) -> str:
        both = [known[~np.isnan(known)] for known in (t.figures[one.name] for t in (self.reference.table, self.window))]
        low, high = (float(end(np.concatenate(both))) for end in (np.min, np.max))
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        shares = [np.histogram(values, edges)[0] / max(1, len(values)) for values in both]
        top = float(max(shares[0].max(), shares[1].max()))
        bars = "".join(
            f'<rect class="now" x="{at * STEP + 1}" y="{HEIGHT - HEIGHT * share / top:.1f}" width="{STEP - 2}" '
            f'height="{HEIGHT * share / top:.1f}"/>'
            for at, share in enumerate(shares[1].tolist())
        )
        path = f"M0 {HEIGHT}" + "".join(
            f"V{HEIGHT - HEIGHT * share / top:.1f}H{(at + 1) * STEP}" for at, share in enumerate(shares[0].tolist())
        )
        said = f"{_called(one)}: {one.became}"
        return (
            f'<figure><svg viewBox="0 0 {BINS * STEP} {HEIGHT + 18}" role="img" aria-label="{escape(said)}">{bars}'
            f'<path class="before" d="{path}V{HEIGHT}"/><text x="0" y="{HEIGHT + 14}">{low:.3g}</text>'
            f'<text x="{BINS * STEP}" y="{HEIGHT + 14}" text-anchor="end">{high:.3g}</text></svg>'
            f"<figcaption>{escape(said)}</figcaption></figure>\n"
        )

    def _classes(self) -> str:
        if not len(self.window):
            return ""
        before, after = class_shares(self.reference.table), class_shares(self.window)
        names = (*self.reference.classes, NOTHING_FOUND)
        order = np.argsort(-np.abs(after - before), kind="stable").tolist()
        rows = [(escape(names[at]), f"{before[at]:.1%}", f"{after[at]:.1%}") for at in order]
        shown = folded("Share of each class of all that was found", ("Class", "Before", "Now"), rows, "classes")
        return f"<section>\n<h2>Classes</h2>\n{shown}</section>\n"

    def _pairs(self) -> str:
        if not self.pairs:
            return ""
        figures = "".join(
            f'<figure><div class="pair"><img alt="picture of production {escape(one.name)}" src="{embed(one.jpeg)}">'
            f'<img alt="nearest held-out picture {escape(one.nearest)}" src="{embed(one.nearest_jpeg)}"></div>'
            f"<figcaption>{_unusual(one.rank)}<span>{escape(one.name)}</span>"
            f"<span>nearest: {escape(one.nearest)}</span></figcaption></figure>\n"
            for one in self.pairs
        )
        return (
            "<section>\n<h2>The pictures farthest from what the model was judged by</h2>\n"
            f'<div class="pictures">\n{figures}</div>\n<p class="quiet">Beside each the held-out picture that is '
            "nearest by the model's own features. All pictures: <code>pictures.jsonl</code>, beside this page.</p>\n"
            "</section>\n"
        )


def _called(one: DriftFigure) -> str:
    return FIGURES[one.name][0] if one.name in FIGURES else one.name


def _spread(values: Sequence[float]) -> str:
    return " · ".join(f"{value:.3g}" for value in values) or "–"


def _unusual(rank: float) -> str:
    return "farther off than any held-out picture" if rank >= 1 else f"farther off than {rank:.0%} of the held-out"
