"""What a deployed stack offers: its outputs as one frozen record, and the account and region it lives in.

Everything that talks to a project starts here. It reads; ``deploy`` and ``destroy`` change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError


@dataclass(frozen=True)
class Place:
    """Where a project lives."""

    account: str
    region: str
    partition: str

    @property
    def domain(self) -> str:
        """The domain of AWS's addresses in this partition: China has one of its own."""
        import botocore.loaders

        known = botocore.loaders.create_loader().load_data("partitions")["partitions"]
        return str(next(item["outputs"]["dnsSuffix"] for item in known if item["id"] == self.partition))


@dataclass(frozen=True)
class Stack:
    """The outputs of a deployed stack. Field names are the outputs' names in snake case.

    Those of the API in front of production are empty where the stack has none, those of the stages' accounts where that
    is the stack's own, those of the topic for trouble, of batches and of feedback where the stack is from before those,
    that of the drift machine where nothing is kept of production's requests, and the inference component where
    production has an endpoint of its own.
    """

    project: str
    region: str
    bucket: str
    table: str
    topic_arn: str
    build_machine_arn: str
    release_machine_arn: str
    package_group: str
    approval_url: str
    decide_url: str
    staging_endpoint: str
    production_endpoint: str
    training_repository: str
    serving_repository: str
    trouble_topic_arn: str = ""
    monthly_budget: str = "0"
    prediction_url: str = ""
    prediction_key_id: str = ""
    staging_account: str = ""
    production_account: str = ""
    production_component: str = ""
    batch_machine_arn: str = ""
    feedback_function: str = ""
    drift_machine_arn: str = ""

    @property
    def machines(self) -> tuple[str, ...]:
        """The ARNs of its machines, Build first."""
        return tuple(self.machines_by_kind.values())

    @property
    def machines_by_kind(self) -> Mapping[str, str]:
        """The ARNs of its machines by ``build``, ``release`` and, where it has them, ``batch`` and ``drift``."""
        found = {
            "build": self.build_machine_arn,
            "release": self.release_machine_arn,
            "batch": self.batch_machine_arn,
            "drift": self.drift_machine_arn,
        }
        return {kind: arn for kind, arn in found.items() if arn}

    @property
    def machines_within(self) -> Mapping[str, str]:
        """The ARNs of the machines that a release alone starts, by ``stage`` and ``challenge``."""
        return {kind: f"{self.release_machine_arn.removesuffix('release')}{kind}" for kind in ("stage", "challenge")}


def find_place(cloud: Cloud) -> Place:
    """The account, region and partition that ``cloud`` calls. Raises UsageError where no region is set."""
    import boto3

    identity = cloud.call("sts", "get_caller_identity")
    region = boto3.session.Session().region_name
    if not region:
        raise UsageError("no AWS region is set: export AWS_DEFAULT_REGION=eu-central-1, or the region you use.")
    return Place(account=str(identity["Account"]), region=region, partition=str(identity["Arn"]).split(":")[1])


def describe_stack(cloud: Cloud, project: str) -> dict[str, Any] | None:
    """CloudFormation's description of the project's stack, None where there is none."""
    try:
        found: list[dict[str, Any]] = cloud.call("cloudformation", "describe_stacks", StackName=project)["Stacks"]
    except ServiceError as error:
        if error.code == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return found[0] if found and found[0]["StackStatus"] != "DELETE_COMPLETE" else None


def values_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """The parameters of a stack as it is; none where there is no stack."""
    found = stack.get("Parameters", []) if stack else []
    return {item["ParameterKey"]: item.get("ParameterValue", "") for item in found}


def defaults_of(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The keys of a run's input that a stack with these parameters starts every run from."""
    defaults: dict[str, Any] = json.loads(parameters.get("Defaults") or "{}")
    return defaults


def read_stack(cloud: Cloud, project: str) -> Stack:
    """The outputs of the project's stack. Raises UsageError saying what to do where it is missing or unfinished."""
    found = describe_stack(cloud, project)
    if found is None or found["StackStatus"] in {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}:
        place = find_place(cloud)
        raise UsageError(
            f"no stack {project} in {place.region} (account {place.account}).\n"
            f"  Make one with 'greenlight deploy{'' if project == 'greenlight' else f' --project {project}'}'"
        )
    outputs = {item["OutputKey"]: str(item["OutputValue"]) for item in found.get("Outputs", [])}
    return parse_outputs(project, str(found["StackId"]).split(":")[3], outputs)


def parse_outputs(project: str, region: str, outputs: Mapping[str, str]) -> Stack:
    """Turn a stack's outputs into the record. Raises UsageError naming the outputs that are missing."""
    wanted = [field for field in fields(Stack) if field.name not in {"project", "region"}]
    missing = sorted(
        _output(field.name) for field in wanted if field.default is MISSING and _output(field.name) not in outputs
    )
    if missing:
        raise UsageError(
            f"the stack {project} has no output {', '.join(missing)}: not Greenlight's, or still being deployed.\n"
            "  Wait for it, or bring it up to date with 'greenlight deploy'"
        )
    known = {field.name: outputs[_output(field.name)] for field in wanted if _output(field.name) in outputs}
    return Stack(project=project, region=region, **known)


def _output(name: str) -> str:
    """``build_machine_arn`` is the output ``BuildMachineArn``."""
    return "".join(part.capitalize() for part in name.split("_"))
