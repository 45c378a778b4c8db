"""What reaches people and functions: mail, and the events of executions."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from tests.infra.local.machines import ROLE, Machines, eventually, zipped

_KEEP_EVENT = """\
import boto3, json
def handler(event, context):
    boto3.client("s3").put_object(Bucket="events", Key=event["detail"]["status"], Body=json.dumps(event).encode())
"""


def stack(machines: Machines, resources: dict[str, Any], outputs: dict[str, Any]) -> dict[str, str]:
    """The outputs of a stack of these resources."""
    cloudformation = machines.stand_in.client("cloudformation")
    name = machines.name("stack")
    template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])

    def made() -> Any:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return described if not described["StackStatus"].endswith("IN_PROGRESS") else None

    described = eventually(made)
    assert described["StackStatus"] == "CREATE_COMPLETE", described.get("StackStatusReason")
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def confirmed(machines: Machines, address: str, topic: str) -> None:
    """Open the link that the newest mail to this address holds, as a person would."""
    mail = next(one for one in machines.stand_in.mail() if one["to"] == address)
    assert mail["subject"] == "AWS Notification - Subscription Confirmation"
    (link,) = mail["links"]
    with urllib.request.urlopen(link, timeout=20) as answer:
        assert answer.status == 200
    assert counted(machines, topic) == ("1", "0")


def counted(machines: Machines, topic: str) -> tuple[str, str]:
    """The topic's subscriptions: confirmed, and waiting."""
    said = machines.stand_in.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return said["SubscriptionsConfirmed"], said["SubscriptionsPending"]


def test_a_subscriber_gets_mail_with_its_links_once_confirmed(machines: Machines) -> None:
    """Until then an e-mail subscription waits, as on AWS, and its address gets nothing but the link."""
    sns = machines.stand_in.client("sns")
    topic = sns.create_topic(Name=machines.name("topic"))["TopicArn"]
    for _ in range(2):
        subscribed = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="you@example.com")
        assert subscribed["SubscriptionArn"] == "pending confirmation"
    assert counted(machines, topic) == ("0", "1")
    sns.publish(TopicArn=topic, Subject="too early", Message="nobody reads it")
    assert machines.stand_in.mail()[0]["subject"] != "too early"
    confirmed(machines, "you@example.com", topic)
    again = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="you@example.com")
    assert again["SubscriptionArn"].startswith(topic)
    sns.publish(TopicArn=topic, Subject="[greenlight] waits", Message="Look:\nhttp://localhost/a/x.\nUntil noon.")
    mail = machines.stand_in.mail()[0]
    assert (mail["to"], mail["subject"]) == ("you@example.com", "[greenlight] waits")
    assert mail["links"] == ["http://localhost/a/x"]


def test_a_template_s_subscriber_gets_mail_once_confirmed(machines: Machines) -> None:
    """AWS::SNS::Subscription is as good as Subscribe, and waits as long."""
    found = stack(
        machines,
        {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Mail": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ops@example.com"},
            },
        },
        {"Topic": {"Ref": "Topic"}},
    )
    assert counted(machines, found["Topic"]) == ("0", "1")
    confirmed(machines, "ops@example.com", found["Topic"])
    machines.stand_in.client("sns").publish(TopicArn=found["Topic"], Subject="failed", Message="why")
    mail = machines.stand_in.mail()[0]
    assert (mail["to"], mail["subject"]) == ("ops@example.com", "failed")


def test_the_end_of_an_execution_reaches_a_rule_s_function(machines: Machines) -> None:
    """A rule on failed, timed-out and stopped executions of one machine calls its function with the event."""
    machines.s3.create_bucket(Bucket="events")
    function = machines.function(_KEEP_EVENT)
    machine = machines.create(
        {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.wait", "BooleanEquals": True, "Next": "Wait"}],
                "Default": "No",
            },
            "Wait": {"Type": "Wait", "Seconds": 100_000, "End": True},
            "No": {"Type": "Fail", "Error": "Gate.Rejected", "Cause": "too low"},
        },
    )
    events = machines.stand_in.client("events")
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"], "stateMachineArn": [machine]},
    }
    rule = machines.name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "function", "Arn": function}])
    machines.start(machine, {"wait": False})
    machines.sfn.stop_execution(executionArn=machines.start(machine, {"wait": True}))

    def kept(status: str) -> Any:
        found = machines.s3.list_objects_v2(Bucket="events", Prefix=status).get("Contents")
        return json.loads(machines.s3.get_object(Bucket="events", Key=status)["Body"].read()) if found else None

    failed = eventually(lambda: kept("FAILED"))
    assert (failed["detail"]["error"], failed["detail"]["cause"]) == ("Gate.Rejected", "too low")
    assert eventually(lambda: kept("ABORTED"))["detail"]["stateMachineArn"] == machine


def test_a_template_s_machine_and_address_are_the_stand_in_s(machines: Machines) -> None:
    """A definition in S3 gets its substitutions; GetAtt FunctionUrl leads here."""
    bucket = machines.name("code")
    machines.s3.create_bucket(Bucket=bucket)
    definition = {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": "${Word}", "End": True}}}
    machines.s3.put_object(Bucket=bucket, Key="machine.json", Body=json.dumps(definition).encode())
    code = zipped({"index.py": "def handler(event, context): return {'statusCode': 204}"})
    machines.s3.put_object(Bucket=bucket, Key="function.zip", Body=code)
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": ROLE,
        "Code": {"S3Bucket": bucket, "S3Key": "function.zip"},
    }
    machine = {
        "RoleArn": ROLE,
        "DefinitionS3Location": {"Bucket": bucket, "Key": "machine.json"},
        "DefinitionSubstitutions": {"Word": "hello"},
    }
    found = stack(
        machines,
        {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Url": {
                "Type": "AWS::Lambda::Url",
                "Properties": {"TargetFunctionArn": {"Ref": "Function"}, "AuthType": "NONE"},
            },
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        },
        {"Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]}, "Machine": {"Ref": "Machine"}},
    )
    assert found["Url"].startswith(machines.stand_in.url + "/_aws/lambda-url/")
    assert machines.end(machines.start(found["Machine"]))["output"] == '"hello"'
