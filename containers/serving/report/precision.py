"""In which precision the model serves, and what each one scored and took when that was chosen."""

from __future__ import annotations

from html import escape

from containers.page.table import Row, table
from containers.page.words import count
from containers.serving.report.words import NOTHING, between, capital, fraction, milliseconds, signed
from workflow.contract.precision_choice import PrecisionChoice, Tried
from workflow.contract.scores import FIGURE_NAMES

MEANINGS = {"f32": "32-bit floats", "bf16": "16-bit floats", "int8": "8-bit integers"}
"""The precisions as people say them."""


def precision(choice: PrecisionChoice | None) -> str:
    """The choice with its table; nothing where the precision was named, or the model is older than choosing."""
    if choice is None:
        return ""
    figure = FIGURE_NAMES.get(choice.figure, choice.figure)
    head = ["Precision", escape(capital(figure)), "Against f32", "Time per picture", "Serves"]
    shown = table("What each precision scored and took", head, [_row(one, choice) for one in choice.tried])
    looked = f"{count(choice.pictures, 'validation picture')}"
    if choice.pictures < choice.validation:
        looked = f"{choice.pictures:,} of {count(choice.validation, 'validation picture')}"
    return (
        f"<section>\n<h2>Precision</h2>\n"
        f"<p>It serves in <b>{escape(choice.chosen)}</b>: {escape(choice.reason)}.</p>\n{shown}"
        f'<p class="quiet">Measured when the model was made, on {looked}, one at a time on one core of this processor: '
        f"{escape(choice.processor)}.</p>\n</section>\n"
    )


def _row(one: Tried, choice: PrecisionChoice) -> Row:
    name = f"{escape(one.precision)} <small>{MEANINGS.get(one.precision, '')}</small>"
    lead = NOTHING
    if one.lead is not None:
        span = "" if one.lead.low is None or one.lead.high is None else _span(one.lead.low, one.lead.high)
        lead = f"{signed(one.lead.value, 4)}{span}"
    figure = f'{fraction(one.quality)} <small class="whole">{between(one.interval)}</small>'
    verdict = (
        "<b>yes</b>" if one.precision == choice.chosen else f"no{': ' if one.refused else ''}{escape(one.refused)}"
    )
    return [name, figure, lead, milliseconds(one.milliseconds), verdict]


def _span(low: float, high: float) -> str:
    return f' <small class="whole">({signed(low, 4)} to {signed(high, 4)})</small>'
