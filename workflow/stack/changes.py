"""Changes a CloudFormation stack by a change set and follows it to its end, telling every event.

Knows CloudFormation's statuses and nothing of what a stack holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.errors import GreenlightError, ServiceError

_NOTHING = ("didn't contain changes", "No updates are to be performed")
PLANNED = ("will be made", "will be changed", "will be replaced", "will be removed", "may be changed")
"""What a change set says of a resource."""
UPLOADED = "uploaded"
"""What is told of each file of a deployment."""
STACK = "AWS::CloudFormation::Stack"
"""The type that events of the stack itself have."""
_WORDS = {"Add": "will be made", "Modify": "will be changed", "Remove": "will be removed", "Dynamic": "may be changed"}


@dataclass(frozen=True)
class Step:
    """One thing that happened to a resource (a logical id, a file, an image); ``reason`` is empty when all is well.

    ``kind`` is the type of one of CloudFormation's resources, empty for anything else.
    """

    resource: str
    status: str
    reason: str = ""
    kind: str = ""


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Change:
    """How a project's stack is changed: with which tags, and as which role (empty for the one it has)."""

    cloud: Cloud
    project: str
    tags: Mapping[str, str]
    role_arn: str
    on_progress: Progress

    def make(self, template: str, parameters: list[dict[str, Any]], *, there: bool, only_show: bool = False) -> None:
        """Bring a stack that is ``there``, or a new one, to a template and its parameters, or only tell how."""
        tags = [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]
        role = {"RoleARN": self.role_arn} if self.role_arn else {}
        more = {"Tags": tags, "TemplateURL": template, "Parameters": parameters, **role}
        change_stack(self.cloud, self.project, more, there, self.on_progress, only_show=only_show)


def change_stack(
    cloud: Cloud,
    project: str,
    wanted: Mapping[str, Any],
    there: bool,
    on_progress: Progress,
    *,
    only_show: bool = False,
) -> None:
    """Make a change set, tell what it changes, execute it and wait. Nothing to change is no error.

    With ``only_show`` it is deleted instead of executed, and with it the empty stack that it was the first of.
    """
    name = f"{project}-{time.time_ns():x}"
    made = cloud.call(
        "cloudformation",
        "create_change_set",
        StackName=project,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if there else "CREATE",
        **{"Capabilities": ["CAPABILITY_IAM"], **wanted},
    )
    changes = review_changes(cloud, str(made["Id"]), project)
    if not changes:
        cloud.call("cloudformation", "delete_change_set", StackName=project, ChangeSetName=made["Id"])
        on_progress(Step(project, "unchanged"))
        return
    for item in changes:
        replaced = item.get("Replacement") == "True"
        word = "will be replaced" if replaced else _WORDS.get(item["Action"], item["Action"])
        on_progress(Step(item["LogicalResourceId"], word, kind=item["ResourceType"]))
    if only_show:
        cloud.call("cloudformation", "delete_change_set", StackName=project, ChangeSetName=made["Id"])
        if not there:
            cloud.call("cloudformation", "delete_stack", StackName=made["StackId"])
        return
    since = time.time()
    cloud.call("cloudformation", "execute_change_set", StackName=project, ChangeSetName=made["Id"])
    follow(cloud, project, str(made["StackId"]), since, on_progress, wanted={"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def review_changes(cloud: Cloud, change_set: str, project: str) -> list[dict[str, Any]]:
    """Wait for the change set and return what it changes; nothing where the stack is as it should be."""
    while True:
        found = cloud.call("cloudformation", "describe_change_set", StackName=project, ChangeSetName=change_set)
        status, reason = found["Status"], found.get("StatusReason", "")
        if status == "FAILED":
            if any(text in reason for text in _NOTHING):
                return []
            raise GreenlightError(f"CloudFormation refuses the template of {project}: {reason}")
        if status == "CREATE_COMPLETE":
            changes = found.get("Changes", [])
            while found.get("NextToken"):
                found = cloud.call(
                    "cloudformation",
                    "describe_change_set",
                    StackName=project,
                    ChangeSetName=change_set,
                    NextToken=found["NextToken"],
                )
                changes += found.get("Changes", [])
            return [item["ResourceChange"] for item in changes]
        time.sleep(pause_seconds(cloud))


def follow(cloud: Cloud, project: str, stack_id: str, since: float, on_progress: Progress, *, wanted: set[str]) -> None:
    """Tell every event of the stack until no change is in progress. Raises GreenlightError naming what failed first."""
    seen: set[str] = set()
    failed: list[Step] = []
    while True:
        status = read_status(cloud, stack_id)
        for event in read_new_events(cloud, stack_id, since, seen):
            step = Step(
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
                event["ResourceType"],
            )
            on_progress(step)
            if step.status.endswith("_FAILED") and "cancelled" not in step.reason:
                failed.append(step)
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(pause_seconds(cloud))
    if status not in wanted:
        first = failed[0] if failed else Step(project, status, "CloudFormation gives no reason")
        raise GreenlightError(f"the stack {project} is {status}.\n  {first.resource}: {first.reason or first.status}")


def read_status(cloud: Cloud, stack_id: str) -> str:
    """The stack's status; a stack that is gone counts as deleted."""
    try:
        return str(cloud.call("cloudformation", "describe_stacks", StackName=stack_id)["Stacks"][0]["StackStatus"])
    except ServiceError as error:
        if "does not exist" in str(error):
            return "DELETE_COMPLETE"
        raise


def read_new_events(cloud: Cloud, stack_id: str, since: float, seen: set[str]) -> list[dict[str, Any]]:
    """Events of the stack since a moment that were not seen before, the oldest first."""
    fresh = []
    # A second of grace: the stack's clock is not this machine's.
    for event in cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id):
        if event["EventId"] in seen or event["Timestamp"].timestamp() < since - 1:
            break
        fresh.append(event)
    seen.update(event["EventId"] for event in fresh)
    return fresh[::-1]


def pause_seconds(cloud: Cloud) -> float:
    """Seconds between two looks at CloudFormation."""
    return 0.2 if cloud.local else 3.0
