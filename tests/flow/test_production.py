"""What production serves while it is released to, scaled, ill and brought back, on the stand-in."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flow.clients import asking
from tests.flow.conftest import WAIT_SCALE
from tests.flow.driver import Ended, Flow
from workflow.commands.cli import run
from workflow.contract.deployment import at_once, watched

EVALUATED_SECONDS = 60 * WAIT_SCALE + 5
"""One period of the probe's alarm on the stand-in's clock, and what functions and looks take on a busy machine."""


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
def in_alarm(flow: Flow, alarm: str) -> Iterator[None]:
    """An alarm that is in ALARM, as CloudWatch has it while production is ill; OK again at the end."""
    cloudwatch = flow.stand_in.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="production is ill")
    try:
        yield
    finally:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="production is well")


def newest_release(flow: Flow) -> Ended:
    """The release that was started last, at its end."""
    listed = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn)["executions"]
    return flow.end(listed[0]["executionArn"])


def digest_of(flow: Flow, release: Ended) -> str:
    """The digest of the model that a release was about."""
    given = json.loads(flow.describe(release.arn)["input"])
    package = flow.sagemaker.describe_model_package(ModelPackageName=given["model_package_arn"])
    return str(package["CustomerMetadataProperties"]["model_digest"])


def alarms(flow: Flow) -> list[str]:
    """The names of those that releases have made."""
    found = flow.stand_in.client("cloudwatch").describe_alarms(AlarmNamePrefix="greenlight-production-v")
    return [alarm["AlarmName"] for alarm in found["MetricAlarms"]]


@pytest.mark.parametrize("count", [1, 3])
def test_clients_are_answered_rightly_through_good_releases_and_ill_ones_go_back(flow: Flow, count: int) -> None:
    """Asked ten times a second: a good release loses nothing, and of an ill one nobody sees more than its canary.

    One that answers with errors trips SageMaker's count of its own fleet, one that answers wrongly that of the probe;
    both go back while traffic moves, with the instances that production has, and leave no alarm.
    """
    flow.serving()
    with scaled(flow, count), asking(flow) as clients:
        good = flow.build(flow.upload())
        assert (good.status, good.cause) == ("SUCCEEDED", "")
        assert instances(flow) == (count, count)
        deployment = production(flow)["LastDeploymentConfig"]
        named = [alarm["AlarmName"] for alarm in deployment["AutoRollbackConfiguration"]["Alarms"]]
        assert deployment == watched(named[0].removesuffix("-errors"), count)
        print(f"{count} instances, a good release: {clients.count()}")
        assert clients.count().keys() == {"right"}
        for behave, kind, alarm in (
            ("fails-in-production", "lost", "errors"),
            ("wrong-in-production", "wrong", "answers"),
        ):
            since = time.monotonic()
            ill = flow.build(flow.upload(behave=behave))
            ended = newest_release(flow)
            seconds = clients.bad_seconds(since)
            print(f"{count} instances, {behave}: {clients.count(since)}, for {seconds:.1f} s")
            assert (ended.error, ill.error) == ("Production.Failed", "Release.Failed")
            assert f"-{alarm} is in ALARM" in ended.cause
            assert clients.count(since).keys() <= {"right", kind}
            assert seconds < EVALUATED_SECONDS
            assert {one.model for one in clients.answers if one.kind == "wrong"} <= {digest_of(flow, ended)}
            assert flow.ask_production()["model_digest"] == good.output["gate"]["model_digest"]
            assert instances(flow) == (count, count)
    assert alarms(flow) == []


def test_a_version_that_is_wrong_on_its_return_is_rolled_back_at_once(flow: Flow) -> None:
    """The way back is not watched, so the smoke test tells; the answer to that names no alarm and waits for nothing."""
    first, second = flow.build(flow.upload(behave="wrong-on-return")), flow.build(flow.upload())
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    with asking(flow) as clients:
        back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert back.error == "Production.RolledBack"
    assert "Probe production" not in back.states
    assert "Put the previous version back" in back.states
    print(f"a way back that is wrong: {clients.count()}, for {clients.bad_seconds():.1f} s")
    assert clients.count().keys() <= {"right", "wrong"}
    assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]
    assert production(flow)["LastDeploymentConfig"] == at_once()


def test_an_ill_production_is_replaced_by_a_new_version_and_by_an_earlier_one(flow: Flow) -> None:
    """The alarm that the old fleet has tripped ends neither: a release is watched by alarms on its own fleet."""
    first = flow.build(flow.upload())
    assert first.status == "SUCCEEDED"
    with in_alarm(flow, "greenlight-production-5xx"):
        second = flow.build(flow.upload())
        assert (second.status, second.cause) == ("SUCCEEDED", "")
        assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]
        back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]
    assert production(flow)["LastDeploymentConfig"] == at_once()


def test_a_production_that_was_changed_beside_releases_is_told_and_never_gone_back_to(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    """By mail, once, and by the command; what the next release would go back to is what was recorded."""
    good = flow.build(flow.upload())
    assert good.status == "SUCCEEDED"
    recorded = production(flow)["EndpointConfigName"]
    by_hand = f"made-by-hand-{time.time_ns()}"
    (variant,) = flow.sagemaker.describe_endpoint_config(EndpointConfigName=recorded)["ProductionVariants"]
    flow.sagemaker.create_endpoint_config(EndpointConfigName=by_hand, ProductionVariants=[variant])

    flow.sagemaker.update_endpoint(EndpointName=flow.stack.production_endpoint, EndpointConfigName=by_hand)
    flow.wait_until(lambda: production(flow)["EndpointStatus"] == "InService", "production is not in service")
    functions = flow.stand_in.client("lambda")
    looks = [functions.invoke(FunctionName="greenlight-watch-production") for _ in range(2)]
    told = [json.loads(look["Payload"].read())["told"] for look in looks]
    assert told == [True, False]
    assert len(flow.mails(f"serves {by_hand}, which no release recorded")) == 1
    assert run(["releases"]) == 0
    assert f"serves {by_hand}, which no release recorded" in capsys.readouterr().err
    back = flow.end(flow.start({"model_package_arn": good.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert back.output["plan"]["previous_configuration"] == recorded
    assert run(["releases"]) == 0
    assert "no release recorded" not in capsys.readouterr().err


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
    # Its figure makes it another model than any that an earlier test had in production.
    earlier, first = flow.build(flow.upload(behave="wrong-on-return", map50=0.91)), flow.build(flow.upload())
    assert (earlier.status, first.status) == ("SUCCEEDED", "SUCCEEDED")
    old = flow.end(flow.start({"model_package_arn": flow.register_with_its_run(first)}, "release"))
    assert (old.status, old.cause) == ("SUCCEEDED", "")
    bucket, key = first.output["training"]["model_data_url"].removeprefix("s3://").split("/", 1)
    flow.storage.put_object(Bucket=bucket, Key=key, Body=planted())
    release = flow.end(flow.start({"model_package_arn": earlier.output["package"]["arn"]}, "release"))
    assert release.error == "Production.Unapproved"
    assert "another model answered" in release.cause
    (mail,) = flow.mails(release.arn.rsplit(":", 1)[-1])
    assert "production serves what nobody approved" in mail["body"]
    back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]


def test_a_release_goes_on_where_the_answers_to_its_first_attempts_were_lost(flow: Flow) -> None:
    """The models and both configurations are there; the states that do not know of it create others, and use those."""
    package = flow.build(flow.upload()).output["package"]["arn"]
    name = f"lost-{time.time_ns()}"
    execution = f"{flow.stack.release_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    mark = f"v{package.rpartition('/')[2]}-{hashlib.sha256(execution.encode()).hexdigest()[:8]}"
    serving = flow.sagemaker.describe_endpoint_config(EndpointConfigName=production(flow)["EndpointConfigName"])
    (variant,) = serving["ProductionVariants"]
    model = flow.sagemaker.describe_model(ModelName=variant["ModelName"])
    for number, stage in enumerate(("staging", "production"), start=1):
        flow.sagemaker.create_model(
            ModelName=f"greenlight-{mark}-{number}000-0",
            PrimaryContainer=model["PrimaryContainer"],
            ExecutionRoleArn=model["ExecutionRoleArn"],
        )
        flow.sagemaker.create_endpoint_config(
            EndpointConfigName=f"greenlight-{stage}-{mark}-000-0", ProductionVariants=[variant]
        )
    given = json.dumps({"model_package_arn": package})
    flow.machines.start_execution(stateMachineArn=flow.stack.release_machine_arn, name=name, input=given)
    ended = flow.end(execution)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert production(flow)["EndpointConfigName"] == f"greenlight-production-{mark}-000-1"
    left = flow.sagemaker.list_endpoint_configs(NameContains=mark)["EndpointConfigs"]
    names = {item["EndpointConfigName"] for item in left}
    assert names == {f"greenlight-{stage}-{mark}-000-1" for stage in ("staging", "production")}
    stopped_at_production(flow, package)


def stopped_at_production(flow: Flow, package: str) -> None:
    """Its stage is stopped with it, is told of in its mail alone, and is brought up anew by the redrive.

    Nobody else brings one up: whoever starts one by hand, with the input of one that was asked for, is refused.
    """
    execution = flow.start({"model_package_arn": package}, "release")
    flow.wait_until(lambda: "Update production" in flow.states(execution), "production does not move")
    (stage, *_) = stages(flow)
    flow.machines.stop_execution(executionArn=execution)
    flow.wait_until(lambda: flow.describe(stage)["status"] == "ABORTED", "the stage goes on")
    flow.wait_until(lambda: flow.mails(execution.rpartition(":")[2]), "nobody was told of the stop")
    flow.machines.redrive_execution(executionArn=execution)
    ended = flow.end(execution)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert production(flow)["EndpointConfigName"] == ended.output["production_configuration"]["name"]
    (again, *_) = stages(flow)
    assert again == ended.output["production_configuration"]["execution"] != stage
    assert ended.states.count("Bring up production") + ended.states.count("Plan the stage") >= 4
    forged = flow.machines.start_execution(
        stateMachineArn=again.rpartition(":")[0].replace(":execution:", ":stateMachine:"),
        input=flow.describe(again)["input"],
    )["executionArn"]
    refused = flow.end(forged)
    assert (refused.error, refused.states[-3:]) == (
        "Stage.Refused",
        ["The stage was refused", "Put it in words", "Failed"],
    )
    assert "does not run: start the release machine instead" in refused.cause
    assert flow.mails(stage.rpartition(":")[2]) + flow.mails(forged.rpartition(":")[2]) == []


def stages(flow: Flow) -> list[str]:
    """The executions of the Stage machine, newest first."""
    machine = flow.stack.release_machine_arn.removesuffix("release") + "stage"
    return [one["executionArn"] for one in flow.machines.list_executions(stateMachineArn=machine)["executions"]]
