"""What production serves while it is released to, scaled, ill and brought back, on the stand-in."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.flow.driver import Ended, Flow
from workflow.contract.deployment import at_once, watched


def production(flow: Flow) -> dict[str, Any]:
    """DescribeEndpoint's answer."""
    described: dict[str, Any] = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)
    return described


def instances(flow: Flow) -> tuple[int, int]:
    """How many instances production has, and shall have."""
    (variant,) = production(flow)["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


@contextlib.contextmanager
def scaled(flow: Flow, count: int) -> Iterator[None]:
    """A production of so many instances, as an operator or a scaling policy sets them; one again at the end."""

    def scale(wanted: int) -> None:
        flow.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=flow.stack.production_endpoint,
            DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": wanted}],
        )

    scale(count)
    yield
    scale(1)


@contextlib.contextmanager
def clients(flow: Flow) -> Iterator[None]:
    """Somebody who asks production all the time, whatever the answer."""
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            with contextlib.suppress(ClientError):
                flow.ask_production()
            time.sleep(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()


@contextlib.contextmanager
def in_alarm(flow: Flow, alarm: str) -> Iterator[None]:
    """An alarm that is in ALARM, as CloudWatch has it while production is ill; OK again at the end."""
    cloudwatch = flow.stand_in.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="production is ill")
    try:
        yield
    finally:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="production is well")


def running_release(flow: Flow) -> str:
    """The execution of the release that a build has started, once it has."""

    def running() -> list[dict[str, Any]]:
        listed = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn, statusFilter="RUNNING")
        found: list[dict[str, Any]] = listed["executions"]
        return found

    flow.wait_until(running, "no release has started")
    return str(running()[0]["executionArn"])


def newest_release(flow: Flow) -> Ended:
    """The release that was started last, at its end."""
    listed = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn)["executions"]
    return flow.end(listed[0]["executionArn"])


def test_a_version_that_fails_goes_back_while_the_alarm_it_tripped_is_in_alarm(flow: Flow) -> None:
    """Its own errors would end every deployment that names the alarm; the way back names none."""
    serving = flow.serving()
    build = flow.begin(flow.upload(behave="fails-in-production"))
    flow.answer(build, "approve")
    release = running_release(flow)
    flow.wait_until(lambda: "Smoke-test production" in flow.states(release), "production was never tested")
    with clients(flow):
        ended = flow.end(release)
    assert ended.error == "Production.RolledBack"
    assert flow.ask_production()["model_digest"] == serving
    assert production(flow)["LastDeploymentConfig"] == at_once()
    assert flow.end(build).error == "Release.Failed"


def test_an_earlier_version_comes_back_while_production_is_ill(flow: Flow) -> None:
    """A new version does not get there, and is told why; the one from before does, at once."""
    first, second = flow.build(flow.upload()), flow.build(flow.upload())
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    with in_alarm(flow, "greenlight-production-5xx"):
        third = flow.build(flow.upload())
        assert third.error == "Release.Failed"
        assert newest_release(flow).error == "Production.Failed"
        assert "greenlight-production-5xx is in ALARM" in third.cause
        assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]
        back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]
    assert production(flow)["LastDeploymentConfig"] == at_once()


def planted() -> bytes:
    """An archive of a model that nobody has judged."""
    packed, content = io.BytesIO(), b'{"behave": "well", "nobody": "has seen it"}'
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("model.onnx")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_a_roll_back_to_an_archive_that_was_overwritten_is_noticed(flow: Flow) -> None:
    """The configuration of before is back, and serves other bytes: that is no roll-back, and everyone is told."""
    first = flow.build(flow.upload())
    old = flow.end(flow.start({"model_package_arn": flow.register_with_its_run(first)}, "release"))
    assert (old.status, old.cause) == ("SUCCEEDED", "")
    build = flow.begin(flow.upload(behave="wrong-in-production"))
    flow.wait_until(lambda: flow.request_mail(build), "nobody is asked")
    bucket, key = first.output["training"]["model_data_url"].removeprefix("s3://").split("/", 1)
    flow.storage.put_object(Bucket=bucket, Key=key, Body=planted())
    flow.answer(build, "approve")
    assert flow.end(build).error == "Release.Failed"
    release = newest_release(flow)
    assert release.error == "Production.Unapproved"
    assert "another model answered" in release.cause
    (mail,) = flow.mails(release.arn.rsplit(":", 1)[-1])
    assert "production serves what nobody approved" in mail["body"]
    back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]


def test_a_production_that_was_scaled_keeps_its_instances(flow: Flow) -> None:
    """Through a release, which has a canary then, and through the way back of one that answers wrongly."""
    flow.serving()
    with scaled(flow, 3):
        good = flow.build(flow.upload())
        assert (good.status, good.cause) == ("SUCCEEDED", "")
        assert production(flow)["LastDeploymentConfig"] == watched("greenlight", 3)
        assert instances(flow) == (3, 3)
        flow.build(flow.upload(behave="wrong-in-production"))
        assert newest_release(flow).error == "Production.RolledBack"
        assert flow.ask_production()["model_digest"] == good.output["gate"]["model_digest"]
        assert instances(flow) == (3, 3)


def test_a_release_goes_on_where_the_answers_to_its_first_attempts_were_lost(flow: Flow) -> None:
    """The model and both configurations are there; the states that do not know of it create others, and use those."""
    package = flow.build(flow.upload()).output["package"]["arn"]
    name = f"lost-{time.time_ns()}"
    execution = f"{flow.stack.release_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    mark = f"v{package.rpartition('/')[2]}-{hashlib.sha256(execution.encode()).hexdigest()[:8]}"
    serving = flow.sagemaker.describe_endpoint_config(EndpointConfigName=production(flow)["EndpointConfigName"])
    (variant,) = serving["ProductionVariants"]
    model = flow.sagemaker.describe_model(ModelName=variant["ModelName"])
    flow.sagemaker.create_model(
        ModelName=f"greenlight-{mark}-0-0",
        PrimaryContainer=model["PrimaryContainer"],
        ExecutionRoleArn=model["ExecutionRoleArn"],
    )
    for stage in ("staging", "production"):
        flow.sagemaker.create_endpoint_config(
            EndpointConfigName=f"greenlight-{stage}-{mark}-0-0", ProductionVariants=[variant]
        )
    given = json.dumps({"model_package_arn": package})
    flow.machines.start_execution(stateMachineArn=flow.stack.release_machine_arn, name=name, input=given)
    ended = flow.end(execution)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert production(flow)["EndpointConfigName"] == f"greenlight-production-{mark}-0-1"
    left = flow.sagemaker.list_endpoint_configs(NameContains=mark)["EndpointConfigs"]
    names = {item["EndpointConfigName"] for item in left}
    assert names == {f"greenlight-{stage}-{mark}-0-1" for stage in ("staging", "production")}
