"""Brings a project's stack to the state of this repository: archives, template, images, then one change set.

Everything that is uploaded is named by its content, so deploying twice changes nothing the second time. A parameter
that the person does not name keeps its value. From then on the stack is deleted by ``destroy`` alone, which lifts its
termination protection. Tells what happens through ``on_progress`` and prints nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.contract.reading import ContractError
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.tags import check_tags, read_tags
from workflow.errors import GreenlightError, UsageError
from workflow.stack import buckets
from workflow.stack.changes import Change, Progress, Step, follow
from workflow.stack.definitions import render_definitions
from workflow.stack.images import IMAGES, address, build_and_push, find_builder, find_missing, pinned_address
from workflow.stack.outputs import Place, Stack, describe_stack, find_place, read_stack
from workflow.stack.package import ROOT, Archive, pack
from workflow.stack.subscription import see_who_is_told

PROJECT_PATTERN = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
PROJECT_LENGTH = 30
"""Longest project name: the code bucket's name must stay within S3's 63 characters."""

_FOR_GOOD = {
    "ExistingBucket": "what was approved lies in the bucket that it was made with",
    "KeyArn": "a registry keeps the key that it was made with",
}
"""Parameters that are chosen when a stack is made, and why."""

_FIRST_DEPLOYMENT_FAILED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


def deploy(
    project: str,
    *,
    cloud: Cloud | None = None,
    email: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    dataset: str | None = None,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    role_arn: str = "",
    images: bool = True,
    on_progress: Progress = lambda _: None,
    root: Path = ROOT,
) -> Stack:
    """Deploy the project and return its outputs.

    ``email``, ``defaults`` (keys of an execution input), ``dataset`` and ``parameters`` (any other of the template's,
    such as ``ScheduleState``) keep their present value where they are None or missing. So does each tag that ``tags``
    does not name; an empty value takes one away. ``role_arn`` is the role that CloudFormation acts as, from then on;
    empty for the one it has, or for whoever deploys. ``images`` builds and pushes
    the container images the registry lacks; without it the stack keeps the ones it has. The stand-in runs their sources
    and needs none. Raises UsageError before the stack is touched, GreenlightError naming the resource that failed.
    """
    cloud = cloud or AwsCloud()
    given = collect_parameters(email=email, defaults=defaults, dataset=dataset, parameters=parameters)
    check_project(project)
    place = find_place(cloud)
    archives, prefix = pack(root)
    before = prepare_for_change(cloud, project, on_progress)
    has = read_parameters(before)
    refuse_to_replace(has, given)
    own = choose_tags(has, given, tags or {})
    given["Tags"] = json.dumps(own, sort_keys=True)
    change = Change(cloud, project, {**own, "project": project}, role_arn, on_progress)
    push = images and not cloud.local
    if push and before is None:
        find_builder()

    bucket = code_bucket(project, place)
    will_have = {**has, **given}
    buckets.make_private(cloud, bucket, place, project, key=will_have.get("KeyArn", ""))
    if log := will_have.get("AccessLogBucket"):
        buckets.log_requests(cloud, bucket, log, f"{project}/")
    upload_code(cloud, bucket, prefix, archives, render_definitions(root), on_progress)
    template = upload_template(cloud, bucket, (root / "infra" / "template.yaml").read_bytes(), place)

    if push and before is not None:
        push_images(cloud, project, place, on_progress, root)
    given |= {"Project": project, "CodeBucket": bucket, "CodePrefix": prefix}
    if push or cloud.local or before is None:
        # Otherwise the images stay what they are: the stack must not name one that nobody pushed.
        in_registry = push and before is not None
        given |= name_images(cloud, project, place, root, pinned=in_registry)
    known = cloud.call("cloudformation", "get_template_summary", TemplateURL=template)["Parameters"]
    keys = {item["ParameterKey"] for item in known}
    values = fill_in_parameters(before, given, keys)
    change.make(template, values, there=before is not None)
    cloud.call("cloudformation", "update_termination_protection", StackName=project, EnableTerminationProtection=True)
    if push and before is None:
        # The first deployment makes the registry: only now is there a digest to name.
        push_images(cloud, project, place, on_progress, root)
        pins = name_images(cloud, project, place, root, pinned=True)
        values = fill_in_parameters(describe_stack(cloud, project), pins, keys)
        change.make(template, values, there=True)
    elif before is None and not cloud.local:
        for name in find_missing(cloud, project, root):
            on_progress(Step(f"image {name}", "is not in the registry", f"push {address(name, project, place, root)}"))
    stack = read_stack(cloud, project)
    see_who_is_told(cloud, stack.topic_arn, on_progress)
    return stack


def collect_parameters(
    *,
    email: str | None,
    defaults: Mapping[str, Any] | None,
    dataset: str | None,
    parameters: Mapping[str, str] | None,
) -> dict[str, str]:
    """The template's parameters a person named, checked. Raises UsageError for a default no run could use."""
    given = dict(parameters or {})
    if email is not None:
        given["NotificationEmail"] = email
    if dataset is not None:
        # With the slash, permissions end at the folder and do not reach into one whose name only begins alike.
        given["Dataset"] = dataset if not dataset or dataset.endswith("/") else dataset + "/"
    if defaults is not None:
        try:
            RunInput.parse({}, {"dataset": dataset or "s3://any-bucket/any/", **defaults})
        except InputError as error:
            raise UsageError(f"--default {error}") from error
        given["Defaults"] = json.dumps(dict(defaults), sort_keys=True, separators=(",", ":"))
    return given


