"""Items of a large file are found where they lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow.labels import json_index
from workflow.labels.json_index import JsonError, read_item, walk

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values), st.dictionaries(st.text(), values, max_size=3), st.sampled_from([None, 1]), st.booleans())
def test_every_item_is_handed_on_and_is_at_its_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    items: list[Any],
    others: dict[str, Any],
    indent: int | None,
    ascii: bool,
) -> None:
    """Whatever stands around it, however it is written, and wherever a chunk ends."""
    monkeypatch.setattr(json_index, "CHUNK", 7)
    file = tmp_path / "a.json"
    text = json.dumps({**others, "items": items, "z": 1}, indent=indent, ensure_ascii=ascii)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    found: list[tuple[Any, bytes]] = []
    raw = file.read_bytes()
    walk(file, {"items": lambda item, place, length: found.append((item, raw[place : place + length]))})
    assert [item for item, _ in found] == items
    assert [read_item(written) for _, written in found] == items


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"items": [1, 2}',
        '{"items": [1 2]}',
        '{"items": [1]} more',
        "{'a': 1}",
        "{1: 2}",
        "{[1]: 2}",
        '{"a": ' + "1" * 5000 + "}",
    ],
)
def test_broken_json_is_told_by_the_byte(tmp_path: Path, text: str) -> None:
    """As far as it could be read."""
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(JsonError, match="at byte"):
        walk(tmp_path / "a.json", {"items": lambda *_: None})


def test_a_tower_of_brackets_is_refused(tmp_path: Path) -> None:
    """It ends in a message, not in a crash."""
    (tmp_path / "a.json").write_text('{"items": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with pytest.raises(JsonError, match="nested"):
        walk(tmp_path / "a.json", {"items": lambda *_: None})
