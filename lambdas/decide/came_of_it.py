"""What came of a request, and what happens next: said to whoever opens it later, or decides second."""

from __future__ import annotations

from lambdas.decide.answer import VERBS, Answer, choose_status
from lambdas.decide.markup import escape, format_time, notice
from workflow.contract.approval import APPROVED, CLOSED, REJECTED, ApprovalRequest, StoredApproval
from workflow.contract.decision import ADOPTION, COMMAND, LINK, REGISTRY
from workflow.contract.vote import Vote, has_voted

DOORS = {
    LINK: "by the mailed link",
    COMMAND: "at the command line",
    REGISTRY: "in the model registry",
    ADOPTION: "by adopting it",
}
"""By which way a decision came, in words."""

MAILED = "Everyone subscribed is told by mail"


def name_state(approval: StoredApproval, now_epoch: int) -> str:
    """The title of the page: the question while it waits, then what came of it."""
    request = approval.request
    if approval.waits(now_epoch):
        return request.question()
    about = "Release of" if request.purpose == "release" else "Production for"
    if approval.status == CLOSED:
        return f"{about} {request.title()}: no longer asked"
    return f"{about} {request.title()}: {approval.decision or 'expired'}"


def describe_state(approval: StoredApproval, now_epoch: int) -> str:
    """Until when it waits, or that it does not."""
    if approval.waits(now_epoch):
        return f"Waits for a decision until {format_time(approval.expires_epoch)}. Without one, nothing is released."
    return "This request takes no more decisions."


def render_outcome_of(approval: StoredApproval, now_epoch: int, tally: str) -> str:
    """Who decided what and why, and what happens next; of a request that waits, who approved it so far."""
    if approval.status == CLOSED:
        # Also where somebody decided: nobody was there to be told, so it must not read as if that counted.
        return notice(
            "The run is no longer waiting: it ended, was stopped, asked again, or was answered in another way. "
            "Nothing is released by this link.",
            "soft",
        )
    if approval.expired(now_epoch):
        ended = format_time(approval.expires_epoch)
        again = (
            "start another run (greenlight start --force)"
            if approval.request.purpose == "release"
            else "start the release again"
        )
        told = f"Expired on {ended}: nobody decided in time, so nothing is released. To be asked again, {again}."
        return notice(told, "bad")
    if not approval.decision:
        return notice(f"{tally}. It waits for others to approve it.", "good") if tally else ""
    kind = "good" if approval.decision == APPROVED else "bad"
    said = f": “{approval.comment}”" if approval.comment else ""
    lines = [notice(f"{capitalised(approval.decision)} {_by_whom(approval)}{said}", kind)]
    lines += [f'<p class="soft">{escape(_yes(vote))}</p>' for vote in approval.said_yes]
    if approval.undelivered():
        lines.append(
            notice("The run could not be told yet. It will be within minutes; there is nothing to do.", "soft")
        )
    lines.append(f"<h2>What happens next</h2>\n<p>{escape(_next(approval.request, approval.decision))}</p>")
    return "\n".join(lines)


def tell_second(approval: StoredApproval, answer: Answer, now_epoch: int) -> str:
    """That an answer did not count, and what stands; empty where it is what stands, or was counted."""
    if approval.waits(now_epoch):
        return ""
    if approval.status not in (APPROVED, REJECTED):
        return "Your decision did not count: nobody waits for it any more."
    if _is_it(approval, answer):
        return ""
    verb = next(verb for verb, decision in VERBS.items() if decision == answer.decision)
    return f"Your decision, {verb}, did not count. It was already {approval.decision} {_by_whom(approval)}."


def settle(approval: StoredApproval, answer: Answer | None, now_epoch: int) -> tuple[int, str]:
    """The HTTP status for an answer to a request as it now stands, and what to say first; None is no answer."""
    told = "" if answer is None else tell_second(approval, answer, now_epoch)
    status = choose_status(approval, "" if answer is None else answer.decision, now_epoch)
    # The same decision of somebody else is no success either: nothing of this one is kept.
    return (409 if told and status in (200, 202) else status), told


def capitalised(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def _is_it(approval: StoredApproval, answer: Answer) -> bool:
    """Whether an answer is a part of what stands: this person's very decision, or one of the votes for it."""
    if approval.decision != answer.decision:
        return False
    if has_voted(approval.said_yes, answer.names):
        return True
    return (approval.decided_by, approval.comment, approval.door) == (answer.by, answer.comment, answer.door)


def _by_whom(approval: StoredApproval) -> str:
    door = f" {DOORS[approval.door]}" if approval.door in DOORS else ""
    return f"by {approval.decided_by}{door} on {format_time(approval.decided_epoch)}"


def _yes(vote: Vote) -> str:
    said = f": “{vote.comment}”" if vote.comment else ""
    return f"{vote.by} approved {DOORS.get(vote.door, vote.door)} on {format_time(vote.at_epoch)}{said}"


def _next(request: ApprovalRequest, decision: str) -> str:
    """What the run does now, and what production serves meanwhile."""
    if decision != APPROVED:
        return (
            "Production stays as it is, and the run ends as rejected. "
            f"{MAILED}, with the reason given here. Another run may do better."
        )
    moving = (
        "traffic moves to it step by step. If an alarm goes off, or it answers otherwise than it did in the "
        f"evaluation, the version before it serves again. {MAILED} how it ends."
    )
    if request.purpose != "release":
        return f"Production is updated: {moving}"
    tried = "The model is deployed to staging and tried with pictures of the evaluation"
    if request.asks_again:
        return f"{tried}. If it answers as it did there, somebody is asked once more before production changes."
    return f"{tried}. If it answers as it did there, {moving}"
