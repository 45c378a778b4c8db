"""The mail that reminds of a request when most of its time is gone: plain text, no link but into the AWS console.

The link that decides is in the first mail and nowhere else, so this one names that mail. Pure.
"""

from __future__ import annotations

from datetime import UTC, datetime

from workflow.contract.approval import StoredApproval
from workflow.contract.console import Console
from workflow.contract.console_links import write_links
from workflow.contract.names import subject_line
from workflow.contract.plain_text import show_in_mail

LEFT = 4
"""A request is reminded of when less than this part of its time is left: a quarter."""


def is_due(approval: StoredApproval, now_epoch: int) -> bool:
    """Whether people should be reminded now; they are once at most."""
    left, all_of_it = approval.expires_epoch - now_epoch, approval.expires_epoch - approval.created_epoch
    return approval.waits(now_epoch) and not approval.reminded and left * LEFT < all_of_it


def write_subject(approval: StoredApproval, project: str) -> str:
    """The subject: what still waits, and how long it will."""
    until = _time(approval.expires_epoch)
    return subject_line(f"[{project}] {approval.request.title()} waits for your decision only until {until}")


def write_body(approval: StoredApproval, tally: str = "", console: Console | None = None) -> str:
    """The text of the mail; ``tally`` is how many of the people it takes said yes, empty where nobody did.

    ``console`` is where the run can be looked at; None where there is none.
    """
    request = approval.request
    outcome = "" if request.outcome is None else f" {request.outcome.sentence()}."
    run = show_in_mail(request.run)
    return "\n".join(
        [
            f"{show_in_mail(request.question())} {show_in_mail(tally) or 'Nobody has decided yet'}.{outcome}",
            "",
            f"Answer until  {_time(approval.expires_epoch)}; without an answer nothing is released",
            f"Run           {run}",
            "",
            f"Open the link in the mail of {_time(approval.created_epoch)} with the subject",
            show_in_mail(approval.subject),
            f"or decide as your identity in AWS: greenlight approve {run}",
            *write_links(request.places().links(console)),
            "",
        ]
    )


def _time(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
