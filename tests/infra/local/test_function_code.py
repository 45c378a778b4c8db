"""A function's zip is unpacked once, and found by every process that runs it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from infra.local.gaps.function_code import find_tree
from tests.infra.local.machines import zipped

WEEK = 7 * 24 * 3600


def packed(path: Path, text: str) -> Path:
    """A zip with one module."""
    path.write_bytes(zipped({"room/index.py": text}))
    return path


def test_a_zip_is_unpacked_once_and_another_has_a_tree_of_its_own(tmp_path: Path) -> None:
    """What Python leaves in a tree stays there; the same bytes under another name are the same zip."""
    trees = tmp_path / "trees"
    first = find_tree(packed(tmp_path / "one.zip", "ANSWER = 42\n"), trees)
    assert (first / "room" / "index.py").read_text() == "ANSWER = 42\n"
    (first / "room" / "left").touch()
    (tmp_path / "two.zip").write_bytes((tmp_path / "one.zip").read_bytes())
    assert find_tree(tmp_path / "two.zip", trees) == first
    assert (first / "room" / "left").exists()
    other = find_tree(packed(tmp_path / "three.zip", "ANSWER = 43\n"), trees)
    assert other != first
    assert sorted(trees.iterdir()) == sorted([first, other])


def test_a_tree_that_nobody_used_for_a_week_goes_as_a_new_one_comes(tmp_path: Path) -> None:
    """One that was used lately stays, however long ago it was unpacked."""
    trees = tmp_path / "trees"
    old, used = (find_tree(packed(tmp_path / f"{name}.zip", f"ANSWER = {name!r}\n"), trees) for name in ("old", "used"))
    for tree in (old, used):
        os.utime(tree, (time.time() - WEEK - 60, time.time() - WEEK - 60))
    assert find_tree(tmp_path / "used.zip", trees) == used
    new = find_tree(packed(tmp_path / "new.zip", "ANSWER = 1\n"), trees)
    assert sorted(trees.iterdir()) == sorted([used, new])
