"""Each way through the two machines, from the start of an execution to its end, on the stand-in."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from botocore.exceptions import ClientError

from tests.flow.driver import Ended, Flow
from tests.infra import policies
from workflow.clients import AwsCloud
from workflow.commands.cli import run
from workflow.errors import ServiceError
from workflow.stack import deploy


def test_an_approved_model_ends_up_in_production(flow: Flow) -> None:
    """The straight path: prepared, trained, judged, registered, approved, released, and everyone is told."""
    ended = flow.build(flow.upload())
    assert (ended.status, ended.error, ended.cause) == ("SUCCEEDED", "", "")
    arn = ended.output["package"]["arn"]
    assert flow.packages()[arn] == "Approved"
    assert flow.ask_production()["model_digest"] == ended.output["gate"]["model_digest"]
    released = flow.end(ended.output["release"]["execution"])
    assert [state for state in released.states if state.startswith(("Smoke", "Record", "Clean", "Tell"))] == [
        "Smoke-test staging",
        "Smoke-test production",
        "Record the champion",
        "Clean up",
        "Tell everyone",
    ]
    assert flow.mails(released.arn.rsplit(":", 1)[-1])


def test_the_same_data_again_ends_after_the_question(flow: Flow) -> None:
    """Nothing changed: at most three states and no job; ``force`` builds all the same."""
    dataset = flow.upload()
    first = flow.build(dataset)
    assert first.status == "SUCCEEDED"
    second = flow.build(dataset)
    assert (second.status, second.states) == (
        "SUCCEEDED",
        ["Begin", "Plan the run", "Anything to do?", "Nothing to do"],
    )
    forced = flow.build(dataset, force=True, decision="reject")
    assert "Train" in forced.states


def test_an_input_that_cannot_be_used_names_the_key_and_what_is_allowed(flow: Flow) -> None:
    """A typing error in the console is told where it was made."""
    ended = flow.build(flow.upload(), epoch=3)
    assert (ended.status, ended.error) == ("FAILED", "Plan.Rejected")
    assert "epoch: unknown key; did you mean epochs? Allowed are " in ended.cause


@pytest.mark.parametrize("machine", ["build", "release"])
def test_an_input_that_is_no_object_is_refused_by_name_as_well(flow: Flow, machine: str) -> None:
    """Nothing can be added to a list; the execution's data is the machine's own all the same."""
    ended = flow.end(flow.start([1], machine))
    assert (ended.status, ended.error) == ("FAILED", "Plan.Rejected" if machine == "build" else "Release.Refused")
    assert "must be a JSON object" in ended.cause


def test_what_the_console_fills_in_is_left_out(flow: Flow) -> None:
    """Start execution, unchanged: the stack's defaults, where nothing was uploaded yet."""
    ended = flow.end(flow.start({"Comment": "Insert your JSON here"}))
    assert (ended.status, ended.error) == ("FAILED", "Plan.Rejected")
    assert "holds no files" in ended.cause
    released = flow.end(flow.start({"Comment": "Insert your JSON here"}, "release"))
    assert (released.error, "model_package_arn: missing" in released.cause) == ("Release.Refused", True)


def test_a_run_that_asks_less_than_its_stack_demands_ends_before_any_job(flow: Flow) -> None:
    """Whoever starts a run does not set the policy; the mail tells everyone what was tried."""
    ended = flow.build(flow.upload(map50=0.01), minimum_map50=0, compare=False, started_by="eve")
    assert (ended.status, ended.error) == ("FAILED", "Plan.Rejected")
    assert "compare: the run asks false, the stack demands true" in ended.cause
    assert "minimum_map50: the run asks 0, the stack demands 0.5" in ended.cause
    assert "Prepare the dataset" not in ended.states
    assert flow.mails("minimum_map50: the run asks 0")


def test_an_empty_input_works_from_the_stacks_defaults(flow: Flow) -> None:
    """``{}`` in the console reads the stack's data set; where nothing was uploaded yet it says so."""
    ended = flow.end(flow.start({}))
    assert (ended.status, ended.error) == ("FAILED", "Plan.Rejected")
    assert "datasets/default/" in ended.cause


