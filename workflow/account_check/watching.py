"""Claims about what is seen and told from outside: figures, an alarm that rings, logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workflow.account_check.proofs import Evidence
from workflow.account_check.serving import keep_asking
from workflow.account_check.site import Site, require
from workflow.contract.console import ENDPOINT_LOGS

RING_SECONDS = 300
FIGURE_SECONDS = 300
"""How long SageMaker's figures may take to CloudWatch."""


def ring(site: Site) -> Evidence:
    """The stack's own alarm of latency has figures, rang by them, and the topic for trouble heard it."""
    name = f"{site.stack.project}-production-latency"
    counted: list[float] = []

    def has_figures() -> bool:
        keep_asking(site)
        counted[:] = [_invocations(site)]
        return counted[0] > 0

    def rang() -> bool:
        keep_asking(site)
        return bool(site.inbox.about(name, "ALARM"))

    site.wait(has_figures, "CloudWatch has no figure of production's requests", FIGURE_SECONDS)
    site.wait(rang, f"nobody was told that {name} rings", RING_SECONDS)
    (alarm,) = site.cloud.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
    return {"alarm": str(alarm["AlarmArn"]), "requests counted": f"{counted[0]:.0f}"}


def _invocations(site: Site) -> float:
    now = datetime.now(UTC)
    dimensions = {"EndpointName": site.stack.production_endpoint, "VariantName": "main"}
    told = site.cloud.call(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=2),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(float(point["Sum"]) for point in told["Datapoints"])


def be_logged(site: Site) -> Evidence:
    """Functions, machines and production write logs, in groups that do not keep them for ever.

    The stand-in's machines write none.
    """
    project, machines = site.stack.project, f"/aws/vendedlogs/states/{site.stack.project}-"
    prefixes = (f"/aws/lambda/{project}-", machines, f"{ENDPOINT_LOGS}/{project}-")
    shown = {}
    for prefix in prefixes:
        groups = list(site.cloud.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix))
        endless = [one["logGroupName"] for one in groups if not one.get("retentionInDays")]
        require(not endless, f"kept for ever: {', '.join(endless)}")
        written = [one["logGroupName"] for one in groups if _has_streams(site, one["logGroupName"])]
        require(bool(written) or (prefix == machines and site.cloud.local), f"nothing was logged below {prefix}")
        shown[prefix] = f"{len(written)} of {len(groups)} groups written to"
    return shown


def _has_streams(site: Site, group: str) -> bool:
    found = site.cloud.call("logs", "describe_log_streams", logGroupName=group, limit=1)
    return bool(found["logStreams"])
