"""The names of errors by which the machines, the functions and the notices know each other.

A machine ends badly with a ``Failure`` as its ``Error``. What a machine notices itself, between two states, and keeps
at ``$.error``, is a ``StateError``; a failure of its own always follows it.
"""

from __future__ import annotations

from enum import StrEnum

RELEASE_OVERTAKEN_BY_FUNCTION = "ReleaseOvertaken"
NOT_ASKED_BY_FUNCTION = "NotAsked"
ENDPOINT_LEAVES_BY_FUNCTION = "EndpointLeaves"
ENDPOINT_MOVES_BY_FUNCTION = "EndpointMoves"
"""The names of the functions' exceptions that a machine tells from all others."""

UNTOLD = "nobody could be told why; the reason is in the execution's history"
"""The ``Cause`` of an execution whose machine could not tell why it failed."""


class Failure(StrEnum):
    """The ``Error`` of an execution that failed. Everyone was told why before, unless its cause is ``UNTOLD``."""

    PLAN_REJECTED = "Plan.Rejected"
    PREPARE_FAILED = "Prepare.Failed"
    DATA_REJECTED = "Data.Rejected"
    TRAINING_FAILED = "Training.Failed"
    EVALUATION_FAILED = "Evaluation.Failed"
    GATE_REJECTED = "Gate.Rejected"
    REGISTRATION_FAILED = "Registration.Failed"
    APPROVAL_FAILED = "Approval.Failed"
    APPROVAL_EXPIRED = "Approval.Expired"
    APPROVAL_REJECTED = "Approval.Rejected"
    RELEASE_FAILED = "Release.Failed"
    RELEASE_REFUSED = "Release.Refused"
    RELEASE_OVERTAKEN = "Release.Overtaken"
    STAGE_REFUSED = "Stage.Refused"
    STAGE_FAILED = "Stage.Failed"
    STAGING_FAILED = "Staging.Failed"
    SMOKE_TEST_FAILED = "SmokeTest.Failed"
    TRIAL_FAILED = "Trial.Failed"
    TRIAL_UNTRUE = "Trial.Untrue"
    PRODUCTION_FAILED = "Production.Failed"
    PRODUCTION_ROLLED_BACK = "Production.RolledBack"
    PRODUCTION_ROLLBACK_FAILED = "Production.RollbackFailed"
    PRODUCTION_UNAPPROVED = "Production.Unapproved"
    RECORD_FAILED = "Record.Failed"
    CHALLENGE_REFUSED = "Challenge.Refused"
    CHALLENGE_FAILED = "Challenge.Failed"
    CHALLENGE_OVERTAKEN = "Challenge.Overtaken"
    BATCH_REFUSED = "Batch.Refused"
    BATCH_FAILED = "Batch.Failed"
    JOIN_FAILED = "Join.Failed"
    DRIFT_REFUSED = "Drift.Refused"
    DRIFT_FAILED = "Drift.Failed"
    DRIFT_UNTOLD = "Drift.Untold"


class StateError(StrEnum):
    """What a state writes to ``$.error`` where no service raised an error. No execution ends with it."""

    TRAINING_STOPPED = "Training.Stopped"
    ENDPOINT_FAILED = "Endpoint.Failed"
    OVERTAKEN = "Challenge.Overtaken.State"
    REDRIVEN = "Stage.Redriven"
    ANSWER_UNREADABLE = "Approval.Unreadable"