def test_bad_labels_end_the_run_with_file_and_line_and_no_training(flow: Flow) -> None:
    """The dataset's gate closes before anything is spent on training."""
    before = flow.packages()
    ended = flow.build(flow.upload(first="0 0.5 0.5 0.1 0.1\nbroken"))
    assert (ended.status, ended.error) == ("FAILED", "Data.Rejected")
    assert "labels/first.txt:2" in ended.cause
    assert "Train" not in ended.states
    assert flow.packages() == before
    assert flow.mails("labels/first.txt:2")


def test_a_closed_gate_fails_the_run_and_registers_nothing(flow: Flow) -> None:
    """A figure below its floor never looks like a success."""
    before = flow.packages()
    ended = flow.build(flow.upload(map50=0.4), minimum_map50=0.8)
    assert (ended.status, ended.error) == ("FAILED", "Gate.Rejected")
    assert "0.4" in ended.cause
    assert "0.8" in ended.cause
    assert flow.packages() == before
    assert flow.mails("Gate.Rejected")


def test_a_persons_no_marks_the_package_rejected(flow: Flow) -> None:
    """Nothing is deployed, and the reason is kept where the model is."""
    serving = flow.serving()
    ended = flow.build(flow.upload(), decision="reject")
    assert (ended.status, ended.error) == ("FAILED", "Approval.Rejected")
    assert "Ada" in ended.cause
    newest = flow.sagemaker.list_model_packages(
        ModelPackageGroupName=flow.stack.package_group, SortBy="CreationTime", SortOrder="Descending"
    )["ModelPackageSummaryList"][0]
    assert (newest["ModelApprovalStatus"], newest["ModelLifeCycle"]["Stage"]) == ("Rejected", "Registered")
    card = flow.sagemaker.describe_model_package(ModelPackageName=newest["ModelPackageArn"])["ModelCard"]
    assert card["ModelCardStatus"] == "PendingReview"
    assert flow.ask_production()["model_digest"] == serving


def test_a_request_nobody_answers_expires_and_never_approves(flow: Flow) -> None:
    """The execution times out in its own words; the package still waits."""
    ended = flow.build(flow.upload(), decision="nothing", approval_hours=0.0006)
    assert (ended.status, ended.error) == ("FAILED", "Approval.Expired")
    assert "Release" not in ended.states


def test_a_model_that_answers_wrongly_in_staging_never_reaches_production(flow: Flow) -> None:
    """Other boxes than the evaluation saw: the release fails, production keeps its model."""
    serving = flow.serving()
    ended = flow.build(flow.upload(behave="wrong-boxes"))
    assert (ended.status, ended.error) == ("FAILED", "Release.Failed")
    assert "Smoke-test" in ended.cause or "0.jpg" in ended.cause
    assert flow.ask_production()["model_digest"] == serving


def test_a_model_that_answers_wrongly_in_production_goes_back_while_traffic_moves(flow: Flow) -> None:
    """The release asks the new fleet itself: an endpoint that nobody asks goes back too."""
    serving = flow.serving()
    ended = flow.build(flow.upload(behave="wrong-in-production"))
    assert (ended.status, ended.error) == ("FAILED", "Release.Failed")
    child = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn)["executions"][0]
    released = flow.end(child["executionArn"])
    assert released.error == "Production.Failed"
    assert "-answers is in ALARM" in released.cause
    assert "Smoke-test production" not in released.states
    assert flow.ask_production()["model_digest"] == serving


def test_a_stopped_execution_stops_its_training_and_says_so(flow: Flow) -> None:
    """No ended execution leaves a running job, and an abort is told from outside the machine."""
    execution = flow.start({"dataset": flow.upload(behave="sleep")})
    job = flow.training(execution)
    flow.machines.stop_execution(executionArn=execution)
    flow.wait_until(lambda: job in flow.trainings(execution, StatusEquals="Stopped"), "the training still runs")
    assert flow.describe(execution)["status"] == "ABORTED"
    flow.wait_until(lambda: flow.mails(execution.rsplit(":", 1)[-1]), "nobody was told of the abort")


