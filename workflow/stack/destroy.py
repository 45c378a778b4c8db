"""Removes a project: its endpoints, models, packages and buckets with everything in them, then its stack.

The record of decisions stays unless it is named. Touches what carries the project's tag or name and nothing else. Asks
nobody; the command does that first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.contract.deployment import is_release_alarm
from workflow.contract.stage_accounts import STAGES
from workflow.errors import ServiceError, UsageError
from workflow.stack import buckets, records
from workflow.stack.budget import NONE, budget_name, remove_budget
from workflow.stack.changes import Progress, Step, follow, pause_seconds
from workflow.stack.definitions import MACHINES
from workflow.stack.deploy import code_bucket
from workflow.stack.lineage import remove_lineage
from workflow.stack.log_groups import endpoint_groups
from workflow.stack.outputs import Place, describe_stack, find_place, values_of
from workflow.stack.shared_endpoint import is_gone, remove_component


def destroy(
    project: str, *, records_table: str = "", cloud: Cloud | None = None, on_progress: Progress = lambda _: None
) -> str:
    """Remove everything the project owns but its record of decisions; return the table that holds it.

    A bucket that was there before the stack stays as it is.

    The record goes too where ``records_table`` names its table, which may also be that of a stack removed before; then
    the answer is empty. Raises UsageError before anything is removed where there is nothing, or no such table;
    GreenlightError where something stays that should not.
    """
    cloud = cloud or AwsCloud()
    place = find_place(cloud)
    found = describe_stack(cloud, project)
    code = code_bucket(project, place)
    if records_table:
        records.check(cloud, project, records_table)
    elif found is None and not buckets.exists(cloud, code, place) and not find_endpoints(cloud, project):
        raise UsageError(f"no stack {project} in {place.region} (account {place.account}): nothing to remove.")
    table = "" if found is None else find_table(found)
    if found is not None:
        stop_executions(cloud, project, place, on_progress)
    if values_of(found).get("SharedEndpoint"):
        remove_component(cloud, project, on_progress)
    remove_endpoints(cloud, project, on_progress)
    remove_tagged(cloud, project, on_progress)
    remove_alarms(cloud, project, on_progress)
    packages = list(_packages(cloud, project))
    remove_lineage(cloud, packages, lambda arn: is_tagged(cloud, arn, project), on_progress)
    remove_packages(cloud, packages, on_progress)
    brought = values_of(found).get("ExistingBucket", "")
    if brought:
        on_progress(Step(brought, "stays", "with the data, the runs and the models in it"))
    for stage in STAGES:
        account = values_of(found).get(f"{stage.capitalize()}Account", "")
        if account not in ("", place.account):
            on_progress(Step(f"{project}-{stage}", "stays", f"in account {account}: delete it, and the stack there"))
    for bucket in (code,) if brought else (f"{project}-{place.account}-{place.region}", code):
        if buckets.exists(cloud, bucket, place):
            on_progress(Step(bucket, f"emptied of {buckets.empty(cloud, bucket)} objects"))
    if (
        found is not None
        and values_of(found).get("MonthlyBudget", NONE) != NONE
        and remove_budget(cloud, project, place)
    ):
        on_progress(Step(f"budget {budget_name(project, place)}", "removed"))
    if found is not None:
        since = time.time()
        if found.get("EnableTerminationProtection"):
            cloud.call(
                "cloudformation", "update_termination_protection", StackName=project, EnableTerminationProtection=False
            )
        cloud.call("cloudformation", "delete_stack", StackName=project)
        follow(cloud, project, str(found["StackId"]), since, on_progress, wanted={"DELETE_COMPLETE"})
    if buckets.exists(cloud, code, place):
        cloud.call("s3", "delete_bucket", Bucket=code)
        on_progress(Step(code, "removed"))
    for group in endpoint_groups(project):
        remove_log(cloud, group)
    if records_table:
        records.remove(cloud, records_table)
        on_progress(Step(records_table, "removed"))
    if table in ("", records_table):
        return ""
    on_progress(Step(table, "stays", "what was decided and released"))
    return table


def find_table(stack: Mapping[str, Any]) -> str:
    """The name of a described stack's table; empty where its first deployment never ended."""
    outputs = {item["OutputKey"]: str(item["OutputValue"]) for item in stack.get("Outputs", [])}
    return outputs.get("Table", "")


