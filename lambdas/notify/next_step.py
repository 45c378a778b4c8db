"""What to do next after an execution failed, by the name of its error: for whoever reads the mail at night.

Says only what holds for every run that ends with this error; the reason itself stands above it.
"""

from __future__ import annotations

from collections.abc import Mapping

from workflow.contract.failures import Failure

LOG = "Look at the job's log for what led there, remove the reason, and start another run: greenlight start"
RELEASE_AGAIN = "then start the release again with the same input"

NEXT: Mapping[str, str] = {
    Failure.PLAN_REJECTED: "Correct what the reason names, and start again: greenlight start",
    Failure.PREPARE_FAILED: LOG,
    Failure.DATA_REJECTED: "Open the page about the data, which shows every finding. Mend them, or start again with "
    "the policy that the reason spells out",
    Failure.TRAINING_FAILED: LOG,
    Failure.EVALUATION_FAILED: LOG,
    Failure.GATE_REJECTED: "Open the report (greenlight report), which shows the worst pictures. Add pictures "
    "like them or change the training, and start again: greenlight start",
    Failure.REGISTRATION_FAILED: "Remove the reason, and start another run: greenlight start --force",
    Failure.APPROVAL_FAILED: "Start another run, and answer by the mailed link: greenlight start --force",
    Failure.APPROVAL_EXPIRED: "To be asked again, start another run: greenlight start --force. Its input's "
    "approval_hours says how long it waits",
    Failure.APPROVAL_REJECTED: "Do what the approver's reason asks for, and start another run: greenlight start",
    Failure.RELEASE_FAILED: "Read the mail of the release itself, which says what to do; without one, none has begun: "
    "start the release machine with this version",
    Failure.RELEASE_REFUSED: f"Remove the reason, {RELEASE_AGAIN}",
    Failure.RELEASE_OVERTAKEN: "Nothing, unless this version should serve after all: then release it again",
    Failure.STAGE_REFUSED: "Start the release machine instead: a release alone brings up a stage",
    Failure.STAGE_FAILED: "Read the mail of the release, which says what to do",
    Failure.STAGING_FAILED: f"Look at the log of the staging endpoint, remove the reason, {RELEASE_AGAIN}",
    Failure.SMOKE_TEST_FAILED: f"Look at the log of the staging endpoint, remove the reason, {RELEASE_AGAIN}",
    Failure.TRIAL_FAILED: f"Look at the log of the job that broke off, remove the reason, {RELEASE_AGAIN}",
    Failure.TRIAL_UNTRUE: "Compare the answers in the batch's folder with the report, find out from the job's log "
    f"why they differ, {RELEASE_AGAIN}",
    Failure.PRODUCTION_FAILED: f"Look at the log of the production endpoint, remove the reason, {RELEASE_AGAIN}",
    Failure.PRODUCTION_ROLLED_BACK: "Find out from the production endpoint's log why it answered otherwise, before "
    "anybody releases this version again",
    Failure.PRODUCTION_ROLLBACK_FAILED: "Bring back a version that is known to be good, now: greenlight rollback",
    Failure.PRODUCTION_UNAPPROVED: "Bring back a version that somebody approved, now: greenlight rollback",
    Failure.CHALLENGE_REFUSED: f"Remove the reason, {RELEASE_AGAIN}",
    Failure.CHALLENGE_FAILED: f"Read the mail of the challenge itself, if it began, remove the reason, {RELEASE_AGAIN}",
    Failure.CHALLENGE_OVERTAKEN: "Nothing, unless this version should be tried after all: then release it again",
    Failure.RECORD_FAILED: "Release the same version again, so that it is recorded and cleaned up after",
    Failure.BATCH_REFUSED: "Remove the reason, and ask again: greenlight batch",
    Failure.BATCH_FAILED: "Look at the transform job's log for what led there, remove the reason, and ask again: "
    "greenlight batch",
    Failure.JOIN_FAILED: "The raw answers are there, in the batch's folder answers/: look at the join's log, remove "
    "the reason, and ask again: greenlight batch",
    Failure.DRIFT_REFUSED: "Remove the reason, and look again: greenlight drift",
    Failure.DRIFT_FAILED: "Look at the job's log for what led there, remove the reason, and look again: "
    "greenlight drift",
    Failure.DRIFT_UNTOLD: "Something drifted: open the watch's page (drift/ in the bucket), and look again: greenlight "
    "drift",
}
"""A sentence without its full stop."""

REDRIVE = "Redrive it (greenlight redrive, or in the Step Functions console): it goes on at the state it was in"
"""After an end from outside: a stop, or a timeout of the whole execution."""

WITHDRAWN_BY_ITSELF = (
    "A challenger that stands beside it is withdrawn by itself, as a rule within minutes, and a mail says so"
)
"""After a challenge that ended from outside."""
RELEASE_ANEW = "To try the version again, release it again, once the challenger is gone"
"""What to do after that: a challenge that is redriven finds its challenger withdrawn."""


def find_next(error_name: str) -> str:
    """What to do after this error; empty for one that nobody knows."""
    return NEXT.get(error_name, "")