def test_a_stopped_run_goes_on_where_it_was_after_a_redrive(flow: Flow) -> None:
    """The training is started again under a name of its own; what was done before is not done again."""
    execution = flow.begin(flow.upload(behave="sleep"))
    job = flow.training(execution)
    flow.machines.stop_execution(executionArn=execution)
    flow.wait_until(lambda: job in flow.trainings(execution, StatusEquals="Stopped"), "the training still runs")
    flow.hurry(execution)
    flow.machines.redrive_execution(executionArn=execution)
    flow.answer(execution, "approve")
    ended = flow.end(execution)
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    assert [ended.states.count(name) for name in ("Plan the run", "Prepare the dataset", "Evaluate")] == [1, 1, 1]
    assert ended.output["training"]["job_name"] != job
    assert flow.serving() == ended.output["gate"]["model_digest"]


def test_an_earlier_version_comes_back_by_its_arn_alone(flow: Flow) -> None:
    """Rolling back is releasing an earlier approved version."""
    first, second = flow.build(flow.upload()), flow.build(flow.upload(map50=0.95))
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]
    back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]


def test_a_model_judged_against_one_that_is_gone_is_not_released(flow: Flow) -> None:
    """Two builds side by side: the one released second was never compared with the first."""
    slow = flow.begin(flow.upload())
    flow.wait_until(lambda: flow.request_mail(slow), "the first build does not ask")
    quick = flow.build(flow.upload())
    assert (quick.status, quick.cause) == ("SUCCEEDED", "")
    serving = flow.serving()
    flow.answer(slow, "approve")
    ended = flow.end(slow)
    assert (ended.status, ended.error) == ("FAILED", "Release.Failed")
    version = quick.output["package"]["arn"].rpartition("/")[2]
    assert f"production serves version {version} by now: build again with force=true" in ended.cause
    assert flow.ask_production()["model_digest"] == serving


def test_an_archive_overwritten_after_approval_never_serves(flow: Flow) -> None:
    """A release takes the bytes that were judged, from where they cannot be replaced; the run's own copy is nothing."""
    first = flow.build(flow.upload())
    assert (first.status, first.cause) == ("SUCCEEDED", "")
    bucket, key = first.output["training"]["model_data_url"].removeprefix("s3://").split("/", 1)
    flow.storage.put_object(Bucket=bucket, Key=key, Body=b"another model")
    kept = first.output["gate"]["archive_uri"].removeprefix(f"s3://{bucket}/")
    assert kept == f"models/{first.output['gate']['archive_digest']}/model.tar.gz"
    for overwrite in ({}, {"IfNoneMatch": "*"}):
        with pytest.raises(ClientError, match=r"AccessDenied|PreconditionFailed"):
            flow.storage.put_object(Bucket=bucket, Key=kept, Body=b"another model", **overwrite)
    with pytest.raises(ClientError, match="AccessDenied"):
        flow.storage.delete_object(Bucket=bucket, Key=kept)
    again = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert (again.status, again.cause) == ("SUCCEEDED", "")
    assert flow.ask_production()["model_digest"] == first.output["gate"]["model_digest"]


def test_an_artefact_changed_after_registration_is_refused(flow: Flow) -> None:
    """A version from before archives were kept apart lies with its run: its digest is compared before every release."""
    ended = flow.build(flow.upload())
    old = flow.register_with_its_run(ended)
    bucket, key = ended.output["training"]["model_data_url"].removeprefix("s3://").split("/", 1)
    archive = flow.storage.get_object(Bucket=bucket, Key=key)["Body"].read()
    flow.storage.put_object(Bucket=bucket, Key=key, Body=b"another model")
    refused = flow.end(flow.start({"model_package_arn": old}, "release"))
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")
    assert "changed after registration" in refused.cause
    flow.storage.put_object(Bucket=bucket, Key=key, Body=archive)
    released = flow.end(flow.start({"model_package_arn": old}, "release"))
    assert (released.status, released.cause) == ("SUCCEEDED", "")


