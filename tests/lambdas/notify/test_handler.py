"""What people are told, and when."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambdas.notify import handler as function
from lambdas.notify import mail
from lambdas.notify.handler import handler
from lambdas.notify.next_step import NEXT
from lambdas.notify.places import find_job
from tests.lambdas.conftest import ENVIRONMENT, Context, Mailbox, counted
from tests.lambdas.notify.test_cause import LAMBDA, anything
from tests.lambdas.plans import release_plan
from workflow.contract.cost import Job
from workflow.contract.execution import STARTED_BY_EXECUTION
from workflow.contract.failures import UNTOLD, Failure, StateError
from workflow.contract.model import TASKS
from workflow.contract.scores import FIGURE_NAMES, QUALITY

FAILED = {
    "kind": "failed",
    "machine": "build",
    "what": "Gate on metrics",
    "error_name": Failure.GATE_REJECTED,
    "run": "2026-11-21T10-14-03",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one",
    "error": {"Error": "GateRejected", "Cause": LAMBDA},
}
RELEASED = {"kind": "released", "run": "go", "execution": "arn", "plan": release_plan().document()}


def outside(status: str, **detail: Any) -> dict[str, Any]:
    """EventBridge's notice of an execution's end."""
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-build"
    return {
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "detail": {
            "executionArn": FAILED["execution"],
            "name": "one",
            "stateMachineArn": machine,
            "status": status,
            **detail,
        },
    }


def test_a_failure_is_told_with_its_cause(mailbox: Mailbox, context: Context) -> None:
    """Where, why, which run; the machine gets the same line."""
    assert handler(FAILED, context)["cause"] == "mAP50 of washer 0.41 < 0.60 on 23 objects"
    (sent,) = mailbox.mails()
    assert sent["Subject"] == (
        "[greenlight] build stopped at Gate on metrics: mAP50 of washer 0.41 < 0.60 on 23 objects"
    )
    assert sent["TopicArn"] == ENVIRONMENT["TROUBLE_TOPIC_ARN"]
    assert "Error       Gate.Rejected" in sent["Message"]
    assert "Nothing was released" in sent["Message"]


@pytest.fixture
def bill(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An hour of training for any run that is asked about; the names of those."""
    asked: list[str] = []

    def find(call: Any, project: str, run: str) -> tuple[Job, ...]:
        asked.append(f"{project} {run}")
        return (Job("Training", 3600, "ml.g5.xlarge"),)

    monkeypatch.setattr(function, "find_billed_jobs", find)
    return asked


def test_a_build_that_failed_is_told_with_what_it_cost(mailbox: Mailbox, context: Context, bill: list[str]) -> None:
    """A failed training is paid for; a release runs no job, and neither a run that was refused."""
    handler(FAILED, context)
    handler({**FAILED, "machine": "release"}, context)
    handler({**FAILED, "run": None}, context)
    first, *others = mailbox.mails()
    assert "Cost        about $1.41 (list prices of 2026, us-east-1)\n" in first["Message"]
    assert all("Cost" not in other["Message"] for other in others)
    assert bill == [f"greenlight {FAILED['run']}"]


