"""Brings a project's stack to the state of this repository: archives, template, images, then one change set.

Everything that is uploaded is named by its content, so deploying twice changes nothing the second time. A parameter
that the person does not name keeps its value. From then on the stack is deleted by ``destroy`` alone, which lifts its
termination protection. Tells what happens through ``on_progress`` and prints nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.errors import GreenlightError
from workflow.stack import buckets
from workflow.stack.budget import NONE, check_budget, keep_budget
from workflow.stack.builder import find_builder
from workflow.stack.changes import UPLOADED, Change, Progress, Step, follow
from workflow.stack.concurrency import PARAMETER as CONCURRENCY
from workflow.stack.concurrency import choose_concurrency
from workflow.stack.front import choose_front
from workflow.stack.images import IMAGES, address, build_and_push, choose_arguments, find_missing, pinned_address
from workflow.stack.log_groups import keep_logs
from workflow.stack.outputs import Place, Stack, describe_stack, find_place, read_stack, values_of
from workflow.stack.own_images import choose_images, parameter
from workflow.stack.package import ROOT, Archive, pack
from workflow.stack.parameters import (
    check_project,
    choose_tags,
    collect_parameters,
    fill_in_parameters,
    refuse_to_replace,
)
from workflow.stack.quotas import warn_of_quotas
from workflow.stack.registry import check_registry
from workflow.stack.subscription import see_who_is_told
from workflow.stack.template import usual_values

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
    base_image: str = "",
    on_progress: Progress = lambda _: None,
    root: Path = ROOT,
) -> Stack:
    """Deploy the project and return its outputs.

    ``email``, ``defaults`` (keys of an execution input), ``dataset`` and ``parameters`` (any other of the template's,
    such as ``ScheduleState``) keep their present value where they are None or missing. So does each tag that ``tags``
    does not name; an empty value takes one away. ``role_arn`` is the role that CloudFormation acts as, from then on;
    empty for the one it has, or for whoever deploys. ``images`` builds and pushes
    the container images the registry lacks; without it the stack keeps the ones it has. Images of one's own, among the
    parameters, are neither built nor replaced. ``base_image`` is what the others are built from, where not from the
    Dockerfiles' own. The stand-in runs their sources and needs none. Raises UsageError before the stack is touched,
    GreenlightError naming the resource that failed.
    """
    cloud = cloud or AwsCloud()
    check_project(project)
    place = find_place(cloud)
    check_registry(place)
    given = collect_parameters(
        email=email, defaults=defaults, dataset=dataset, parameters=parameters, partition=place.partition
    )
    check_budget(place, given.get("MonthlyBudget", NONE))
    before = prepare_for_change(cloud, project, on_progress)
    change, more = begin_change(cloud, project, values_of(before), given, tags or {}, role_arn, on_progress)
    given |= more
    own, back = choose_images(cloud, place, before, given, on_progress)
    built = [name for name in IMAGES if name not in own]
    arguments = choose_arguments(base_image, {**values_of(before), **given})
    push = images and not cloud.local and bool(built)
    if push and before is None:
        find_builder()

    template, there, usual = upload(cloud, project, place, root, {**values_of(before), **given}, on_progress)
    given |= there
    if push and before is not None:
        push_images(cloud, project, place, built, on_progress, root, arguments)
    if push or cloud.local or before is None:
        # Otherwise the images stay what they are: the stack must not name one that nobody pushed.
        in_registry = push and before is not None
        given |= name_images(cloud, project, place, root, built, arguments, pinned=in_registry)
    elif back:
        # Pushed by an earlier deployment, or there is nothing that the stack could go back to.
        given |= name_images(cloud, project, place, root, sorted(back), arguments, pinned=True)
    given |= choose_for(cloud, place, given, values_of(before), usual, on_progress)
    change.make(template, fill_in_parameters(before, given, set(usual)), there=before is not None)
    cloud.call("cloudformation", "update_termination_protection", StackName=project, EnableTerminationProtection=True)
    if push and before is None:
        # The first deployment makes the registry: only now is there a digest to name.
        push_images(cloud, project, place, built, on_progress, root, arguments)
        pins = name_images(cloud, project, place, root, built, arguments, pinned=True)
        values = fill_in_parameters(describe_stack(cloud, project), pins, set(usual))
        change.make(template, values, there=True)
    elif before is None and not cloud.local:
        for name in find_missing(cloud, project, built, root, arguments):
            lacking = address(name, project, place, root, arguments)
            on_progress(Step(f"image {name}", "is not in the registry", f"push {lacking}"))
    stack = read_stack(cloud, project)
    keep_budget(
        cloud,
        project,
        place,
        stack.trouble_topic_arn,
        stack.monthly_budget,
        values_of(before).get("MonthlyBudget", NONE),
        on_progress,
    )
    deployed = values_of(describe_stack(cloud, project))
    keep_logs(
        cloud,
        project,
        endpoint_days=int(deployed.get("LogRetentionDays", "90")),
        job_days=int(deployed.get("JobLogDays", "0")),
        on_progress=on_progress,
    )
    see_who_is_told(cloud, {"approvals": stack.topic_arn, "trouble": stack.trouble_topic_arn}, on_progress)
    warn_of_quotas(cloud, project, place, on_progress)
    return stack


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


def begin_change(
    cloud: Cloud,
    project: str,
    has: Mapping[str, str],
    given: Mapping[str, str],
    tags: Mapping[str, str],
    role_arn: str,
    on_progress: Progress,
) -> tuple[Change, dict[str, str]]:
    """How a stack with these parameters is changed, and its ``Tags``. Raises UsageError where it cannot be."""
    refuse_to_replace(has, given)
    own = choose_tags(has, given, tags)
    change = Change(cloud, project, {**own, "project": project}, role_arn, on_progress)
    return change, {"Tags": json.dumps(own, sort_keys=True)}


def upload(
    cloud: Cloud, project: str, place: Place, root: Path, parameters: Mapping[str, str], on_progress: Progress
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Put code and template into the project's code bucket, which is kept as the stack's ``parameters`` say.

    Gives the template's address, the parameters that say where the code is, and all of the template's with what they
    are where nobody says.
    """
    archives, prefix, definitions = pack(root)
    bucket = code_bucket(project, place)
    buckets.make_private(cloud, bucket, place, project, key=parameters.get("KeyArn", ""))
    if log := parameters.get("AccessLogBucket"):
        buckets.log_requests(cloud, bucket, log, f"{project}/")
    upload_code(cloud, bucket, prefix, archives, definitions, on_progress)
    source = root / "infra" / "template.yaml"
    template = upload_template(cloud, bucket, source.read_bytes(), place)
    return template, {"Project": project, "CodeBucket": bucket, "CodePrefix": prefix}, usual_values(source)


