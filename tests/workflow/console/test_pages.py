"""The pages, from a cloud that answers from a list: whatever names hold, however much there is, whoever looks."""

from __future__ import annotations

import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.console.asking import Answer as Page
from tests.workflow.console.asking import ask
from tests.workflow.histories import START, Script
from tests.workflow.runs.test_releases import released
from workflow.console.app import make_app
from workflow.contract.approval import PENDING
from workflow.contract.table_keys import APPROVAL
from workflow.errors import GreenlightError, ServiceError
from workflow.stack.outputs import Stack

HOSTILE = "<img src=x onerror=alert(1)>\u202e{{ 7 * 7 }}"
ARN = "arn:aws:states:us-east-1:000000000000:"
PACKAGES = "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight"
MANY_EXECUTIONS, MANY_EVENTS = 500, 5000


def stack() -> Stack:
    """A stack of this name only."""
    others = dict.fromkeys(
        ("table", "topic_arn", "approval_url", "decide_url", "training_repository", "serving_repository"), ""
    )
    return Stack(
        project="greenlight",
        region="us-east-1",
        bucket="bucket",
        build_machine_arn=f"{ARN}stateMachine:greenlight-build",
        release_machine_arn=f"{ARN}stateMachine:greenlight-release",
        package_group="greenlight",
        staging_endpoint="greenlight-staging",
        production_endpoint="greenlight-production",
        batch_machine_arn=f"{ARN}stateMachine:greenlight-batch",
        **others,
    )


def execution(name: str, minutes: int = 0, **more: Any) -> dict[str, Any]:
    """DescribeExecution's answer."""
    start = START + timedelta(minutes=minutes)
    arn = f"{ARN}execution:greenlight-build:{name}"
    known = {"executionArn": arn, "name": name, "status": "FAILED", "startDate": start, "stopDate": start, **more}
    return {**known, "redriveStatus": "REDRIVABLE"}


def console(script: Script | None = None, *, local: bool = True, **answers: Answer) -> tuple[Starlette, ScriptedCloud]:
    """A console on a cloud with these answers, and the cloud."""
    events = script.events if script else []
    given: dict[str, Answer] = {
        "list_executions": {"executions": []},
        "scan": {"Items": []},
        "describe_execution": execution("run"),
        "get_execution_history": {"events": events[::-1]},
        "describe_stacks": {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Parameters": []}]},
        "list_objects_v2": {"CommonPrefixes": []},
        **answers,
    }
    cloud = ScriptedCloud(given, local=local)
    return make_app(cloud, stack(), port=4580, user="ada"), cloud


def hostile_run() -> Script:
    """A run in which everything that somebody may name is named to harm who looks at it."""
    script = Script()
    script.data = {"plan": {"reason": HOSTILE, "started_by": HOSTILE}, "approval": {"decision": HOSTILE, "by": HOSTILE}}
    script.done("Plan the run").enter(HOSTILE)
    script.schedule("createTrainingJob.sync", HOSTILE, TrainingJobName="job", Other=HOSTILE)
    script.fail(HOSTILE, HOSTILE).schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="job", Other=HOSTILE)
    return script.fail(HOSTILE, HOSTILE).end("Failed", error=HOSTILE, cause=HOSTILE)


def harmless(page: Page) -> bool:
    """Whether a page has no element that a name brought along, and nothing that turns the direction of text."""
    return (
        page.status == 200 and "<img src=x" not in page.text and "\u202e" not in page.text and ">49<" not in page.text
    )


@pytest.mark.parametrize("path", ["/runs", "/runs/build/run", "/runs/build/run/events", "/start/build?like=run"])
def test_names_are_shown_and_never_obeyed(path: str) -> None:
    """Datasets, people, errors, logs, settings of a job, names of states: none of it is ours."""
    given = json.dumps({"dataset": HOSTILE, "started_by": HOSTILE, "epochs": HOSTILE})
    found = execution("run", input=given, error=HOSTILE, cause=HOSTILE)
    job = {"TrainingJobStatus": HOSTILE, "FailureReason": HOSTILE, "HyperParameters": {HOSTILE: HOSTILE}}
    app, _ = console(
        hostile_run(),
        list_executions={"executions": [found]},
        describe_execution=found,
        describe_training_job=job,
        describe_log_streams={"logStreams": [{"logStreamName": "job/1"}]},
        get_log_events={"events": [{"message": HOSTILE}, {"message": f"epoch=1 epochs=2 map50=0.5 {HOSTILE}"}]},
    )
    page = ask(app, path)
    assert harmless(page)
    assert "&lt;img src=x" in page.text


