"""Writes the page an approver reads: figures beside production's, classes, pictures worst first, the data.

One HTML text with everything in it: no script, no request, readable on a phone, in light and in dark.
It knows no verdict: the gate comes later.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

from containers.serving.interval import Interval
from workflow.contract import ClassScore, Metrics, ModelScore

MOST_NAMED_BOXES = 12
"""A picture with more boxes than this names only the mistakes, so that something is still seen of it."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class ReportBox:
    """A box on a picture: ``right``, ``wrong`` or ``missed``, its label, its sides as fractions of the picture."""

    kind: str
    label: str
    sides: tuple[float, float, float, float]


@dataclass(frozen=True)
class ReportPicture:
    """A held-out picture: its name, its size in pixels, a small JPEG of it, every box."""

    name: str
    width: int
    height: int
    jpeg: bytes
    boxes: tuple[ReportBox, ...]


@dataclass(frozen=True)
class Report:
    """All the page shows. ``missed`` and ``wrong`` count boxes over all held-out images."""

    run: str
    metrics: Metrics
    missed: int
    wrong: int
    interval: Interval | None
    lead: Interval | None
    pictures: tuple[ReportPicture, ...]

    def html(self) -> str:
        """The page."""
        style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>Evaluation of {escape(self.run)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
            f"{self._head()}{self._cards()}{self._chance()}{self._classes()}{self._pictures()}{self._data()}"
            "</body>\n</html>\n"
        )

    def _head(self) -> str:
        champion = self.metrics.champion
        beside = (
            "No model is in production yet, so there is nothing to compare with."
            if champion is None
            else f"Every figure stands beside production, {_version(champion)}, on the same pictures."
        )
        found = self.metrics.objects - self.missed
        return (
            f'<h1>Evaluation</h1>\n<p class="quiet">{escape(self.run)}</p>\n'
            f'<p class="lead">Finds <b>{found} of {_count(self.metrics.objects, "object")}</b> in '
            f"{_count(self.metrics.images, 'held-out picture')}: {self.missed} missed, "
            f'{_count(self.wrong, "wrong detection")}.</p>\n<p class="quiet">{beside}</p>\n'
        )

    def _cards(self) -> str:
        new, old = self.metrics.candidate, self.metrics.champion
        shown = f"at confidence {self.metrics.confidence:g}"
        cards = [
            _card("mAP50", new.map50, old.map50 if old else None),
            _card("mAP50-95", new.map50_95, old.map50_95 if old else None),
            _card(f"Precision {shown}", new.precision, old.precision if old else None),
            _card(f"Recall {shown}", new.recall, old.recall if old else None),
            _plain_card(
                "Time for one picture",
                f"{new.latency_p50_ms:.0f} ms",
                f"{new.latency_p99_ms:.0f} ms at the 99th percentile",
                f"production {old.latency_p50_ms:.0f} ms" if old else "",
            ),
            _plain_card(
                "Size of the model", _size(new.model_bytes), "", f"production {_size(old.model_bytes)}" if old else ""
            ),
        ]
        return f'<div class="cards">\n{"".join(cards)}</div>\n'

    def _chance(self) -> str:
        if self.interval is None:
            return '<p class="quiet">Too few pictures to say how much of a figure is chance.</p>\n'
        text = (
            f"With other pictures of the same kind mAP50-95 would lie between {self.interval.low:.3f} and "
            f"{self.interval.high:.3f} (95 %)."
        )
        if self.lead is not None:
            between = f"between {_signed(self.lead.low)} and {_signed(self.lead.high)}"
            if self.lead.low == self.lead.high == 0:
                text += " Production scores the same on every draw."
            elif self.lead.low > 0:
                text += f" Its lead over production, {between}, is more than chance."
            elif self.lead.high < 0:
                text += f" It falls behind production by more than chance: {between}."
            else:
                text += f" Against production it would lie {between}: the difference may be chance."
        return f'<p class="quiet">{text}</p>\n'

    def _classes(self) -> str:
        champion = self.metrics.champion
        former = {score.name: score for score in champion.per_class} if champion else {}
        scores = sorted(self.metrics.candidate.per_class, key=lambda score: score.map50)
        empty = [score.name for score in scores if score.objects == 0]
        compared = '<th scope="col">Against production</th>' if champion else ""
        rows = "".join(
            _class_row(score, former.get(score.name), champion is not None) for score in scores if score.objects
        )
        absent = f'<p class="quiet">Held out without an object: {escape(", ".join(empty))}.</p>\n' if empty else ""
        return (
            '<h2>Classes, weakest first</h2>\n<div class="scroll"><table>\n<thead><tr><th scope="col">Class</th>'
            f'<th scope="col">Objects</th><th scope="col">mAP50</th>{compared}'
            '<th scope="col" class="wide">mAP50-95</th><th scope="col" class="wide">Precision</th>'
            f'<th scope="col">Recall</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n{absent}'
        )

    def _pictures(self) -> str:
        if not self.pictures:
            return ""
        legend = "".join(
            f'<li><svg aria-hidden="true"><rect class="{kind}" x="2" y="2" width="22" height="12"/></svg>{text}</li>'
            for kind, text in (
                ("right", "found, as labelled"),
                ("wrong", "wrong: nothing of that class is labelled there"),
                ("missed", "missed: labelled, not found"),
            )
        )
        figures = "".join(_figure(picture) for picture in self.pictures)
        return (
            f'<h2>Pictures, most mistakes first</h2>\n<ul class="legend">{legend}</ul>\n'
            f'<div class="pictures">\n{figures}</div>\n'
        )

    def _data(self) -> str:
        metrics = self.metrics
        rows = [
            ("Held-out data", f"{_count(metrics.images, 'picture')}, {_count(metrics.objects, 'object')}"),
            ("Classes", str(len(metrics.candidate.per_class))),
            ("Dataset digest", _code(metrics.dataset_digest)),
            ("Model digest", _code(metrics.candidate.model_digest)),
            ("Archive digest", _code(metrics.candidate.archive_digest)),
        ]
        if metrics.champion is not None:
            rows.append(("In production", f"{_version(metrics.champion)} {_code(metrics.champion.model_digest)}"))
        listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
        return (
            f"<h2>The numbers behind this</h2>\n<dl>{listed}</dl>\n"
            '<p class="quiet">A detection is right when its class is and its box overlaps the labelled one by at least '
            "half. mAP50 is the mean average precision at that overlap, mAP50-95 the mean over overlaps from 0.50 to "
            "0.95; both look at every score and average over the classes that have objects. "
            f"Precision, recall, times and pictures are those of what is served: scores above {metrics.confidence:g}. "
            "Times are from the bytes of a picture to its boxes, on the machine of the evaluation.</p>\n"
        )