def test_the_cost_of_a_build_is_counted_once_at_its_end(
    mailbox: Mailbox, context: Context, bill: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever end it is, also where the machine has told; by project, for several share an account."""
    handler(FAILED, context)
    assert "RunDollars" not in counted(capsys.readouterr().out)
    for status, told in (("SUCCEEDED", False), ("ABORTED", True), ("FAILED", False)):
        assert handler(outside(status, error=Failure.GATE_REJECTED.value), context)["sent"] is told
        said = counted(capsys.readouterr().out)
        assert (said["RunBilledSeconds"], said["RunDollars"]) == (3600, pytest.approx(1.408))


def test_an_end_without_a_bill_is_told_without_one(
    mailbox: Mailbox, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """SageMaker does not say, or no job was started."""
    with Stubber(function.sagemaker) as stub:
        stub.add_client_error("list_processing_jobs", "ThrottlingException")
        assert handler(outside("ABORTED"), context)["sent"] is True
    (mail,) = mailbox.mails()
    assert "Cost" not in mail["Message"]
    assert "RunDollars" not in counted(capsys.readouterr().out)


CONSOLE = "https://console.aws.amazon.com"


def addresses(text: str) -> list[str]:
    """What a mail leads to in the console."""
    found = [line.rpartition(" ")[2] for line in text.partition("In the AWS console:")[2].splitlines() if line]
    assert all(address.startswith(f"{CONSOLE}/") for address in found)
    return [address.partition("#")[2] or address for address in found]


def test_a_failure_leads_to_its_execution_and_its_job(mailbox: Mailbox, context: Context) -> None:
    """As the error describes it; to the report of a run that was evaluated, and to the page of refused data."""
    job = json.dumps({"TrainingJobName": "one-train-0-0", "FailureReason": "no memory"})
    trained = {"error_name": Failure.TRAINING_FAILED, "error": {"Error": "States.TaskFailed", "Cause": job}}
    said = []
    for change in (trained, {}, {"error_name": Failure.DATA_REJECTED}):
        handler({**FAILED, **change}, context)
        said += [addresses(mail["Message"]) for mail in mailbox.mails()]
    training, gate, data = said
    assert training[:2] == [f"/v2/executions/details/{FAILED['execution']}", "/jobs/one-train-0-0"]
    assert training[2].endswith("TrainingJobs$3FlogStreamNameFilter$3Done-train-0-0")
    assert training[3:] == ["dashboards:name=greenlight-us-east-1"]
    folder = f"{CONSOLE}/s3/object/greenlight-test?region=us-east-1&prefix=runs%2F2026-11-21T10-14-03%2F"
    assert gate[1:] == [f"{folder}evaluation%2Freport%2Findex.html", "dashboards:name=greenlight-us-east-1"]
    assert data[1:] == [f"{folder}dataset%2Fdata.html", "dashboards:name=greenlight-us-east-1"]


def test_a_release_and_an_end_lead_to_the_console_too(mailbox: Mailbox, context: Context) -> None:
    """The endpoint that serves, and the execution that somebody stopped."""
    handler(RELEASED, context)
    (released,) = mailbox.mails()
    handler(outside("ABORTED"), context)
    (stopped,) = mailbox.mails()
    assert "/endpoints/greenlight-production" in addresses(released["Message"])
    assert addresses(stopped["Message"])[0] == f"/v2/executions/details/{FAILED['execution']}"


def test_there_is_no_link_on_the_stand_in(mailbox: Mailbox, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no console."""
    monkeypatch.setattr("lambdas.notify.handler.os.environ", {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    handler(FAILED, context)
    assert "://" not in mailbox.mails()[0]["Message"]


@given(anything)
def test_no_error_is_taken_for_a_job_that_is_none(error: Any) -> None:
    """Whatever it holds, a name is one that SageMaker could have given."""
    for name in find_job(error).values():
        assert re.fullmatch(r"[A-Za-z0-9-]+", name)
    assert find_job({"Cause": json.dumps({"TrainingJobName": "a/../b"})}) == {}
    for key in ("ProcessingJobName", "TransformJobName"):
        assert find_job({"Cause": json.dumps({key: "a-b"})}) == {key: "a-b"}


def test_a_release_that_skipped_the_question_before_production_is_told_as_such() -> None:
    """Nobody saw that it would: the stack demands the question, and lets whoever starts a release leave it out."""
    plan = release_plan(started_by="eve https://x.example").document() | {"skipped_question": True}
    told = mail.write_release({**RELEASED, "plan": plan}, "greenlight").text
    assert "SKIPPED     the question before production, which the stack demands, by eve" in told
    assert "https://x.example" not in told
    assert "SKIPPED" not in mail.write_release(RELEASED, "greenlight").text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Failure.SMOKE_TEST_FAILED, "Production serves what it served before"),
        (Failure.PRODUCTION_ROLLED_BACK, "Production serves the version before again, and answers as it did."),
        (Failure.PRODUCTION_ROLLBACK_FAILED, "The roll-back failed: production may answer wrongly."),
        (Failure.PRODUCTION_UNAPPROVED, "The roll-back failed: production serves what nobody approved."),
    ],
)
def test_a_release_that_failed_is_told_with_what_production_serves(error: Failure, said: str) -> None:
    """What a person has to do next depends on it; nothing is claimed that nobody looked at. So of a challenge."""
    for machine in ("release", "challenge"):
        told = mail.write_failure({**FAILED, "machine": machine, "error_name": error}, "greenlight").text
        assert f"Production  {said}" in told


@pytest.mark.parametrize("error", Failure)
def test_every_failure_is_told_with_what_to_do_next(error: Failure) -> None:
    """Whoever reads it at night need not look it up."""
    told = mail.write_failure({**FAILED, "error_name": error}, "greenlight").text
    assert f"Next        {NEXT[error]}.\n" in told


