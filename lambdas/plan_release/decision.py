"""What a signed decision must say before a release goes on. Pure.

The registry's status and a completed task token only tell that somebody changed them. Here everything that the
decision was about is held against what is there now. Whether its mark is genuine was asked before.
"""

from __future__ import annotations

from lambdas.plan_release.package import Package, RefusalError
from workflow.contract.decision import ADOPTION, Decision
from workflow.contract.kept_archive import archive_address
from workflow.contract.release_plan import ReleasePlan

EVALUATION = "metrics.json"
"""What of the evaluation's folder was decided on: its figures."""


class NotApprovedError(ValueError):
    """Nobody let this release go to production: says why."""


def check_decision(decision: Decision | None, package: Package, stored_evaluation: str) -> Decision:
    """The decision, where it approves this version as it is registered and stored. Raises RefusalError otherwise.

    ``stored_evaluation`` is the digest of the figures as they lie there now, empty where there are none.
    """
    about = f"version {package.version}"
    if decision is None:
        raise RefusalError(
            f"nobody decided about {about}: approve it where its run asks, or an administrator adopts it with "
            f"'greenlight adopt {package.version}'"
        )
    if (decision.model_package_arn, decision.package_version, decision.scope) != (package.arn, package.version, ""):
        raise RefusalError(f"what was decided about {about} is about another one")
    if not decision.approved:
        raise RefusalError(f"{about} was {_told(decision)}")
    if not stored_evaluation:
        raise RefusalError(f"{about}: no figures at {package.evaluation_uri}{EVALUATION}")
    _check_same(about, decision, "archive", decision.archive_digest, package.archive_digest)
    _check_same(about, decision, "serving image", decision.image, package.image)
    _check_same(about, decision, "evaluation", decision.evaluation_digest, stored_evaluation)
    # A version from before the evaluation's digest was registered has none, and is held by the decision alone.
    registered = package.evaluation_digest or decision.evaluation_digest
    _check_same(about, decision, "registered evaluation", decision.evaluation_digest, registered)
    if not decision.smoke_digest:
        raise RefusalError(
            f"{about}: what a release is tried with was not decided on yet when {decision.by} approved it: an "
            f"administrator adopts it with 'greenlight adopt {package.version}'"
        )
    return decision


def check_people(decision: Decision, required: int) -> None:
    """Raise RefusalError where fewer people approved than the stack requires now; an adoption is one person's."""
    if decision.approved and decision.people < required:
        alone = f"approved by {decision.names} ({decision.door})"
        anew = "start the release anew" if decision.scope else "build it anew with force=true"
        raise RefusalError(
            f"version {decision.package_version} was {alone}, and {required} people have to: {anew}, so that they are "
            "asked, or an administrator lowers the stack's RequiredApprovals"
        )


def check_place(decision: Decision, package: Package, bucket: str) -> None:
    """Raise RefusalError where the archive does not lie where the gate keeps what it judged, in the stack's bucket.

    The address can be changed in the registry too: elsewhere the same bytes could be replaced once they serve. A
    version that was adopted lies where it lay then.
    """
    kept = archive_address(bucket, decision.archive_digest)
    if decision.door != ADOPTION and package.model_data_url != kept:
        raise RefusalError(f"version {package.version}: the archive is at {package.model_data_url}, not kept at {kept}")


def check_production_decision(decision: Decision | None, plan: ReleasePlan) -> None:
    """Raise NotApprovedError where this release asks before production and has no decision of its own that says yes.

    Also for a plan that was made before releases asked for signed decisions.
    """
    if plan.approval is None:
        raise NotApprovedError("this release was planned before decisions were signed: start it anew")
    if not plan.ask_before_production:
        return
    about = f"version {plan.package_version} for production"
    if decision is None:
        raise NotApprovedError(f"nobody decided about {about} in this release, whoever let it go on: start it anew")
    named = (decision.model_package_arn, decision.package_version, decision.scope)
    if named != (plan.model_package_arn, plan.package_version, plan.execution_arn):
        raise NotApprovedError(f"what was decided about {about} is about another release")
    if not decision.approved:
        raise NotApprovedError(f"{about} was {_told(decision)}")
    planned = (plan.archive_digest, plan.evaluation_digest, plan.image, plan.smoke_digest)
    if (decision.archive_digest, decision.evaluation_digest, decision.image, decision.smoke_digest) != planned:
        raise NotApprovedError(f"{about}: archive, evaluation or image are not those that {decision.names} decided on")


def _told(decision: Decision) -> str:
    why = f": {decision.comment}" if decision.comment else ""
    return f"{decision.decision} by {decision.names} ({decision.door}){why}"


def _check_same(about: str, decision: Decision, what: str, decided: str, found: str) -> None:
    if decided != found:
        raise RefusalError(
            f"{about}: the {what} is not what {decision.names} decided on "
            f"({_short(found)}, decided on {_short(decided)})"
        )


def _short(value: str) -> str:
    """The value, with the head alone of a digest."""
    return f"SHA-256 {value[:12]}…" if len(value) == 64 and "/" not in value else value
