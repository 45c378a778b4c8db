"""The groups that a run's pattern finds in the names of pictures."""

from __future__ import annotations

import time

import pytest

from containers.training.preparation.groups import PatternError, find_groups
from tests.containers.training.preparation.conftest import Make
from workflow.labels.source import Entry

SLOW = "(.*).*.*.*.*$ "
"""Holds no repeat of a repeat, and yet takes the fifth power of a name's length."""


def entry(image: str, group: str = "") -> Entry:
    """A picture by its name."""
    return Entry(image, "", image, group, 0)


def test_a_group_is_what_the_pattern_takes_of_the_name_or_else_what_the_dataset_says() -> None:
    """A picture that the pattern does not know keeps its own group."""
    entries = [entry("images/s1_1.jpg"), entry("images/s1_2.jpg", "own"), entry("images/x.jpg", "own")]
    assert find_groups(entries, r"(s\d)_") == ["s1", "s1", "own"]
    assert find_groups(entries, "") == ["", "own", "own"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (r"^(.*)[.]rf[.]", ["train/images/a_jpg.rf.0f3c.jpg", "train/images/a_jpg.rf.99ab.jpg"]),
        (r"^(.*)_frame", ["images/video1_frame0001.jpg", "images/video1_frame0002.jpg"]),
    ],
)
def test_the_patterns_that_the_documentation_names_keep_copies_together(pattern: str, names: list[str]) -> None:
    """What augmentation made of a picture, and the frames of a video."""
    one, other = find_groups([entry(name) for name in names], pattern)
    assert one == other != ""


def test_a_pattern_that_takes_too_long_is_given_up_and_named() -> None:
    """One match alone would take years."""
    entries = [entry("images/" + "a" * 1000 + ".jpg")]
    started = time.process_time()
    with pytest.raises(PatternError, match=r"takes more than 0\.2 seconds with the names of these pictures"):
        find_groups(entries, SLOW, seconds=0.2)
    assert time.process_time() - started < 5


def test_no_time_runs_on_after_the_groups_are_found() -> None:
    """Nothing that takes longer afterwards is ended."""
    find_groups([entry("a")], "(a)", seconds=0.05)
    started = time.process_time()
    while time.process_time() - started < 0.1:
        pass


def test_a_preparation_whose_pattern_repeats_a_repeat_ends_with_the_reason(make_job: Make) -> None:
    """A record that was written by hand, or before such a pattern was refused, hangs nothing."""
    job = make_job({"images": 12}, group_pattern="(a+)+b")
    assert job.run() == 1
    assert "repeats a part that itself holds a repeat" in (job.base / "output/message").read_text(encoding="utf-8")
