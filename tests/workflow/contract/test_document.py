"""A document is read and written by the fields of its dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from workflow.contract.document import AtLeast, Digest, Document, Folder, PackageVersion, Text, read
from workflow.contract.reading import ContractError


@dataclass(frozen=True)
class Leaf:
    """A part that may hold another of its kind."""

    name: Text
    share: float
    below: Leaf | None = None


@dataclass(frozen=True)
class Tree(Document):
    """A document of every kind of field."""

    folder: Folder
    digest: Digest
    number: PackageVersion
    ready: bool
    leaf: Leaf
    leaves: tuple[Leaf, ...]
    words: Mapping[str, str]
    anything: Any
    nothing: str | None


WHOLE: dict[str, Any] = {
    "version": 1,
    "folder": "s3://bucket/a/",
    "digest": "ab" * 32,
    "number": 3,
    "ready": False,
    "leaf": {"name": "a", "share": 0.5, "below": {"name": "b", "share": 1.0}},
    "leaves": [{"name": "c", "share": 0.0}],
    "words": {"one": "1"},
    "anything": {"at": [1, None]},
    "nothing": None,
}


def test_what_is_written_is_what_was_read() -> None:
    """Defaults stay out of it, null stays in it, and parts are parts again."""
    tree = Tree.parse(WHOLE)
    assert tree.document() == WHOLE
    assert tree.leaf.below == Leaf("b", 1.0)
    assert tree.leaves == (Leaf("c", 0.0),)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "Tree: version 2 is not 1"),
        (
            {"folder": "s3://bucket/a"},
            "Tree.folder: must be an S3 address that ends with a slash, found 's3://bucket/a'",
        ),
        ({"digest": "xyz"}, "Tree.digest: must be a SHA-256"),
        ({"number": 0}, "Tree.number: must be at least 1, found 0"),
        ({"number": 1.5}, "Tree.number: must be a whole number, found 1.5"),
        ({"number": True}, "Tree.number: must be a whole number, found True"),
        ({"ready": 1}, "Tree.ready: must be true or false, found 1"),
        ({"leaf": []}, "Tree.leaf: must be a JSON object, found list"),
        ({"leaf": {"name": "a"}}, "Tree.leaf.share: missing"),
        ({"leaf": {"name": "", "share": 1}}, "Tree.leaf.name: must be a text that is not empty, found ''"),
        ({"leaf": {"name": "a", "share": 1, "below": {"name": 2}}}, "Tree.leaf.below.name: must be a text, found 2"),
        ({"leaves": {}}, "Tree.leaves: must be a list, found {}"),
        ({"leaves": [{"name": "c", "share": float("nan")}]}, "Tree.leaves[0].share: must be a number, found nan"),
        ({"words": {"one": 1}}, "Tree.words.one: must be a text, found 1"),
        ({"nothing": 3}, "Tree.nothing: must be a text, found 3"),
    ],
)
def test_what_is_wrong_is_named(changed: Mapping[str, Any], said: str) -> None:
    """By its place, what was found and what is allowed."""
    with pytest.raises(ContractError) as caught:
        Tree.parse({**WHOLE, **changed})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("missing", sorted(set(WHOLE) - {"version"}))
def test_only_a_field_with_a_default_may_be_missing(missing: str) -> None:
    """Null is something else than nothing."""
    with pytest.raises(ContractError, match=rf"^Tree.{missing}: missing$"):
        Tree.parse({key: value for key, value in WHOLE.items() if key != missing})


def test_a_reader_takes_what_it_knows() -> None:
    """A later version of the writer may say more."""
    assert read(Leaf, {"name": "a", "share": 1, "colour": "green"}, "leaf") == Leaf("a", 1.0)


def test_a_whole_number_is_a_number() -> None:
    """JSON writes 1.0 as 1 here and there."""
    leaf = read(Leaf, {"name": "a", "share": 1}, "leaf")
    assert isinstance(leaf.share, float)
    assert AtLeast(0.5).broken(1.0) == ""