def read_parameters(before: Mapping[str, Any] | None) -> dict[str, str]:
    """The values of a described stack's parameters, none where there is no stack."""
    parameters = before.get("Parameters", []) if before else []
    return {item["ParameterKey"]: str(item.get("ParameterValue", "")) for item in parameters}


def refuse_to_replace(has: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Raise UsageError for a parameter that a stack cannot change: what it is about would have to be made anew."""
    for name, why in _FOR_GOOD.items():
        if has and name in given and given[name] != has.get(name, ""):
            raise UsageError(
                f"{name} cannot change once a stack is made: {why}. This one has {has.get(name) or 'none'}; "
                "deploy another one with --project, or remove this one first (greenlight destroy)."
            )


def choose_tags(has: Mapping[str, str], given: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    """The stack's own tags: those it has, changed by ``tags``. Raises UsageError for one that AWS would refuse."""
    try:
        now = {**read_tags(given.get("Tags", has.get("Tags", ""))), **check_tags(tags)}
    except ContractError as error:
        raise UsageError(str(error)) from error
    return {key: value for key, value in now.items() if value}


def check_project(project: str) -> None:
    """Raise UsageError for a name that some resource could not carry."""
    if not re.fullmatch(PROJECT_PATTERN, project) or not 2 <= len(project) <= PROJECT_LENGTH:
        raise UsageError(
            f"{project!r} cannot name a project: 2 to {PROJECT_LENGTH} lower-case letters, digits and single dashes,"
            " a letter first."
        )


def code_bucket(project: str, place: Place) -> str:
    """Name of the bucket that holds what is deployed."""
    return f"{project}-code-{place.account}-{place.region}"


def prepare_for_change(cloud: Cloud, project: str, on_progress: Progress) -> dict[str, Any] | None:
    """Give the stack as it is, None where there is none; delete what a failed first deployment left.

    Raises GreenlightError where the stack cannot be changed now.
    """
    found = describe_stack(cloud, project)
    if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    status = str(found["StackStatus"])
    if status in _FIRST_DEPLOYMENT_FAILED:
        on_progress(Step(project, "removing what a failed first deployment left"))
        cloud.call("cloudformation", "delete_stack", StackName=project)
        follow(cloud, project, str(found["StackId"]), time.time(), on_progress, wanted={"DELETE_COMPLETE"})
        return None
    if status.endswith("_IN_PROGRESS"):
        raise GreenlightError(f"the stack {project} is {status}: another deployment runs. Wait for it, then repeat.")
    if status == "UPDATE_ROLLBACK_FAILED":
        raise GreenlightError(f"the stack {project} is {status}: continue the roll-back in the CloudFormation console.")
    return found


def upload_code(
    cloud: Cloud,
    bucket: str,
    prefix: str,
    archives: Mapping[str, Archive],
    definitions: Mapping[str, bytes],
    on_progress: Progress,
) -> None:
    """Put the archives and the definitions below the prefix that names their content, unless they are there."""
    there = {item["Key"] for item in cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)}
    files = {**{f"{name}.zip": archive.path.read_bytes() for name, archive in archives.items()}, **definitions}
    for name in sorted(files):
        if f"{prefix}/{name}" not in there:
            cloud.call("s3", "put_object", Bucket=bucket, Key=f"{prefix}/{name}", Body=files[name])
            on_progress(Step(name, "uploaded"))


def upload_template(cloud: Cloud, bucket: str, template: bytes, place: Place) -> str:
    """Put the template into the bucket (it is too long to send along) and return its address."""
    key = f"templates/{hashlib.sha256(template).hexdigest()[:16]}.yaml"
    cloud.call("s3", "put_object", Bucket=bucket, Key=key, Body=template)
    return f"https://s3.{place.region}.{place.domain}/{bucket}/{key}"


def fill_in_parameters(
    before: Mapping[str, Any] | None, given: Mapping[str, str], known: set[str]
) -> list[dict[str, Any]]:
    """The parameters of the change set: what was given, and for the rest what the stack has.

    Raises UsageError for a name that is not in ``known``, the template's own. What the template no longer knows is
    left out.
    """
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UsageError(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    kept = {item["ParameterKey"] for item in before.get("Parameters", [])} & known - given.keys() if before else set()
    return [
        *({"ParameterKey": key, "ParameterValue": value} for key, value in sorted(given.items())),
        *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)),
    ]


def name_images(cloud: Cloud, project: str, place: Place, root: Path, *, pinned: bool) -> dict[str, str]:
    """The template's parameters that name the images: by their own digests, or by the tags of their sources."""
    return {
        f"{name.capitalize()}Image": pinned_address(cloud, name, project, place, root)
        if pinned
        else address(name, project, place, root)
        for name in IMAGES
    }


def push_images(cloud: Cloud, project: str, place: Place, on_progress: Progress, root: Path) -> None:
    """Build and push the images whose sources changed."""
    wanted = find_missing(cloud, project, root)
    if wanted:

        def say(name: str, status: str) -> None:
            on_progress(Step(f"image {name}", status))

        build_and_push(cloud, project, place, wanted, say, root)
