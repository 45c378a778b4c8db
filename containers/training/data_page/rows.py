"""Every finding as a row of the page, by kind, read from the file that holds them all.

The rows lie in parts that a browser lays out only once they are scrolled to, so that a hundred thousand open as quickly
as ten.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from containers.page.words import count
from containers.training.data_page.words import place, shown

MOST = 100_000
"""Rows on a page, some 15 MB of them; the file beside it holds all."""
PART = 200
"""Rows that are laid out together."""


@dataclass
class Rows:
    """The rows of one kind: how often each thing was done about it, and the first of them, what was done and HTML."""

    actions: Counter[str] = field(default_factory=Counter)
    first: list[tuple[str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are, shown or not."""
        return self.actions.total()


def read_rows(every: Path, counted: Mapping[str, int], most: int = MOST) -> dict[str, Rows]:
    """The findings of ``every``, lines of JSON, by kind; ``most`` are kept, of rare kinds all before of frequent ones.

    ``counted`` is how often each kind is there.
    """
    shares = share(counted, most)
    found = {kind: Rows() for kind in counted}
    with every.open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            rows = found[item["kind"]]
            rows.actions[item["action"]] += 1
            if len(rows.first) < shares[item["kind"]]:
                said = f"<code>{place(item['file'], item['line'])}</code> {shown(item['message'])}"
                rows.first.append((item["action"], said))
    return found


def share(counted: Mapping[str, int], most: int) -> dict[str, int]:
    """How many of each kind are shown, ``most`` in all: what a rare kind leaves over, the frequent ones get."""
    left, shares = most, {}
    for at, (kind, number) in enumerate(sorted(counted.items(), key=lambda one: (one[1], one[0]))):
        shares[kind] = min(number, left // (len(counted) - at))
        left -= shares[kind]
    return shares


def scroll(kind: str, rows: Rows, file: str, *, folded: bool) -> str:
    """The rows of a kind to scroll, ``folded`` or open; what is more than they lies in ``file``."""
    # Where one thing was done about all of them, the heading says it.
    mixed = len(rows.actions) > 1
    lines = [f"<li>{said}{f' <small>{shown(done)}</small>' if mixed else ''}</li>\n" for done, said in rows.first]
    parts = "".join(
        f'<ol start="{at + 1}">\n{"".join(lines[at : at + PART])}</ol>\n' for at in range(0, len(lines), PART)
    )
    more = ""
    if rows.count > len(lines):
        rest = f"all of them are in <code>{shown(file)}</code>, beside this page."
        more = f"<p>The first {len(lines):,} of {rows.count:,}; {rest}</p>"
    named = f"{'all ' if rows.count > 1 else ''}{count(rows.count, 'finding')}"
    return (
        f"<details{'' if folded else ' open'}><summary>{named}</summary>\n{more}"
        f'<div class="scroll rows" role="region" tabindex="0" aria-label="all findings of {shown(kind)}">\n'
        f"{parts}</div></details>\n"
    )
