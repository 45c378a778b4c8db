"""The mail that tells that a run went on as nobody decided: its waiting task was completed by somebody else. Pure.

Nothing comes of it, for a release believes signed decisions alone. People have to know all the same.
"""

from __future__ import annotations

from lambdas.decide.registry import Change, choose_status, explain
from workflow.contract.decision import Decision
from workflow.contract.names import subject_line
from workflow.contract.plain_text import show_in_mail


def write_subject(change: Change, project: str) -> str:
    """The subject: which version, and what its run was told."""
    return subject_line(f"[{project}] version {change.version} was marked {change.status} as nobody decided")


def write_body(change: Change, standing: Decision | None) -> str:
    """The text of the mail."""
    return "\n".join(
        [
            show_in_mail(explain(change, standing, by_its_run=True)),
            "",
            f"Version   {show_in_mail(change.arn)}",
            f"It said   {show_in_mail(change.description)}",
            f"Now it is {choose_status(standing)} again. No release believes what nobody decided.",
            "",
            "Somebody had the token of the waiting task, which is in the run's history and in the stack's table:",
            "see who may read those, and who called states:SendTaskSuccess.",
            "",
        ]
    )
