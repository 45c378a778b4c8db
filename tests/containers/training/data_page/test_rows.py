"""Every finding as a row, and what becomes of more than a page holds."""

from __future__ import annotations

import json
from pathlib import Path

from containers.training.data_page.rows import PART, read_rows, scroll, share


def written(folder: Path, counts: dict[str, int]) -> Path:
    """A file of so many findings of each kind."""
    lines = [
        json.dumps({"kind": kind, "action": "noted", "file": f"{kind}/{at}.txt", "line": at, "message": "wrong"}) + "\n"
        for kind, count in counts.items()
        for at in range(count)
    ]
    (folder / "findings.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder / "findings.jsonl"


def test_a_frequent_kind_takes_no_room_from_a_rare_one() -> None:
    """What the rare ones leave over is divided among the others."""
    assert share({"a": 5, "b": 1_000, "c": 300}, 505) == {"a": 5, "b": 250, "c": 250}
    assert share({"a": 5, "b": 1_000, "c": 30}, 505) == {"a": 5, "b": 470, "c": 30}
    assert share({"a": 5, "b": 10}, 505) == {"a": 5, "b": 10}
    assert share({}, 505) == {}


def test_all_are_counted_and_what_is_not_shown_is_told(tmp_path: Path) -> None:
    """With the file that holds the rest; and nothing is told where nothing is left out."""
    counts = {"unused-file": 3, "missing-label": 1_000}
    found = read_rows(written(tmp_path, counts), counts, most=503)
    assert {kind: rows.count for kind, rows in found.items()} == counts
    few, many = (scroll(kind, found[kind], "findings.jsonl", folded=True) for kind in counts)
    assert few.count("<li>") == 3
    assert "The first" not in few
    assert many.count("<li>") == 500
    assert "The first 500 of 1,000; all of them are in <code>findings.jsonl</code>, beside this page." in many


def test_rows_lie_in_parts_that_go_on_counting(tmp_path: Path) -> None:
    """A part is laid out when it is scrolled to; a row is named as anybody opens it."""
    counts = {"missing-label": 2 * PART + 1}
    html = scroll("missing-label", read_rows(written(tmp_path, counts), counts)["missing-label"], "x", folded=False)
    assert [f'<ol start="{start}">' in html for start in (1, PART + 1, 2 * PART + 1)] == [True] * 3
    assert "<li><code>missing-label/7.txt:7</code> wrong</li>" in html
    assert "<details open>" in html