def test_an_end_that_can_be_redriven_says_so() -> None:
    """What was stopped or took too long goes on where it was; what broke does not."""
    for status, way_on in (("ABORTED", True), ("TIMED_OUT", True), ("FAILED", False)):
        assert ("Redrive it" in mail.write_end(outside(status)["detail"], "greenlight").text) == way_on


def test_a_challenge_that_was_stopped_is_told_with_what_becomes_of_its_challenger() -> None:
    """Nobody has to do anything; a redrive would find it withdrawn."""
    detail = {**outside("ABORTED")["detail"], "stateMachineArn": "arn:aws:states:::stateMachine:greenlight-challenge"}
    told = mail.write_end(detail, "greenlight").text
    assert "Production A challenger that stands beside it is withdrawn by itself" in told
    assert "Next       To try the version again, release it again" in told
    assert "Redrive" not in told


@pytest.mark.parametrize("error", Failure)
def test_a_production_that_may_be_wrong_is_in_the_subject(error: Failure) -> None:
    """It is the mail to open first."""
    subject = mail.write_failure({**FAILED, "machine": "release", "error_name": error}, "greenlight").subject
    at_risk = error in (Failure.PRODUCTION_ROLLBACK_FAILED, Failure.PRODUCTION_UNAPPROVED)
    assert subject.startswith("[greenlight] PRODUCTION MAY BE WRONG: ") == at_risk


