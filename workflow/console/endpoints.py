"""The endpoints of a stack as their page shows them: what each serves, on what, and how much it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from workflow.clients import Cloud
from workflow.console.fleets import Fleet, find_fleets
from workflow.console.visits import Status
from workflow.contract.kept_archive import digest_in
from workflow.contract.names import NOT_THERE
from workflow.contract.plain_text import show_plain
from workflow.errors import ServiceError

HOURS = 24
"""How far back requests are counted."""

_STATUSES = {"InService": Status.DONE, "Failed": Status.FAILED, "OutOfService": Status.FAILED}
_COUNTED = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")


@dataclass(frozen=True)
class Variant:
    """What one variant of an endpoint serves; ``share`` of the traffic, from 0 to 1.

    ``fleet`` is None where no load changes its instances.
    """

    name: str
    share: float
    instances: str
    model: str
    archive: str
    fleet: Fleet | None = None


@dataclass(frozen=True)
class Traffic:
    """Requests of the last HOURS: how many each hour, the oldest first, how many of all failed, and how long they took.

    ``milliseconds`` is the model's mean time, None where nothing was asked.
    """

    hours: Sequence[int]
    refused: int
    failed: int
    milliseconds: float | None

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(self.hours)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. ``words`` is SageMaker's own status; ``variants`` are none while it is being made."""

    stage: str
    name: str
    status: Status
    words: str
    configuration: str
    changed: datetime
    failure: str = ""
    variants: Sequence[Variant] = ()
    traffic: Traffic | None = None


def find_endpoint(cloud: Cloud, stage: str, name: str, now: datetime) -> Endpoint | None:
    """The endpoint of a stage; None where there is none."""
    try:
        found = cloud.call("sagemaker", "describe_endpoint", EndpointName=name)
    except ServiceError as error:
        if error.code in NOT_THERE:
            return None
        raise
    served = found.get("ProductionVariants", [])
    return Endpoint(
        stage=stage,
        name=name,
        status=_STATUSES.get(str(found["EndpointStatus"]), Status.RUNNING),
        words=str(found["EndpointStatus"]),
        configuration=str(found["EndpointConfigName"]),
        changed=found["LastModifiedTime"],
        failure=show_plain(str(found.get("FailureReason", ""))),
        variants=_variants(cloud, name, str(found["EndpointConfigName"]), served),
        traffic=count_traffic(cloud, name, [str(one["VariantName"]) for one in served], now),
    )


def find_component(cloud: Cloud, stage: str, name: str, now: datetime) -> Endpoint | None:
    """The inference component that stands for a stage on a shared endpoint; None where there is none."""
    try:
        found = cloud.call("sagemaker", "describe_inference_component", InferenceComponentName=name)
    except ServiceError as error:
        if error.code in NOT_THERE:
            return None
        raise
    model = str(found.get("Specification", {}).get("ModelName", ""))
    copies = found.get("RuntimeConfig", {}).get("CurrentCopyCount", 0)
    served = Variant(name, 1.0, f"{copies} copies on {found['EndpointName']}", model, _archive(cloud, model))
    return Endpoint(
        stage=stage,
        name=f"{name} on {found['EndpointName']}",
        status=_STATUSES.get(str(found["InferenceComponentStatus"]), Status.RUNNING),
        words=str(found["InferenceComponentStatus"]),
        configuration=model,
        changed=found["LastModifiedTime"],
        failure=show_plain(str(found.get("FailureReason", ""))),
        variants=[served],
        traffic=_count(cloud, [{"InferenceComponentName": name}], now),
    )


def _variants(cloud: Cloud, endpoint: str, configuration: str, served: Sequence[Mapping[str, Any]]) -> list[Variant]:
    try:
        wanted = cloud.call("sagemaker", "describe_endpoint_config", EndpointConfigName=configuration)
    except ServiceError as error:
        if error.code in NOT_THERE:
            return []
        raise
    configured = {str(one["VariantName"]): one for one in wanted["ProductionVariants"]}
    fleets = find_fleets(cloud, endpoint, served)
    whole = sum(float(one.get("CurrentWeight", 0)) for one in served) or 1.0
    return [
        Variant(
            name=str(one["VariantName"]),
            share=float(one.get("CurrentWeight", 0)) / whole,
            instances=_instances(one, configured.get(str(one["VariantName"]), {})),
            model=str(configured.get(str(one["VariantName"]), {}).get("ModelName", "")),
            archive=_archive(cloud, str(configured.get(str(one["VariantName"]), {}).get("ModelName", ""))),
            fleet=fleets.get(str(one["VariantName"])),
        )
        for one in served
    ]


def _instances(served: Mapping[str, Any], configured: Mapping[str, Any]) -> str:
    config = served.get("CurrentServerlessConfig")
    if config is not None:
        warm = f", {config['ProvisionedConcurrency']} kept warm" if "ProvisionedConcurrency" in config else ""
        return f"serverless, {config['MemorySizeInMB']} MB, up to {config['MaxConcurrency']} requests at a time{warm}"
    return f"{served.get('CurrentInstanceCount', 0)} × {configured.get('InstanceType', '')}".rstrip(" ×")


def _archive(cloud: Cloud, model: str) -> str:
    """The SHA-256 of a model's archive, which its kept copy is named after; empty where it is not known."""
    try:
        container = cloud.call("sagemaker", "describe_model", ModelName=model).get("PrimaryContainer", {})
    except ServiceError as error:
        if error.code in NOT_THERE:
            return ""
        raise
    source = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", "")
    return digest_in(str(container.get("ModelDataUrl") or source))


def count_traffic(cloud: Cloud, endpoint: str, variants: Sequence[str], now: datetime) -> Traffic:
    """What the variants of an endpoint were asked in the last HOURS, as CloudWatch counted it."""
    return _count(cloud, [{"EndpointName": endpoint, "VariantName": variant} for variant in variants], now)


def _count(cloud: Cloud, series: Sequence[Mapping[str, str]], now: datetime) -> Traffic:
    """The same of these series, each by its dimensions."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    counted = {name: [0.0] * HOURS for name in _COUNTED}
    took = asked = 0.0
    for dimensions in series:
        for name in (*_COUNTED, "ModelLatency"):
            for point in _points(cloud, dimensions, name, start, now):
                hour = int((point["Timestamp"].astimezone(UTC) - start).total_seconds() // 3600)
                if name == "ModelLatency":
                    took, asked = took + float(point["Sum"]), asked + float(point["SampleCount"])
                elif 0 <= hour < HOURS:
                    counted[name][hour] += float(point["Sum"])
    return Traffic(
        hours=[round(count) for count in counted["Invocations"]],
        refused=round(sum(counted["Invocation4XXErrors"])),
        failed=round(sum(counted["Invocation5XXErrors"])),
        milliseconds=took / asked / 1000 if asked else None,
    )


def _points(cloud: Cloud, dimensions: Mapping[str, str], name: str, start: datetime, end: datetime) -> Any:
    answer = cloud.call(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/SageMaker",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=start,
        EndTime=end,
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    return answer["Datapoints"]
