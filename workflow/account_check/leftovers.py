"""Finds what is there of a project: by its tag wherever AWS looks by tags, and by its name in each service.

Deletes nothing. What SageMaker keeps of jobs for ever, and keys that wait for their deletion, cost nothing and are not
listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.outputs import describe_stack


@dataclass(frozen=True)
class Listing:
    """How one kind of thing is listed: the things lie below ``key``, each called what it has below ``name``.

    Where ``name`` is empty a thing is its name. PROJECT in ``narrowed``, parameters of the call, is the project.
    """

    kind: str
    service: str
    operation: str
    key: str
    name: str = ""
    narrowed: Mapping[str, str] = field(default_factory=dict)


LISTINGS = (
    Listing("endpoint", "sagemaker", "list_endpoints", "Endpoints", "EndpointName", {"NameContains": "PROJECT"}),
    Listing(
        "endpoint configuration",
        "sagemaker",
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
        {"NameContains": "PROJECT"},
    ),
    Listing("model", "sagemaker", "list_models", "Models", "ModelName", {"NameContains": "PROJECT"}),
    Listing(
        "package group",
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
        {"NameContains": "PROJECT"},
    ),
    Listing("bucket", "s3", "list_buckets", "Buckets", "Name"),
    Listing("table", "dynamodb", "list_tables", "TableNames"),
    Listing("function", "lambda", "list_functions", "Functions", "FunctionName"),
    Listing("state machine", "stepfunctions", "list_state_machines", "stateMachines", "name"),
    Listing("role", "iam", "list_roles", "Roles", "RoleName"),
    Listing("repository", "ecr", "describe_repositories", "repositories", "repositoryName"),
    Listing("schedule", "scheduler", "list_schedules", "Schedules", "Name", {"NamePrefix": "PROJECT"}),
    Listing("rule", "events", "list_rules", "Rules", "Name", {"NamePrefix": "PROJECT"}),
    Listing("queue", "sqs", "list_queues", "QueueUrls", "", {"QueueNamePrefix": "PROJECT"}),
    Listing("topic", "sns", "list_topics", "Topics", "TopicArn"),
    Listing("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", {"AlarmNamePrefix": "PROJECT"}),
    Listing(
        "dashboard",
        "cloudwatch",
        "list_dashboards",
        "DashboardEntries",
        "DashboardName",
        {"DashboardNamePrefix": "PROJECT"},
    ),
    Listing("API", "apigateway", "get_rest_apis", "items", "name"),
    Listing("HTTP API", "apigatewayv2", "get_apis", "Items", "Name"),
    *(
        Listing("log group", "logs", "describe_log_groups", "logGroups", "logGroupName", {"logGroupNamePrefix": prefix})
        for prefix in (
            "/aws/lambda/PROJECT",
            "/aws/vendedlogs/states/PROJECT",
            "/aws/apigateway/PROJECT",
            "/aws/sagemaker/Endpoints/PROJECT",
        )
    ),
)

RECORDS = re.compile(
    r":sagemaker:[^:]*:[^:]*:((training|processing|transform|hyper-parameter-tuning)-job|experiment-trial-component)/|:cloudformation:"
)
"""ARNs of what SageMaker remembers of jobs that ended, and of stacks, which are looked for by name."""


def find_leftovers(cloud: Cloud, project: str) -> list[str]:
    """Everything of the project that is there, each with its kind; empty where there is nothing."""
    found = {f"{listing.kind} {name}" for listing in LISTINGS for name in _named(cloud, listing, project)}
    found |= {f"tagged {arn}" for arn in _tagged(cloud, project)}
    if describe_stack(cloud, project) is not None:
        found.add(f"stack {project}")
    return sorted(found)


def is_of(name: str, project: str) -> bool:
    """Whether a name, an ARN or a path's last part is the project's or begins with it, a dash between."""
    last = re.split("[/:]", name)[-1]
    return last == project or last.startswith(f"{project}-")


def _named(cloud: Cloud, listing: Listing, project: str) -> Iterator[str]:
    narrowed = {key: value.replace("PROJECT", project) for key, value in listing.narrowed.items()}
    for item in cloud.pages(listing.service, listing.operation, listing.key, **narrowed):
        name = str(item[listing.name] if listing.name else item)
        if is_of(name, project):
            yield name


def _tagged(cloud: Cloud, project: str) -> Iterator[str]:
    wanted: list[Mapping[str, Any]] = [{"Key": "project", "Values": [project]}]
    for item in cloud.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=wanted):
        arn = str(item["ResourceARN"])
        if not RECORDS.search(arn) and not _ends_soon(cloud, arn):
            yield arn


def _ends_soon(cloud: Cloud, arn: str) -> bool:
    """Whether a key waits for its deletion, which AWS makes it do for a week at least; such a key costs nothing."""
    if ":kms:" not in arn:
        return False
    try:
        state = cloud.call("kms", "describe_key", KeyId=arn)["KeyMetadata"]["KeyState"]
    except ServiceError as error:
        if error.code == "NotFoundException":
            return True
        raise
    return bool(state == "PendingDeletion")