def test_a_package_nobody_approved_is_refused(flow: Flow) -> None:
    """Release starts with an ARN, but only an approved one."""
    ended = flow.build(flow.upload(), decision="reject")
    (newest, *_) = flow.sagemaker.list_model_packages(
        ModelPackageGroupName=flow.stack.package_group, SortBy="CreationTime", SortOrder="Descending"
    )["ModelPackageSummaryList"]
    assert ended.error == "Approval.Rejected"
    refused = flow.end(flow.start({"model_package_arn": newest["ModelPackageArn"]}, "release"))
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")


def test_one_more_question_before_production(flow: Flow) -> None:
    """With ``ask_before_production`` a second person sees staging first; a no keeps production as it is."""
    serving = flow.serving()
    execution = flow.begin(flow.upload(), ask_before_production=True)
    flow.answer(execution, "approve")

    def release() -> str:
        running = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn, statusFilter="RUNNING")[
            "executions"
        ]
        return str(running[0]["executionArn"]) if running else ""

    flow.wait_until(release, "the release has not started")
    child = release()
    flow.answer(child, "reject", comment="not before the holidays")
    ended = flow.end(execution)
    assert ended.error == "Release.Failed"
    assert flow.end(child).error == "Approval.Rejected"
    assert "not before the holidays" in flow.describe(child)["cause"]
    assert flow.ask_production()["model_digest"] == serving


def test_a_release_that_was_overtaken_changes_nothing_when_it_is_redriven(flow: Flow) -> None:
    """It was stopped while it waited for a person; the next release then took place, which it knows nothing of."""
    first = flow.build(flow.upload())
    given = {"model_package_arn": first.output["package"]["arn"], "ask_before_production": True}
    waiting = flow.start(given, "release")
    run = waiting.rsplit(":", 1)[-1]
    flow.wait_until(lambda: flow.request_mail(waiting), "nobody is asked")
    flow.machines.stop_execution(executionArn=waiting)
    second = flow.build(flow.upload())
    assert second.status == "SUCCEEDED"
    flow.machines.redrive_execution(executionArn=waiting)

    def asked() -> int:
        return sum("/a/" in link for mail in flow.mails(run) for link in mail["links"])

    flow.wait_until(lambda: asked() == 2, "nobody is asked again")
    flow.answer(waiting, "approve")
    ended = flow.end(waiting)
    assert (ended.status, ended.error) == ("FAILED", "Release.Overtaken")
    assert "start it anew" in ended.cause
    assert flow.serving() == second.output["gate"]["model_digest"]


def decides_nothing(guarded: Flow, package: str) -> None:
    """What the function that notes may do with a version: describe it, and not set its approval status."""
    iam = guarded.stand_in.client("iam")
    (role,) = (
        one["RoleName"] for one in iam.list_roles(MaxItems=1000)["Roles"] if "NoteVersionRole" in one["RoleName"]
    )
    policy = iam.get_role_policy(RoleName=role, PolicyName="note-version")["PolicyDocument"]
    iam.create_user(UserName="noting")
    iam.put_user_policy(UserName="noting", PolicyName="note-version", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="noting")["AccessKey"]
    noting = guarded.stand_in.client(
        "sagemaker", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    noting.update_model_package(ModelPackageArn=package, ModelCard={"ModelCardStatus": "Draft"})
    for status in ("Approved", "Rejected"):
        with pytest.raises(ClientError, match="AccessDenied"):
            noting.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)


def look_at_the_datasets(guarded: Flow, ended: Ended) -> None:
    """Whoever has the policy of a reader sees the data of both builds, and which of it serves."""
    iam = guarded.stand_in.client("iam")
    iam.create_user(UserName="reading")
    document = json.dumps(policies.load("datasets"))
    iam.put_user_policy(UserName="reading", PolicyName="datasets", PolicyDocument=document)
    key = iam.create_access_key(UserName="reading")["AccessKey"]
    with pytest.MonkeyPatch.context() as environment, contextlib.redirect_stdout(io.StringIO()) as printed:
        environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        assert run(["datasets", "--json"]) == 0
        assert run(["datasets", "--picture", "images/0.jpg", "--json"]) == 0
        with pytest.raises(ServiceError, match="AccessDenied"):
            AwsCloud().call("s3", "list_objects_v2", Bucket=guarded.stack.bucket, Prefix="runs/")
    listed, end = json.JSONDecoder().raw_decode(printed.getvalue())
    assert (listed[0]["digest"], len(listed), len(listed[0]["serving"])) == (ended.output["dataset"]["digest"], 2, 1)
    assert len(json.loads(printed.getvalue()[end:])["versions"]) == 2


