"""What people said of production's answers, beside its figures on the held-out pictures."""

from __future__ import annotations

from html import escape

from containers.page.table import table
from containers.page.words import count
from containers.serving.report.words import NOTHING, between, fraction
from workflow.contract.feedback_figures import PeriodFigures, Share
from workflow.contract.scores import Interval, Metrics, ModelScore


def people(metrics: Metrics, real: PeriodFigures | None) -> str:
    """A sentence, and where right boxes were given a table of both; nothing where nobody said anything."""
    if real is None or metrics.champion is None or not real.right.of:
        return ""
    judged = (
        f"{count(real.right.of, 'answer')} of production's model, given from {_day(real.first)} to {_day(real.last)}"
    )
    said = f"People judged {judged}: {_share(real.right)} were right."
    boxes = _boxes(metrics.champion, real) if metrics.task != "classify" else ""
    return f"<section>\n<h2>What people say of production</h2>\n<p>{said}</p>\n{boxes}</section>\n"


def _boxes(champion: ModelScore, real: PeriodFigures) -> str:
    shares = (("Precision", "precision", real.precision), ("Recall", "recall", real.recall))
    rows = [
        (name, f"{fraction(champion.figure(key))} {between(champion.intervals.get(key))}", _share(share))
        for name, key, share in shares
        if share is not None
    ]
    if not rows:
        return ""
    answers = count(real.boxed, "answer")
    shown = table("Production's model, held out and at work", ("At IoU 0.5", "Held-out pictures", "At work"), rows)
    note = f"At work: over {answers} whose right boxes somebody gave. People speak rather of what they noticed."
    return f'{shown}<p class="quiet">{note}</p>\n'


def _share(share: Share) -> str:
    if share.share is None:
        return NOTHING
    return f"{fraction(share.share)} {between(Interval(share.low, share.high))}"


def _day(moment: str) -> str:
    return escape(moment[:10])
