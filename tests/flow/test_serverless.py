"""A production without instances on the stand-in: released to, asked all the time, and put back when it is ill."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.flow.clients import asking
from tests.flow.driver import Ended, Flow
from tests.flow.test_production import newest_release
from workflow.contract.deployment import ALARMS

SERVERLESS: dict[str, Any] = {"serve": "serverless", "serverless_memory_mb": 1024, "serverless_concurrency": 8}


@contextlib.contextmanager
def without_endpoints(flow: Flow) -> Iterator[None]:
    """Neither stage serves, before and after: what serves on instances never becomes serverless."""

    def delete() -> None:
        for name in (flow.stack.staging_endpoint, flow.stack.production_endpoint):
            with contextlib.suppress(flow.sagemaker.exceptions.ClientError):
                flow.sagemaker.delete_endpoint(EndpointName=name)
        flow.wait_until(lambda: not flow.sagemaker.list_endpoints()["Endpoints"], "endpoints are still there")

    delete()
    yield
    delete()


def described(flow: Flow, name: str) -> dict[str, Any]:
    """What serves behind an endpoint: its one variant, with its configuration's, its model, and its deployment."""
    endpoint = flow.sagemaker.describe_endpoint(EndpointName=name)
    configuration = flow.sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    (shown,), (variant,) = endpoint["ProductionVariants"], configuration["ProductionVariants"]
    model = flow.sagemaker.describe_model(ModelName=variant["ModelName"])
    return {"shown": shown, "variant": variant, "model": model, "deployment": endpoint.get("LastDeploymentConfig")}


def release(flow: Flow, package: str, **given: Any) -> Ended:
    """Release a version by hand, to its end."""
    return flow.end(flow.start({"model_package_arn": package, **given}, "release"))


def package_of(flow: Flow, build: Ended) -> str:
    """The version that a build has registered, however its release went."""
    run = build.arn.rsplit(":", 1)[-1]
    for arn in flow.packages():
        found = flow.sagemaker.describe_model_package(ModelPackageName=arn)
        if run in found["CustomerMetadataProperties"]["evaluation_uri"]:
            return arn
    raise AssertionError(f"{run} has registered nothing")


def test_a_serverless_production_is_released_to_without_a_lost_answer_and_put_back_when_it_is_ill(
    flow: Flow,
) -> None:
    """Staging and production have neither instances nor isolation; new versions are watched, and the way back is real.

    An ill version is found by the release's own questions while both fleets are there, and by the smoke test where a
    person has brought it back; either way production answers with the version before.
    """
    with without_endpoints(flow):
        first = flow.build(flow.upload(), **SERVERLESS)
        assert (first.status, first.cause) == ("SUCCEEDED", "")
        for name in (flow.stack.staging_endpoint, flow.stack.production_endpoint):
            found = described(flow, name)
            assert found["variant"]["ServerlessConfig"] == {"MemorySizeInMB": 1024, "MaxConcurrency": 8}
            assert "InstanceType" not in found["variant"]
            assert found["model"]["EnableNetworkIsolation"] is False
        ill = flow.build(flow.upload(behave="wrong-in-production"), **SERVERLESS)
        assert (newest_release(flow).error, ill.error) == ("Production.Failed", "Release.Failed")
        assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]
        with asking(flow) as clients:
            second = flow.build(flow.upload(), **SERVERLESS)
            assert (second.status, second.cause) == ("SUCCEEDED", "")
        print(f"a serverless release: {clients.count()}")
        assert clients.count().keys() == {"right"}
        deployment = described(flow, flow.stack.production_endpoint)["deployment"]
        assert deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
        assert len(deployment["AutoRollbackConfiguration"]["Alarms"]) == len(ALARMS)
        back = release(flow, package_of(flow, ill))
        assert back.error == "Production.RolledBack"
        assert "Put the previous version back" in back.states
        assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]

        changed = release(flow, package_of(flow, first), serve="realtime")
        assert changed.error == "Release.Refused"
        assert "is serverless, and one that has moved to instances cannot be rolled back to it" in changed.cause
        mixed = release(flow, package_of(flow, first), staging_serve="realtime")
        assert (mixed.status, mixed.cause) == ("SUCCEEDED", "")
        assert described(flow, flow.stack.staging_endpoint)["model"]["EnableNetworkIsolation"] is True
        assert described(flow, flow.stack.production_endpoint)["model"]["EnableNetworkIsolation"] is False
