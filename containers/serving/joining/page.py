"""The page of a batch: what was seen in all, some of the pictures, the slowest, and what was refused and why.

One HTML file without a script. Names of pictures and classes may hold markup and are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from containers.page.document import document, embed
from containers.page.table import folded
from containers.page.words import count
from containers.serving.joining.summary import BINS, Summary
from workflow.marks.colours import colour_of

if TYPE_CHECKING:
    from containers.serving.joining.sheet import Shown

HEIGHT = 120
"""Of the histogram, in units of its drawing; a bin is ``STEP`` wide."""
STEP = 20


@dataclass(frozen=True)
class Page:
    """What a batch is called and came to; ``pictures`` is the address of the folder."""

    run: str
    dataset: str
    version: str
    pictures: str
    summary: Summary
    shown: Sequence[Shown]

    def html(self) -> str:
        """The page."""
        title = f"Batch: {self.dataset} version {self.version}"
        sections = (self._head(title), self._classes(), self._scores(), self._sheet(), self._slowest(), self._refused())
        return document(f"{title}, {self.run}", Path(__file__).with_name("page.css"), "".join(sections))

    def _head(self, title: str) -> str:
        found = self.summary
        facts = [
            ("pictures", f"{found.pictures:,}", ""),
            ("answered", f"{found.answered:,}", f"{found.empty:,} of them empty" if found.empty else ""),
            ("refused", f"{found.refused:,}", "named below, with the reason" if found.refused else ""),
            ("found", f"{found.objects:,}", f"of {count(len(found.classes), 'class', 'classes')}"),
            (
                "a picture",
                f"{found.milliseconds / max(1, found.answered):,.0f} ms",
                "of the model's and decoder's time",
            ),
        ]
        cards = "".join(
            f'<div class="card"><span>{name}</span><b>{value}</b>{f"<small>{more}</small>" if more else ""}</div>'
            for name, value, more in facts
        )
        return (
            f'<header>\n<h1>{escape(title)}</h1>\n<p class="quiet">Run {escape(self.run)} · '
            f'<code>{escape(self.pictures)}</code></p>\n</header>\n<p class="lead">{escape(found.line())}.</p>\n'
            f'<div class="cards">{cards}</div>\n<p class="quiet">All answers: <code>answers.jsonl</code>, a line a '
            "picture, and <code>answers.csv</code>, a row an object, beside this page.</p>\n"
        )

    def _classes(self) -> str:
        if not self.summary.classes:
            return ""
        rows = [
            (
                f"{_swatch(one.class_id)}{escape(one.name)}",
                f"{one.objects:,}",
                f"{one.pictures:,}",
                f"{one.mean:.3f}",
            )
            for one in self.summary.ranked()
        ]
        head = ("Class", "Found", "On pictures", "Mean score")
        return f"<section>\n<h2>By class</h2>\n{folded('Found by class', head, rows, 'classes')}</section>\n"

    def _scores(self) -> str:
        bins = self.summary.histogram
        highest = max(bins)
        if not highest:
            return ""
        bars = "".join(
            f'<rect class="value" x="{at * STEP + 1}" y="{HEIGHT - HEIGHT * number / highest:.1f}" '
            f'width="{STEP - 2}" height="{HEIGHT * number / highest:.1f}"/>'
            for at, number in enumerate(bins)
        )
        ticks = "".join(
            f'<text x="{place * BINS * STEP:.0f}" y="{HEIGHT + 16}" text-anchor="{anchor}">{place:g}</text>'
            for place, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
        )
        said = f"how many were found with which score, most often {highest:,} in a twentieth of the scale"
        return (
            f'<section>\n<h2>Scores</h2>\n<figure><svg class="scores" viewBox="0 0 {BINS * STEP} {HEIGHT + 22}" '
            f'role="img" aria-label="{said}"><path class="ground" d="M0 {HEIGHT}H{BINS * STEP}"/>{bars}{ticks}</svg>'
            f"<figcaption>{said[:1].upper()}{said[1:]}.</figcaption></figure>\n</section>\n"
        )

    def _sheet(self) -> str:
        if not self.shown:
            return ""
        figures = "".join(
            f'<figure><div class="picture"><img alt="picture {escape(one.picture)} with what was found" '
            f'width="{one.width}" height="{one.height}" src="{embed(one.jpeg)}"></div><figcaption>'
            f"{escape(one.said)}<span>{escape(one.picture)}</span></figcaption></figure>\n"
            for one in self.shown
        )
        return f'<section>\n<h2>Some of the pictures</h2>\n<div class="pictures">\n{figures}</div>\n</section>\n'

    def _slowest(self) -> str:
        rows = [(escape(name), f"{ms:,.0f} ms") for ms, name in self.summary.slowest()]
        if not rows:
            return ""
        table = folded("Slowest pictures", ("Picture", "Time"), rows, "pictures", 5)
        return f"<section>\n<h2>Slowest pictures</h2>\n{table}</section>\n"

    def _refused(self) -> str:
        reasons = self.summary.reasons
        if not reasons:
            return ""
        rows = [(escape(name), f'<span class="why">{escape(why)}</span>') for name, why in reasons]
        table = folded("Refused pictures", ("Picture", "Why"), rows, "pictures")
        more = self.summary.refused - len(reasons)
        rest = f'<p class="quiet">{more:,} more are in answers.csv.</p>\n' if more else ""
        return f"<section>\n<h2>Refused</h2>\n{table}{rest}</section>\n"


def _swatch(class_id: int) -> str:
    red, green, blue = colour_of(class_id)
    return (
        f'<svg class="swatch" aria-hidden="true"><rect width="12" height="12" rx="3" '
        f'fill="rgb({red},{green},{blue})"/></svg>'
    )
