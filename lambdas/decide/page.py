"""The two pages a person decides on, and what the first becomes once decided: pure text, no script, all escaped.

The first page's buttons only choose; the second repeats what is chosen and wants the version typed. Its first button
goes back, so that a program that fills fields and presses buttons decides nothing. Addresses are relative, because the
page also lives below a path prefix. Is told who signed in; where nobody does, whoever holds the link may decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape as escape_markup

from lambdas.decide.answer import VERBS, Answer
from lambdas.decide.form import COMMENT_LENGTH, NAME_LENGTH
from lambdas.decide.identity import Person
from lambdas.decide.style import STYLE
from workflow.contract.approval import APPROVED, CLOSED, ApprovalRequest, ComparedFigure, StoredApproval
from workflow.contract.approval_link import report_beside
from workflow.contract.console_links import Links, render_links
from workflow.contract.decision import ADOPTION, COMMAND, LINK, REGISTRY
from workflow.contract.plain_text import show_plain
from workflow.contract.policy import show
from workflow.contract.vote import Vote

CLOSED_LINK = (
    "Nobody decides here: this stack wants to know who approves, and this link tells nobody apart. "
    "Decide as your identity in AWS: greenlight approve, or reject."
)
BEARER = "Nobody signs in here: whoever holds this link can decide, under any name. Pass it on to nobody who may not."

DOORS = {
    LINK: "by the mailed link",
    COMMAND: "at the command line",
    REGISTRY: "in the model registry",
    ADOPTION: "by adopting it",
}
"""By which way a decision came, in words."""


def render(
    approval: StoredApproval,
    opaque_id: str,
    now_epoch: int,
    nonce: str = "",
    notice: str = "",
    *,
    person: Person | None = None,
    refused: str = "",
    closed: bool = False,
    tally: str = "",
    links: Links = (),
) -> str:
    """The page of one request as it stands now. ``notice`` is said first, for a form that was not accepted.

    ``person`` is who signed in, None where the link alone decides; ``refused`` says why they may not approve,
    ``closed`` that nobody decides here, ``tally`` how many of the people it takes said yes, and who. ``links`` lead to
    what the run left in the AWS console.
    """
    request = approval.request
    title = f"{_question(request)} {request.title()}?"
    form = _notice(CLOSED_LINK, "bad") if closed else _form(opaque_id, nonce, person, refused)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(_describe_state(approval, now_epoch))}</p>',
        _notice(notice, "bad") if notice else "",
        _outcome(approval, now_epoch, tally),
        _alarm(request),
        f"<p><strong>{escape(request.verdict)}</strong></p>",
        _loosened(request),
        _figures(request),
        _reasons(request.reasons),
        _report(opaque_id),
        _facts(request),
        render_links(links),
        form if approval.waits(now_epoch) else "",
    ]
    return frame(title, "\n".join(part for part in parts if part))


def render_again(approval: StoredApproval, opaque_id: str, answer: Answer, nonce: str, notice: str = "") -> str:
    """The second page: what was chosen about which version, and the field in which the version is to be typed."""
    request, version = approval.request, approval.request.package_version
    verb = next(verb for verb, decision in VERBS.items() if decision == answer.decision)
    kind = "good" if answer.decision == APPROVED else "bad"
    title = f"{verb.capitalize()}: {_question(request).lower()} {request.title()}?"
    facts = {"Version": str(version), "Dataset": request.name, "Data": request.data or "as it was evaluated"}
    said = {"Your name": answer.by, "Your comment": answer.comment or "none"}
    hidden = {"nonce": nonce, "decision": verb, "name": answer.by, "comment": answer.comment}
    fields = "\n".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    parts = [
        f"<h1>{escape(title)}</h1>",
        '<p class="soft">Nothing is decided yet.</p>',
        _notice(notice, "bad") if notice else "",
        _list_facts(facts),
        _figures(request),
        _list_facts(said),
        f'<form method="get" action="{escape(opaque_id)}"><p><button>Go back, decide nothing</button></p></form>',
        f'<form method="post" action="{escape(opaque_id)}" autocomplete="off">\n{fields}\n'
        '<label for="version">Type the number of the version to decide</label>\n'
        '<input id="version" name="version" required inputmode="numeric" maxlength="20">\n'
        f'<div class="choice"><button class="{kind}">{verb.capitalize()} it</button></div>\n</form>',
    ]
    return frame(title, "\n".join(part for part in parts if part))


def escape(text: str) -> str:
    """Any text as the page shows it: on one line, nothing in it unseen, none of it markup."""
    return escape_markup(show_plain(text))


def frame(title: str, content: str) -> str:
    """A whole document around some content, which is HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{content}\n</main>\n</body>\n</html>\n"
    )