def stop_executions(cloud: Cloud, project: str, place: Place, on_progress: Progress) -> None:
    """Stop what runs, so that no job outlives the machine that started it.

    Step Functions stops what an execution waits for as well, a moment later, in which it could make an endpoint anew.
    """
    for machine in MACHINES:
        arn = f"arn:{place.partition}:states:{place.region}:{place.account}:stateMachine:{project}-{machine}"
        try:
            running = list(
                cloud.pages(
                    "stepfunctions", "list_executions", "executions", stateMachineArn=arn, statusFilter="RUNNING"
                )
            )
        except ServiceError as error:
            if error.code == "StateMachineDoesNotExist":
                continue
            raise
        for execution in running:
            cloud.call(
                "stepfunctions",
                "stop_execution",
                executionArn=execution["executionArn"],
                cause="the project is removed",
            )
            on_progress(Step(execution["name"], "stopped"))


def remove_endpoints(cloud: Cloud, project: str, on_progress: Progress) -> None:
    """Delete both endpoints and wait until they are gone, because their configurations go next."""
    there = find_endpoints(cloud, project)
    for stage in there:
        cloud.call("sagemaker", "delete_endpoint", EndpointName=f"{project}-{stage}")
    for stage in there:
        while endpoint_exists(cloud, f"{project}-{stage}"):
            time.sleep(pause_seconds(cloud))
        on_progress(Step(f"{project}-{stage}", "removed"))


def find_endpoints(cloud: Cloud, project: str) -> list[str]:
    """The stages whose endpoint exists. No stack holds them: they outlive one that is deleted in the console."""
    return [stage for stage in STAGES if endpoint_exists(cloud, f"{project}-{stage}")]


def endpoint_exists(cloud: Cloud, name: str) -> bool:
    """Whether the endpoint exists in any state."""
    try:
        cloud.call("sagemaker", "describe_endpoint", EndpointName=name)
    except ServiceError as error:
        if is_gone(error):
            return False
        raise
    return True


def remove_tagged(cloud: Cloud, project: str, on_progress: Progress) -> None:
    """Delete the endpoint configurations and models that carry the project's tag."""
    for kind, listing, key, delete in (
        ("EndpointConfig", "list_endpoint_configs", "EndpointConfigs", "delete_endpoint_config"),
        ("Model", "list_models", "Models", "delete_model"),
    ):
        for item in list(cloud.pages("sagemaker", listing, key, NameContains=project)):
            if is_tagged(cloud, str(item[f"{kind}Arn"]), project):
                cloud.call("sagemaker", delete, **{f"{kind}Name": item[f"{kind}Name"]})
                on_progress(Step(item[f"{kind}Name"], "removed"))


def remove_alarms(cloud: Cloud, project: str, on_progress: Progress) -> None:
    """Delete the alarms of releases that were stopped before they could."""
    prefix = f"{project}-production-v"
    for alarm in list(cloud.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix)):
        if is_release_alarm(project, alarm["AlarmName"]):
            cloud.call("cloudwatch", "delete_alarms", AlarmNames=[alarm["AlarmName"]])
            on_progress(Step(alarm["AlarmName"], "removed"))


def is_tagged(cloud: Cloud, arn: str, project: str) -> bool:
    """Whether a resource is tagged as the project's: a name's beginning may be another project's whole name."""
    tags = cloud.pages("sagemaker", "list_tags", "Tags", ResourceArn=arn)
    return any(tag["Key"] == "project" and tag["Value"] == project for tag in tags)


def remove_packages(cloud: Cloud, packages: Iterable[str], on_progress: Progress) -> None:
    """Delete every version of the package group, which cannot be deleted before."""
    for arn in packages:
        cloud.call("sagemaker", "delete_model_package", ModelPackageName=arn)
        on_progress(Step("/".join(arn.split("/")[-2:]), "removed"))


def _packages(cloud: Cloud, project: str) -> Iterator[str]:
    try:
        for item in cloud.pages(
            "sagemaker", "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=project
        ):
            yield str(item["ModelPackageArn"])
    except ServiceError as error:
        if not is_gone(error):
            raise


def remove_log(cloud: Cloud, group: str) -> None:
    """Delete a log group if it is there."""
    try:
        cloud.call("logs", "delete_log_group", logGroupName=group)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
