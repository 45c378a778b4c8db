"""What the jobs of a run are called: the plan gives them these names, by which whoever asks for a bill finds them."""

from __future__ import annotations

from workflow.contract.build_plan import JobNames
from workflow.contract.names import TUNING_NAME_LENGTH, job_name


def name_jobs(project: str, run: str) -> JobNames:
    """The name of every job of a run but its trainings, short enough for what a retry or a redrive adds."""
    subject = f"{project}-{run}"
    return JobNames(
        inspect=job_name(subject, "inspect"),
        prepare=job_name(subject, "prepare"),
        evaluate=job_name(subject, "evaluate"),
        release=job_name(subject, "release"),
        tune=job_name(subject, "tune", length=TUNING_NAME_LENGTH),
    )


def name_training(project: str, run: str, number: int) -> str:
    """The name of a run's training at its try of this number, from 1."""
    return job_name(f"{project}-{run}", "train" if number == 1 else f"train-{number}")
