"""Names and addresses as AWS takes them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from workflow.contract.plain_text import show_in_mail
from workflow.contract.reading import ContractError

JOB_NAME_LENGTH = 63
"""Longest name SageMaker accepts for a job (CreateTrainingJob, TrainingJobName)."""

TUNING_NAME_LENGTH = 32
"""Longest name SageMaker accepts for a search (CreateHyperParameterTuningJob, HyperParameterTuningJobName)."""

SUBJECT_LENGTH = 99
"""Longest subject SNS accepts for an e-mail: less than 100 characters (Publish, Subject)."""

NOT_THERE = frozenset({"ValidationException", "ResourceNotFound", "ResourceNotFoundException"})
"""What SageMaker answers for a name it does not know."""

PACKAGE_ARN = r"arn:[^:]+:sagemaker:[^:]*:[^:]*:model-package/.+"
"""What the whole of a model package's ARN looks like."""


def job_name(run: str, step: str, *, reserve: int = 6, length: int = JOB_NAME_LENGTH) -> str:
    """A valid SageMaker job name for one step of a run, short enough for a suffix of ``reserve`` characters.

    The suffix (``-<redrive>-<retry>``) is added by the state machine, so that a retried or redriven
    state asks for a fresh name. A run name that is too long is cut and told apart by its hash.
    """
    clean = re.sub(r"-+", "-", re.sub(r"[^a-zA-Z0-9]+", "-", run)).strip("-") or "run"
    room = length - reserve - len(step) - 1
    if len(clean) > room:
        mark = hashlib.sha256(run.encode()).hexdigest()[:8]
        clean = f"{clean[: room - 9].rstrip('-')}-{mark}"
    return f"{clean}-{step}"


def subject_line(text: str) -> str:
    """The text as SNS takes a subject: printable ASCII on one line, no link, cut at SUBJECT_LENGTH, never empty."""
    # What looks like an address may become one only here: a fullwidth colon is a colon in ASCII.
    line = show_in_mail(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode())
    if len(line) > SUBJECT_LENGTH:
        line = line[: SUBJECT_LENGTH - 3].rstrip() + "..."
    return line or "greenlight"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key (the key may be empty). Raises ContractError otherwise."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?", uri, re.DOTALL)
    if match is None:
        raise ContractError(f"{uri!r} is not an S3 address of the form s3://bucket/prefix")
    return match.group(1), match.group(2) or ""
