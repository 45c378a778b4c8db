"""Brings the account of one stage to what the releases of another account need there: ``infra/account.yaml``.

Run with the credentials of that account. The stack is named after project and stage, has the roles of one stage and
keeps nothing that a release made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.errors import UsageError
from workflow.stack.changes import Progress, change_stack
from workflow.stack.deploy import prepare_for_change
from workflow.stack.outputs import Place, find_place, values_of
from workflow.stack.package import ROOT
from workflow.stack.parameters import check_project, choose_tags, fill_in_parameters
from workflow.stack.template import usual_values


def deploy_account(
    project: str,
    stage: str,
    build_account: str,
    *,
    cloud: Cloud | None = None,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    role_arn: str = "",
    on_progress: Progress = lambda _: None,
    root: Path = ROOT,
) -> Place:
    """Deploy the stack of a stage's account and return where that is.

    ``build_account`` is the account of the stack that builds, empty for the one that is trusted already. ``parameters``
    keep their present value where they are missing, and so do ``tags``; ``role_arn`` is the role that CloudFormation
    acts as. Raises UsageError before anything is touched, GreenlightError naming the resource that failed.
    """
    cloud = cloud or AwsCloud()
    check_project(project)
    place = find_place(cloud)
    name = f"{project}-{stage}"
    before = prepare_for_change(cloud, name, on_progress)
    has = values_of(before)
    if not (build_account or has):
        raise UsageError("--build-account: say which account builds, by its number of twelve digits.")
    given = {"Project": project, "Stage": stage, **(parameters or {})}
    if build_account:
        given["BuildAccount"] = build_account
    if not {"Bucket"} & (given.keys() | has.keys()):
        given["Bucket"] = f"{project}-{build_account}-{place.region}"
    template = root / "infra" / "account.yaml"
    own = {**_tags_of(before), **choose_tags({}, {}, tags or {}), "project": project}
    wanted = {
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(own.items())],
        "TemplateBody": template.read_text(encoding="utf-8"),
        "Parameters": fill_in_parameters(before, given, set(usual_values(template))),
        # Its roles have names, by which the stack that builds knows them.
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        **({"RoleARN": role_arn} if role_arn else {}),
    }
    change_stack(cloud, name, wanted, before is not None, on_progress)
    return place


def name_in_build_account(stage: str, account: str) -> str:
    """The parameter by which the stack that builds is told of the account, as a person types it."""
    return f"--parameter {stage.capitalize()}Account={account}"


def _tags_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """The tags that a stack has."""
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])} if stack else {}
