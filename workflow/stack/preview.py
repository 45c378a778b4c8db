"""Shows what a deployment would change of a stack, by a change set that is never executed.

The stack stays as it is. A change set needs its template and what it names in S3, so that code and template are put
into the project's code bucket, as a deployment would; images are neither built nor pushed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.errors import GreenlightError
from workflow.stack.changes import Progress, Step
from workflow.stack.deploy import begin_change, choose_for, name_images, upload
from workflow.stack.images import IMAGES, choose_arguments, find_missing
from workflow.stack.outputs import describe_stack, find_place, values_of
from workflow.stack.own_images import choose_images
from workflow.stack.package import ROOT
from workflow.stack.parameters import check_project, collect_parameters, fill_in_parameters
from workflow.stack.registry import check_registry


def preview(
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
) -> None:
    """Tell what ``deploy`` with the same arguments would change.

    Raises UsageError for what it would refuse, GreenlightError where the stack cannot be changed now.
    """
    cloud = cloud or AwsCloud()
    check_project(project)
    place = find_place(cloud)
    check_registry(place)
    given = collect_parameters(
        email=email, defaults=defaults, dataset=dataset, parameters=parameters, partition=place.partition
    )
    before = describe_stack(cloud, project)
    if before is not None and before["StackStatus"] == "REVIEW_IN_PROGRESS":
        before = None
    if before is not None and (
        not before["StackStatus"].endswith("_COMPLETE") or before["StackStatus"] == "ROLLBACK_COMPLETE"
    ):
        raise GreenlightError(f"the stack {project} is {before['StackStatus']}: nothing can be compared with it now.")
    has = values_of(before)
    change, more = begin_change(cloud, project, has, given, tags or {}, role_arn, on_progress)
    given |= more
    template, there, usual = upload(cloud, project, place, root, {**has, **given}, on_progress)
    given |= there
    own, _ = choose_images(cloud, place, before, given, on_progress)
    built = [name for name in IMAGES if name not in own]
    arguments = choose_arguments(base_image, {**has, **given})
    looked = before is not None and images and not cloud.local
    missing = find_missing(cloud, project, built, root, arguments) if looked else []
    for name in missing:
        on_progress(Step(f"image {name}", "will be built and pushed"))
    if before is None or cloud.local:
        given |= name_images(cloud, project, place, root, built, arguments, pinned=False)
    elif images:
        held = [name for name in built if name not in missing]
        given |= name_images(cloud, project, place, root, held, arguments, pinned=True)
    given |= choose_for(cloud, place, given, has, usual, on_progress)
    values = fill_in_parameters(before, given, set(usual))
    change.make(template, values, there=before is not None, only_show=True)