def test_the_functions_roles_suffice_where_policies_are_enforced(guarded: Flow) -> None:
    """With IAM enforced, every function does its work with its own role and no more."""
    for _ in range(2):
        ended = guarded.build(guarded.upload())
        assert ended.cause == ""
        assert ended.status == "SUCCEEDED"
    # The second one was watched: a probe or a removal that fails ends nothing, so it is looked for.
    released = guarded.end(ended.output["release"]["execution"])
    moved = guarded.end(released.output["production_configuration"]["execution"])
    assert [{**released.output, **moved.output}.get(failed) for failed in ("unprobed", "unremoved", "unnoted")] == [
        None
    ] * 3
    assert (ended.output["noted"]["missed"], released.output["noted"]["missed"]) == ([], [])
    stage = guarded.sagemaker.describe_model_package(ModelPackageName=ended.output["package"]["arn"])["ModelLifeCycle"]
    assert stage["Stage"] == "Production"
    decides_nothing(guarded, ended.output["package"]["arn"])
    look_at_the_datasets(guarded, ended)
    assert "the new fleet answered" in moved.output["probe"]["summary"]
    looks = [
        guarded.stand_in.client("lambda").invoke(FunctionName=f"greenlight-watch-{what}")
        for what in ("production", "training")
    ]
    production, training = (json.loads(look["Payload"].read()) for look in looks)
    assert (production["foreign"], training) == (False, {"stopped": []})
    denied = guarded.build(guarded.upload(), decision="reject")
    assert denied.error == "Approval.Rejected"
    # The plan goes on where it may not ask for quotas, so it is looked for, too.
    logged = guarded.stand_in.client("logs").filter_log_events(logGroupName="/aws/lambda/greenlight-plan-run")
    said = " ".join(event["message"] for event in logged["events"])
    assert "planned" in said
    assert "quotas cannot be read" not in said
    assert_sources_are_read_once_they_are_named(guarded)


def assert_sources_are_read_once_they_are_named(guarded: Flow) -> None:
    """A dataset in another bucket, under a key: refused with what to type, and read by plan and jobs once that is done.

    On the stand-in above, so that there is one of them: it takes as long to deploy as all of this.
    """
    elsewhere = f"s3://elsewhere/{guarded.upload().removeprefix('s3://').partition('/')[2]}"
    storage = guarded.storage
    storage.create_bucket(Bucket="elsewhere")
    prefix = elsewhere.removeprefix("s3://elsewhere/")
    key = guarded.stand_in.client("kms").create_key()["KeyMetadata"]["Arn"]
    for item in storage.list_objects_v2(Bucket=guarded.stack.bucket, Prefix=prefix)["Contents"]:
        storage.copy_object(
            Bucket="elsewhere",
            Key=item["Key"],
            CopySource={"Bucket": guarded.stack.bucket, "Key": item["Key"]},
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=key,
        )
    refused = guarded.build(elsewhere)
    assert refused.error == "Plan.Rejected"
    assert "cannot be read (AccessDenied): it is outside of what this stack reads" in refused.cause
    assert f"greenlight deploy --parameter Sources={elsewhere}" in refused.cause
    deploy.deploy("greenlight", parameters={"Sources": elsewhere})
    locked = guarded.build(elsewhere)
    assert locked.error == "Plan.Rejected"
    assert f"greenlight deploy --parameter SourceKeys={key}" in locked.cause
    deploy.deploy("greenlight", parameters={"SourceKeys": key})
    ended = guarded.build(elsewhere, decision="reject", force=True)
    assert ended.error == "Approval.Rejected", ended.cause
