"""The record of decisions: the stack's table of approvals, champion and releases, which outlives the stack.

Finds and deletes it by name. Knows nothing of what stands in it.
"""

from __future__ import annotations

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError


def check(cloud: Cloud, project: str, table: str) -> None:
    """Raise UsageError unless the table is there and carries the project's tag: nobody else's is deleted by a typo."""
    try:
        arn = cloud.call("dynamodb", "describe_table", TableName=table)["Table"]["TableArn"]
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise UsageError(f"--records {table}: there is no table of this name. Nothing was removed.") from error
    tags = cloud.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn)
    if not any(tag["Key"] == "project" and tag["Value"] == project for tag in tags):
        raise UsageError(f"--records {table}: this table is not of the project {project}. Nothing was removed.")


def remove(cloud: Cloud, table: str) -> None:
    """Delete the table, and with it what was decided and released."""
    cloud.call("dynamodb", "delete_table", TableName=table)
