"""What the template promises, read from the template itself."""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
from typing import Any

import pytest

from lambdas.plan_run.plan import choose_places
from tests.infra import template as read
from tests.infra.template import PATH, ROOT, Json
from workflow.contract.capture import KEPT, NAMED, RAW
from workflow.contract.deployment import PROBE_NAMESPACE, alarm_names
from workflow.contract.drift import DRIFT, DRIFT_NAMESPACE
from workflow.contract.feedback import FEEDBACK
from workflow.labelling.task import HANDED
from workflow.stack.definitions import render_definitions

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
NETWORK = {"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}

FUNCTIONS = (
    *("PlanRun", "CheckDataset", "GateMetrics", "AskApproval", "Decide", "Notify", "PlanRelease", "SmokeTest"),
    "ServeComponent",
    "CompareChallenger",
    *("RecordChampion", "NoteVersion", "CleanUp", "WatchProduction", "WatchTraining", "StartRun", "StartByCode"),
    *("KeepCaptured", "TakeFeedback", "WatchDrift"),
    "ScaleProduction",
)
EVERYWHERE = {
    **{(f"{name}Role", "EnterTheNetwork"): "EC2 has no narrower resource" for name in (*FUNCTIONS, "Job", "Endpoint")},
    **{(f"{name}JobRole", "EnterTheNetwork"): "EC2 has no narrower resource" for name in ("Batch", "Drift")},
    **{(f"{name}Role", "LeaveTheNetworkToLambda"): "a Deny" for name in FUNCTIONS},
    ("JobRole", "LogInToTheImageRegistry"): "ECR's login is for a whole account",
    ("JobRole", "WriteFiguresOfJobs"): "metrics have no ARN; the namespace is in a condition",
    ("EndpointRole", "LogInToTheImageRegistry"): "ECR's login is for a whole account",
    ("EndpointRole", "WriteFiguresOfEndpoints"): "metrics have no ARN; the namespace is in a condition",
    ("BatchJobRole", "LogInToTheImageRegistry"): "ECR's login is for a whole account",
    ("BatchJobRole", "WriteFiguresOfJobs"): "metrics have no ARN; the namespace is in a condition",
    ("DriftJobRole", "LogInToTheImageRegistry"): "ECR's login is for a whole account",
    ("DriftJobRole", "WriteFiguresOfJobs"): "metrics have no ARN; the namespace is in a condition",
    ("DecideRole", "AnswerTheWaitingTask"): "Step Functions has no resource for task tokens",
    ("CleanUpRole", "FindWhatIsLeftOver"): "SageMaker's lists have no resource",
    ("CleanUpRole", "FindAlarmsLeftOver"): "CloudWatch's lists have no resource",
    ("PlanRunRole", "ReadTheQuotas"): "Service Quotas' lists have no resource",
    ("PlanRunRole", "ListTheRegistry"): "SageMaker's lists have no resource",
    ("NoteVersionRole", "FindWhatIsKept"): "SageMaker's lists have no resource",
    ("WatchTrainingRole", "FindTrainings"): "SageMaker's lists have no resource",
    (
        "ScaleProductionRole",
        "HaveTheFleetFollowed",
    ): "a target has no name yet; a condition says which",
    ("ScaleProductionRole", "SeeHowItIsFollowed"): "lists of Application Auto Scaling have no resource",
    ("ScaleProductionRole", "SeeTheAlarms"): "CloudWatch's lists have no resource",
    ("SmokeTestRole", "CountWrongAnswers"): "metrics have no ARN; the namespace is in a condition",
    ("WatchProductionRole", "SeeWhetherStagingIsAsked"): "CloudWatch's figures have no resource",
    ("GateMetricsRole", "FindTheJobsOfARun"): "SageMaker's lists have no resource",
    ("NotifyRole", "FindTheJobsOfARun"): "SageMaker's lists have no resource",
    ("BuildRole", "Log"): "log delivery has no resource",
    ("ReleaseRole", "Log"): "log delivery has no resource",
    ("StageRole", "Log"): "log delivery has no resource",
    ("ChallengeRole", "Log"): "log delivery has no resource",
    ("CompareChallengerRole", "ReadWhatWasCounted"): "CloudWatch's figures have no resource",
    ("BatchRole", "Log"): "log delivery has no resource",
    ("DriftRole", "Log"): "log delivery has no resource",
    ("WatchDriftRole", "CountDrift"): "metrics have no ARN; the namespace is in a condition",
}
"""Statements that may name every resource, and why; traces (Sid Trace) may too."""


@pytest.fixture(scope="module")
def template() -> Json:
    """The template."""
    return read.load()


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """Properties of every resource of one type."""
    found = read.of_type(template, kind)
    assert found, f"the template has no {kind}"
    return found


def test_no_rule_of_cfn_lint_is_switched_off() -> None:
    """`make check` lints the template: no error, no warning."""
    assert "ignore_checks" not in PATH.read_text()


def test_only_documented_statements_name_every_resource(template: Json) -> None:
    """A new ``*`` needs a reason in this file; a reason without its statement has to go."""
    wide = {
        (grant.role, grant.sid)
        for grant in read.grants(template)
        if "*" in grant.resources and not (grant.sid == "Trace" and all(a.startswith("xray:") for a in grant.actions))
    }
    assert wide == set(EVERYWHERE)


def test_nothing_is_written_for_one_partition_alone() -> None:
    """ARNs and addresses are of the partition a stack is in: GovCloud and China are others, with other domains.

    The names of services in policies end alike everywhere.
    """
    text = PATH.read_text()
    assert set(re.findall(r"arn:([^:\s]+):", text)) == {"${AWS", "aws[a-z-]*"}
    services = re.findall(r"(?:Service|PassedToService|Principal): [a-z]+\.amazonaws\.com(?=[,}\n])", text)
    # A role that AWS makes for a service is named after the service, twice in its grant.
    linked = re.findall(r"sagemaker\.application-autoscaling\.amazonaws\.com(?=[/}\n])", text)
    assert text.count("amazonaws.com") == len(services) + len(linked)
    for wing in ("workflow", "lambdas", "containers"):
        for path in (ROOT / wing).rglob("*.py"):
            code = re.sub(r'"Service": "[a-z]+\.amazonaws\.com"', "", path.read_text())
            assert not re.search(r"arn:aws[:-]|amazonaws\.com", code), path


def test_no_role_may_do_everything_of_a_service(template: Json) -> None:
    """Actions are named; the one family is KMS's GenerateDataKey."""
    families = {action for grant in read.grants(template) for action in grant.actions if "*" in action}
    assert families <= {"kms:GenerateDataKey*"}


def test_metrics_are_written_into_sagemakers_namespaces_and_two_of_our_own(template: Json) -> None:
    """PutMetricData names no resource, so its condition is the boundary."""
    jobs = {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}
    own = {"SmokeTestRole": PROBE_NAMESPACE, "WatchDriftRole": DRIFT_NAMESPACE}
    for grant in read.grants(template):
        if "cloudwatch:PutMetricData" in grant.actions:
            named = {"StringEquals": {"cloudwatch:namespace": own.get(grant.role)}}
            assert grant.condition == (named if grant.role in own else jobs)


def test_what_notes_a_version_sets_no_approval_status(template: Json) -> None:
    """Whoever could would decide: the machine writes a decision down, and the function that decides puts it right."""
    setters = {grant.role: grant for grant in read.grants(template) if "sagemaker:UpdateModelPackage" in grant.actions}
    assert set(setters) == {"BuildRole", "DecideRole", "NoteVersionRole"}
    assert setters["NoteVersionRole"].condition == {"Null": {"sagemaker:ModelApprovalStatus": "true"}}


def test_alarms_are_made_and_deleted_under_the_names_of_releases_only(template: Json) -> None:
    """The stack's own alarms are nobody's to change; whoever could delete them could silence them."""
    named = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${Project}-production-v*"
    changing = {"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource"}
    may = {grant.role: grant for grant in read.grants(template) if changing & set(grant.actions)}
    followed = may.pop("ScaleProductionRole")
    alarms = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    assert followed.resources == [
        {"Fn::Sub": f"{alarms}TargetTracking-endpoint/${{Project}}-production/*"},
        {"Fn::Sub": f"{alarms}${{Project}}-production-first-instance"},
    ]
    assert set(may) == {"StageRole", "CleanUpRole", "ServeComponentRole"}
    assert all(grant.resources == [{"Fn::Sub": named}] for grant in may.values())
    own = [alarm["AlarmName"]["Fn::Sub"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()]
    assert not [name for name in own if name.startswith("${Project}-production-v")]
    assert all(name.startswith("${Project}-production-v") for name in alarm_names("${Project}-production-v1").values())


def test_a_role_is_passed_to_sagemaker_alone_and_by_name(template: Json) -> None:
    """Build hands out the jobs' role, Release the endpoints', Batch and Drift those of their own, nobody else any."""
    passed = {
        grant.role: (grant.resources, grant.condition)
        for grant in read.grants(template)
        if any(action.lower() == "iam:passrole" or action.lower() == "iam:*" for action in grant.actions)
    }
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert passed == {
        "BuildRole": ([{"Fn::GetAtt": ["JobRole", "Arn"]}], to_sagemaker),
        "StageRole": ([{"Fn::GetAtt": ["EndpointRole", "Arn"]}], to_sagemaker),
        "ServeComponentRole": ([{"Fn::GetAtt": ["EndpointRole", "Arn"]}], to_sagemaker),
        "ChallengeRole": ([{"Fn::GetAtt": ["EndpointRole", "Arn"]}], to_sagemaker),
        "BatchRole": ([{"Fn::GetAtt": ["BatchJobRole", "Arn"]}], to_sagemaker),
        "DriftRole": ([{"Fn::GetAtt": ["DriftJobRole", "Arn"]}], to_sagemaker),
    }


def test_every_role_is_assumed_by_one_service(template: Json) -> None:
    """No role opens to an account or to several services, and of those that name it, none to another account.

    Lambda and API Gateway do not say for which account they come; only this account can pass them its roles. The others
    say for which resource, too: SageMaker for one of its own, Step Functions for its machine, Scheduler for the group.
    """
    sources = {"sagemaker": ":*", "states": ":stateMachine:${Project}-", "scheduler": ":schedule-group/default"}
    for name, properties in of_type(template, "AWS::IAM::Role").items():
        (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        assert isinstance(service, str), name
        if service not in {"lambda.amazonaws.com", "apigateway.amazonaws.com"}:
            condition = statement["Condition"]
            assert condition["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}, name
            source = {**condition["StringEquals"], **condition.get("ArnLike", {})}["aws:SourceArn"]["Fn::Sub"]
            principal = service.removesuffix(".amazonaws.com")
            prefix = f"arn:${{AWS::Partition}}:{principal}:${{AWS::Region}}:${{AWS::AccountId}}{sources[principal]}"
            assert source.startswith(prefix), name


def test_every_function_of_the_repository_is_deployed_with_a_role_and_a_log_of_its_own(template: Json) -> None:
    """A folder of lambdas/ is a function: same name, its handler, its zip; no role or log is shared.

    One folder has more than one way in, each a function of its own with a log of its own, and the folder's role.
    """
    functions = of_type(template, "AWS::Lambda::Function")
    folders = {path.parent.name for path in (ROOT / "lambdas").glob("*/__init__.py")}
    assert {read.folder(properties) for properties in functions.values()} == folders
    for properties in functions.values():
        name, way_in = read.folder(properties), read.way_in(properties)
        assert read.function_name(properties) == (name if way_in == "handler" else f"{name}_{way_in}")
        assert (ROOT / "lambdas" / name / f"{way_in}.py").is_file()
        assert properties["Code"]["S3Key"]["Fn::Sub"] == f"${{CodePrefix}}/{name}.zip"
    logs = [json.dumps(properties["LoggingConfig"]) for properties in functions.values()]
    assert len(set(logs)) == len(functions)
    roles = {(read.folder(properties), json.dumps(properties["Role"])) for properties in functions.values()}
    assert len(roles) == len({role for _, role in roles}) == len(folders)


def test_a_functions_log_group_is_named_after_it_and_kept_for_a_limited_time(template: Json) -> None:
    """Lambda finds the group by its name; without a retention it would be kept forever."""
    groups = of_type(template, "AWS::Logs::LogGroup")
    names = {group["LogGroupName"]["Fn::Sub"] for group in groups.values()}
    assert {
        f"/aws/lambda/{properties['FunctionName']['Fn::Sub']}"
        for properties in of_type(template, "AWS::Lambda::Function").values()
    } <= names
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_every_environment_names_what_its_function_reads(template: Json) -> None:
    """Each ``environ["NAME"]`` in a handler, and in what all ways into its folder share, is set in the template."""
    functions = of_type(template, "AWS::Lambda::Function").values()
    for properties in functions:
        name = read.folder(properties)
        others = {read.way_in(other) for other in functions if read.folder(other) == name} - {read.way_in(properties)}
        paths = [path for path in (ROOT / "lambdas" / name).glob("*.py") if path.stem not in others]
        source = "".join(path.read_text() for path in paths)
        wanted = set(re.findall(r"environ(?:\[|\.get\()\"([A-Z_]+)\"", source)) - {"AWS_REGION"}
        assert wanted <= set(properties["Environment"]["Variables"]), name


def test_the_bucket_is_closed(template: Json) -> None:
    """No public access by any of the four ways, encrypted, versioned, and refused in the clear."""
    bucket = of_type(template, "AWS::S3::Bucket")["Bucket"]
    assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    statement, *_ = template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_kept_model_is_written_once_and_deleted_by_nobody(template: Json) -> None:
    """For everyone, whatever a role allows: a write has to ask that nothing be there, and no version goes."""
    _, once, kept, _ = template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    everyone = {"Effect": "Deny", "Principal": "*", "Resource": {"Fn::Sub": "${Bucket.Arn}/models/*"}}
    assert once == {
        **everyone,
        "Sid": "WriteModelsOnce",
        "Action": "s3:PutObject",
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    }
    assert kept == {**everyone, "Sid": "KeepModels", "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"]}


def test_the_gate_alone_keeps_models(template: Json) -> None:
    """Of all roles; and no job can write where an endpoint's model lies, or into the index of datasets."""
    placed = [
        (grant.role, str(resource))
        for grant in read.grants(template)
        for resource in grant.resources
        if "s3:PutObject" in grant.actions
    ]
    index = {role for role, resource in placed if "/datasets-index/" in resource}
    assert index == {"CheckDatasetRole", "NoteVersionRole"}
    of_production = ("/asynchronous/", "/captured/", "/challenges/", "/feedback/", "/drift/")
    elsewhere = ("/runs/", "/copies/", "/datasets-index/", "/batches/", *of_production)
    writers = {role for role, resource in placed if not any(place in resource for place in elsewhere)}
    assert writers == {"GateMetricsRole"}


def test_old_versions_of_runs_do_not_stay_forever(template: Json) -> None:
    """Datasets keep their old versions longer than runs do."""
    rules = of_type(template, "AWS::S3::Bucket")["Bucket"]["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "Prefix" in rule}
    assert days["runs/"] < days["datasets/"]


def test_only_copies_expire_and_not_before_a_run_can_be_redriven_no_more(template: Json) -> None:
    """Step Functions redrives for fourteen days; what a release, a roll-back or a report needs is no copy."""
    rules = of_type(template, "AWS::S3::Bucket")["Bucket"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule.get("Prefix"): rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    captured = {folder: {"Ref": "CaptureDays"} for folder in (KEPT, NAMED, "feedback/", "drift/")}
    # A file that nobody could take apart has what no filter has seen.
    assert expiring == {"copies/": {"Ref": "RunDataDays"}, **captured, RAW: 1, "asynchronous/": 7}
    assert template["Parameters"]["RunDataDays"]["MinValue"] > 14
    places = choose_places("bucket", "one")
    copies = {name for name, uri in vars(places).items() if uri.startswith("s3://bucket/copies/one/")}
    assert copies == {"training", "test", "pretrained", "champion", "checkpoints"}
    assert all(uri.startswith("s3://bucket/runs/one/") for name, uri in vars(places).items() if name not in copies)


def test_what_is_captured_of_production_is_read_by_few(template: Json) -> None:
    """Pictures of people and places, by who keeps them and who looks for drift; and what was said, by who counts it."""
    reading = [
        (grant.effect, grant.role, folder)
        for grant in read.grants(template)
        for folder in (RAW, KEPT, NAMED, FEEDBACK, HANDED, DRIFT)
        if {"s3:GetObject", "s3:*", "*"} & set(grant.actions) and any(covers(one, folder) for one in grant.resources)
    ]
    denied = {(role, folder) for effect, role, folder in reading if effect == "Deny"}
    allowed = {(role, folder) for effect, role, folder in reading if effect == "Allow"}
    assert allowed - denied == {
        ("KeepCapturedRole", RAW),
        ("DriftJobRole", KEPT),
        ("TakeFeedbackRole", NAMED),
        ("CompareChallengerRole", FEEDBACK),
    }
    for folder in (KEPT, FEEDBACK, HANDED, DRIFT):
        assert ("PlanRunRole", folder) in denied & allowed, "whatever else lies in the bucket may be a dataset"


def test_who_takes_feedback_reads_answers_and_no_picture(template: Json) -> None:
    """A request of JSON holds its picture, and ends as a document does."""
    mine = [one for one in read.grants(template) if one.role == "TakeFeedbackRole" and "s3:GetObject" in one.actions]

    def may(name: str) -> bool:
        found = {one.effect for one in mine if any(covers(resource, KEPT, name) for resource in one.resources)}
        return found == {"Allow"}

    assert may("2026/11/30/one.json")
    assert not any(may(f"2026/11/30/one.{ending}") for ending in ("jpg", "npy", "bin", "request.json"))


def covers(resource: object, folder: str, name: str = "one") -> bool:
    """Whether a grant on this resource of the stack's bucket is one on what lies in the folder by this name."""
    text = str(resource["Fn::Sub"] if isinstance(resource, dict) and "Fn::Sub" in resource else resource)
    _, found, path = text.partition("${BucketName.Value}/")
    return text == "*" or (bool(found) and fnmatch.fnmatchcase(f"{folder}{name}", path))


def test_old_versions_of_what_was_captured_go_at_once_and_the_rest_in_its_time(template: Json) -> None:
    """The bucket is versioned: what is deleted would otherwise lie there still, and what came raw is deleted soon."""
    rules = of_type(template, "AWS::S3::Bucket")["Bucket"]["LifecycleConfiguration"]["Rules"]
    for folder in (RAW, KEPT, NAMED, FEEDBACK):
        (rule,) = (rule for rule in rules if rule.get("Prefix") and folder.startswith(rule["Prefix"]))
        assert (rule["Status"], rule["NoncurrentVersionExpiration"]) == ("Enabled", {"NoncurrentDays": 1})
    assert template["Parameters"]["CapturePercent"]["Default"] == 0


def test_the_topic_and_the_table_are_encrypted_and_the_table_can_be_restored() -> None:
    """The topic's key is the stack's own, because alarms cannot publish under the one SNS manages."""
    template = read.resolved()
    for topic in of_type(template, "AWS::SNS::Topic").values():
        assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": ["TopicKey", "Arn"]}
    table = of_type(template, "AWS::DynamoDB::Table")["Table"]
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_epoch", "Enabled": True}


def test_what_is_asked_and_what_went_wrong_go_to_topics_of_their_own(template: Json) -> None:
    """The address of the stack gets both; alarms and foreign production are trouble, requests are not."""
    subscribed = of_type(template, "AWS::SNS::Subscription").values()
    assert sorted(item["TopicArn"]["Ref"] for item in subscribed) == ["Topic", "TroubleTopic"]
    assert all(item["Endpoint"] == {"Ref": "NotificationEmail"} for item in subscribed)
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert {item["Ref"] for key in ("AlarmActions", "OKActions") for item in alarm.get(key, [])} <= {"TroubleTopic"}
    published = {
        grant.role: {item["Ref"] for item in grant.resources}
        for grant in read.grants(template)
        if "sns:Publish" in grant.actions
    }
    both = {"Topic", "TroubleTopic"}
    assert published == {
        "AskApprovalRole": {"Topic"},
        "DecideRole": both,
        "NotifyRole": both,
        "WatchProductionRole": {"TroubleTopic"},
        "EndpointRole": {"AnsweredTopic", "UnansweredTopic"},
    }
    for name, item in template["Resources"].items():
        if item["Type"] == "AWS::SNS::TopicPolicy":
            (topic,) = item["Properties"]["Topics"]
            said = [
                one["Fn::If"][1] if "Fn::If" in one else one
                for one in item["Properties"]["PolicyDocument"]["Statement"]
            ]
            assert all(statement["Resource"] == topic for statement in said), name
            allowed = [statement["Principal"] for statement in said if statement["Effect"] == "Allow"]
            assert bool(allowed) == (topic["Ref"] == "TroubleTopic"), name


def test_a_budget_may_publish_what_is_spent_where_there_is_one(template: Json) -> None:
    """For this account's budgets alone, to the topic for trouble, and with its key."""
    key = of_type(template, "AWS::KMS::Key")["TopicKey"]["KeyPolicy"]["Statement"]
    topic = of_type(template, "AWS::SNS::TopicPolicy")["TroubleTopicPolicy"]["PolicyDocument"]["Statement"]
    for statements in (key, topic):
        ((condition, allowed, otherwise),) = [one["Fn::If"] for one in statements if "Fn::If" in one]
        assert (condition, otherwise) == ("HasBudget", {"Ref": "AWS::NoValue"})
        assert allowed["Principal"] == {"Service": "budgets.amazonaws.com"}
        assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert "budgets::${AWS::AccountId}" in allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert template["Parameters"]["MonthlyBudget"]["Default"] == 0


def test_the_record_of_decisions_stays_when_the_stack_goes(template: Json) -> None:
    """And when another table takes its place; a stack that could not be made leaves none."""
    table = template["Resources"]["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize("machine", ["BuildMachine", "ReleaseMachine", "StageMachine"])
def test_a_machine_logs_every_event_without_the_data(template: Json, machine: str) -> None:
    """Task tokens are data: they stay out of the log."""
    logging = of_type(template, "AWS::StepFunctions::StateMachine")[machine]["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    group = logging["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
    name = template["Resources"][group]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert name.startswith("/aws/vendedlogs/states/")


def test_the_schedule_is_off_and_retries_do_not_outlive_the_night(template: Json) -> None:
    """Nothing starts by itself until somebody asks for it."""
    assert template["Parameters"]["ScheduleState"]["Default"] == "DISABLED"
    schedule = of_type(template, "AWS::Scheduler::Schedule")["Schedule"]
    assert schedule["State"] == {"Ref": "ScheduleState"}
    assert json.loads(schedule["Target"]["Input"]) == {"scheduled": "<aws.scheduler.scheduled-time>"}
    assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600


def test_the_schedule_keeps_to_a_time_zone(template: Json) -> None:
    """UTC unless somebody names another; only names as IANA writes them."""
    schedule = of_type(template, "AWS::Scheduler::Schedule")["Schedule"]
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimezone"}
    parameter = template["Parameters"]["ScheduleTimezone"]
    assert parameter["Default"] == "UTC"
    for zone in ("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"):
        assert re.fullmatch(parameter["AllowedPattern"], zone)
    assert not re.fullmatch(parameter["AllowedPattern"], "Europe/Berlin; rm")


def test_the_end_of_every_build_reaches_the_function_that_counts_its_cost(template: Json) -> None:
    """The failures by the rule that tells them, the others by one of their own, which may call it."""
    rules = of_type(template, "AWS::Events::Rule")
    ends = {name: rules[name]["EventPattern"]["detail"] for name in ("BuiltRule", "FailureRule")}
    assert ends["BuiltRule"] == {"status": ["SUCCEEDED"], "stateMachineArn": [{"Ref": "BuildMachine"}]}
    assert {"Ref": "BuildMachine"} in ends["FailureRule"]["stateMachineArn"]
    notify = {"Fn::GetAtt": ["NotifyFunction", "Arn"]}
    permitted = {
        item["SourceArn"]["Fn::GetAtt"][0]
        for item in of_type(template, "AWS::Lambda::Permission").values()
        if item["FunctionName"] == notify
    }
    assert permitted == {name for name, rule in rules.items() if rule["Targets"][0]["Arn"] == notify} == set(ends)


@pytest.mark.parametrize(
    ("name", "function"), [("WatchSchedule", "WatchProductionFunction"), ("TrainingSchedule", "WatchTrainingFunction")]
)
def test_production_and_trainings_are_looked_at_every_five_minutes(template: Json, name: str, function: str) -> None:
    """By the clock, and from the first deployment on: nobody has to ask for it."""
    schedule = of_type(template, "AWS::Scheduler::Schedule")[name]
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(5 minutes)")
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}


def test_drift_is_looked_for_where_requests_are_kept_and_somebody_asks(template: Json) -> None:
    """Off until it is switched on; its alarm is about what the function counts, and rings at the first window."""
    assert template["Parameters"]["DriftScheduleState"]["Default"] == "DISABLED"
    plain, keeping = read.resolved(), read.resolved(CapturePercent=10)
    own = {name for name in template["Resources"] if "Drift" in name}
    assert {"DriftMachine", "DriftSchedule", "DriftJobRole", "WatchDriftFunction", "DriftedAlarm"} <= own
    assert own.isdisjoint(plain["Resources"])
    assert own <= set(keeping["Resources"])
    schedule = of_type(keeping, "AWS::Scheduler::Schedule")["DriftSchedule"]
    assert schedule["State"] == {"Ref": "DriftScheduleState"}
    assert schedule["Target"]["Arn"] == {"Ref": "DriftMachine"}
    alarm = of_type(keeping, "AWS::CloudWatch::Alarm")["DriftedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == (DRIFT_NAMESPACE, "Drifted", 1)
    assert alarm["Dimensions"] == [{"Name": "project", "Value": {"Ref": "Project"}}]


def test_every_end_without_success_reaches_the_notifier_or_the_queue(template: Json) -> None:
    """Failed, timed out and stopped executions of every machine, with a queue for what cannot be delivered."""
    rule = of_type(template, "AWS::Events::Rule")["FailureRule"]
    assert rule["EventPattern"]["detail"] == {
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        "stateMachineArn": [
            {"Ref": "BuildMachine"},
            {"Ref": "ReleaseMachine"},
            {"Ref": "ChallengeMachine"},
            {"Ref": "BatchMachine"},
            {"Fn::If": ["Captures", {"Ref": "DriftMachine"}, {"Ref": "AWS::NoValue"}]},
        ],
    }
    queue = {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["NotifyFunction", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": queue}
    assert of_type(template, "AWS::Lambda::Function")["NotifyFunction"]["DeadLetterConfig"] == {"TargetArn": queue}


def test_the_alarms_that_mail_watch_whoever_serves_and_take_silence_for_health(template: Json) -> None:
    """Old fleet or new: what a release is sent back by are alarms of its own. A GPU's use rings none."""
    alarms = {alarm["AlarmName"]["Fn::Sub"]: alarm for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()}
    watched = {
        name.removeprefix("${Project}-production-"): alarm
        for name, alarm in alarms.items()
        if name.startswith("${Project}-production-") and not name.endswith("-idle")
    }
    assert {name: (alarm["Namespace"], alarm["MetricName"]) for name, alarm in watched.items()} == {
        "5xx": ("AWS/SageMaker", "Invocation5XXErrors"),
        "4xx": ("AWS/SageMaker", "Invocation4XXErrors"),
        "model-errors": ("AWS/SageMaker", "InvocationModelErrors"),
        "backlog": ("AWS/SageMaker", "ApproximateAgeOfOldestRequest"),
        "unanswered": ("AWS/SageMaker", "InvocationFailures"),
        "latency": ("AWS/SageMaker", "ModelLatency"),
        "processor": ("/aws/sagemaker/Endpoints", "CPUUtilization"),
        "memory": ("/aws/sagemaker/Endpoints", "MemoryUtilization"),
        "disk": ("/aws/sagemaker/Endpoints", "DiskUtilization"),
    }, "one that rings for silence is of another kind"
    for name, alarm in watched.items():
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "TroubleTopic"}]
        assert {item["Name"]: item["Value"] for item in alarm["Dimensions"]} == {
            "EndpointName": {"Fn::Sub": "${Project}-production"},
            # A queue is the endpoint's.
            **({} if name == "backlog" else {"VariantName": "main"}),
        }


def test_what_is_put_away_is_what_the_stack_lets_go(template: Json) -> None:
    """Staging after a day; production, and the alarm for its silence, only where somebody asks for that."""
    hours = {"StagingHours": 24, "ProductionHours": 0, "ProductionIdleHours": 0}
    assert {name: template["Parameters"][name]["Default"] for name in hours} == hours
    deleting = [
        (grant.role, grant.resources[0]["Fn::Sub"].rpartition("/")[2])
        for grant in read.grants(template)
        if "sagemaker:DeleteEndpoint" in grant.actions
    ]
    assert deleting == [
        ("WatchProductionRole", "${Project}-staging"),
        ("WatchProductionRole", "${Project}-production"),
    ]
    given = [
        statement["Fn::If"][0]
        for policy in of_type(template, "AWS::IAM::Role")["WatchProductionRole"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "Fn::If" in statement
    ]
    elsewhere = {"ServesHere", "ServesElsewhere", "HasSharedEndpoint"}
    assert [name for name in given if name not in {"HasKey", "HasVpc"} | elsewhere] == ["EndsProductionHere"]
    idle = of_type(template, "AWS::CloudWatch::Alarm")["ProductionIdleAlarm"]
    assert template["Resources"]["ProductionIdleAlarm"]["Condition"] == "WatchesIdleness"
    assert (idle["MetricName"], idle["Statistic"]) == ("ModelLatency", "SampleCount"), "every way to serve has it"
    assert (idle["TreatMissingData"], idle["ComparisonOperator"], idle["Period"]) == (
        "breaching",
        "LessThanThreshold",
        3600,
    )
    assert idle["Period"] * template["Parameters"]["ProductionIdleHours"]["MaxValue"] <= 7 * 24 * 3600


def test_one_refused_picture_is_no_trouble(template: Json) -> None:
    """A caller's mistake mails nobody; a fault of the server does at once."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert template["Parameters"]["RefusalsThreshold"]["Default"] >= 10
    for name in ("ProductionRefusalsAlarm", "ProductionModelErrorsAlarm"):
        assert alarms[name]["Threshold"] == {"Ref": "RefusalsThreshold"}
    assert alarms["ProductionErrorsAlarm"]["Threshold"] == 1


def test_the_approval_address_has_both_permissions_aws_asks_for(template: Json) -> None:
    """One alone answers 403 since October 2025; the second is good for calls through the address only."""
    permissions = [
        item
        for item in permissions_under(template, "BehindUrl")
        if item["FunctionName"] == {"Fn::GetAtt": ["DecideFunction", "Arn"]}
    ]
    assert {
        item["Action"]: (item.get("FunctionUrlAuthType"), item.get("InvokedViaFunctionUrl")) for item in permissions
    } == {
        "lambda:InvokeFunctionUrl": ("NONE", None),
        "lambda:InvokeFunction": (None, True),
    }


def permissions_under(template: Json, condition: str) -> list[Json]:
    """The permissions of functions that a stack has under a condition, or under any."""
    found = [item for item in template["Resources"].values() if item["Type"] == "AWS::Lambda::Permission"]
    return [item["Properties"] for item in found if item.get("Condition") == condition]


def test_behind_an_api_each_function_is_called_by_its_own_route_alone(template: Json) -> None:
    """The page by whoever has the link, the command line's by who signs; each through one route of this API."""
    routes = of_type(template, "AWS::ApiGatewayV2::Route")
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration")
    functions = {
        route["RouteKey"]: (
            route["AuthorizationType"],
            integrations[route["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")][
                "IntegrationUri"
            ]["Fn::GetAtt"][0],
        )
        for route in routes.values()
    }
    assert functions == {
        "$default": ("NONE", "DecideFunction"),
        "POST /decide": ("AWS_IAM", "DecideCommandFunction"),
        "POST /start": ("NONE", "StartByCodeFunction"),
    }
    assert {item["PayloadFormatVersion"] for item in integrations.values()} == {"2.0"}
    start = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${ApprovalApi}/*/"
    called = {
        item["FunctionName"]["Fn::GetAtt"][0]: item["SourceArn"]["Fn::Sub"].removeprefix(start)
        for item in permissions_under(template, "BehindApi")
    }
    assert called == {"DecideFunction": "$default", "DecideCommandFunction": "POST/decide"}
    (stage,) = of_type(template, "AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default", "no part of a path: links and redirects begin at the root"
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 20


def test_every_function_that_asks_decides_or_releases_knows_how_many_have_to_approve(template: Json) -> None:
    """One that did not would take one person for enough. A watch looks at what has been let into production already."""
    number = {"Ref": "RequiredApprovals"}
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        given = function["Environment"]["Variables"]
        believes = "DECISION_KEY" in given and name != "WatchDriftFunction"
        concerned = believes or name == "AskApprovalFunction"
        assert given.get("REQUIRED_APPROVALS") == (number if concerned else None), name


def test_the_page_s_address_is_throttled(template: Json) -> None:
    """Whoever guesses ids gets no further than a few at a time, unless the account has no quota for that."""
    limit = of_type(template, "AWS::Lambda::Function")["DecideFunction"]["ReservedConcurrentExecutions"]
    assert limit == {"Fn::If": ["LimitsApproval", {"Ref": "ApprovalConcurrency"}, {"Ref": "AWS::NoValue"}]}
    parameter = template["Parameters"]["ApprovalConcurrency"]
    assert 0 < parameter["Default"] <= 20
    assert template["Conditions"]["LimitsApproval"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ApprovalConcurrency"}, 0]}]
    }


def test_requests_are_attended_to_every_minute_and_when_an_execution_ends(template: Json) -> None:
    """And when somebody changes the registry, unless the stack says otherwise; each rule may call the function."""
    rules = of_type(template, "AWS::Events::Rule")
    attend = {"Fn::GetAtt": ["DecideAttendFunction", "Arn"]}
    ours = {name: rule for name, rule in rules.items() if [target["Arn"] for target in rule["Targets"]] == [attend]}
    assert set(ours) == {"AttendRule", "EndedRule", "RegistryRule"}
    assert ours["AttendRule"]["ScheduleExpression"] == "rate(1 minute)"
    ended = ours["EndedRule"]["EventPattern"]["detail"]
    assert ended["status"] == rules["FailureRule"]["EventPattern"]["detail"]["status"]
    asking = [{"Ref": f"{kind}Machine"} for kind in ("Build", "Release", "Challenge")]
    assert ended["stateMachineArn"] == asking, "a batch asks nobody"
    assert ours["RegistryRule"]["State"] == {"Ref": "RegistryDoor"}
    assert ours["RegistryRule"]["EventPattern"]["detail"] == {"ModelPackageGroupName": [{"Ref": "Project"}]}
    permitted = {
        item["SourceArn"]["Fn::GetAtt"][0]
        for item in of_type(template, "AWS::Lambda::Permission").values()
        if item["FunctionName"] == attend and item["Principal"] == "events.amazonaws.com"
    }
    assert permitted == set(ours)


def test_the_command_line_s_address_asks_for_iam_and_is_open_to_nobody_else(template: Json) -> None:
    """No permission opens it: each caller needs one of their own."""
    url = of_type(template, "AWS::Lambda::Url")["DecideCommandUrl"]
    assert url == {
        "TargetFunctionArn": {"Fn::GetAtt": ["DecideCommandFunction", "Arn"]},
        "AuthType": "AWS_IAM",
    }
    opened = [item["FunctionName"] for item in permissions_under(template, "BehindUrl")]
    assert {"Fn::GetAtt": ["DecideCommandFunction", "Arn"]} not in opened


def test_only_the_decide_function_marks_decisions_and_only_the_plans_verify(template: Json) -> None:
    """Whatever else a role may do: a Deny is stronger than any Allow."""
    key = of_type(template, "AWS::KMS::Key")["DecisionKey"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    said = {statement["Sid"]: statement for statement in key["KeyPolicy"]["Statement"]}
    decide: Any = {"Fn::GetAtt": ["DecideRole", "Arn"]}
    watch = {"Fn::If": ["Captures", {"Fn::GetAtt": ["WatchDriftRole", "Arn"]}, {"Ref": "AWS::NoValue"}]}
    plans: Any = [{"Fn::GetAtt": ["PlanReleaseRole", "Arn"]}, watch]
    for action, allow, deny, role in (
        ("kms:GenerateMac", "LetTheDecideFunctionMark", "NobodyElseMarks", decide),
        ("kms:VerifyMac", "LetThePlansVerify", "NobodyElseVerifies", plans),
    ):
        assert (said[allow]["Effect"], said[allow]["Action"], said[allow]["Principal"]) == (
            "Allow",
            action,
            {"AWS": role},
        )
        assert (said[deny]["Effect"], said[deny]["Action"], said[deny]["Principal"]) == ("Deny", action, "*")
        assert said[deny]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}
    users = {
        name
        for name, properties in of_type(template, "AWS::Lambda::Function").items()
        if "DECISION_KEY" in properties["Environment"]["Variables"]
    }
    assert {read.folder(of_type(template, "AWS::Lambda::Function")[name]) for name in users} == {
        "decide",
        "plan_release",
        "watch_drift",
    }


def test_only_the_function_that_asks_marks_requests_and_it_cannot_mark_decisions(template: Json) -> None:
    """So that a request which somebody wrote into the table is decided by nobody."""
    key = of_type(template, "AWS::KMS::Key")["RequestKey"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    said = {statement["Sid"]: statement for statement in key["KeyPolicy"]["Statement"]}
    for action, allow, deny, name in (
        ("kms:GenerateMac", "LetTheAskingFunctionMark", "NobodyElseMarks", "AskApprovalRole"),
        ("kms:VerifyMac", "LetTheDecideFunctionVerify", "NobodyElseVerifies", "DecideRole"),
    ):
        role = {"Fn::GetAtt": [name, "Arn"]}
        allowed, denied = said[allow], said[deny]
        assert (allowed["Effect"], allowed["Action"], allowed["Principal"]) == ("Allow", action, {"AWS": role})
        assert (denied["Effect"], denied["Action"], denied["Principal"]) == ("Deny", action, "*")
        assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}


def test_only_the_function_that_records_marks_what_production_serves_and_only_the_plans_verify(template: Json) -> None:
    """So that nobody lowers what a candidate is compared with by writing into the table."""
    key = of_type(template, "AWS::KMS::Key")["RecordKey"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    said = {statement["Sid"]: statement for statement in key["KeyPolicy"]["Statement"]}
    records = {"Fn::GetAtt": ["RecordChampionRole", "Arn"]}
    plans: list[Any] = [{"Fn::GetAtt": [name, "Arn"]} for name in ("PlanRunRole", "PlanReleaseRole")]
    plans.append({"Fn::If": ["Captures", {"Fn::GetAtt": ["WatchDriftRole", "Arn"]}, {"Ref": "AWS::NoValue"}]})
    for action, allow, deny, roles in (
        ("kms:GenerateMac", "LetTheRecordingFunctionMark", "NobodyElseMarks", records),
        ("kms:VerifyMac", "LetThePlansVerify", "NobodyElseVerifies", plans),
    ):
        allowed, denied = said[allow], said[deny]
        assert (allowed["Effect"], allowed["Action"], allowed["Principal"]) == ("Allow", action, {"AWS": roles})
        assert (denied["Effect"], denied["Action"], denied["Principal"]) == ("Deny", action, "*")
        assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": roles}}


def test_a_decision_is_written_once_and_by_one_function(template: Json) -> None:
    """Nobody may change or delete one, and only the decide function writes one."""
    about = [
        grant
        for grant in read.grants(template)
        if any(action.startswith("dynamodb:") for action in grant.actions)
        and any(key.startswith("decision#") for key in read.leading_keys(grant))
    ]
    assert {(grant.role, *grant.actions) for grant in about} == {
        ("DecideRole", "dynamodb:GetItem", "dynamodb:PutItem"),
        ("PlanReleaseRole", "dynamodb:GetItem"),
        ("WatchDriftRole", "dynamodb:GetItem"),
    }


def test_images_are_scanned_and_their_tags_never_move(template: Json) -> None:
    """What was registered under a tag is what will run."""
    for repository in of_type(template, "AWS::ECR::Repository").values():
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]


def test_a_service_reaches_topic_and_queue_for_this_stack_alone(template: Json) -> None:
    """The alarms of the project, and each rule where it sends, or keeps what it could not."""
    account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    policies = {**of_type(template, "AWS::SNS::TopicPolicy"), **of_type(template, "AWS::SQS::QueuePolicy")}
    statements = [
        statement["Fn::If"][1] if statement.get("Fn::If", [""])[0] == "StartsOnData" else statement
        for policy in policies.values()
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    allowed = [statement for statement in statements if statement.get("Effect") == "Allow"]
    rules = {
        (statement["Resource"]["Fn::GetAtt"][0], statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0])
        for statement in allowed
        if statement["Principal"]["Service"] == "events.amazonaws.com"
    }
    assert rules == {
        ("UndeliveredQueue", "FailureRule"),
        ("UndeliveredQueue", "ArrivalRule"),
        ("ArrivalQueue", "ArrivalRule"),
    }
    assert all(statement["Condition"]["StringEquals"] == account for statement in allowed)
    services = {statement["Principal"]["Service"]: statement["Condition"] for statement in allowed}
    del services["events.amazonaws.com"]
    assert services == {
        "cloudwatch.amazonaws.com": {
            "StringEquals": account,
            "ArnLike": {
                "aws:SourceArn": {
                    "Fn::Sub": "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${Project}-*"
                }
            },
        },
    }


@pytest.mark.parametrize("machine", ["BuildMachine", "ReleaseMachine", "StageMachine"])
def test_a_definition_and_the_template_agree_on_every_placeholder(machine: str) -> None:
    """A placeholder without a value would be deployed as it is; a value without a placeholder is a leftover."""
    definitions = render_definitions(ROOT)
    for key, network in itertools.product(("", KEY), ({}, NETWORK)):
        given = {"KeyArn": key, **network}
        properties = of_type(read.resolved(**given), "AWS::StepFunctions::StateMachine")[machine]
        name, parts = properties["DefinitionS3Location"]["Key"]["Fn::Sub"]
        for part, value in parts.items():
            name = name.replace(f"${{{part}}}", value)
        definition = definitions[name.removeprefix("${CodePrefix}/")].decode()
        assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(properties["DefinitionSubstitutions"])


def test_everything_that_takes_tags_carries_the_projects(template: Json) -> None:
    """Cost and ownership are read from one tag."""
    untagged = {
        "AWS::Scheduler::Schedule",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Rule",
        "AWS::SNS::Subscription",
        "AWS::Lambda::Url",
        "AWS::Lambda::EventSourceMapping",
    }
    untagged |= {"AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route"}
    untagged |= {f"AWS::ApiGateway::{part}" for part in ("Resource", "Method", "Deployment", "UsagePlanKey")}
    policies = {"AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::Lambda::Permission"}
    tag: Any = {"Key": "project", "Value": {"Ref": "Project"}}
    for name, item in template["Resources"].items():
        if item["Type"] not in untagged | policies:
            if item["Type"] == "AWS::SSM::Parameter" or item["Type"].startswith("AWS::ApiGatewayV2::"):
                assert item["Properties"]["Tags"] == {"project": {"Ref": "Project"}}, name
            else:
                assert tag in item["Properties"]["Tags"], name


def test_sources_and_their_keys_are_read_by_the_plan_and_the_jobs_and_by_nobody_else(template: Json) -> None:
    """What a person names is all that is opened, and only where somebody named anything."""
    found: dict[str, dict[str, list[Any]]] = {}
    for grant in read.grants(template):
        if grant.sid in {"ListTheSources", "ReadTheSources", "DecryptTheSources"}:
            found.setdefault(grant.role, {})[grant.sid] = grant.resources
            if grant.sid == "DecryptTheSources":
                assert grant.condition == {"StringLike": {"kms:ViaService": {"Fn::Sub": "s3.*.${AWS::URLSuffix}"}}}
    begins = {"Fn::Join": ["*,", {"Fn::Split": [",", {"Ref": "Sources"}]}]}
    wanted = {
        "ListTheSources": [{"Fn::Split": [",", {"Ref": "SourceBuckets"}]}],
        "ReadTheSources": [{"Fn::Split": [",", {"Fn::Sub": ["${Joined}*", {"Joined": begins}]}]}],
        "DecryptTheSources": [{"Fn::Split": [",", {"Ref": "SourceKeys"}]}],
    }
    listing = {"ListTheSources": wanted["ListTheSources"]}
    jobs = {"JobRole": wanted, "BatchJobRole": wanted}
    assert found == {"PlanRunRole": wanted, "PlanReleaseRole": listing, **jobs}
    for name in ("Sources", "SourceKeys"):
        pattern = template["Parameters"][name]["AllowedPattern"]
        assert re.fullmatch(pattern, "")
        assert not re.fullmatch(pattern, "*")
    pattern = template["Parameters"]["Sources"]["AllowedPattern"]
    assert re.fullmatch(pattern, "arn:aws-cn:s3:::data/,arn:aws:s3:::other/folder/")
    assert not re.fullmatch(pattern, "arn:aws:s3:::data"), "it would reach into buckets whose names begin so"


def needed_by(template: Json, names: set[str]) -> set[str]:
    """These resources and all that they depend on, by a reference or by name."""
    resources = template["Resources"]
    needed: set[str] = set()
    open_ends = sorted(names)
    while open_ends:
        name = open_ends.pop()
        if name not in needed:
            needed.add(name)
            written = json.dumps(resources[name])
            open_ends += [other for other in resources if re.search(rf'["{{]{other}[".}}]', written)]
    return needed


def test_a_deletion_begins_with_the_registry_which_stays_while_it_holds_versions(template: Json) -> None:
    """Everything else is kept with it. Name a new resource that no other refers to in DependsOn of PackageGroup."""
    assert set(template["Resources"]) - needed_by(template, {"PackageGroup"}) == set()