def choose_for(
    cloud: Cloud,
    place: Place,
    given: Mapping[str, str],
    held: Mapping[str, str],
    usual: Mapping[str, str],
    on_progress: Progress,
) -> dict[str, str]:
    """The parameters that account and region ask to be other than usual. Raises UsageError against what was given."""
    front = choose_front(place, given, held, on_progress)
    return front | choose_concurrency(cloud, given, held, usual[CONCURRENCY], on_progress)


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
            on_progress(Step(name, UPLOADED))


def upload_template(cloud: Cloud, bucket: str, template: bytes, place: Place) -> str:
    """Put the template into the bucket (it is too long to send along) and return its address."""
    key = f"templates/{hashlib.sha256(template).hexdigest()[:16]}.yaml"
    cloud.call("s3", "put_object", Bucket=bucket, Key=key, Body=template)
    return f"https://s3.{place.region}.{place.domain}/{bucket}/{key}"


def name_images(
    cloud: Cloud,
    project: str,
    place: Place,
    root: Path,
    names: list[str],
    arguments: Mapping[str, str],
    *,
    pinned: bool,
) -> dict[str, str]:
    """The template's parameters that name these images: by their own digests, or by the tags of their sources."""
    return {
        parameter(name): pinned_address(cloud, name, project, place, root, arguments)
        if pinned
        else address(name, project, place, root, arguments)
        for name in names
    }


def push_images(
    cloud: Cloud,
    project: str,
    place: Place,
    names: list[str],
    on_progress: Progress,
    root: Path,
    arguments: Mapping[str, str],
) -> None:
    """Build and push those of these images whose sources changed."""
    wanted = find_missing(cloud, project, names, root, arguments)
    if wanted:

        def say(name: str, status: str) -> None:
            on_progress(Step(f"image {name}", status))

        build_and_push(cloud, project, place, wanted, say, root, arguments)
