"""``dataset-objects.jsonl``: the very objects that a run's dataset was, each by its key and its VersionId.

What makes a run from an earlier version of the data possible: the bucket keeps the versions of its objects ("Using
versioning in S3 buckets", S3's guide), and so what lay there when the run was planned can be had again. The first line
is the head, each further one an object, so that whoever writes or reads holds one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from workflow.contract.document import AtLeast, Document, Folder, Text, read, render
from workflow.contract.reading import ContractError

OBJECTS = "dataset-objects.jsonl"
"""Its name, in the record of the run."""


@dataclass(frozen=True)
class ObjectsHead(Document):
    """The first line: where the objects lie, and how many follow."""

    uri: Folder
    objects: Annotated[int, AtLeast(1)]


@dataclass(frozen=True, order=True)
class KeptObject:
    """One object: its ``key`` relative to the dataset, its version, its entity tag without quotes, its bytes."""

    key: Text
    version_id: Text
    etag: Text
    size: Annotated[int, AtLeast(0)]


def objects_lines(uri: str, objects: Iterable[KeptObject]) -> Iterator[str]:
    """The document, a line at a time, each with its end, in the order of the keys."""
    ordered = sorted(objects)
    yield json.dumps(ObjectsHead(uri, len(ordered)).document()) + "\n"
    for one in ordered:
        yield json.dumps(render(one)) + "\n"


def read_objects(lines: Iterable[bytes]) -> tuple[str, tuple[KeptObject, ...]]:
    """Where the objects lie, and each. Raises ContractError where a line is no such, or some are missing."""
    parsed = (_parse(line, at) for at, line in enumerate(lines, 1))
    head = ObjectsHead.parse(next(parsed, None))
    objects = tuple(read(KeptObject, one, f"{OBJECTS}, line {at}") for at, one in enumerate(parsed, 2))
    if len(objects) != head.objects:
        raise ContractError(f"{OBJECTS}: names {len(objects)} objects of {head.objects}: it is not whole")
    return head.uri, objects


def _parse(line: bytes, at: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{OBJECTS}, line {at}: is no JSON") from error
