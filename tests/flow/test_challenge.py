"""A challenger beside the champion, with IAM: promoted, withdrawn, overtaken, stopped; no answer is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.flow.clients import asking
from tests.flow.driver import Ended, Flow
from workflow.contract.feedback import Feedback

SECONDS = 4
BRIEF = {
    "challenge_hours": SECONDS / 3600,
    "challenge_minimum_requests": 1,
    "challenger_share": 0.5,
    # A machine that is busy with tests tells no latencies apart.
    "challenge_latency_ratio": 10,
}


def challenge(flow: Flow, at: int = 0) -> str:
    """The execution of the challenge that was started last."""
    machine = flow.stack.release_machine_arn.replace("greenlight-release", "greenlight-challenge")

    def started() -> list[dict[str, Any]]:
        return list(flow.machines.list_executions(stateMachineArn=machine)["executions"])

    flow.wait_until(lambda: len(started()) > at, "no challenge has started")
    return str(started()[0]["executionArn"])


def test_a_challenger_comes_goes_and_gives_way_without_a_lost_answer(guarded: Flow) -> None:
    """By rule into production; by a person's no away again; by another release's right of way ended; or stopped."""
    flow = guarded
    first = flow.build(flow.upload())
    with asking(flow) as clients:
        by_rule: dict[str, Any] = {"serve": "ab", "challenge_ends": "rule", **BRIEF}
        # Its figure makes it another model, by whose digest its answers are told apart.
        second = flow.build(flow.upload(map50=0.95), **by_rule)
        assert (second.status, second.cause) == ("SUCCEEDED", "")
        release = flow.end(second.output["release"]["execution"])
        assert "Challenge production" in release.states
        assert "Confirm the release" in release.states
        assert digest(second) == flow.ask_production()["model_digest"]

        kept = shadow_that_a_person_refuses(flow, first)
        assert "Confirm the release" not in kept.states
        assert digest(second) == flow.ask_production()["model_digest"]

        overtaken_by_hand(flow, first, second)
        assert digest(second) == flow.ask_production()["model_digest"]

        stopped_by_hand(flow, first)
        assert digest(second) == flow.ask_production()["model_digest"]
        print(f"start, promotion, withdrawal, roll-back, stop: {clients.count()}")
        assert clients.count().keys() == {"right"}
    (variant,) = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)["ProductionVariants"]
    assert variant["VariantName"] == "main"


def digest(build: Ended) -> str:
    """Of the model that a build made."""
    return str(build.output["gate"]["model_digest"])


def shadow_that_a_person_refuses(flow: Flow, first: Ended) -> Ended:
    """Look on for a while, be compared, and be sent away by whoever is asked; the release ends well."""
    given = {"model_package_arn": first.output["package"]["arn"], "serve": "shadow", **BRIEF}
    champion = str(flow.ask_production()["model_digest"])
    for model, verdicts in ((champion, ("right", "right", "right")), (digest(first), ("right", "wrong"))):
        for number, verdict in enumerate(verdicts):
            say(flow, f"{model[:8]}-{number}", model, verdict)
    started = flow.start(given, "release")
    beside = challenge(flow, at=1)
    flow.answer(beside, "reject", "not this week")
    ended, kept = flow.end(beside), flow.end(started)
    assert (ended.status, ended.output["decided"]["outcome"]) == ("SUCCEEDED", "withdrawn")
    assert (kept.status, kept.output["challenge"]["summary"]) == ("SUCCEEDED", "not this week")
    assert flow.mails("was withdrawn: not this week")
    (compared,) = flow.storage.list_objects_v2(
        Bucket=flow.stack.bucket, Prefix=f"challenges/{beside.rpartition(':')[2]}/"
    )["Contents"]
    said = json.loads(flow.storage.get_object(Bucket=flow.stack.bucket, Key=compared["Key"])["Body"].read())
    assert said["challenger"]["requests"] > 0
    assert said["challenger"]["errors"] == 0
    assert [(said[one]["truth"]["right"], said[one]["truth"]["wrong"]) for one in ("champion", "challenger")] == [
        (3, 0),
        (1, 1),
    ]
    asked = flow.request_mail(beside)
    assert asked is not None
    assert "1 of 2 judged answers right (9.5% to 90.5%)" in asked["body"]
    return kept


def say(flow: Flow, answer: str, model: str, verdict: str) -> None:
    """Keep what somebody says of an answer that is given once the challenge has begun, be that today or tomorrow."""
    now = datetime.now(UTC)
    given = now + timedelta(minutes=10)
    at = given.isoformat(timespec="seconds")
    said = Feedback.parse(
        {
            "version": 1,
            "inference_id": answer,
            "model_digest": model,
            "verdict": verdict,
            "answered": at,
            "at": at,
            "by": "someone",
        }
    )
    for day in {f"{now:%Y/%m/%d}", f"{given:%Y/%m/%d}"}:
        key = f"feedback/{day}/{answer}/someone.json"
        flow.storage.put_object(Bucket=flow.stack.bucket, Key=key, Body=json.dumps(said.document()).encode())


def overtaken_by_hand(flow: Flow, first: Ended, second: Ended) -> None:
    """A person brings back a version while a challenge runs: at once, and the challenge ends and says so."""
    given = {"model_package_arn": first.output["package"]["arn"], "serve": "ab", **BRIEF, "challenge_hours": 1}
    started = flow.start(given, "release")
    beside = challenge(flow, at=2)
    flow.wait_until(lambda: "Let both answer" in flow.states(beside), "the challenge does not begin")
    back = flow.end(flow.start({"model_package_arn": second.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    ended, failed = flow.end(beside), flow.end(started)
    assert (ended.error, failed.error) == ("Challenge.Overtaken", "Challenge.Failed")


def stopped_by_hand(flow: Flow, first: Ended) -> None:
    """Somebody stops the release: its challenge ends with it, and the challenger is withdrawn by itself.

    The champion's own configuration serves again, what the challenge made is gone, the lock is free, a mail says why.
    """
    alone = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)["EndpointConfigName"]
    made = names(flow)
    given = {"model_package_arn": first.output["package"]["arn"], "serve": "ab", **BRIEF, "challenge_hours": 1}
    started = flow.start(given, "release")
    beside = challenge(flow, at=3)
    flow.wait_until(lambda: "Let both answer" in flow.states(beside), "the challenge does not begin")
    flow.machines.stop_execution(executionArn=started)
    withdrawal = flow.end(challenge(flow, at=4))
    assert (flow.describe(beside)["status"], withdrawal.status, withdrawal.cause) == ("ABORTED", "SUCCEEDED", "")
    assert withdrawal.states[:4] == ["Begin", "Plan the challenge", "Was a challenge stopped?", "Say what was stopped"]
    name = beside.rpartition(":")[2]
    assert flow.mails(f"was withdrawn: its challenge {name} was stopped")
    flow.wait_until(lambda: flow.mails(f"challenge {name} aborted"), "nobody is told that it was stopped")
    (told,) = flow.mails(f"challenge {name} aborted")
    assert "is withdrawn by itself" in told["body"]
    served = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)
    assert (served["EndpointConfigName"], served["EndpointStatus"]) == (alone, "InService")
    # Staging tries the version that was stopped, as after every release that did not come to production.
    assert [one for one in names(flow) - made if "-staging-" not in one and one not in on_staging(flow)] == []
    lock = {"id": {"S": "release-lock"}}
    assert "Item" not in flow.stand_in.client("dynamodb").get_item(TableName=flow.stack.table, Key=lock)


def names(flow: Flow) -> set[str]:
    """Every configuration and every model that there is."""
    configurations = flow.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    models = flow.sagemaker.list_models()["Models"]
    return {one["EndpointConfigName"] for one in configurations} | {one["ModelName"] for one in models}


def on_staging(flow: Flow) -> set[str]:
    """The models that staging serves."""
    configuration = flow.sagemaker.describe_endpoint(EndpointName="greenlight-staging")["EndpointConfigName"]
    described = flow.sagemaker.describe_endpoint_config(EndpointConfigName=configuration)
    return {variant["ModelName"] for variant in described["ProductionVariants"]}
