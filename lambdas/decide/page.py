"""The two pages a person decides on, and what the first becomes once decided: pure text, no script, all escaped.

The first page's buttons only choose; the second repeats what is chosen and wants the version typed. Its first button
goes back, so that a program that fills fields and presses buttons decides nothing. Addresses are relative, because the
page also lives below a path prefix. Is told who signed in; where nobody does, whoever holds the link may decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.decide.answer import VERBS, Answer
from lambdas.decide.came_of_it import capitalised, describe_state, name_state, render_outcome_of
from lambdas.decide.evidence import (
    render_alarm,
    render_changed,
    render_checks,
    render_facts,
    render_figures,
    render_loosened,
    render_origin,
    render_outcome,
    render_passed,
)
from lambdas.decide.form import COMMENT_LENGTH, NAME_LENGTH
from lambdas.decide.identity import Person
from lambdas.decide.markup import escape, fold, frame, list_facts, message, notice
from lambdas.decide.pictures import render_pictures
from workflow.contract.approval import APPROVED, StoredApproval
from workflow.contract.approval_link import report_beside
from workflow.contract.console_links import Links
from workflow.contract.glance import Glance

CLOSED_LINK = (
    "Nobody decides here: this stack wants to know who approves, and this link tells nobody apart. "
    "Decide as your identity in AWS: greenlight approve, or reject."
)
BEARER = "Nobody signs in here: whoever holds this link can decide, under any name. Pass it on to nobody who may not."

NOT_FOUND = message("Not found", "There is no such request. Links end some time after they were decided on.")


@dataclass(frozen=True)
class Seen:
    """What the report gives to the page: what it carries, None for nothing, or why it cannot be shown, in words."""

    glance: Glance | None = None
    problem: str = ""


def render(
    approval: StoredApproval,
    opaque_id: str,
    now_epoch: int,
    nonce: str = "",
    told: str = "",
    *,
    seen: Seen | None = None,
    person: Person | None = None,
    refused: str = "",
    closed: bool = False,
    tally: str = "",
    links: Links = (),
) -> str:
    """The page of one request as it stands now. ``told`` is said first, for an answer that was not accepted.

    ``person`` is who signed in, None where the link alone decides; ``refused`` says why they may not approve,
    ``closed`` that nobody decides here, ``tally`` how many of the people it takes said yes, and who. ``links`` lead to
    what the run left in the AWS console.
    """
    request, seen = approval.request, seen or Seen()
    glance = seen.glance
    title = name_state(approval, now_epoch)
    parts = [
        f"<h1>{escape(title)}</h1>",
        notice(told, "bad") if told else "",
        render_outcome_of(approval, now_epoch, tally),
        "" if approval.waits(now_epoch) else "<h2>What was asked</h2>",
        render_outcome(request),
        render_passed(request),
        render_changed(request),
        render_alarm(request),
        notice(seen.problem, "bad") if seen.problem else _report(opaque_id, request.title()),
        render_loosened(request),
        "" if glance is None else render_pictures(glance.pictures, request.production_version),
        render_figures(request, None if glance is None else glance.lead),
        render_facts(request),
        f'<p class="soft">{escape(describe_state(approval, now_epoch))}</p>',
        render_checks(request),
        render_origin(request, links),
    ]
    if approval.waits(now_epoch):
        parts.append(notice(CLOSED_LINK, "bad") if closed else _form(opaque_id, nonce, person, refused))
    return frame(title, "\n".join(part for part in parts if part))


def render_again(approval: StoredApproval, opaque_id: str, answer: Answer, nonce: str, told: str = "") -> str:
    """The second page: what was chosen about which version, and the field in which the version is to be typed."""
    request, version = approval.request, approval.request.package_version
    verb = next(verb for verb, decision in VERBS.items() if decision == answer.decision)
    kind = "good" if answer.decision == APPROVED else "bad"
    what = "release of" if request.purpose == "release" else "production for"
    title = f"Confirm: {verb} {what} {request.title()}"
    facts = {"Version": str(version), "Dataset": request.name, "Data": request.data or "as it was evaluated"}
    said = {"Your name": answer.by, "Your comment": answer.comment or "none"}
    hidden = {"nonce": nonce, "decision": verb, "name": answer.by, "comment": answer.comment}
    fields = "\n".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    parts = [
        f"<h1>{escape(title)}</h1>",
        '<p class="soft">Nothing is decided yet.</p>',
        notice(told, "bad") if told else "",
        render_outcome(request),
        list_facts(facts),
        fold("Figures", render_figures(request)),
        list_facts(said),
        f'<form method="get" action="{escape(opaque_id)}"><p><button>Go back, decide nothing</button></p></form>',
        f'<form method="post" action="{escape(opaque_id)}" autocomplete="off">\n{fields}\n'
        '<label for="version">Type the number of the version to decide</label>\n'
        '<input id="version" name="version" required inputmode="numeric" maxlength="20">\n'
        f'<div class="choice"><button class="{kind}">{capitalised(verb)} it</button></div>\n</form>',
    ]
    return frame(title, "\n".join(part for part in parts if part))


def _report(opaque_id: str, title: str) -> str:
    # A page of its own, and a sandboxed one: whatever the report holds, it cannot pose as a part of this page.
    address = escape(report_beside(opaque_id))
    return f'<p><a href="{address}">Full report on {escape(title)}</a></p>'


def _form(opaque_id: str, nonce: str, person: Person | None, refused: str) -> str:
    name = (
        f'<p class="soft">{BEARER}</p>\n<label for="name">Your name</label>\n'
        f'<input id="name" name="name" required maxlength="{NAME_LENGTH}">\n'
        if person is None
        else f"<p>You are signed in as <strong>{escape(person.name)}</strong>.</p>\n"
    )
    why = f"{notice(refused, 'bad')}\n" if refused else ""
    approve = (
        ""
        if refused
        else '<button form="decision" class="good" name="decision" value="approve">Continue to approve</button>\n'
    )
    # The bar comes after the form and stays in sight: it is reached from anywhere on the page, by thumb and by Tab.
    return (
        f"<h2>Your decision</h2>\n{why}"
        f'<form id="decision" method="post" action="{escape(opaque_id)}" autocomplete="off">\n'
        f'<input type="hidden" name="nonce" value="{escape(nonce)}">\n'
        f"{name}"
        f'<label for="comment">Why (optional, kept with the decision)</label>\n'
        f'<textarea id="comment" name="comment" rows="3" maxlength="{COMMENT_LENGTH}"></textarea>\n'
        '<p class="soft">Either button only chooses. You are shown your choice once more before it counts.</p>\n'
        f'</form>\n<div class="choice bar">\n{approve}'
        '<button form="decision" class="bad" name="decision" value="reject">Reject…</button>\n</div>'
    )
