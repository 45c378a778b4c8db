"""How many requests the serving program answers at one time, by the processors and by what the environment says."""

from __future__ import annotations

import pytest

from containers.serving.http.workers import WorkersError, count_slots


@pytest.mark.parametrize(
    ("said", "processors", "slots"),
    [("", 1, 2), ("", 16, 16), ("1", 16, 4), ("1", 2, 2), ("2", 16, 8)],
)
def test_a_container_without_instances_loads_one_copy_of_the_model(said: str, processors: int, slots: int) -> None:
    """One process has four slots at most, and one copy; without the variable there is a process for four processors."""
    assert count_slots({"GREENLIGHT_WORKERS": said}, processors) == slots


@pytest.mark.parametrize("said", ["0", "-1", "one", "1.5", "²"])
def test_what_is_no_number_of_workers_is_refused(said: str) -> None:
    """By its name."""
    with pytest.raises(WorkersError, match=r"GREENLIGHT_WORKERS = .*: must be a number from 1"):
        count_slots({"GREENLIGHT_WORKERS": said}, 2)
