"""``dataset-manifest.jsonl``: every picture that a dataset's version holds, and what differs between two versions.

The first line is the head, each further one a picture, so that whoever writes or reads holds one at a time. A picture
is its bytes: one that was renamed is the same, one that was saved anew is another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from workflow.contract.dataset_report import SPLITS
from workflow.contract.document import AtLeast, Digest, Document, Matching, Text, read, render
from workflow.contract.reading import ContractError

MANIFEST = "dataset-manifest.jsonl"
"""Its name, beside the dataset's report."""

Split = Annotated[str, Matching("|".join(SPLITS), f"one of {', '.join(SPLITS)}")]
Count = Annotated[int, AtLeast(0)]


@dataclass(frozen=True)
class ManifestHead(Document):
    """The first line: the digest of the dataset's content, its task and classes, and how many pictures follow."""

    digest: Digest
    task: Text
    classes: tuple[str, ...]
    pictures: Count


@dataclass(frozen=True, slots=True)
class ManifestPicture:
    """One picture that was handed on.

    ``name`` is its path in the dataset, ``sha256`` that of its bytes and ``label`` that of its label as it is handed
    on, all in hex; ``classes`` are the objects of each class in it by the class's name, ``objects`` their sum.
    """

    name: Text
    sha256: Digest
    label: Digest
    split: Split
    objects: Count
    classes: Mapping[str, Count]

    def says(self) -> tuple[str, tuple[tuple[str, int], ...]]:
        """What its label says: also by names, for a class may be called otherwise and keep its number."""
        return self.label, tuple(sorted(self.classes.items()))


@dataclass(frozen=True)
class Changes:
    """What differs between two versions of a dataset.

    ``relabelled`` and ``moved`` are pairs, before and after; a picture may be in both. ``same`` counts those that are
    as they were.
    """

    added: tuple[ManifestPicture, ...]
    removed: tuple[ManifestPicture, ...]
    relabelled: tuple[tuple[ManifestPicture, ManifestPicture], ...]
    moved: tuple[tuple[ManifestPicture, ManifestPicture], ...]
    same: int


def manifest_lines(head: ManifestHead, pictures: Iterable[ManifestPicture]) -> Iterator[str]:
    """The document, a line at a time, each with its end."""
    yield _line(head.document())
    for picture in pictures:
        yield _line(render(picture))


def _line(document: Mapping[str, Any]) -> str:
    # In ASCII alone: other letters hold what some readers take for the end of a line.
    return json.dumps(document, separators=(",", ":")) + "\n"


def read_manifest(lines: Iterable[bytes], holding: str = "") -> Iterator[ManifestPicture]:
    """Every picture of a document, as it comes, or those whose line has ``holding`` in one of its texts.

    Raises ContractError where a line is no such, or some are missing.
    """
    needle = json.dumps(holding)[1:-1].encode()
    numbered = enumerate(lines, 1)
    head = ManifestHead.parse(_parse(next(numbered, (1, b""))[1], 1))
    found = 0
    for at, line in numbered:
        found += 1
        if needle in line:
            yield read(ManifestPicture, _parse(line, at), f"{MANIFEST}, line {at}")
    if found != head.pictures:
        raise ContractError(f"{MANIFEST}: names {found} pictures of {head.pictures}: it is not whole")


def _parse(line: bytes, at: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{MANIFEST}, line {at}: is no JSON") from error


def compare_manifests(before: Iterable[ManifestPicture], after: Iterable[ManifestPicture]) -> Changes:
    """What differs between two versions; everything in the order of the names.

    Where a version holds the same bytes several times, those of the same name belong together, then the others in
    order.
    """
    left: dict[str, list[ManifestPicture]] = {}
    for picture in before:
        left.setdefault(picture.sha256, []).append(picture)
    renamed: list[ManifestPicture] = []
    pairs: list[tuple[ManifestPicture, ManifestPicture]] = []
    for picture in after:
        known = left.get(picture.sha256, [])
        at = next((at for at, one in enumerate(known) if one.name == picture.name), None)
        if at is None:
            renamed.append(picture)
        else:
            pairs.append((known.pop(at), picture))
    added = []
    for picture in renamed:
        if known := left.get(picture.sha256, []):
            pairs.append((known.pop(0), picture))
        else:
            added.append(picture)
    relabelled = [(one, other) for one, other in pairs if one.says() != other.says()]
    moved = [(one, other) for one, other in pairs if one.split != other.split]
    return Changes(
        added=_by_name(added),
        removed=_by_name(one for some in left.values() for one in some),
        relabelled=_pairs_by_name(relabelled),
        moved=_pairs_by_name(moved),
        same=sum(one.says() == other.says() and one.split == other.split for one, other in pairs),
    )


def _by_name(pictures: Iterable[ManifestPicture]) -> tuple[ManifestPicture, ...]:
    return tuple(sorted(pictures, key=lambda one: one.name))


def _pairs_by_name(
    pairs: Iterable[tuple[ManifestPicture, ManifestPicture]],
) -> tuple[tuple[ManifestPicture, ManifestPicture], ...]:
    return tuple(sorted(pairs, key=lambda pair: pair[1].name))