def message(title: str, text: str) -> str:
    """A page that only says something."""
    return frame(title, f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>")


NOT_FOUND = message("Not found", "There is no such request. Links end some time after they were decided on.")


def format_time(epoch: int) -> str:
    """A time as people read it anywhere."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _describe_state(approval: StoredApproval, now_epoch: int) -> str:
    if approval.waits(now_epoch):
        return f"Waits for a decision until {format_time(approval.expires_epoch)}. Without one nothing is released."
    return "This request takes no decision any more."


def _question(request: ApprovalRequest) -> str:
    return "Release" if request.purpose == "release" else "Put into production"


def _outcome(approval: StoredApproval, now_epoch: int, tally: str) -> str:
    if approval.status == CLOSED:
        # Also where somebody decided: nobody was there to be told, so it must not read as if that counted.
        return _notice(
            "The run is no longer waiting: it ended, was stopped, asked anew, or was answered in another way. "
            "Nothing is released by this link.",
            "soft",
        )
    if approval.expired(now_epoch):
        ended = format_time(approval.expires_epoch)
        return _notice(f"Expired on {ended}: nobody decided in time, nothing is released.", "bad")
    if not approval.decision:
        return _notice(f"{tally}. It waits for others to approve it.", "good") if tally else ""
    kind = "good" if approval.decision == APPROVED else "bad"
    said = f": “{approval.comment}”" if approval.comment else ""
    door = f" {DOORS[approval.door]}" if approval.door in DOORS else ""
    decided = (
        f"{approval.decision.capitalize()} by {approval.decided_by}{door} on {format_time(approval.decided_epoch)}"
    )
    lines = [_notice(decided + said, kind)]
    lines += [f'<p class="soft">{escape(_yes(vote))}</p>' for vote in approval.said_yes]
    if approval.undelivered():
        later = "The run could not be told yet. It is told within minutes; nothing is to be done."
        lines.append(_notice(later, "soft"))
    return "\n".join(lines)


def _yes(vote: Vote) -> str:
    said = f": “{vote.comment}”" if vote.comment else ""
    return f"{vote.by} approved {DOORS.get(vote.door, vote.door)} on {format_time(vote.at_epoch)}{said}"


def _notice(text: str, kind: str) -> str:
    return f'<p class="notice {kind}" role="status">{escape(text)}</p>'


def _alarm(request: ApprovalRequest) -> str:
    if not request.found_nothing():
        return ""
    return _notice("This model found nothing in the held-out images that it would show in production.", "bad")


def _loosened(request: ApprovalRequest) -> str:
    if not request.loosened:
        return ""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(one.key)}</th><td class="n">{escape(show(one.was))}</td>'
        f'<td class="n bad">{escape(show(one.now))}</td></tr>'
        for one in request.loosened
    )
    who = escape(request.started_by or "nobody named")
    return (
        f'<h2 class="bad">Asked less than the stack demands, by {who}</h2>\n<table>\n<thead><tr><th>Key</th>'
        f'<th class="n">The stack</th><th class="n">This run</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'
    )


def _figures(request: ApprovalRequest) -> str:
    beside = bool(request.production_version)
    head = f'<th class="n">Production v{request.production_version}</th>' if beside else ""
    rows = "\n".join(_figure(figure, beside) for figure in request.figures)
    return (
        '<table>\n<thead><tr><th>Held-out images</th><th class="n">Candidate</th>'
        f"{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _figure(figure: ComparedFigure, beside: bool) -> str:
    candidate, production = figure.candidate, figure.production
    kind, sign = ("bad" if candidate == 0 else ""), ""
    if candidate is not None and production is not None and candidate != production:
        kind, sign = ("good", "▲ ") if candidate > production else ("bad", "▼ ")
    other = f'<td class="n">{_number(production)}</td>' if beside else ""
    between = f'<br><span class="soft">{escape(figure.interval)}</span>' if figure.interval else ""
    name = escape(figure.name)
    return f'<tr><th scope="row">{name}</th><td class="n {kind}">{sign}{_number(candidate)}{between}</td>{other}</tr>'


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _reasons(reasons: tuple[str, ...]) -> str:
    if not reasons:
        return ""
    lines = "\n".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f"<h2>Why the gate let it pass</h2>\n<ul>\n{lines}\n</ul>"


def _report(opaque_id: str) -> str:
    # Framed and sandboxed: whatever the report holds, it can neither post this page's form nor pose as a part of it.
    address = escape(report_beside(opaque_id))
    return (
        "<h2>Pictures and classes, the worst first</h2>\n"
        f'<iframe sandbox src="{address}" title="The evaluation\'s report"></iframe>\n'
        f'<p><a href="{address}">The report on a page of its own</a></p>'
    )


def _facts(request: ApprovalRequest) -> str:
    facts = {
        "What changed": request.changed,
        "Data": request.data or "as it was evaluated",
        **({"Trained on": request.trained_on} if request.trained_on else {}),
        **({"Cost so far": request.cost} if request.cost else {}),
        "Started by": request.started_by or "nobody named",
        "Run": request.run,
        "Execution": request.execution,
        "Evaluation": request.evaluation_uri,
    }
    return f"<h2>Where it comes from</h2>\n{_list_facts(facts)}"


def _list_facts(facts: Mapping[str, str]) -> str:
    rows = "\n".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>\n{rows}\n</dl>"


def _form(opaque_id: str, nonce: str, person: Person | None, refused: str) -> str:
    name = (
        f'<p class="soft">{BEARER}</p>\n<label for="name">Your name</label>\n'
        f'<input id="name" name="name" required maxlength="{NAME_LENGTH}">\n'
        if person is None
        else f"<p>You are signed in as <strong>{escape(person.name)}</strong>.</p>\n"
    )
    why = f"{_notice(refused, 'bad')}\n" if refused else ""
    approve = "" if refused else '\n<button class="good" name="decision" value="approve">Approve…</button>'
    return (
        f"<h2>Your decision</h2>\n{why}"
        f'<form method="post" action="{escape(opaque_id)}" autocomplete="off">\n'
        f'<input type="hidden" name="nonce" value="{escape(nonce)}">\n'
        f"{name}"
        f'<label for="comment">Why (optional, kept with the decision)</label>\n'
        f'<textarea id="comment" name="comment" rows="3" maxlength="{COMMENT_LENGTH}"></textarea>\n'
        '<p class="soft">Either button only chooses; what you chose is shown once more before it counts.</p>\n'
        '<div class="choice">\n<button class="bad" name="decision" value="reject">Reject…</button>'
        f"{approve}</div>\n</form>"
    )
