"""``python -m tests.bench.likeness``: both measurements as two tables, by the hash alone and with the second look."""

from __future__ import annotations

from tests.bench.likeness.copies import COPIES
from tests.bench.likeness.measure import find_by_hash, find_series, found, told
from tests.bench.likeness.scenes import every_set

COUNT = 60
COPIED = 25
"""Pictures of each set of which copies are made."""


def main() -> None:
    """Measure and print."""
    sets = {name: make() for name, make in every_set(COUNT).items()}
    print("pictures that are reported as nearly the same, and are not     hash alone   second look")
    for name, pictures in sets.items():
        shares = [f"{told(pictures, find):.1%}" for find in (find_by_hash, find_series)]
        print(f"{name:30} {len(pictures):4} pictures {shares[0]:>29} {shares[1]:>13}", flush=True)
    print("copies that are found, mean of the sets and the least of them  hash alone   second look")
    for name, copy in COPIES.items():
        columns = []
        for find in (find_by_hash, find_series):
            every = [found(pictures[:COPIED], copy, find) for pictures in sets.values()]
            columns.append(f"{sum(every) / len(every):.1%} ({min(every):.0%})")
        print(f"{name:58} {columns[0]:>14} {columns[1]:>14}", flush=True)


if __name__ == "__main__":
    main()
