"""SageMaker inside the running stand-in: over the wire, from CloudFormation, from a state machine."""

from __future__ import annotations

import datetime
import functools
import json
import types
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.sagemaker import plugin
from tests.infra.local.sagemaker.requests import BUCKET, ROLE, eventually, fresh, training
from tests.stand_in import StandIn


@pytest.fixture(scope="module")
def sagemaker(stand_in: StandIn) -> Any:
    """The stand-in's SageMaker as any SDK sees it."""
    return stand_in.client("sagemaker")


@pytest.fixture(scope="module")
def served(sagemaker: Any) -> str:
    """An endpoint in service."""
    name = fresh("served")
    sagemaker.create_training_job(**training(name))
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    container = {"Image": "fake", "ModelDataUrl": f"s3://{BUCKET}/models/{name}/output/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return name


def test_an_sdk_invokes_an_endpoint(stand_in: StandIn, served: str) -> None:
    """Both services sign as `sagemaker`; the path tells them apart."""
    answer = stand_in.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=served, Body=b"hello", ContentType="text/plain", CustomAttributes="confidence=0.3"
    )
    assert answer["InvokedProductionVariant"] == "main"
    assert answer["ContentType"] == "application/json"
    said = json.load(answer["Body"])
    assert (said["body"], said["attributes"]) == ("hello", "confidence=0.3")


def test_what_an_endpoint_answers_is_counted_and_rings_an_alarm(stand_in: StandIn, served: str) -> None:
    """Of the variant and of its fleet, under SageMaker's names; and what its container and its training used."""
    cloudwatch, runtime = stand_in.client("cloudwatch"), stand_in.client("sagemaker-runtime")
    variant = [{"Name": "EndpointName", "Value": served}, {"Name": "VariantName", "Value": "main"}]
    fleet = [*variant, {"Name": "EndpointConfigName", "Value": served}]
    cloudwatch.put_metric_alarm(
        AlarmName=served,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=variant,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    runtime.invoke_endpoint(EndpointName=served, Body=b"fine")
    for body in (b"500", b"400"):
        with pytest.raises(ClientError, match="ModelError"):
            runtime.invoke_endpoint(EndpointName=served, Body=body)

    def counted(metric: str, dimensions: list[dict[str, str]], namespace: str = "AWS/SageMaker") -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(minutes=1),
            Period=7200,
            Statistics=["Sum", "Maximum", "SampleCount"],
        )["Datapoints"]
        return dict(points[0]) if points else {"Sum": 0.0, "Maximum": 0.0}

    eventually(lambda: counted("Invocation4XXErrors", variant)["Sum"] >= 1)
    for dimensions in (variant, fleet):
        assert counted("Invocation5XXErrors", dimensions)["Sum"] == 1
        assert counted("Invocations", dimensions)["Sum"] >= 3
        assert 0 < counted("ModelLatency", dimensions)["Maximum"] < 60_000_000
        assert counted("OverheadLatency", dimensions)["SampleCount"] >= 3
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[served])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    for metric in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        used = functools.partial(counted, metric, variant, "/aws/sagemaker/Endpoints")
        eventually(used, lambda found: found["Maximum"] > 0)


def test_a_plain_request_invokes_an_endpoint(stand_in: StandIn, served: str) -> None:
    """Without a signature, as from curl."""
    request = urllib.request.Request(
        f"{stand_in.url}/endpoints/{served}/invocations", b"plain", {"Content-Type": "image/jpeg"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response)["body"] == "plain"


def test_a_container_s_error_reaches_the_sdk_whole(stand_in: StandIn, served: str) -> None:
    """Status 424, and the container's own answer as members of the error."""
    runtime = stand_in.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as refused:
        runtime.invoke_endpoint(EndpointName=served, Body=b"400")
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (response["OriginalStatusCode"], response["OriginalMessage"]) == (400, '{"error": "as you wish"}')


@pytest.mark.parametrize(
    ("call", "code", "status"),
    [
        (lambda client: client.describe_training_job(TrainingJobName="never"), "ValidationException", 400),
        (lambda client: client.create_model(ModelName="under_score"), "ValidationException", 400),
        (lambda client: client.list_domains(), "UnsupportedOperation", 501),
    ],
)
def test_an_sdk_gets_codes_and_statuses(sagemaker: Any, call: Any, code: str, status: int) -> None:
    """And what the stand-in lacks is said as such."""
    with pytest.raises(ClientError) as refused:
        call(sagemaker)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_body_that_is_no_json_is_a_client_s_mistake(stand_in: StandIn) -> None:
    """No request of any shape makes the service fail."""
    headers = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(stand_in.url, b"{", headers), timeout=10)
    assert refused.value.code == 400
    assert json.load(refused.value)["__type"] == "SerializationException"