def test_nothing_claims_a_price_on_the_stand_in(
    mailbox: Mailbox, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs are timed there, and billed by nobody."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setattr(function, "find_billed_jobs", lambda *_: (Job("Training", 90, "ml.g5.xlarge"),))
    handler(FAILED, context)
    (sent,) = mailbox.mails()
    assert "Cost        nothing: 90 s of jobs on one machine" in sent["Message"]
    assert "$" not in sent["Message"]


def test_a_failure_that_a_nested_execution_told_is_only_made_readable(mailbox: Mailbox, context: Context) -> None:
    """Release has mailed its reason; Build fails with the same one."""
    nested = {"Error": "States.TaskFailed", "Cause": json.dumps({"Error": Failure.SMOKE_TEST_FAILED, "Cause": LAMBDA})}
    for kind in ("nested", "told"):
        told = handler({**FAILED, "kind": kind, "error": nested}, context)
        assert told == {"cause": "mAP50 of washer 0.41 < 0.60 on 23 objects", "sent": False}
    assert mailbox.mails() == []


def test_a_nested_execution_that_never_began_told_nobody(mailbox: Mailbox, context: Context) -> None:
    """The call that was to start it failed: nothing else would ever say why a version is not released."""
    refused = {"Error": "StepFunctions.AWSStepFunctionsException", "Cause": "Rate exceeded"}
    told = handler({**FAILED, "kind": "nested", "error_name": Failure.RELEASE_FAILED, "error": refused}, context)
    assert told == {"cause": "Rate exceeded", "sent": True}
    assert len(mailbox.mails()) == 1


def test_a_release_is_told(mailbox: Mailbox, context: Context) -> None:
    """With its version, its figure and the way back."""
    handler(RELEASED, context)
    (sent,) = mailbox.mails()
    assert sent["Subject"] == "[greenlight] production serves fasteners v4, mAP50-95 0.810"
    assert sent["TopicArn"] == ENVIRONMENT["TOPIC_ARN"]
    assert "greenlight-production-v3-00000000, is kept" in sent["Message"]


def test_a_batch_is_told_with_what_was_seen_and_where_it_is(mailbox: Mailbox, context: Context) -> None:
    """And by a link to its page; a summary that poses as a link is none."""
    joined = "s3://greenlight-test/batches/one/batch/"
    plan = {"dataset_name": "fasteners", "package_version": 4, "approved_by": "Ada", "uris": {"joined": joined}}
    said = "2 of 3 pictures answered, 1 refused: see https://evil.example"
    event = {
        "kind": "answered",
        "plan": plan,
        "join": {"ExitMessage": said},
        "run": "one",
        "execution": FAILED["execution"],
    }
    assert handler(event, context)["sent"] is True
    (told,) = mailbox.mails()
    assert told["Subject"].startswith("[greenlight] fasteners v4: 2 of 3 pictures answered")
    assert f"{joined}index.html" in told["Message"]
    assert "Approved by Ada" in told["Message"]
    assert "https://evil" not in told["Message"]
    page = "region=us-east-1&prefix=batches%2Fone%2Fbatch%2Findex.html"
    assert addresses(told["Message"])[1] == f"{CONSOLE}/s3/object/greenlight-test?{page}"


def test_what_drifted_is_told_to_whoever_hears_of_trouble(mailbox: Mailbox, context: Context) -> None:
    """In words, with the page, and the build that follows; nothing in it becomes a link."""
    found = "s3://greenlight-test/drift/one/found/"
    plan = {"dataset_name": "fasteners", "package_version": 4, "on_drift": "run", "uris": {"found": found}}
    said = {"line": "812 pictures are not as the held-out ones: darker; see https://evil.example"}
    event = {"kind": "drifted", "plan": plan, "found": said, "run": "one", "execution": FAILED["execution"]}
    assert handler(event, context)["sent"] is True
    (told,) = mailbox.mails()
    assert told["TopicArn"] == ENVIRONMENT["TROUBLE_TOPIC_ARN"]
    assert told["Subject"].startswith("[greenlight] DRIFT: fasteners v4: 812 pictures are not as the held-out ones")
    assert f"{found}index.html" in told["Message"]
    assert "Build       drift-one" in told["Message"]
    assert "https://evil" not in told["Message"]
    page = "region=us-east-1&prefix=drift%2Fone%2Ffound%2Findex.html"
    assert addresses(told["Message"])[1] == f"{CONSOLE}/s3/object/greenlight-test?{page}"


RELEASING = "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:one"


def test_what_a_release_has_answered_by_a_batch_it_tells_alone(mailbox: Mailbox, context: Context) -> None:
    """Well or not, and stopped with it; a batch of anybody else's machine is told like one that a person started."""
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-batch"
    for execution, mails in ((RELEASING, 0), (RELEASING.replace("-release:", "-nightly:"), 3)):
        given = {"pictures": "s3://greenlight-test/smoke/", STARTED_BY_EXECUTION: execution}
        handler({"kind": "answered", "plan": {}, "join": {}, "run": "one", "execution": "arn", "input": given}, context)
        failed = handler({**FAILED, "machine": "batch", "input": given}, context)
        stopped = outside("ABORTED", stateMachineArn=machine, input=json.dumps(given))
        assert handler(stopped, context)["sent"] is (mails > 0)
        assert failed["cause"] == "mAP50 of washer 0.41 < 0.60 on 23 objects"
        assert len(mailbox.mails()) == mails


def test_the_mail_of_a_release_finds_everything_in_its_plan() -> None:
    """What it could not find it would pass over in silence."""
    plan = release_plan()
    assert mail.write_release(RELEASED, "greenlight").text.splitlines() == [
        "Production serves fasteners version 4, mAP50-95 0.810.",
        "",
        "Endpoint    greenlight-production",
        f"Package     {plan.model_package_arn}",
        f"Report      {plan.report_uri}",
        "Started by  ana",
        "Approved by Ada (link): seen",
        "Execution   arn",
        "",
        "The configuration before it, greenlight-production-v3-00000000, is kept. To go back: greenlight rollback",
    ]


def test_the_mail_of_a_release_names_everybody_who_approved_it() -> None:
    """By which door and why."""
    votes = [{"by": "Ada", "door": "link", "comment": "seen"}, {"by": "Ben", "door": "command"}]
    plan = {"approval": {"by": "Ben", "door": "command", "comment": "", "votes": votes}}
    assert "Approved by Ada (link): seen; Ben (command)\n" in mail.write_release({"plan": plan}, "greenlight").text


HOSTILE = "gone\u2028https://evil.example/a/x www.evil.example \u202e\x1b[2J evil.example/a"
HARMLESS = "gone https:[//]evil[.]example/a/x www[.]evil[.]example [2J evil[.]example/a"


@pytest.mark.parametrize(
    "told",
    [
        mail.write_failure({**FAILED, "run": HOSTILE, "what": HOSTILE, "error": {"Cause": HOSTILE}}, "greenlight"),
        mail.write_release(
            {"plan": {"dataset_name": HOSTILE, "started_by": HOSTILE, "package_version": HOSTILE}}, "greenlight"
        ),
        mail.write_release({"plan": {"approval": dict.fromkeys(("by", "door", "comment"), HOSTILE)}}, "greenlight"),
        mail.write_end(outside("FAILED", cause=HOSTILE)["detail"] | {"name": HOSTILE}, "greenlight"),
    ],
    ids=["failed", "released", "approved", "ended"],
)
def test_no_notice_holds_a_link(told: mail.Mail) -> None:
    """Nor a line that it did not write itself, nor a character that nobody sees."""
    assert "://" not in told.text + told.subject
    assert HARMLESS in told.text
    assert told.text.splitlines() == told.text.split("\n")[:-1]
    assert told.text.replace("\n", "").isprintable()


@pytest.mark.parametrize("task", TASKS)
def test_a_release_is_told_with_the_figure_of_its_task(task: str) -> None:
    """A classifier has no mAP50."""
    event = {**RELEASED, "plan": {"metrics": {"task": task, "map50": None, QUALITY[task]: 0.7}}}
    assert mail.write_release(event, "greenlight").subject.endswith(f", {FIGURE_NAMES[QUALITY[task]]} 0.700")


@pytest.mark.parametrize("metrics", [None, {}, {"task": []}, {"task": "walk"}, {"task": "pose", "map50": 0.9}])
def test_a_release_without_its_figure_is_told_without_it(metrics: Any) -> None:
    """Never with a figure of something else."""
    told = mail.write_release({**RELEASED, "plan": {"package_version": 4, "metrics": metrics}}, "greenlight")
    assert told.subject == "[greenlight] production serves the model v4"


@pytest.mark.parametrize(
    ("status", "detail", "said"),
    [
        ("ABORTED", {}, "build one aborted: somebody stopped it"),
        ("TIMED_OUT", {"error": "States.Timeout"}, "build one timed out: it took longer than it may"),
        (
            "FAILED",
            {"error": "States.Runtime", "cause": "the path $.x is invalid"},
            "build one failed: the path $.x is invalid",
        ),
        ("FAILED", {"error": None, "cause": None}, "build one failed: it failed and gave no reason"),
    ],
)
def test_an_end_that_no_machine_can_tell_is_told_from_outside(
    mailbox: Mailbox, context: Context, status: str, detail: dict[str, Any], said: str
) -> None:
    """Stopped by hand, timed out, or broken in itself."""
    assert handler(outside(status, **detail), context)["sent"] is True
    (sent,) = mailbox.mails()
    assert sent["Subject"] == f"[greenlight] {said}"
    assert sent["TopicArn"] == ENVIRONMENT["TROUBLE_TOPIC_ARN"]


@pytest.mark.parametrize("error", Failure)
def test_a_failure_that_was_told_is_not_told_twice(mailbox: Mailbox, context: Context, error: Failure) -> None:
    """Only for a failure: an abort is always told."""
    assert handler(outside("FAILED", error=error.value, cause="x"), context)["sent"] is False
    assert mailbox.mails() == []
    assert handler(outside("ABORTED", error=error.value, cause="x"), context)["sent"] is True


def test_a_failure_that_the_machine_could_not_tell_is_told_from_outside(mailbox: Mailbox, context: Context) -> None:
    """Its own notice failed, and its cause says so: without this one nobody would hear of it."""
    assert handler(outside("FAILED", error=Failure.GATE_REJECTED.value, cause=UNTOLD), context)["sent"] is True
    assert UNTOLD in mailbox.mails()[0]["Message"]


@pytest.mark.parametrize("error", StateError)
def test_an_error_that_no_machine_ends_with_is_told_from_outside(
    mailbox: Mailbox, context: Context, error: StateError
) -> None:
    """Its mail would have come with the failure that follows it."""
    assert handler(outside("FAILED", error=error.value, cause="x"), context)["sent"] is True
    assert len(mailbox.mails()) == 1


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"kind": "failed"},
        {"kind": "released"},
        {"kind": "answered"},
        {"kind": "drifted"},
        {"detail-type": outside("x")["detail-type"]},
    ],
)
def test_a_notice_with_gaps_is_still_sent(mailbox: Mailbox, context: Context, event: dict[str, Any]) -> None:
    """Better an incomplete mail than none."""
    assert handler(event, context)["sent"] is True
    assert len(mailbox.mails()) == 1


@given(st.dictionaries(st.sampled_from([*FAILED, "plan", "join", "found"]), anything))
def test_no_event_makes_a_mail_that_cannot_be_sent(event: dict[str, Any]) -> None:
    """Subjects stay printable ASCII of fewer than a hundred characters."""
    for made in (
        mail.write_failure(event, "greenlight"),
        mail.write_release(event, "greenlight"),
        mail.write_batch(event, "greenlight"),
        mail.write_drift(event, "greenlight"),
        mail.write_end(event, "greenlight"),
    ):
        assert 0 < len(made.subject) < 100
        assert made.subject.isascii()
        assert made.subject.isprintable()
        assert made.text.strip()