def test_a_release_leads_to_what_happens_at_its_endpoints_and_back() -> None:
    """The stage that it started is a page with a picture of its own; it is steered with its release, and not listed."""
    stage, release = (f"{ARN}execution:greenlight-{kind}:go-0-0" for kind in ("stage", "release"))
    script = (
        Script().enter("Bring up production").schedule("startExecution.sync:2", "states").submit(ExecutionArn=stage)
    )
    inside = Script().done("Plan the stage", plan={"stage": "production"}).enter("Wait for the endpoint", "Wait")
    given = json.dumps({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": release})
    app, cloud = console(
        get_execution_history=lambda asked: {
            "events": (inside if asked["executionArn"] == stage else script).events[::-1]
        },
        describe_execution=lambda asked: {
            **execution("go-0-0", input=given, status="RUNNING"),
            "executionArn": asked["executionArn"],
        },
    )
    page = ask(app, "/runs/release/go-0-0?state=Bring+up+production")
    assert "Open the stage it started" in page.text
    assert "/runs/stage/go-0-0" in page.text
    assert "Stop this run" in page.text
    page = ask(app, "/runs/stage/go-0-0")
    assert page.status == 200
    assert "/runs/release/go-0-0" in page.text
    assert "Wait for the endpoint" in page.text
    assert "<dd>production</dd>" in page.text
    assert "Stop this run" not in page.text
    ask(app, "/runs")
    listed = {asked["stateMachineArn"] for operation, asked in cloud.asked if operation == "list_executions"}
    assert not [arn for arn in listed if arn.endswith("-stage")]


def test_five_hundred_executions_and_five_thousand_events_are_pages_of_less_than_a_second() -> None:
    """Counted in time of this processor, which does not depend on what else runs on it."""
    found = {one["executionArn"]: one for one in (execution(f"run-{n}", n) for n in range(MANY_EXECUTIONS))}
    script = Script()
    while len(script.events) < MANY_EVENTS:
        script.done("Look at production", plan={"reason": "x" * 2000})
    app, cloud = console(
        script,
        list_executions=lambda asked: {
            "executions": list(found.values()) if "build" in asked["stateMachineArn"] else []
        },
        describe_execution=lambda asked: found[asked["executionArn"]],
    )
    for path, most in (
        ("/runs", 50),
        ("/runs?page=10", 50),
        ("/runs/build/run-0", 0),
        ("/runs/build/run-0/events?page=25", 0),
    ):
        before, began = len(cloud.asked), time.process_time()
        page = ask(app, path)
        seconds = time.process_time() - began
        assert page.status == 200
        assert len(page.text) < 700_000
        assert seconds < 1, f"{path} took {seconds:.2f} s"
        assert most == 0 or len(cloud.asked) - before == len(stack().machines) + most
    assert "Page 25 of 26" in page.text


def test_a_page_of_an_account_offers_nothing_that_changes_it_and_takes_nothing() -> None:
    """Not even from its own form."""
    app, cloud = console(hostile_run(), local=False, describe_training_job=ServiceError("ValidationException", "gone"))
    page = ask(app, "/runs/build/run")
    assert page.status == 200
    assert 'method="post"' not in page.text
    assert ask(app, "/start/build").status == 404
    asked = len(cloud.asked)
    for path in ("/runs/build/run/stop", "/runs/build/run/redrive", "/start/build"):
        assert ask(app, path, "POST").status == 403
    assert len(cloud.asked) == asked


def test_the_list_tells_which_run_waits_for_a_person_where_requests_may_be_seen() -> None:
    """Whoever decides finds it there; whoever may not see requests sees the list all the same."""
    running = execution("run", status="RUNNING")
    request = {
        "id": {"S": f"{APPROVAL}1"},
        "execution": {"S": running["executionArn"]},
        "status": {"S": PENDING},
        "expires_epoch": {"N": str(int(time.time()) + 600)},
    }
    listed = {"executions": [running]}
    asked, _ = console(list_executions=listed, describe_execution=running, scan={"Items": [request]})
    assert "waits for a person" in ask(asked, "/runs").text
    refused = ServiceError("AccessDeniedException", "no")
    denied, _ = console(list_executions=listed, describe_execution=running, scan=refused)
    page = ask(denied, "/runs")
    assert (page.status, "waits for a person" in page.text, "running" in page.text) == (200, False, True)


def test_a_run_that_was_stopped_can_go_on_and_one_that_went_to_its_end_can_only_be_started_again() -> None:
    """Its last state ends it again, whatever was mended."""
    stopped, _ = console(Script().done("Plan the run").enter("Train").end("Aborted"))
    failed, _ = console(Script().done("Plan the run").enter("Failed", "Fail").end("Failed"))
    assert 'action="/runs/build/run/redrive"' in ask(stopped, "/runs/build/run").text
    assert 'action="/runs/build/run/redrive"' not in ask(failed, "/runs/build/run").text
    assert "Start again" in ask(failed, "/runs/build/run").text


def test_a_report_is_shown_as_a_page_of_no_site_in_which_nothing_runs() -> None:
    """It was made from what lay in a dataset; one that is not there is said to be missing."""
    app, cloud = console(get_object=lambda _: {"Body": io.BytesIO(b"<h1>Report</h1><script>1</script>")})
    page = ask(app, "/runs/build/run/documents/report")
    assert (page.status, page.text[:4]) == (200, "<h1>")
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none';")
    assert "script-src" not in page.headers["content-security-policy"]
    assert cloud.asked[-1][1]["Key"] == "runs/run/evaluation/report/index.html"
    gone, _ = console(get_object=ServiceError("NoSuchKey", "gone"))
    assert ask(gone, "/runs/build/run/documents/report").status == 404
    assert ask(gone, "/runs/build/run/documents/passwords").status == 404


def test_what_fails_is_said_on_a_page_and_what_is_not_there_as_well() -> None:
    """The stand-in may be stopped while its console is open."""
    away, _ = console(list_executions=GreenlightError("nothing answers at http://127.0.0.1:4566"))
    page = ask(away, "/runs")
    assert (page.status, "nothing answers" in page.text) == (502, True)
    unknown, _ = console(describe_execution=ServiceError("ExecutionDoesNotExist", "gone"))
    assert ask(unknown, "/runs/build/nobody").status == 404
    assert ask(unknown, "/runs/other/nobody").status == 404
    assert ask(unknown, "/nowhere").status == 404


def test_a_run_is_started_with_what_was_typed_and_once_it_is_refused_nothing_is() -> None:
    """A dataset may be called by its name alone, as on the command line."""
    started = f"{ARN}execution:greenlight-build:tuesday"
    app, cloud = console(
        start_execution={"executionArn": started},
        describe_stacks={
            "Stacks": [{"StackStatus": "CREATE_COMPLETE", "StackId": "a:aws:c:us-east-1:0:s", "Parameters": []}]
        },
        list_service_quotas={"Quotas": []},
        list_aws_default_service_quotas={"Quotas": []},
        describe_endpoint=ServiceError("ValidationException", "none"),
    )
    refused = ask(app, "/start/build", "POST", body="epochs=0&name=tuesday")
    assert (refused.status, "epochs = 0: must be a whole number" in refused.text) == (422, True)
    assert not [operation for operation, _ in cloud.asked if operation == "start_execution"]
    answer = ask(app, "/start/build", "POST", body="epochs=3&name=tuesday&started_by=ada&dataset=nuts")
    assert (answer.status, answer.headers.get("location")) == (303, "/runs/build/tuesday")
    (given,) = (asked for operation, asked in cloud.asked if operation == "start_execution")
    assert (given["name"], json.loads(given["input"])) == (
        "tuesday",
        {"dataset": "s3://bucket/datasets/nuts/", "epochs": 3, "started_by": "ada"},
    )


def test_a_batch_is_started_over_a_prefix_and_leads_to_its_page() -> None:
    """By the version that production serves unless one is named; what is no address starts nothing."""
    done = {"plan": {"model_package_arn": f"{PACKAGES}/4"}, "join": {"job": {"ExitMessage": "2 of 3 answered"}}}
    found = execution("batch-one", status="SUCCEEDED", input='{"pictures": "s3://bucket/a/"}', output=json.dumps(done))
    app, cloud = console(
        Script().done("Plan the batch").done("Join pictures and answers"),
        start_execution={"executionArn": f"{ARN}execution:greenlight-batch:batch-one"},
        list_model_packages={"ModelPackageSummaryList": [{"ModelPackageArn": f"{PACKAGES}/4"}]},
        describe_execution=found,
        get_object={"Body": io.BytesIO(b"<h1>Seen</h1>")},
    )
    assert f'<option value="{PACKAGES}/4">' in ask(app, "/start/batch").text
    for body in ("pictures=photos", "instances=2", "pictures=s3%3A%2F%2Fbucket"):
        assert ask(app, "/start/batch", "POST", body=body).status == 422
    answer = ask(app, "/start/batch", "POST", body="pictures=s3%3A%2F%2Fbucket%2Fa%2F&instances=2")
    assert (answer.status, answer.headers.get("location")) == (303, "/runs/batch/batch-one")
    (given,) = (asked for operation, asked in cloud.asked if operation == "start_execution")
    assert (given["stateMachineArn"], given["name"][:6]) == (f"{ARN}stateMachine:greenlight-batch", "batch-")
    assert json.loads(given["input"]) == {"pictures": "s3://bucket/a/", "instances": 2}
    page = ask(app, "/runs/batch/batch-one").text
    assert all(said in page for said in ("s3://bucket/a/", "<dd>4</dd>", "2 of 3 answered", "/documents/page"))
    assert ask(app, "/runs/batch/batch-one/documents/page").text == "<h1>Seen</h1>"
    assert cloud.asked[-1][1]["Key"] == "batches/batch-one/batch/index.html"
    assert ask(app, "/runs/batch/batch-one/documents/report").status == 404


def test_a_production_without_an_endpoint_is_not_waited_for() -> None:
    """It is said how it is asked instead; one that nobody has released yet is, and one that nobody may look up."""
    gone = ServiceError("ValidationException", "none")
    live = {**released(4, 9), "serving": {"S": "serve=batch"}}
    app, _ = console(describe_endpoint=gone, scan={"Items": [live]})
    page = ask(app, "/endpoints").text
    assert all(said in page for said in ("serves by batches", "v4", "greenlight batch FOLDER", "/start/batch"))
    assert "a release makes it" not in page
    others: list[Answer] = [{"Items": []}, {"Items": [live, released(5, 10)]}, ServiceError("AccessDenied", "no")]
    for scan in others:
        assert "yet: a release makes it" in ask(console(describe_endpoint=gone, scan=scan)[0], "/endpoints").text


def test_the_page_of_production_shows_between_how_many_instances_its_fleet_is() -> None:
    """And how many there are; staging's, which no load changes, says nothing of it."""
    served = [{"VariantName": "main", "CurrentInstanceCount": 2, "DesiredInstanceCount": 3, "CurrentWeight": 1}]
    endpoint = {"EndpointStatus": "InService", "EndpointConfigName": "c", "LastModifiedTime": START}
    followed = {"ResourceId": "endpoint/greenlight-production/variant/main", "MinCapacity": 1, "MaxCapacity": 4}
    app, _ = console(
        describe_endpoint={**endpoint, "ProductionVariants": served},
        describe_endpoint_config={"ProductionVariants": [{"VariantName": "main", "ModelName": "m"}]},
        describe_model={"PrimaryContainer": {"ModelDataUrl": "s3://bucket/models/x/model.tar.gz"}},
        get_metric_statistics={"Datapoints": []},
        describe_scalable_targets=lambda asked: {
            "ScalableTargets": [followed] if followed["ResourceId"] in asked["ResourceIds"] else []
        },
    )
    page = ask(app, "/endpoints").text
    assert (page.count("from 1 to 4 instances"), page.count("2 now, 3 wanted")) == (1, 1)
