"""Writes ``data.html``: whether a dataset may be trained on, what it was taken for, and all that was found in it.

One file that needs no other and runs no script. The same data gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.page.dataset import classes, sizes, splits
from containers.page.document import document
from containers.page.table import table
from containers.page.words import code, count
from containers.training.data_page.rows import Rows, read_rows, scroll
from containers.training.data_page.samples import Album
from containers.training.data_page.words import shown
from workflow.contract.dataset_report import ACTIONS, FINDINGS, DatasetReport, name_format
from workflow.contract.verdict import END, PASSED, REJECTED
from workflow.contract.way_on import find_policy, spell, tell_way_on

CLASSES = 12
"""Classes that are named at the top."""
LEGEND = (("right", "labelled, and in order"), ("wrong", "what is in question"))
"""What is drawn on pictures."""
TYPED = "It is typed as POLICY= of make demo, or --policy of greenlight upload and start."
ORDER = ("rejected", "dropped", "repaired", "noted")
"""What was done, the most serious first."""


@dataclass(frozen=True)
class DataPage:
    """What the page shows. ``name`` is what people call the dataset, ``every`` the file of all findings.

    ``pictures`` is how many the dataset names, those that were left out among them. ``album`` draws examples.
    """

    name: str
    report: DatasetReport
    pictures: int
    album: Album
    every: Path

    def html(self) -> str:
        """The page. Every name in it may hold markup and is escaped."""
        found = {kind: number for kind, number in self.report.counted.items() if number}
        rows = read_rows(self.every, found)
        kinds = sorted(rows, key=lambda kind: (_worst(rows[kind]), -rows[kind].count, kind))
        content = "".join(
            (
                f'<header>\n<h1>Data</h1>\n<p class="quiet">{shown(self.name)}</p>\n</header>\n',
                _verdict(self.report),
                self._recognised(),
                self._found(kinds, rows),
                f"<section>\n<h2>Classes</h2>\n{classes(self.report)}</section>\n" if self.report.class_counts else "",
            )
        )
        return document(f"Data of {self.name}", Path(__file__).with_name("data.css"), content)

    def _recognised(self) -> str:
        report = self.report
        kept = sum(split.images for split in report.splits.values())
        names = ", ".join(report.classes[:CLASSES])
        more = f" and {len(report.classes) - CLASSES:,} more" if len(report.classes) > CLASSES else ""
        facts = [("format", f"{shown(name_format(report.format, report.task))}, for the task {report.task}")]
        if report.keypoints:
            facts.append(("keypoints", f"{report.keypoints[0]} on each object"))
        facts.append(("classes", f"{len(report.classes):,}: {shown(names)}{more}" if names else "none"))
        out = self.pictures - kept
        facts.append(("pictures", f"{kept:,}{f', and {out:,} left out' if out else ''}"))
        if report.policy:
            facts.append(("policy", code(spell(report.policy))))
        listed = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts)
        parts = f"<h3>Splits</h3>\n{splits(report)}{sizes(report)}" if report.splits else ""
        return f'<section>\n<h2>What it was taken for</h2>\n<dl class="short">{listed}</dl>\n{parts}</section>\n'

    def _found(self, kinds: Sequence[str], rows: Mapping[str, Rows]) -> str:
        parts = "".join(self._kind(kind, rows[kind]) for kind in kinds)
        # Said once, above the first picture.
        legend = _legend() if "<svg" in parts else ""
        return f"<section>\n<h2>What was found</h2>\n{_kinds(kinds, rows)}{legend}{parts}</section>\n"

    def _kind(self, kind: str, rows: Rows) -> str:
        figures = self.album.figures(kind)
        pictures = f'<div class="pictures">\n{"".join(figures)}</div>\n' if figures else ""
        # What is shown with its picture need not be listed once more.
        others = len(figures) < rows.count
        listed = scroll(kind, rows, self.every.name, folded=bool(figures)) if others else ""
        heading = f'<h3 id="{shown(kind)}">{shown(kind)} <small>{_done(rows)}</small></h3>'
        return f"{heading}\n<p>{_advice(kind)}{_choices(kind, rows)}</p>\n{pictures}{listed}"


def write_data_page(file: Path, page: DataPage) -> None:
    """Write the page to a file."""
    file.write_text(page.html(), encoding="utf-8")


def _verdict(report: DatasetReport) -> str:
    if report.errors:
        kinds = count(len(report.rejected), "kind")
        policy = find_policy(report.rejected, report.policy)
        way_on = shown(tell_way_on(report.rejected, report.policy, "{policy}")).replace("to go on", "To go on", 1)
        if policy:
            typed = spell({**report.policy, **policy})
            way_on = f"{way_on.removesuffix(shown(typed))}{code(typed)}</p>\n<p>{TYPED}"
        said = f"Rejected for {count(report.errors, 'finding')} of {kinds}"
        return f"{REJECTED}<h2>{said}</h2>\n<p>{way_on}</p>{END}\n"
    problems = sum(report.problems.values())
    said = f"{count(problems, 'problem')} left out or mended, {count(sum(report.noted.values()), 'note')}."
    return f"{PASSED}<h2>Nothing rejects this data</h2>\n<p>{said}</p>{END}\n"


def _kinds(kinds: Sequence[str], rows: Mapping[str, Rows]) -> str:
    if not kinds:
        return "<p>Nothing wrong with pictures and labels.</p>\n"
    lines = [
        [
            f'<a href="#{shown(kind)}">{shown(kind)}</a> <small>{_advice(kind)}</small>',
            f"{rows[kind].count:,}",
            _done(rows[kind]) if len(rows[kind].actions) > 1 else shown(next(iter(rows[kind].actions))),
        ]
        for kind in kinds
    ]
    return table("Kinds of findings", ["Finding", "Times", "What was done"], lines)


def _legend() -> str:
    items = "".join(
        f'<li><svg aria-hidden="true"><rect class="{kind}" x="2" y="2" width="22" height="12"/></svg>{text}</li>'
        for kind, text in LEGEND
    )
    return f'<h3>Pictures</h3>\n<ul class="legend">{items}</ul>\n'


def _done(rows: Rows) -> str:
    return ", ".join(f"{rows.actions[one]:,} {one}" for one in ORDER if rows.actions[one])


def _advice(kind: str) -> str:
    """What to do about a kind."""
    advice = FINDINGS[kind].advice
    return shown(f"{advice[:1].upper()}{advice[1:]}.")


def _choices(kind: str, rows: Rows) -> str:
    """What else a policy may do about a kind."""
    others = [one for one in FINDINGS[kind].allowed if ACTIONS[one] not in rows.actions]
    return f" A policy may {' or '.join(others)} it." if others else ""


def _worst(rows: Rows) -> int:
    return min(ORDER.index(one) for one in rows.actions)
