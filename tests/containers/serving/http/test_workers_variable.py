"""How many requests the serving program answers at one time, and by how many processes."""

from __future__ import annotations

import pytest

from containers.serving.http.workers import Spread, WorkersError


@pytest.mark.parametrize(
    ("said", "processors", "sizes"),
    [
        ("", 1, [2]),
        ("", 2, [1, 1]),
        ("", 3, [1, 1, 1]),
        ("", 8, [1] * 8),
        ("", 12, [2] * 4 + [1] * 4),
        ("", 64, [4] * 16),
        ("1", 16, [4]),
        ("1", 2, [2]),
        ("2", 16, [4, 4]),
        ("2", 5, [3, 2]),
        ("9", 2, [1, 1]),
    ],
)
def test_a_processor_has_a_process_unless_there_are_many_or_fewer_are_wanted(
    said: str, processors: int, sizes: list[int]
) -> None:
    """The slots of each; a container without instances wants one process, which has four slots at most."""
    assert Spread.choose({"GREENLIGHT_WORKERS": said}, processors).sizes == sizes


@pytest.mark.parametrize("said", ["0", "-1", "one", "1.5", "²"])
def test_what_is_no_number_of_workers_is_refused(said: str) -> None:
    """By its name."""
    with pytest.raises(WorkersError, match=r"GREENLIGHT_WORKERS = .*: must be a number from 1"):
        Spread.choose({"GREENLIGHT_WORKERS": said}, 2)
