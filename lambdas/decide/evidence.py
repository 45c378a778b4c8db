"""What speaks for and against a candidate beside the pictures: the sentence, figures, checks, what was loosened.

Pure text, all of it escaped.
"""

from __future__ import annotations

from lambdas.decide.markup import escape, fold, list_facts, notice
from workflow.contract.approval import ApprovalRequest, ComparedFigure
from workflow.contract.checks import tell_checks
from workflow.contract.console_links import Links, render_links
from workflow.contract.figures import tell_figure
from workflow.contract.outcome import tell_chance
from workflow.contract.policy import show
from workflow.contract.scores import Lead


def render_outcome(request: ApprovalRequest) -> str:
    """The sentence that sums the model up, and production's; the gate's own words where nothing was counted."""
    outcome = request.outcome
    if outcome is None:
        return f'<p class="lead">{escape(request.verdict)}</p>'
    beside = ""
    if outcome.production is not None:
        which = f" v{request.production_version}" if request.production_version else ""
        beside = f"\n<p>Production{which}: {escape(outcome.beside())}.</p>"
    return f'<p class="lead">{escape(outcome.sentence())}.</p>{beside}'


def render_changed(request: ApprovalRequest) -> str:
    """What changed since the version before, in plain words."""
    return f'<p class="soft">What changed: {escape(request.changed)}.</p>' if request.changed else ""


def render_alarm(request: ApprovalRequest) -> str:
    """That the model is of no use; empty where it finds anything."""
    if not request.found_nothing():
        return ""
    return notice("This model found nothing in the held-out pictures that it would show in production.", "bad")


def render_loosened(request: ApprovalRequest) -> str:
    """What the run asks less of than its stack demands, and who started it; empty where it does not."""
    if not request.loosened:
        return ""
    lines = "\n".join(
        f"<li><strong>{escape(one.key)}</strong>: the stack demands {escape(show(one.was))}, "
        f"this run asks {escape(show(one.now))}</li>"
        for one in request.loosened
    )
    who = escape(request.started_by or "nobody named")
    return f'<div class="notice bad">Checks loosened by {who}\n<ul>\n{lines}\n</ul></div>'


def render_figures(request: ApprovalRequest, lead: Lead | None = None) -> str:
    """Every figure beside production's; ``lead`` says how sure the difference in the first of them is."""
    beside = bool(request.production_version)
    other = f'<th scope="col" class="n">Production v{request.production_version}</th>' if beside else ""
    rows = "\n".join(_figure(figure, beside) for figure in request.figures)
    table = (
        '<table>\n<thead><tr><th scope="col">Held-out pictures</th><th scope="col" class="n">This model</th>'
        f"{other}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )
    if lead is None or not request.figures:
        return table
    difference = f"{lead.value:+.3f}".replace("-", "−")
    name = escape(request.figures[0].name)
    return f'{table}\n<p class="soft">{name} {difference} against production: {tell_chance(lead)}.</p>'


def render_passed(request: ApprovalRequest) -> str:
    """How it passed, in a line; with a sign, so that colour is not needed."""
    if not request.reasons:
        return ""
    kind, sign = ("bad", "!") if request.loosened else ("good", "✓")
    return f'<p class="{kind}">{sign} {escape(tell_checks(request.verdict, request.reasons))}</p>'


def render_checks(request: ApprovalRequest) -> str:
    """Every reason, folded."""
    if not request.reasons:
        return ""
    lines = "\n".join(f"<li>{escape(reason)}</li>" for reason in request.reasons)
    return fold("All checks", f"<p>{escape(request.verdict)}</p>\n<ul>\n{lines}\n</ul>")


def render_facts(request: ApprovalRequest) -> str:
    """What else a decision may depend on, in a few lines."""
    return list_facts(
        {
            "Data": request.data or "as it was evaluated",
            **({"Trained on": request.trained_on} if request.trained_on else {}),
            **({"Cost so far": request.cost} if request.cost else {}),
            "Started by": request.started_by or "nobody named",
        }
    )


def render_origin(request: ApprovalRequest, links: Links) -> str:
    """Which run and which bytes it is about, folded."""
    facts = {
        "Run": request.run,
        "Execution": request.execution,
        "Evaluation": request.evaluation_uri,
        **({"Archive": request.archive_digest} if request.archive_digest else {}),
        **({"Image": request.image} if request.image else {}),
    }
    return fold("Where it comes from", f"{list_facts(facts)}\n{render_links(links)}".rstrip())


def _figure(figure: ComparedFigure, beside: bool) -> str:
    candidate, production = figure.candidate, figure.production
    kind, sign = ("bad" if candidate == 0 else ""), ""
    if candidate is not None and production is not None and candidate != production:
        kind, sign = ("good", "▲ ") if candidate > production else ("bad", "▼ ")
    other = f'<td class="n">{tell_figure(production)}</td>' if beside else ""
    between = f"<br><small>{escape(figure.interval)}</small>" if figure.interval else ""
    name = escape(figure.name)
    return (
        f'<tr><th scope="row">{name}</th><td class="n {kind}">{sign}{tell_figure(candidate)}{between}</td>{other}</tr>'
    )
