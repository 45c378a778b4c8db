"""Says why data was refused: how often each thing was found, some of each by file and line, and what to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workflow.contract.dataset_report import FINDINGS, PAGE
from workflow.contract.way_on import tell_way_on
from workflow.errors import UsageError

FIRST = ("missing-images", "layout", "classes")
"""Kinds of findings that are about the whole, in the order in which they are told."""
SHOWN_OF_A_KIND = 3
"""Findings of a kind named in full; the rest are counted."""


class Found(Protocol):
    """Something found in a file: what a reader of labels calls a problem, and a report a finding."""

    @property
    def kind(self) -> str:
        """One of the contract's FINDINGS."""

    @property
    def file(self) -> str:
        """Relative to the dataset."""

    @property
    def line(self) -> int:
        """From 1, 0 where it is about the whole file."""

    @property
    def message(self) -> str:
        """What is wrong with it."""


@dataclass(frozen=True)
class Again:
    """What was typed, with ``{policy}`` where the policy belongs, and the policy that was given with it."""

    command: str
    policy: Mapping[str, str]


def refuse(
    folder: Path,
    found: Sequence[Found],
    again: Again,
    *,
    whole: str = "",
    counted: Mapping[str, int] | None = None,
    kept: Path | None = None,
) -> UsageError:
    """What to raise for what rejects a folder. ``counted`` is how often each kind was found, where these are examples.

    Findings whose file is called ``whole`` are about all of it; ``kept`` is where the page with all of them is.
    """
    counts = counted or Counter(one.kind for one in found)
    lines = [f"{folder} cannot be used:"]
    # What is wrong with the whole comes before the rows that suffer from it.
    order = {kind: at for at, kind in enumerate(FIRST)}
    for kind, count in sorted(counts.items(), key=lambda one: (order.get(one[0], len(order)), -one[1])):
        examples = [one for one in found if one.kind == kind][:SHOWN_OF_A_KIND]
        lines.append(f"  {count:,} {kind}: {FINDINGS[kind].advice}")
        lines += [f"    {place(folder, one, whole)}: {one.message}" for one in examples]
        if count > len(examples):
            lines.append(f"    and {count - len(examples):,} more")
    if kept is not None:
        lines.append(f"  all of it, with pictures: {kept / PAGE}")
    return UsageError("\n".join([*lines, f"  {tell_way_on(counts, again.policy, again.command)}"]))


def place(folder: Path, found: Found, whole: str = "") -> str:
    """Where something was found, as a person can open it."""
    if found.file in (".", "", whole):
        return str(folder)
    return f"{folder / found.file}:{found.line}" if found.line else str(folder / found.file)
