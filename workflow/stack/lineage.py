"""Removes from SageMaker's lineage what a project added: artifacts with its tag, and how they hang together.

Its versions are found by their ARNs, and from them the way back to the dataset is followed. What SageMaker itself keeps
of jobs and channels stays. Nothing depends on lineage: what cannot be removed is told, and stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.changes import Progress, Step

IsTagged = Callable[[str], bool]
Edge = tuple[str, str]
"""Source and destination of an association, by their ARNs."""


@dataclass
class Ways:
    """What leads to a project's versions: all of it, how it hangs together, and what of it is the project's own."""

    seen: set[str] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)
    own: set[str] = field(default_factory=set)


def remove_lineage(cloud: Cloud, packages: Iterable[str], is_tagged: IsTagged, on_progress: Progress) -> None:
    """Remove the lineage of versions, given by their ARNs; ``is_tagged`` says of an ARN whether it is the project's."""
    try:
        ways = follow_back(cloud, packages, is_tagged)
        for source, destination in sorted(ways.edges):
            if {source, destination} & ways.own:
                cloud.call("sagemaker", "delete_association", SourceArn=source, DestinationArn=destination)
        for artifact in sorted(arn for arn in ways.own if is_tagged(arn)):
            remove_artifact(cloud, artifact, on_progress)
    except ServiceError as error:
        on_progress(Step("lineage", "stays", str(error)))


def follow_back(cloud: Cloud, packages: Iterable[str], is_tagged: IsTagged) -> Ways:
    """Everything that leads to these versions, and the endpoints that served them."""
    ways = Ways()
    ahead: deque[str] = deque()
    for package in packages:
        for version in list(_list(cloud, "list_artifacts", "ArtifactSummaries", "ArtifactArn", SourceUri=package)):
            ways.own.add(version)
            ways.edges |= {(version, served) for _, served, _ in _edges(cloud, SourceArn=version)}
            ahead.append(version)
    versions = frozenset(ways.own)
    while ahead:
        arn = ahead.popleft()
        if arn in ways.seen:
            continue
        ways.seen.add(arn)
        for source, _, kind in _edges(cloud, DestinationArn=arn):
            ways.edges.add((source, arn))
            ahead.append(source)
            # The archive of a version: SageMaker may have made its artifact, and knows no job that made the archive.
            archive = arn in versions and kind == "Model"
            if archive or (":artifact/" in source and is_tagged(source)):
                ways.own.add(source)
    return ways


def remove_artifact(cloud: Cloud, arn: str, on_progress: Progress) -> None:
    """Delete an artifact, unless something of another project still hangs on it."""
    if any(True for end in ("SourceArn", "DestinationArn") for _ in _edges(cloud, **{end: arn})):
        on_progress(Step(arn.rpartition("/")[2], "stays", "another project's lineage leads to it"))
        return
    cloud.call("sagemaker", "delete_artifact", ArtifactArn=arn)
    on_progress(Step(arn.rpartition("/")[2], "removed"))


def _edges(cloud: Cloud, **end: str) -> Iterator[tuple[str, str, str]]:
    for one in list(cloud.pages("sagemaker", "list_associations", "AssociationSummaries", **end)):
        yield str(one["SourceArn"]), str(one["DestinationArn"]), str(one.get("SourceType", ""))


def _list(cloud: Cloud, operation: str, listed: str, arn: str, **given: str) -> Iterator[str]:
    for one in cloud.pages("sagemaker", operation, listed, **given):
        yield str(one[arn])
