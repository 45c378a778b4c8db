"""The manifest of a dataset's version: what is written is read, and what differs between two is told."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from workflow.contract.dataset_manifest import (
    ManifestHead,
    ManifestPicture,
    compare_manifests,
    manifest_lines,
    read_manifest,
)
from workflow.contract.reading import ContractError


def digest(text: str) -> str:
    """A digest."""
    return sha256(text.encode()).hexdigest()


def picture(name: str, content: str = "", *, label: str = "", split: str = "train", **classes: int) -> ManifestPicture:
    """A picture whose bytes are told by ``content``, or else by its name."""
    return ManifestPicture(
        name, digest(content or name), digest(label), split, sum(classes.values()), classes or {"bolt": 0}
    )


def lines(*pictures: ManifestPicture) -> list[bytes]:
    """A whole manifest."""
    head = ManifestHead("d" * 64, "detect", ("bolt", "nut"), len(pictures))
    return [line.encode() for line in manifest_lines(head, pictures)]


def test_what_is_written_is_read_a_line_each() -> None:
    """Also where a name holds what some take for the end of a line."""
    pictures = [picture("a/b.jpg", nut=2), picture("ü\u2028\n.png", split="test")]
    assert list(read_manifest(b"".join(lines(*pictures)).splitlines())) == pictures
    assert list(read_manifest(lines(*pictures), "ü\u2028")) == pictures[1:]


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ([], "line 1: is no JSON"),
        (lines(picture("a"), picture("b"))[:-1], "names 1 pictures of 2"),
        ([lines()[0].replace(b'"version":1', b'"version":2')], "version 2 is not 1"),
        ([*lines(picture("a"))[:1], b"{"], "line 2: is no JSON"),
        ([line.replace(b'"train"', b'"val"') for line in lines(picture("a"))], "line 2.split: must be one of train"),
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(damaged: list[bytes], said: str) -> None:
    """By the line."""
    with pytest.raises(ContractError, match=said):
        list(read_manifest(damaged))


def test_two_versions_differ_in_what_came_went_was_labelled_anew_or_moved() -> None:
    """A renamed picture is the same one; one that was labelled anew and moved is told twice."""
    same, gone, renamed = picture("same"), picture("gone"), picture("old", "content")
    labelled, moved, both = picture("labelled"), picture("moved"), picture("both")
    new = picture("new")
    after = [
        *(new, same, replace(renamed, name="renamed")),
        replace(labelled, label=digest("anew")),
        replace(moved, split="test"),
        replace(both, label=digest("anew"), split="validation"),
    ]
    changes = compare_manifests([same, gone, renamed, labelled, moved, both], after)
    assert [one.name for one in changes.added] == ["new"]
    assert [one.name for one in changes.removed] == ["gone"]
    assert [one.name for _, one in changes.relabelled] == ["both", "labelled"]
    assert [(one.split, other.split) for one, other in changes.moved] == [("train", "validation"), ("train", "test")]
    assert changes.same == 2


def test_a_class_of_another_name_is_another_label() -> None:
    """Its number, and so the label's bytes, may be the same."""
    (pair,) = compare_manifests([picture("a", bolt=1)], [picture("a", screw=1)]).relabelled
    assert [dict(one.classes) for one in pair] == [{"bolt": 1}, {"screw": 1}]


def test_copies_are_counted_and_those_of_one_name_belong_together() -> None:
    """So that a copy that is left out is one that went, and nothing moved."""
    first, second = picture("first", "x", split="train"), picture("second", "x", split="test")
    changes = compare_manifests([first, second], [second])
    assert (changes.removed, changes.moved, changes.same) == ((first,), (), 1)
