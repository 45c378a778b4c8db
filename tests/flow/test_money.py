"""What a run cost, and endpoints that are put away and come back, with every role enforced."""

from __future__ import annotations

import json
from typing import Any

from tests.flow.driver import Flow
from tests.flow.test_production import in_alarm
from workflow.commands.cli import run
from workflow.stack import deploy


def there(flow: Flow, endpoint: str) -> bool:
    """Whether an endpoint exists."""
    return endpoint in [one["EndpointName"] for one in flow.sagemaker.list_endpoints()["Endpoints"]]


def test_a_production_that_had_its_time_goes_and_comes_back_with_a_release(guarded: Flow, capsys: Any) -> None:
    """The watch deletes it and tells; the next release of the same version makes it anew. The run's cost is told."""
    flow = guarded
    deploy.deploy("greenlight", parameters={"ProductionHours": "1", "StagingHours": "1", "ProductionIdleHours": "1"})
    ended = flow.build(flow.upload())
    assert ended.output["gate"]["cost"].endswith("s of jobs on one machine"), "the gate's role sees no jobs"
    (asked,) = [mail for mail in flow.mails(ended.arn.rpartition(":")[2]) if "Approve " in mail["subject"]]
    assert f"Cost so far   {ended.output['gate']['cost']}" in asked["body"]
    capsys.readouterr()
    assert run(["runs", "--json"]) == 0
    (build,) = (one for one in json.loads(capsys.readouterr().out) if one["kind"] == "build")
    assert build["dollars"] > 0

    logs = flow.stand_in.client("logs")

    def counted() -> list[Any]:
        found = logs.filter_log_events(logGroupName="/aws/lambda/greenlight-notify", filterPattern="RunDollars")
        return list(found["events"])

    flow.wait_until(counted, "the cost of a build that ended well is counted by nobody")
    with in_alarm(flow, "greenlight-production-idle"):
        flow.wait_until(lambda: flow.mails("Nobody asked greenlight-production for 1 hours"), "nobody is told")
    functions = flow.stand_in.client("lambda")
    assert json.load(functions.invoke(FunctionName="greenlight-watch-production")["Payload"])["put_away"] == []
    table = flow.stand_in.client("dynamodb")
    table.update_item(
        TableName=flow.stack.table,
        Key={"id": {"S": "champion"}},
        UpdateExpression="SET released_epoch = :old",
        ExpressionAttributeValues={":old": {"N": "1000000000"}},
    )
    looked = json.load(functions.invoke(FunctionName="greenlight-watch-production")["Payload"])
    assert looked["put_away"] == [flow.stack.production_endpoint]
    flow.wait_until(lambda: not there(flow, flow.stack.production_endpoint), "production stays")
    assert flow.mails("was put away, 1 h after version 1")
    back = flow.end(flow.start({"model_package_arn": ended.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == ended.output["gate"]["model_digest"]


def test_a_run_that_failed_is_told_with_what_it_cost(guarded: Flow) -> None:
    """The mail's role may see what jobs are billed, too."""
    failed = guarded.build(guarded.upload(behave="fail"))
    assert failed.error == "Training.Failed"
    (told,) = guarded.mails("build stopped at Train")
    assert "s of jobs on one machine" in told["body"]