def _card(name: str, new: float, old: float | None) -> str:
    beside = "" if old is None else f"<span>{_change(new, old)}</span><small>production {old:.3f}</small>"
    return f'<div class="card"><small>{name}</small><b>{new:.3f}</b>{beside}</div>\n'


def _plain_card(name: str, value: str, more: str, old: str) -> str:
    extra = "".join(f"<small>{text}</small>" for text in (more, old) if text)
    return f'<div class="card"><small>{name}</small><b>{value}</b>{extra}</div>\n'


def _change(new: float, old: float) -> str:
    """The difference as words a colour-blind reader can tell apart too."""
    difference = round(new, 3) - round(old, 3)
    if abs(difference) < 0.0005:
        return "no change"
    kind, arrow = ("better", "▲") if difference > 0 else ("worse", "▼")
    return f'<span class="{kind}">{arrow} {_signed(difference)} <span class="word">{kind}</span></span>'


def _class_row(score: ClassScore, former: ClassScore | None, compared: bool) -> str:
    bar = (
        '<svg class="bar" aria-hidden="true"><rect class="ground" width="100%" height="100%" rx="4"/>'
        f'<rect class="value" width="{score.map50 * 100:.1f}%" height="100%" rx="4"/></svg>'
    )
    change = f"<td>{_change(score.map50, former.map50) if former else 'new'}</td>" if compared else ""
    return (
        f"<tr><td>{escape(score.name)}</td><td>{score.objects}</td><td>{bar}{score.map50:.3f}</td>{change}"
        f'<td class="wide">{score.map50_95:.3f}</td><td class="wide">{score.precision:.3f}</td>'
        f"<td>{score.recall:.3f}</td></tr>\n"
    )


def _figure(picture: ReportPicture) -> str:
    named = [box for box in picture.boxes if box.kind != "right" or len(picture.boxes) <= MOST_NAMED_BOXES]
    shapes = "".join(_shape(box) for box in picture.boxes) + "".join(_label(box) for box in named)
    verdict = _verdict(picture.boxes)
    source = base64.b64encode(picture.jpeg).decode()
    return (
        f'<figure><div class="picture"><img alt="" width="{picture.width}" height="{picture.height}" '
        f'src="data:image/jpeg;base64,{source}"><svg role="img" aria-label="{escape(verdict)}">{shapes}</svg></div>'
        f"<figcaption>{escape(verdict)}<span>{escape(picture.name)}</span></figcaption></figure>\n"
    )


def _verdict(boxes: tuple[ReportBox, ...]) -> str:
    right = sum(box.kind == "right" for box in boxes)
    parts = [f"{right} right"]
    for kind in ("missed", "wrong"):
        labels = [box.label for box in boxes if box.kind == kind]
        if labels:
            more = f" and {len(labels) - 4} more" if len(labels) > 4 else ""
            parts.append(f"{len(labels)} {kind} ({', '.join(labels[:4])}{more})")
    return " · ".join(parts) if len(parts) > 1 else f"all {right} right" if right else "empty, and nothing was found"


def _shape(box: ReportBox) -> str:
    left, top, right, bottom = (side * 100 for side in box.sides)
    return (
        f'<rect class="{box.kind}" x="{left:.2f}%" y="{top:.2f}%" '
        f'width="{right - left:.2f}%" height="{bottom - top:.2f}%"/>'
    )


def _label(box: ReportBox) -> str:
    """The name at its box, by kind at another edge, so that a wrong and a missed box of one object stay readable."""
    left, top, right, bottom = (side * 100 for side in box.sides)
    if box.kind == "missed":
        y, down = bottom, -5 if bottom > 92 else 14
    else:
        y, down = top, 14 if top < 8 or box.kind == "wrong" else -5
    place = f'x="{right:.2f}%" text-anchor="end"' if left > 70 else f'x="{left:.2f}%"'
    mark = {"right": "", "wrong": "✗ ", "missed": "? "}[box.kind]
    return f'<text {place} y="{y:.2f}%" dy="{down}">{mark}{escape(box.label)}</text>'


def _version(champion: ModelScore) -> str:
    return f"version {champion.package_version}" if champion.package_version else "the present model"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
