"""Deploying and removing a project, on the stand-in."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stand_in import StandIn
from workflow.clients import AwsCloud
from workflow.contract.run_input import RunInput
from workflow.errors import GreenlightError, UsageError
from workflow.stack.budget import keep_budget, remove_budget
from workflow.stack.changes import Step
from workflow.stack.deploy import deploy
from workflow.stack.destroy import destroy
from workflow.stack.outputs import Place, parse_outputs, read_stack
from workflow.stack.parameters import check_project, collect_parameters, fill_in_parameters
from workflow.stack.subscription import count


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in that this process's AWS calls go to."""
    with StandIn(tmp_path_factory.mktemp("state")) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


class Heard(list[Step]):
    """Every step a deployment told, in order."""

    def statuses(self, resource: str) -> list[str]:
        """What was told of one resource."""
        return [step.status for step in self if step.resource == resource]


PACKAGES = "arn:aws:sagemaker:us-east-1:000000000000:model-package"


def hang_together(stand_in: StandIn, project: str, *addresses: str) -> None:
    """Artifacts of a project at these addresses, each associated with the next."""
    sagemaker, tags = stand_in.client("sagemaker"), [{"Key": "project", "Value": project}]
    made = [
        sagemaker.create_artifact(Source={"SourceUri": address}, ArtifactType="DataSet", Tags=tags)["ArtifactArn"]
        for address in addresses
    ]
    for source, destination in pairwise(made):
        sagemaker.add_association(SourceArn=source, DestinationArn=destination)


def remains(stand_in: StandIn, project: str) -> dict[str, Any]:
    """Whatever of a project an account still holds, by kind."""
    calls = {
        "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms"),
        "apis": ("apigateway", "get_rest_apis", "items"),
        "artifacts": ("sagemaker", "list_artifacts", "ArtifactSummaries"),
        "keys": ("apigateway", "get_api_keys", "items"),
        "plans": ("apigateway", "get_usage_plans", "items"),
        "functions": ("lambda", "list_functions", "Functions"),
        "logs": ("logs", "describe_log_groups", "logGroups"),
        "machines": ("stepfunctions", "list_state_machines", "stateMachines"),
        "models": ("sagemaker", "list_models", "Models"),
        "packages": ("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList"),
        "queues": ("sqs", "list_queues", "QueueUrls"),
        "repositories": ("ecr", "describe_repositories", "repositories"),
        "roles": ("iam", "list_roles", "Roles"),
        "rules": ("events", "list_rules", "Rules"),
        "schedules": ("scheduler", "list_schedules", "Schedules"),
        "tables": ("dynamodb", "list_tables", "TableNames"),
        "topics": ("sns", "list_topics", "Topics"),
        "buckets": ("s3", "list_buckets", "Buckets"),
    }
    found = {}
    for kind, (service, operation, key) in calls.items():
        client = stand_in.client(service)
        paged = client.can_paginate(operation)
        pages = client.get_paginator(operation).paginate() if paged else [getattr(client, operation)()]
        items = [item for page in pages for item in page.get(key, [])]
        mine = [item for item in items if project in json.dumps(item, default=str)]
        if mine:
            found[kind] = mine
    return found


def test_a_project_without_a_stack_says_what_to_do(stand_in: StandIn) -> None:
    """Every command reads the stack first, so this is the first thing a newcomer sees."""
    with pytest.raises(UsageError, match=r"no stack nowhere in us-east-1 .*\n.*greenlight deploy --project nowhere"):
        read_stack(AwsCloud(), "nowhere")
    with pytest.raises(UsageError, match="nothing to remove"):
        destroy("nowhere")


