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
from workflow.contract.sources import bucket_of, source_arn, split_sources
from workflow.errors import GreenlightError, UsageError
from workflow.stack import buckets
from workflow.stack.builder import find_builder
from workflow.stack.changes import UPLOADED, Progress, Step, change_stack, follow
from workflow.stack.concurrency import PARAMETER as CONCURRENCY
from workflow.stack.concurrency import choose_concurrency
from workflow.stack.front import choose_front
from workflow.stack.images import IMAGES, address, build_and_push, find_missing, pinned_address
from workflow.stack.outputs import Place, Stack, describe_stack, find_place, read_stack
from workflow.stack.own_images import choose_images, parameter
from workflow.stack.package import ROOT, Archive, find_definitions, pack
from workflow.stack.quotas import values_of, warn_of_quotas
from workflow.stack.subscription import see_who_is_told

PROJECT_PATTERN = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
PROJECT_LENGTH = 30
"""Longest project name: the code bucket's name must stay within S3's 63 characters."""

_FIRST_DEPLOYMENT_FAILED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


def deploy(
    project: str,
    *,
    cloud: Cloud | None = None,
    email: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    dataset: str | None = None,
    parameters: Mapping[str, str] | None = None,
    images: bool = True,
    base_image: str = "",
    on_progress: Progress = lambda _: None,
    root: Path = ROOT,
) -> Stack:
    """Deploy the project and return its outputs.

    ``email``, ``defaults`` (keys of an execution input), ``dataset`` and ``parameters`` (any other of the template's,
    such as ``ScheduleState``) keep their present value where they are None or missing. ``images`` builds and pushes
    the container images the registry lacks; without it the stack keeps the ones it has. Images of one's own, among the
    parameters, are neither built nor replaced. ``base_image`` is what the others are built from, where not from the
    Dockerfiles' own. The stand-in runs their sources and needs none. Raises UsageError before the stack is touched,
    GreenlightError naming the resource that failed.
    """
    cloud = cloud or AwsCloud()
    check_project(project)
    place = find_place(cloud)
    given = collect_parameters(
        email=email, defaults=defaults, dataset=dataset, parameters=parameters, partition=place.partition
    )
    before = prepare_for_change(cloud, project, on_progress)
    own, back = choose_images(cloud, place, before, given, on_progress)
    built = [name for name in IMAGES if name not in own]
    push = images and not cloud.local and bool(built)
    if push and before is None:
        find_builder()

    template, there, usual = upload(cloud, project, place, root, on_progress)
    given |= there
    if push and before is not None:
        push_images(cloud, project, place, built, on_progress, root, base_image)
    if push or cloud.local or before is None:
        # Otherwise the images stay what they are: the stack must not name one that nobody pushed.
        in_registry = push and before is not None
        given |= name_images(cloud, project, place, root, built, base_image, pinned=in_registry)
    elif back:
        # Pushed by an earlier deployment, or there is nothing that the stack could go back to.
        given |= name_images(cloud, project, place, root, sorted(back), base_image, pinned=True)
    given |= choose_for(cloud, place, given, values_of(before), usual, on_progress)
    values = fill_in_parameters(before, given, set(usual))
    change_stack(cloud, project, template, values, before is not None, on_progress)
    cloud.call("cloudformation", "update_termination_protection", StackName=project, EnableTerminationProtection=True)
    if push and before is None:
        # The first deployment makes the registry: only now is there a digest to name.
        push_images(cloud, project, place, built, on_progress, root, base_image)
        pins = name_images(cloud, project, place, root, built, base_image, pinned=True)
        values = fill_in_parameters(describe_stack(cloud, project), pins, set(usual))
        change_stack(cloud, project, template, values, True, on_progress)
    elif before is None and not cloud.local:
        for name in find_missing(cloud, project, built, root, base_image):
            lacking = address(name, project, place, root, base_image)
            on_progress(Step(f"image {name}", "is not in the registry", f"push {lacking}"))
    stack = read_stack(cloud, project)
    see_who_is_told(cloud, stack.topic_arn, on_progress)
    warn_of_quotas(cloud, project, place, on_progress)
    return stack