def test_a_template_makes_and_removes_a_package_group(stand_in: StandIn, sagemaker: Any) -> None:
    """The reference is the group's ARN, as on AWS."""
    name, stack = fresh("group"), fresh("stack")
    properties = {"ModelPackageGroupName": name, "Tags": [{"Key": "team", "Value": "cv"}]}
    template = {
        "Resources": {"Group": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": properties}},
        "Outputs": {"Arn": {"Value": {"Ref": "Group"}}},
    }
    cloudformation = stand_in.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    described = eventually(
        lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0],
        lambda found: found["StackStatus"] == "CREATE_COMPLETE",
    )
    group = sagemaker.describe_model_package_group(ModelPackageGroupName=name)
    assert described["Outputs"][0]["OutputValue"] == group["ModelPackageGroupArn"]
    tags = sagemaker.list_tags(ResourceArn=group["ModelPackageGroupArn"])["Tags"]
    assert {"Key": "team", "Value": "cv"} in tags
    cloudformation.delete_stack(StackName=stack)
    eventually(lambda: not sagemaker.list_model_package_groups(NameContains=name)["ModelPackageGroupSummaryList"])


def test_a_state_machine_calls_any_operation(stand_in: StandIn, sagemaker: Any) -> None:
    """Through the aws-sdk integration, with errors named as Step Functions names them."""
    name = fresh("group")
    sfn = stand_in.client("stepfunctions")

    def run(resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
        state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        machine = sfn.create_state_machine(
            name=fresh("machine"),
            roleArn=ROLE,
            definition=json.dumps({"StartAt": "Call", "States": {"Call": state}}),
        )["stateMachineArn"]
        execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
        described: dict[str, Any] = eventually(
            lambda: sfn.describe_execution(executionArn=execution), lambda found: found["status"] != "RUNNING"
        )
        return described

    prefix = "arn:aws:states:::aws-sdk:sagemaker:"
    created = run(f"{prefix}createModelPackageGroup", {"ModelPackageGroupName": name})
    assert json.loads(created["output"])["ModelPackageGroupArn"].endswith(f":model-package-group/{name}")
    refused = run(f"{prefix}describeEndpoint", {"EndpointName": "never"})
    assert (refused["status"], refused["error"]) == ("FAILED", "SageMaker.SageMakerException")
    assert 'Could not find endpoint "arn:' in refused["cause"]


@pytest.mark.standin
def test_policies_that_name_an_endpoint_are_enforced(tmp_path: Path) -> None:
    """With IAM switched on, a user reaches the endpoint of the policy and no other; nobody comes unsigned."""
    with StandIn(tmp_path, options=("--iam",)) as strict:
        iam = strict.client("iam")
        iam.create_user(UserName="caller")
        allowed = {
            "Effect": "Allow",
            "Action": "sagemaker:InvokeEndpoint",
            "Resource": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/mine",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName="caller", PolicyName="one", PolicyDocument=document)
        key = iam.create_access_key(UserName="caller")["AccessKey"]
        credentials = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
        runtime = strict.client("sagemaker-runtime", **credentials)
        for name, code in (("mine", "ValidationError"), ("other", "AccessDeniedException")):
            with pytest.raises(ClientError) as refused:
                runtime.invoke_endpoint(EndpointName=name, Body=b"x")
            assert refused.value.response["Error"]["Code"] == code
        with pytest.raises(ClientError, match="AccessDeniedException"):
            strict.client("sagemaker", **credentials).list_models()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{strict.url}/endpoints/mine/invocations", b"x", timeout=10)


def test_another_engine_is_refused_by_name() -> None:
    """A table that has moved is noticed when the stand-in starts."""
    engine = types.ModuleType("engine")
    engine.registry = []  # type: ignore[attr-defined]
    with pytest.raises(plugin.IncompatibleEngineError, match=r"engine\.registry is list, not a dict"):
        plugin._table(engine, "registry")
    with pytest.raises(plugin.IncompatibleEngineError, match=r"engine\.route is NoneType, not a function"):
        plugin._function(engine, "route")


def test_a_machine_registers_as_its_role_and_a_person_changes_as_themselves(stand_in: StandIn, sagemaker: Any) -> None:
    """Also a person who says in a header to be a machine."""
    name = fresh("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    s3, sfn = stand_in.client("s3"), stand_in.client("stepfunctions")
    s3.put_object(Bucket=BUCKET, Key="callers/model.tar.gz", Body=b"an archive")
    container = {"Image": "fake", "ModelDataUrl": f"s3://{BUCKET}/callers/model.tar.gz"}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["image/jpeg"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModelPackage",
        "Parameters": {"ModelPackageGroupName": name, "InferenceSpecification": specification},
        "End": True,
    }
    machine = sfn.create_state_machine(
        name=fresh("machine"), roleArn=ROLE, definition=json.dumps({"StartAt": "Call", "States": {"Call": state}})
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    eventually(lambda: sfn.describe_execution(executionArn=execution), lambda found: found["status"] == "SUCCEEDED")
    (version,) = sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]
    arn = version["ModelPackageArn"]
    role = ROLE.rpartition("/")[2]
    made = sagemaker.describe_model_package(ModelPackageName=arn)["CreatedBy"]["IamIdentity"]["Arn"]
    assert made == f"arn:aws:sts::{ROLE.split(':')[4]}:assumed-role/{role}/states"
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    changed = sagemaker.describe_model_package(ModelPackageName=arn)["LastModifiedBy"]["IamIdentity"]["Arn"]
    assert changed == "arn:aws:iam::000000000000:root"
