"""How long the logs are kept that SageMaker writes, in groups that it makes itself and keeps for ever.

Those of the endpoints are the project's own, by their names. Those of the jobs are one group for each kind of job in
the whole account and region, of all projects and of everybody else: they are changed only where somebody asks for that.
Not in the template: it could not be deployed where SageMaker has made a group before.
"""

from __future__ import annotations

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.changes import Progress, Step

OF_JOBS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TransformJobs")
AS_THEY_ARE = 0


def endpoint_groups(project: str) -> tuple[str, ...]:
    """The groups in which the project's endpoints log."""
    return tuple(f"/aws/sagemaker/Endpoints/{project}-{stage}" for stage in ("staging", "production"))


def keep_logs(cloud: Cloud, project: str, endpoint_days: int, job_days: int, on_progress: Progress) -> None:
    """Have logs kept for so many days; ``AS_THEY_ARE`` leaves those of the jobs alone. Tells only what changes."""
    wanted = dict.fromkeys(endpoint_groups(project), endpoint_days)
    if job_days != AS_THEY_ARE:
        wanted |= dict.fromkeys(OF_JOBS, job_days)
    for group, days in wanted.items():
        found = {
            one["logGroupName"]: one.get("retentionInDays")
            for one in cloud.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=group)
        }
        if found.get(group) == days:
            continue
        if group not in found:
            _create(cloud, group)
        cloud.call("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)
        on_progress(Step(group, f"kept for {days} days"))


def _create(cloud: Cloud, group: str) -> None:
    """Make a group unless SageMaker does at this very moment."""
    try:
        cloud.call("logs", "create_log_group", logGroupName=group)
    except ServiceError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