def collect_parameters(
    *,
    email: str | None,
    defaults: Mapping[str, Any] | None,
    dataset: str | None,
    parameters: Mapping[str, str] | None,
    partition: str = "aws",
) -> dict[str, str]:
    """The template's parameters a person named, checked. Raises UsageError for a default no run could use."""
    given = dict(parameters or {})
    if email is not None:
        given["NotificationEmail"] = email
    if dataset is not None:
        # With the slash, permissions end at the folder and do not reach into one whose name only begins alike.
        given["Dataset"] = dataset if not dataset or dataset.endswith("/") else dataset + "/"
    if given.get("Sources"):
        given |= name_sources(given["Sources"], partition)
    if defaults is not None:
        try:
            RunInput.parse({}, {"dataset": dataset or "s3://any-bucket/any/", **defaults})
        except InputError as error:
            raise UsageError(f"--default {error}") from error
        given["Defaults"] = json.dumps(dict(defaults), sort_keys=True, separators=(",", ":"))
    return given


def name_sources(text: str, partition: str) -> dict[str, str]:
    """The parameters of sources that a person named by address or ARN. Raises UsageError for what is neither."""
    try:
        sources = [source_arn(part, partition) for part in split_sources(text)]
    except ContractError as error:
        raise UsageError(f"--parameter {error}") from error
    buckets = sorted({bucket_of(source) for source in sources})
    return {"Sources": ",".join(sources), "SourceBuckets": ",".join(buckets)}


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


def upload(
    cloud: Cloud, project: str, place: Place, root: Path, on_progress: Progress
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Put code and template into the project's code bucket.

    Gives the template's address, the parameters that say where the code is, and all of the template's with what they
    are where nobody says.
    """
    archives, prefix = pack(root)
    bucket = code_bucket(project, place)
    buckets.make_private(cloud, bucket, place, project)
    upload_code(cloud, bucket, prefix, archives, find_definitions(root), on_progress)
    template = upload_template(cloud, bucket, (root / "infra" / "template.yaml").read_bytes(), place)
    known = cloud.call("cloudformation", "get_template_summary", TemplateURL=template)["Parameters"]
    usual = {item["ParameterKey"]: str(item.get("DefaultValue", "")) for item in known}
    return template, {"Project": project, "CodeBucket": bucket, "CodePrefix": prefix}, usual


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
    cloud: Cloud, bucket: str, prefix: str, archives: Mapping[str, Archive], machines: list[Path], on_progress: Progress
) -> None:
    """Put the archives and the definitions below the prefix that names their content, unless they are there."""
    there = {item["Key"] for item in cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)}
    files = {f"{prefix}/{name}.zip": archive.path for name, archive in archives.items()}
    files |= {f"{prefix}/{path.name}": path for path in machines}
    for key in sorted(files.keys() - there):
        cloud.call("s3", "put_object", Bucket=bucket, Key=key, Body=files[key].read_bytes())
        on_progress(Step(files[key].name, UPLOADED))


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


def name_images(
    cloud: Cloud, project: str, place: Place, root: Path, names: list[str], base: str, *, pinned: bool
) -> dict[str, str]:
    """The template's parameters that name these images: by their own digests, or by the tags of their sources."""
    return {
        parameter(name): pinned_address(cloud, name, project, place, root, base)
        if pinned
        else address(name, project, place, root, base)
        for name in names
    }


def push_images(
    cloud: Cloud, project: str, place: Place, names: list[str], on_progress: Progress, root: Path, base: str
) -> None:
    """Build and push those of these images whose sources changed."""
    wanted = find_missing(cloud, project, names, root, base)
    if wanted:

        def say(name: str, status: str) -> None:
            on_progress(Step(f"image {name}", status))

        build_and_push(cloud, project, place, wanted, say, root, base)
