"""A figure of a model reads the same wherever a person meets it: terminal, gate, report, mail and page."""

from __future__ import annotations

import re
from pathlib import Path

from containers.serving.report.words import between, fraction
from lambdas.gate_metrics.check import at_least, unchecked
from workflow.contract.scores import Interval
from workflow.runs.progress import parse_epochs, progress_line, summary_line
from workflow.runs.trials import Trial

VALUE, SHOWN = 0.80249, "0.802"
ROOT = Path(__file__).parents[1]
OWN = re.compile(r"(?:figure|score|low|high|value|map50|quality)\w*:\.\d[fg]\}")


def test_terminal_gate_and_report_round_alike() -> None:
    """Three decimals, of an interval, too; a threshold is shown as it was typed."""
    epochs = parse_epochs([f"epoch=1 epochs=1 map50={VALUE} quality={VALUE}"])
    said = [
        progress_line(epochs),
        summary_line(epochs),
        Trial(1, "t", "InProgress", {}, tuple(epochs)).line(),
        at_least("mAP50", VALUE, 0.6).text,
        unchecked("mAP50", VALUE, "its floor is 0").text,
        fraction(VALUE),
        between(Interval(VALUE, VALUE)),
    ]
    for text in said:
        assert {number for number in re.findall(r"0\.\d+", text) if number.startswith("0.8")} == {SHOWN}, text


def test_mail_and_page_write_figures_no_other_way() -> None:
    """What formats a number by itself there is no figure: a share of time, a signed difference."""
    for name in (
        "decide/page.py",
        "decide/evidence.py",
        "ask_approval/mail.py",
        "ask_approval/request.py",
        "notify/mail.py",
    ):
        assert OWN.findall((ROOT / "lambdas" / name).read_text()) == [], name
