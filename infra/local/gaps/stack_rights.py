"""What CloudFormation calls for each type of resource, and on which resource: the rights that changing a stack takes.

By the permissions that AWS's registry lists for a type's handlers, as far as the template uses the type. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HERE = "{region}:{account}"


@dataclass(frozen=True)
class Rights:
    """The actions of one type, without the service where it is the same; ``arn`` is filled in from the properties."""

    service: str
    arn: str
    create: str
    update: str
    delete: str
    passes: tuple[str, ...] = ()

    def actions(self, verb: str) -> list[str]:
        """The whole names of what ``create``, ``update`` or ``delete`` calls."""
        return [name if ":" in name else f"{self.service}:{name}" for name in getattr(self, verb).split()]


RIGHTS: dict[str, Rights] = {
    "AWS::S3::Bucket": Rights(
        "s3",
        "arn:aws:s3:::{BucketName}",
        "CreateBucket PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning"
        " PutEncryptionConfiguration PutLifecycleConfiguration PutBucketLogging PutBucketNotification",
        "PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning"
        " PutEncryptionConfiguration PutLifecycleConfiguration PutBucketLogging PutBucketNotification",
        "DeleteBucket",
    ),
    "AWS::S3::BucketPolicy": Rights(
        "s3",
        "arn:aws:s3:::{Bucket}",
        "GetBucketPolicy PutBucketPolicy",
        "GetBucketPolicy PutBucketPolicy",
        "GetBucketPolicy DeleteBucketPolicy",
    ),
    "AWS::SSM::Parameter": Rights(
        "ssm",
        f"arn:aws:ssm:{HERE}:parameter{{Name}}",
        "PutParameter GetParameters AddTagsToResource",
        "PutParameter GetParameters AddTagsToResource RemoveTagsFromResource ListTagsForResource",
        "DeleteParameter",
    ),
    "AWS::DynamoDB::Table": Rights(
        "dynamodb",
        f"arn:aws:dynamodb:{HERE}:table/{{TableName}}",
        "CreateTable DescribeTable DescribeTimeToLive UpdateTimeToLive DescribeContinuousBackups"
        " UpdateContinuousBackups DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy"
        " ListTagsOfResource TagResource",
        "UpdateTable DescribeTable DescribeTimeToLive UpdateTimeToLive DescribeContinuousBackups"
        " UpdateContinuousBackups DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy"
        " ListTagsOfResource TagResource UntagResource",
        # It outlives the stack; one that could not be made is deleted.
        "DeleteTable DescribeTable",
    ),
    "AWS::KMS::Key": Rights(
        "kms",
        f"arn:aws:kms:{HERE}:key/{{id}}",
        "CreateKey DescribeKey EnableKeyRotation PutKeyPolicy TagResource",
        "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags EnableKeyRotation PutKeyPolicy TagResource"
        " UntagResource UpdateKeyDescription",
        "DescribeKey ScheduleKeyDeletion",
    ),
    "AWS::SNS::Topic": Rights(
        "sns",
        f"arn:aws:sns:{HERE}:{{TopicName}}",
        "CreateTopic GetTopicAttributes SetTopicAttributes TagResource ListTagsForResource",
        "GetTopicAttributes SetTopicAttributes TagResource UntagResource ListTagsForResource",
        "DeleteTopic GetTopicAttributes",
    ),
    "AWS::SNS::TopicPolicy": Rights(
        "sns", "{Topics[0]}", "SetTopicAttributes", "SetTopicAttributes", "SetTopicAttributes"
    ),
    "AWS::SNS::Subscription": Rights(
        "sns",
        "{TopicArn}",
        "Subscribe ListSubscriptionsByTopic",
        "GetSubscriptionAttributes SetSubscriptionAttributes",
        "Unsubscribe GetSubscriptionAttributes",
    ),
    "AWS::SQS::Queue": Rights(
        "sqs",
        f"arn:aws:sqs:{HERE}:{{QueueName}}",
        "CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags TagQueue",
        "SetQueueAttributes GetQueueAttributes GetQueueUrl ListQueueTags TagQueue UntagQueue",
        "DeleteQueue GetQueueAttributes",
    ),
    "AWS::SQS::QueuePolicy": Rights(
        "sqs", f"arn:aws:sqs:{HERE}:{{queue}}", "SetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes"
    ),
    "AWS::SageMaker::ModelPackageGroup": Rights(
        "sagemaker",
        f"arn:aws:sagemaker:{HERE}:model-package-group/{{ModelPackageGroupName}}",
        "CreateModelPackageGroup DescribeModelPackageGroup GetModelPackageGroupPolicy AddTags ListTags",
        "DescribeModelPackageGroup GetModelPackageGroupPolicy AddTags DeleteTags ListTags",
        "DeleteModelPackageGroup DescribeModelPackageGroup",
    ),
    "AWS::ECR::Repository": Rights(
        "ecr",
        f"arn:aws:ecr:{HERE}:repository/{{RepositoryName}}",
        "CreateRepository DescribeRepositories PutLifecyclePolicy SetRepositoryPolicy TagResource",
        "DescribeRepositories GetLifecyclePolicy GetRepositoryPolicy PutLifecyclePolicy PutImageScanningConfiguration"
        " PutImageTagMutability SetRepositoryPolicy DeleteRepositoryPolicy ListTagsForResource TagResource"
        " UntagResource",
        "DeleteRepository",
    ),
    "AWS::Logs::LogGroup": Rights(
        "logs",
        f"arn:aws:logs:{HERE}:log-group:{{LogGroupName}}",
        "CreateLogGroup DescribeLogGroups PutRetentionPolicy TagResource AssociateKmsKey",
        "DescribeLogGroups PutRetentionPolicy ListTagsForResource TagResource UntagResource AssociateKmsKey",
        "DeleteLogGroup DescribeLogGroups",
    ),
    "AWS::IAM::Role": Rights(
        "iam",
        "arn:aws:iam::{account}:role{Path}{stack}-{logical}",
        "CreateRole GetRole PutRolePolicy TagRole PutRolePermissionsBoundary",
        "GetRole GetRolePolicy ListRolePolicies ListAttachedRolePolicies PutRolePolicy DeleteRolePolicy TagRole"
        " UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription PutRolePermissionsBoundary"
        " DeleteRolePermissionsBoundary",
        "DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies",
    ),
    "AWS::Lambda::Function": Rights(
        "lambda",
        f"arn:aws:lambda:{HERE}:function:{{FunctionName}}",
        "CreateFunction GetFunction PutFunctionConcurrency TagResource",
        "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionRecursionConfig"
        " GetRuntimeManagementConfig UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency"
        " DeleteFunctionConcurrency ListTags TagResource UntagResource",
        "DeleteFunction GetFunction",
        ("Role",),
    ),
    "AWS::Lambda::Url": Rights(
        "lambda",
        "{TargetFunctionArn}",
        "CreateFunctionUrlConfig",
        "UpdateFunctionUrlConfig",
        "DeleteFunctionUrlConfig GetFunctionUrlConfig",
    ),
    "AWS::Lambda::Permission": Rights("lambda", "{FunctionName}", "AddPermission", "GetPolicy", "RemovePermission"),
    "AWS::Lambda::EventSourceMapping": Rights(
        "lambda",
        f"arn:aws:lambda:{HERE}:event-source-mapping:{{id}}",
        # The stack's tags go to it as well, by calls that are asked of the mapping itself.
        "CreateEventSourceMapping GetEventSourceMapping TagResource",
        "UpdateEventSourceMapping GetEventSourceMapping ListTags TagResource UntagResource",
        "DeleteEventSourceMapping GetEventSourceMapping",
    ),
    "AWS::Events::Rule": Rights(
        "events",
        f"arn:aws:events:{HERE}:rule/{{Name}}",
        "PutRule DescribeRule PutTargets",
        "PutRule DescribeRule PutTargets RemoveTargets ListTargetsByRule",
        "DeleteRule DescribeRule RemoveTargets ListTargetsByRule",
    ),
    "AWS::StepFunctions::StateMachine": Rights(
        "states",
        f"arn:aws:states:{HERE}:stateMachine:{{StateMachineName}}",
        "CreateStateMachine DescribeStateMachine TagResource",
        "UpdateStateMachine DescribeStateMachine ListTagsForResource TagResource UntagResource",
        "DeleteStateMachine DescribeStateMachine",
        ("RoleArn",),
    ),
    "AWS::Scheduler::Schedule": Rights(
        "scheduler",
        f"arn:aws:scheduler:{HERE}:schedule/default/{{Name}}",
        "CreateSchedule GetSchedule",
        "UpdateSchedule GetSchedule",
        "DeleteSchedule GetSchedule",
        ("Target", "RoleArn"),
    ),
    "AWS::CloudWatch::Dashboard": Rights(
        "cloudwatch",
        "arn:aws:cloudwatch::{account}:dashboard/{DashboardName}",
        "PutDashboard GetDashboard",
        "PutDashboard GetDashboard",
        "DeleteDashboards GetDashboard",
    ),
    "AWS::CloudWatch::Alarm": Rights(
        "cloudwatch",
        f"arn:aws:cloudwatch:{HERE}:alarm:{{AlarmName}}",
        "PutMetricAlarm DescribeAlarms TagResource",
        "PutMetricAlarm DescribeAlarms ListTagsForResource TagResource UntagResource",
        "DeleteAlarms DescribeAlarms",
    ),
    **{
        f"AWS::ApiGateway::{kind}": Rights(
            "apigateway", f"arn:aws:apigateway:{{region}}::{path}", "POST PUT GET", "PATCH PUT GET", "DELETE"
        )
        for kind, path in {
            "RestApi": "/restapis",
            "Resource": "/restapis/{RestApiId}/resources",
            "Method": "/restapis/{RestApiId}/resources",
            "Deployment": "/restapis/{RestApiId}/deployments",
            "Stage": "/restapis/{RestApiId}/stages",
            "ApiKey": "/apikeys",
            "UsagePlan": "/usageplans",
            "UsagePlanKey": "/usageplans/{UsagePlanId}/keys",
        }.items()
    },
    **{
        f"AWS::ApiGatewayV2::{kind}": Rights(
            "apigateway", f"arn:aws:apigateway:{{region}}::{path}", "POST GET", "PATCH GET", "DELETE GET"
        )
        for kind, path in {
            "Api": "/apis",
            "Stage": "/apis/{ApiId}/stages",
            "Integration": "/apis/{ApiId}/integrations",
            "Route": "/apis/{ApiId}/routes",
        }.items()
    },
}


WITHOUT_RESOURCE = frozenset(
    {
        "kms:CreateKey",
        "lambda:CreateEventSourceMapping",
        "logs:DescribeLogGroups",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }
)
"""Actions that IAM knows no resource for: a policy allows them on all, or not at all."""

KEY_RIGHTS = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
NETWORK_RIGHTS = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
GRANTS_ON_ITS_KEY = ("KmsKeyArn", "KmsKey", "KMSMasterKeyId")
"""Where functions, registries and tables name a key: their services use it by a grant of whoever makes them."""


def beside(properties: dict[str, Any]) -> list[tuple[str, str]]:
    """Actions and ARNs that a key or a network takes beside the resource itself."""
    found = [(action, "*") for action in NETWORK_RIGHTS] if properties.get("VpcConfig") else []
    for part in (properties, *(item for item in properties.values() if isinstance(item, dict))):
        for member in GRANTS_ON_ITS_KEY:
            if part.get(member):
                found += [(action, str(part[member])) for action in KEY_RIGHTS]
    return found


def resource(rights: Rights, properties: dict[str, Any], **known: str) -> str:
    """The ARN that rights are asked for."""
    queue = str(properties.get("Queues", [""])[0]).rpartition("/")[2]
    return rights.arn.format(**{"Path": "/", "id": "new", "queue": queue, **properties, **known})


def passed_role(rights: Rights, properties: dict[str, Any]) -> str:
    """The ARN of the role that the resource is given, empty for none."""
    value: Any = properties
    for part in rights.passes:
        value = value.get(part, {})
    return str(value) if rights.passes else ""
