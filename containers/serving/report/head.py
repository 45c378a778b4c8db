"""The top of the page: what was judged, the figure that decides beside production's, and the other figures as cards."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from containers.page.words import listed
from containers.serving.report.evidence import Evidence
from containers.serving.report.words import between, capital, fraction, milliseconds, signed, size
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Metrics, ModelScore, figures_of
from workflow.contract.verdict import MARKER

WHAT_IT_DOES: Mapping[str, str] = {
    "detect": "Finds objects and draws a box around each",
    "obb": "Finds objects and draws a turned box around each",
    "pose": "Finds objects and the key points on them",
    "segment": "Finds objects and draws their outlines",
    "classify": "Names what a picture shows",
}
"""The tasks as people say them."""


def title(run: str, record: Mapping[str, Any] | None) -> str:
    """What the report is called: by the dataset, and by the run that tells it from the dataset's other reports."""
    dataset = str((record or {}).get("dataset") or "")
    about = f"Evaluation report: {dataset}" if dataset else "Evaluation report"
    return f"{about}, run {run}" if run else about


def head(run: str, evidence: Evidence, record: Mapping[str, Any] | None) -> str:
    """The title, and one sentence of what was judged and how it went."""
    metrics = evidence.metrics
    names = [score.name for score in metrics.candidate.per_class]
    name = f'<p class="quiet">Run {escape(run)}</p>\n' if run else ""
    said = [f"{WHAT_IT_DOES[metrics.task]}: {listed(names)}."]
    if record and record.get("started_by"):
        reason = f": {escape(str(record['reason']))}" if record.get("reason") else ""
        said.append(f"Started by {escape(str(record['started_by']))}{reason}.")
    return (
        f"<header>\n<h1>{escape(title('', record))}</h1>\n{name}</header>\n{MARKER}\n"
        f'<p class="lead">{_outcome(evidence)}</p>\n<p class="quiet">{" ".join(said)}</p>\n'
    )


def figures(metrics: Metrics) -> str:
    """The figure that decides, with what separates it from production, and a card for each of the others."""
    new, old = metrics.candidate, metrics.champion
    decisive = QUALITY[metrics.task]
    cards = [_card(name, new, old) for name in figures_of(metrics.task) if name != decisive]
    cards.append(
        _plain_card(
            "Time per picture",
            milliseconds(new.latency_p50_ms),
            f"99 % within {milliseconds(new.latency_p99_ms)}{_arithmetic(new)}",
            f"production {milliseconds(old.latency_p50_ms)}{_arithmetic(old)}" if old else "",
        )
    )
    served = ""
    if metrics.task != "classify":
        served = f'<p class="quiet">Precision, recall and F1 are those at confidence {metrics.confidence:g}.</p>\n'
    production = f"production {size(old.model_bytes)}" if old else ""
    cards.append(_plain_card("Model size", size(new.model_bytes), "", production))
    return (
        f'<section>\n<h2>Key figures</h2>\n<div class="cards">\n{_decisive(metrics, decisive)}{"".join(cards)}</div>\n'
        f"{served}</section>\n"
    )


def _arithmetic(score: ModelScore) -> str:
    return f", in {escape(score.serves_in)}" if score.serves_in else ""


def change(difference: float) -> str:
    """A difference as words and an arrow, so that colour is not needed to understand it."""
    if abs(difference) < 0.0005:
        return '<span class="same">no change</span>'
    kind, arrow = ("better", "▲") if difference > 0 else ("worse", "▼")
    return f'<span class="{kind}">{arrow} {signed(difference)} <span class="word">{kind}</span></span>'


def _difference(new: float, old: float | None) -> str:
    """That of the figures as they are shown, so that a reader who subtracts finds the same."""
    return change(round(new, 3) - round(old or 0.0, 3))


def _outcome(evidence: Evidence) -> str:
    outcome = evidence.outcome
    beside = f' <span class="quiet">Production: {outcome.beside()}.</span>' if outcome.production else ""
    return f"{outcome.sentence()}.{beside}"


def _decisive(metrics: Metrics, name: str) -> str:
    new, old = metrics.candidate, metrics.champion
    interval = new.intervals.get(name)
    beside = "" if old is None else f"<span>{_difference(metrics.quality, old.figure(name))}</span>"
    return (
        f'<div class="card decisive"><div><small>{capital(FIGURE_NAMES[name])}, which decides</small>'
        f"<b>{fraction(metrics.quality)}</b><small>{between(interval)}</small>{beside}</div>"
        f"{_strip(metrics, name)}<p>{_comparison(metrics, name)}</p></div>\n"
    )


def _comparison(metrics: Metrics, name: str) -> str:
    old = metrics.champion
    drawn = "" if metrics.candidate.intervals else " Too few pictures to say how much of a figure is due to chance."
    if old is None:
        return f"No model in production was measured beside it.{drawn}"
    said = f"Production, {_version(old)}, scores {fraction(old.figure(name))} on the same pictures."
    if metrics.comparison is None:
        return said + drawn
    lead = metrics.comparison.overall
    if lead.low is None or lead.high is None:
        return said + drawn
    span = f"between {signed(lead.low)} and {signed(lead.high)}"
    if lead.low == lead.high == 0:
        return f"{said} Both score the same on every draw of them."
    if lead.low > 0:
        return f"{said} The lead, {span}, is not due to chance."
    if lead.high < 0:
        return f"{said} It falls behind, {span}, and that is not due to chance."
    return f"{said} On other pictures like these the lead would lie {span}: the difference may be due to chance."


def _strip(metrics: Metrics, name: str) -> str:
    """Both models on one scale from 0 to 1: a dot for the figure, a bar for its interval."""
    rows = [("this model", metrics.candidate, "candidate")]
    if metrics.champion:
        rows.append(("production", metrics.champion, "champion"))
    height = 26 * len(rows) + 20
    parts = []
    for at, (text, score, kind) in enumerate(rows):
        y = 26 * at + 14
        parts.append(f'<text x="0" y="{y + 4}">{text}</text><path class="ground" d="M84 {y}H304"/>')
        interval = score.intervals.get(name)
        if interval:
            parts.append(f'<path class="{kind}" d="M{_across(interval.low)} {y}H{_across(interval.high)}"/>')
        parts.append(f'<circle class="{kind}" cx="{_across(score.figure(name) or 0)}" cy="{y}" r="6"/>')
    ends = "".join(
        f'<text x="{_across(at)}" y="{height - 3}" text-anchor="middle">{at:g}</text>' for at in (0, 0.25, 0.5, 0.75, 1)
    )
    return f'<svg class="strip" viewBox="0 0 316 {height}" aria-hidden="true">{"".join(parts)}{ends}</svg>'


def _across(value: float) -> str:
    return f"{84 + 220 * value:.1f}"


def _card(name: str, new: ModelScore, old: ModelScore | None) -> str:
    value = new.figure(name) or 0.0
    beside = ""
    if old is not None:
        former = old.figure(name) or 0.0
        beside = f"<span>{_difference(value, former)}</span><small>production {fraction(former)}</small>"
    return (
        f'<div class="card"><small>{capital(FIGURE_NAMES[name])}</small><b>{fraction(value)}</b>'
        f"<small>{between(new.intervals.get(name))}</small>{beside}</div>\n"
    )


def _plain_card(name: str, value: str, more: str, old: str) -> str:
    extra = "".join(f"<small>{text}</small>" for text in (more, old) if text)
    return f'<div class="card"><small>{name}</small><b>{value}</b>{extra}</div>\n'


def _version(champion: ModelScore) -> str:
    return f"version {champion.package_version}" if champion.package_version else "the present model"