def test_deploying_twice_changes_nothing_the_second_time(stand_in: StandIn, root: Path) -> None:
    """The first tells every resource and gives the outputs; the second finds everything as it should be."""
    first, second = Heard(), Heard()
    stack = deploy("twice", email="ada@example.com", defaults={"epochs": 3}, on_progress=first.append, root=root)
    assert stack.bucket == "twice-000000000000-us-east-1"
    assert stack.production_endpoint == "twice-production"
    assert stack.approval_url.endswith("/")
    assert first.statuses("BuildMachine") == ["will be made", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert "uploaded" in first.statuses("plan_run.zip")
    for what in ("approvals", "trouble"):
        assert first.statuses(f"mail of {what}") == ["confirmed"], "nobody could read the mail that asks for it here"
    assert count(AwsCloud(), stack.topic_arn) == count(AwsCloud(), stack.trouble_topic_arn) == (1, 0)

    assert deploy("twice", on_progress=second.append, root=root) == stack
    assert list(second) == [Step("twice", "unchanged")]
    assert read_stack(AwsCloud(), "twice") == stack


class AccountWithRegistry(AwsCloud):
    """The stand-in as an account of AWS, where images have to be pushed."""

    @property
    def local(self) -> bool:
        """Not on this machine."""
        return False


PUSH = """\
import boto3, sys
repository, tag = sys.argv[1].rpartition("/")[2].split(":")
manifest = '{"schemaVersion": 2, "config": {"digest": "sha256:' + tag + '"}}'
boto3.client("ecr").put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)
"""
DOCKER = """\
#!/bin/sh
case "$1" in
  push) exec {python} {push} "$2" ;;
  image) echo '[{{"Os": "linux", "Architecture": "amd64"}}]' ;;
esac
"""


def use_docker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a docker on the path, alone, that pushes what it never built."""
    (folder / "push.py").write_text(PUSH)
    (folder / "docker").write_text(DOCKER.format(python=sys.executable, push=folder / "push.py"))
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_the_stack_names_its_images_by_the_digests_of_what_was_pushed(
    stand_in: StandIn, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first deployment on, which makes the registry: a tag may come to mean another image, a digest not."""
    use_docker(tmp_path, monkeypatch)
    first, second = Heard(), Heard()
    deploy("pinned", cloud=AccountWithRegistry(), on_progress=first.append, root=root)
    stack = stand_in.client("cloudformation").describe_stacks(StackName="pinned")["Stacks"][0]
    named = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    for name in ("training", "serving"):
        (image,) = stand_in.client("ecr").describe_images(repositoryName=f"pinned-{name}")["imageDetails"]
        registry = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
        assert named[f"{name.capitalize()}Image"] == f"{registry}/pinned-{name}@{image['imageDigest']}"
    assert first.statuses("image serving") == ["building", "pushing", "pushed"]
    deploy("pinned", cloud=AccountWithRegistry(), on_progress=second.append, root=root)
    assert second.statuses("pinned") == ["unchanged"]
    assert second.statuses("image serving") == []


def test_an_image_of_ones_own_is_kept_until_it_is_given_up(
    stand_in: StandIn, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither built nor replaced, and whoever runs jobs may pull it; the other image is built as ever."""
    use_docker(tmp_path, monkeypatch)
    ecr, registry = stand_in.client("ecr"), "000000000000.dkr.ecr.us-east-1.amazonaws.com"
    arn = ecr.create_repository(repositoryName="vision/own")["repository"]["repositoryArn"]
    pushed = ecr.put_image(repositoryName="vision/own", imageManifest='{"schemaVersion": 2}', imageTag="3")
    digest = pushed["image"]["imageId"]["imageDigest"]

    def parameters() -> dict[str, str]:
        stack = stand_in.client("cloudformation").describe_stacks(StackName="own")["Stacks"][0]
        return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}

    def may_pull(role: str) -> bool:
        (name,) = (
            item["RoleName"] for item in stand_in.client("iam").list_roles()["Roles"] if role in item["RoleName"]
        )
        (policy,) = stand_in.client("iam").list_role_policies(RoleName=name)["PolicyNames"]
        return arn in json.dumps(stand_in.client("iam").get_role_policy(RoleName=name, PolicyName=policy))

    heard = Heard()
    given = {"TrainingImage": f"{registry}/vision/own:3"}
    deploy("own", cloud=AccountWithRegistry(), parameters=given, on_progress=heard.append, root=root)
    assert parameters()["TrainingImage"] == f"{registry}/vision/own@{digest}"
    assert f"{registry}/own-serving@sha256:" in parameters()["ServingImage"]
    assert (heard.statuses("image training"), heard.statuses("image serving")[-1]) == ([], "pushed")
    assert may_pull("own-JobRole")
    deploy("own", cloud=AccountWithRegistry(), on_progress=heard.append, root=root)
    assert heard.statuses("own")[-1] == "unchanged"
    with pytest.raises(GreenlightError, match=r"does not hold .*own-training:"):
        deploy("own", cloud=AccountWithRegistry(), parameters={"TrainingImage": "built"}, images=False, root=root)
    deploy(
        "own", cloud=AccountWithRegistry(), parameters={"TrainingImage": "built"}, on_progress=heard.append, root=root
    )
    assert f"{registry}/own-training@sha256:" in parameters()["TrainingImage"]
    assert heard.statuses("image training")[-1] == "pushed"
    assert may_pull("own-JobRole"), "a version that was judged with it may come back"


def test_what_was_not_said_again_keeps_its_value(stand_in: StandIn, root: Path) -> None:
    """A second deployment without --email does not unsubscribe anybody; what it names does change."""
    deploy("keeps", email="ada@example.com", defaults={"epochs": 3}, root=root)
    heard = Heard()
    deploy("keeps", parameters={"ScheduleState": "ENABLED"}, on_progress=heard.append, root=root)
    stack = stand_in.client("cloudformation").describe_stacks(StackName="keeps")["Stacks"][0]
    values = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    assert values["NotificationEmail"] == "ada@example.com"
    assert json.loads(values["Defaults"]) == {"epochs": 3}
    assert "will be changed" in heard.statuses("Schedule")
    assert "will be changed" not in heard.statuses("PlanRunFunction")
    assert stand_in.client("scheduler").get_schedule(Name="keeps-nightly")["State"] == "ENABLED"


def test_what_a_stack_was_made_with_for_good_is_not_changed(stand_in: StandIn, root: Path) -> None:
    """CloudFormation would replace the registries, under names that are taken; that is said before anything is done."""
    deploy("forgood", root=root)
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    with pytest.raises(UsageError, match=r"KeyArn cannot change .* This one has none; deploy another one"):
        deploy("forgood", parameters={"KeyArn": key}, root=root)


def test_a_bucket_that_was_there_before_outlives_the_stack(stand_in: StandIn, root: Path) -> None:
    """Even one that is called as the stack's own would be: what is in it is its owner's."""
    s3, name = stand_in.client("s3"), "brings-000000000000-us-east-1"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="datasets/mine/1.jpg", Body=b"picture")
    assert deploy("brings", parameters={"ExistingBucket": name}, root=root).bucket == name
    heard = Heard()
    destroy("brings", on_progress=heard.append)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=name)["Contents"]] == ["datasets/mine/1.jpg"]
    assert heard.statuses(name) == ["stays"]


def test_tags_are_the_stacks_and_the_runs_and_stay_until_they_are_taken_away(stand_in: StandIn, root: Path) -> None:
    """CloudFormation puts the stack's on what it makes; what runs create gets them by the plan."""

    def tags() -> tuple[dict[str, str], dict[str, str]]:
        stack = stand_in.client("cloudformation").describe_stacks(StackName="tagged")["Stacks"][0]
        function = stand_in.client("lambda").get_function_configuration(FunctionName="tagged-plan-run")
        return {t["Key"]: t["Value"] for t in stack["Tags"]}, json.loads(function["Environment"]["Variables"]["TAGS"])

    deploy("tagged", tags={"team": "vision", "cost center": "42"}, root=root)
    deploy("tagged", tags={"cost center": "", "stage": "test"}, root=root)
    assert tags() == ({"project": "tagged", "team": "vision", "stage": "test"}, {"team": "vision", "stage": "test"})
    with pytest.raises(UsageError, match="Greenlight sets it"):
        deploy("tagged", tags={"project": "mine"}, root=root)


def test_a_changed_function_is_deployed_and_answers(stand_in: StandIn, root: Path, tmp_path: Path) -> None:
    """The approval page answers at its address without signing in; a change of its code arrives."""
    copy = shutil.copytree(root, tmp_path / "copy", symlinks=True)
    stack = deploy("changes", root=copy)
    function = stand_in.client("lambda").get_function_configuration(FunctionName="changes-decide")
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{stack.approval_url}a/unknown", timeout=30)
    assert answer.value.code == 404
    with (copy / "lambdas" / "decide" / "handler.py").open("a") as handler:
        handler.write("# changed\n")
    heard = Heard()
    deploy("changes", on_progress=heard.append, root=copy)
    assert "UPDATE_COMPLETE" in heard.statuses("DecideFunction")
    changed = stand_in.client("lambda").get_function_configuration(FunctionName="changes-decide")
    assert changed["CodeSha256"] != function["CodeSha256"]


def test_a_resource_that_fails_is_named_with_its_reason_and_the_next_attempt_works(
    stand_in: StandIn, root: Path, tmp_path: Path
) -> None:
    """A failed first deployment leaves a dead stack, which the next one clears away."""
    copy = shutil.copytree(root, tmp_path / "copy", symlinks=True)
    template = (copy / "infra" / "template.yaml").read_text()
    broken = template.replace("${CodePrefix}/build", "${CodePrefix}/missing")
    (copy / "infra" / "template.yaml").write_text(broken)
    with pytest.raises(GreenlightError, match=r"ROLLBACK_COMPLETE.*\n  BuildMachine: .*missing\.asl\.json"):
        deploy("fails", root=copy)
    with pytest.raises(UsageError, match="no stack fails"):
        read_stack(AwsCloud(), "fails")
    (copy / "infra" / "template.yaml").write_text(template)
    assert "tables" not in remains(stand_in, "fails"), "what never served keeps no record"
    heard = Heard()
    assert deploy("fails", on_progress=heard.append, root=copy).project == "fails"
    assert heard.statuses("fails")[0] == "removing what a failed first deployment left"


def test_removing_leaves_nothing_of_the_project_and_everything_of_its_neighbour(stand_in: StandIn, root: Path) -> None:
    """Old versions, kept models, a model, a package: all gone; a project whose name begins alike is untouched."""
    stack = deploy("gamma", parameters={"PredictionApi": "key"}, root=root)
    deploy("gamma-two", parameters={"PredictionApi": "iam"}, root=root)
    assert {"apis", "keys", "plans"} <= set(remains(stand_in, "gamma"))
    storage, sagemaker = stand_in.client("s3"), stand_in.client("sagemaker")
    for body in (b"first", b"second"):
        storage.put_object(Bucket=stack.bucket, Key="runs/r/models/model.tar.gz", Body=body)
    storage.delete_object(Bucket=stack.bucket, Key="runs/r/models/model.tar.gz")
    storage.put_object(Bucket=stack.bucket, Key="runs/s/models/model.tar.gz", Body=b"third")
    storage.put_object(Bucket=stack.bucket, Key="models/abc/model.tar.gz", Body=b"kept", IfNoneMatch="*")
    role = "arn:aws:iam::000000000000:role/any"
    stand_in.role(role)
    for project in ("gamma", "gamma-two"):
        sagemaker.create_model(
            ModelName=f"{project}-v1-0123abcd",
            PrimaryContainer={
                "Image": "any-serving:1",
                "ModelDataUrl": f"s3://{stack.bucket}/runs/s/models/model.tar.gz",
            },
            ExecutionRoleArn=role,
            Tags=[{"Key": "project", "Value": project}],
        )
    hang_together(stand_in, "gamma", f"s3://{stack.bucket}/datasets/d/", f"{PACKAGES}/gamma/1")
    hang_together(stand_in, "gamma-two", "s3://two/")
    sagemaker.create_model_package(
        ModelPackageGroupName="gamma",
        InferenceSpecification={
            "Containers": [
                {"Image": "any-serving:1", "ModelDataUrl": f"s3://{stack.bucket}/runs/s/models/model.tar.gz"}
            ],
            "SupportedContentTypes": ["image/jpeg"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    neighbour = remains(stand_in, "gamma-two")
    heard = Heard()
    assert destroy("gamma", records_table=stack.table, on_progress=heard.append) == ""
    assert "DELETE_COMPLETE" in heard.statuses("PackageGroup")
    assert heard.statuses(stack.table) == ["removed"]
    assert remains(stand_in, "gamma") == neighbour
    assert neighbour["models"]
    assert [one["Source"]["SourceUri"] for one in sagemaker.list_artifacts()["ArtifactSummaries"]] == ["s3://two/"]
    assert sagemaker.list_associations()["AssociationSummaries"] == []


def test_the_record_of_decisions_outlives_the_stack_until_it_is_named(stand_in: StandIn, root: Path) -> None:
    """Who approved what is asked years later; the next stack of the same name begins with a record of its own."""
    first = deploy("remembers", root=root)
    item = {"id": {"S": "release#2026-11-29#1"}, "decided_by": {"S": "Ana"}}
    stand_in.client("dynamodb").put_item(TableName=first.table, Item=item)
    heard = Heard()
    assert destroy("remembers", on_progress=heard.append) == first.table
    assert list(heard)[-1] == Step(first.table, "stays", "what was decided and released")
    assert remains(stand_in, "remembers") == {"tables": [first.table]}

    second = deploy("remembers", root=root)
    assert second.table != first.table
    assert stand_in.client("dynamodb").scan(TableName=second.table)["Items"] == []
    assert stand_in.client("dynamodb").scan(TableName=first.table)["Items"] == [item]

    assert destroy("remembers", records_table=first.table) == second.table
    assert destroy("remembers", records_table=second.table) == ""
    assert remains(stand_in, "remembers") == {}


def test_a_record_of_somebody_else_is_not_deleted(stand_in: StandIn, root: Path) -> None:
    """Neither one that is not there nor another project's; the stack is whole afterwards."""
    stack, other = deploy("careful", root=root), deploy("careful-too", root=root)
    for table, why in (("careful", "there is no table of this name"), (other.table, "not of the project careful")):
        with pytest.raises(UsageError, match=f"{why}.* Nothing was removed"):
            destroy("careful", records_table=table)
    assert read_stack(AwsCloud(), "careful") == stack


def test_a_stack_is_deleted_by_nobody_who_does_not_lift_its_protection(stand_in: StandIn, root: Path) -> None:
    """A click in the console or another tool's clean-up would take production with it."""
    deploy("guarded", root=root)
    formation = stand_in.client("cloudformation")
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        formation.delete_stack(StackName="guarded")
    assert formation.describe_stacks(StackName="guarded")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    formation.update_termination_protection(StackName="guarded", EnableTerminationProtection=False)
    deploy("guarded", root=root)
    assert formation.describe_stacks(StackName="guarded")["Stacks"][0]["EnableTerminationProtection"]
    assert destroy("guarded").startswith("guarded-")


def test_a_default_no_run_could_use_is_refused_before_anything_is_touched() -> None:
    """The key and what is allowed are named, as a run would name them."""
    with pytest.raises(UsageError, match="epochs = 'many': must be a whole number"):
        collect_parameters(email=None, defaults={"epochs": "many"}, dataset=None, parameters=None)
    assert json.loads(
        collect_parameters(email=None, defaults={"epochs": 3}, dataset=None, parameters=None)["Defaults"]
    ) == {"epochs": 3}
    assert RunInput.parse({}, {"dataset": "s3://bucket/x/", "epochs": 3}).epochs == 3


def test_a_datasets_address_ends_at_its_folder() -> None:
    """Permissions are cut at the address, so ``bolts`` must not reach ``bolts-secret``."""
    assert collect_parameters(email=None, defaults=None, dataset="s3://bucket/bolts", parameters=None) == {
        "Dataset": "s3://bucket/bolts/"
    }


@pytest.mark.parametrize(
    "name", ["", "a", "Green", "green--light", "-green", "green-", "9green", "g" * 31, "green_light"]
)
def test_a_name_some_resource_could_not_carry_is_refused(name: str) -> None:
    """Buckets, repositories and endpoints have the narrowest alphabets."""
    with pytest.raises(UsageError, match="cannot name a project"):
        check_project(name)


def test_parameters_that_are_not_given_are_kept_and_those_the_template_dropped_are_not() -> None:
    """A stack's values stay, except those given anew; an older template's parameter does not stop an update."""
    before = {"Parameters": [{"ParameterKey": "A"}, {"ParameterKey": "B"}, {"ParameterKey": "Dropped"}]}
    assert fill_in_parameters(before, {"A": "new"}, {"A", "B", "C"}) == [
        {"ParameterKey": "A", "ParameterValue": "new"},
        {"ParameterKey": "B", "UsePreviousValue": True},
    ]
    assert fill_in_parameters(None, {}, {"A"}) == []


def test_a_misspelt_parameter_is_refused_with_those_that_exist() -> None:
    """The names come from the template, so the message cannot be out of date."""
    with pytest.raises(UsageError, match="has no parameter Shedule; it has Project, Schedule"):
        fill_in_parameters(None, {"Shedule": "x"}, {"Schedule", "Project"})


def test_the_apis_outputs_are_there_where_there_is_one(stand_in: StandIn, root: Path) -> None:
    """Without the option, with its key, with signatures, and without again."""
    assert deploy("asked", root=root).prediction_url == ""
    with_key = deploy("asked", parameters={"PredictionApi": "key"}, root=root)
    assert with_key.prediction_url.startswith(stand_in.url)
    assert with_key.prediction_key_id
    for_iam = deploy("asked", parameters={"PredictionApi": "iam"}, root=root)
    assert (bool(for_iam.prediction_url), for_iam.prediction_key_id) == (True, "")
    assert deploy("asked", parameters={"PredictionApi": "none"}, root=root).prediction_url == ""
    assert "apis" not in remains(stand_in, "asked")


def test_a_stack_of_something_else_is_told_apart() -> None:
    """A stack of the same name without our outputs is named as that."""
    with pytest.raises(UsageError, match=r"has no output ApprovalUrl, Bucket"):
        parse_outputs("greenlight", "us-east-1", {"Table": "t"})


def test_sources_are_given_by_address_and_bring_their_buckets() -> None:
    """A person names where the data is; the parameters hold ARNs of the stack's own partition."""
    given = {"Sources": "s3://data/bolts/,arn:aws-cn:s3:::other,s3://data/weights/n.pt"}
    made = collect_parameters(email=None, defaults=None, dataset=None, parameters=given, partition="aws-cn")
    arn = "arn:aws-cn:s3:::"
    assert made == {
        "Sources": f"{arn}data/bolts/,{arn}other/,{arn}data/weights/n.pt",
        "SourceBuckets": f"{arn}data,{arn}other",
    }
    with pytest.raises(UsageError, match="wildcard"):
        collect_parameters(email=None, defaults=None, dataset=None, parameters={"Sources": "s3://data/*"})


def test_a_budget_is_made_changed_and_taken_away(stand_in: StandIn) -> None:
    """The requests are ones that the service takes."""
    place = Place("000000000000", "us-east-1", "aws")
    topic = "arn:aws:sns:us-east-1:000000000000:kept-trouble"
    cloud = AwsCloud()
    for dollars, before in (("200", "0"), ("300", "200"), ("300", "300")):
        keep_budget(cloud, "kept", place, topic, dollars, before, lambda _: None)
    found = cloud.call("budgets", "describe_budget", AccountId=place.account, BudgetName="kept-us-east-1")["Budget"]
    assert float(found["BudgetLimit"]["Amount"]) == 300
    assert remove_budget(cloud, "kept", place) is True
    assert remove_budget(cloud, "kept", place) is False
