"""``dataset-report.json``: what is written can be read; every kind of finding has a policy and advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.contract.damage import json_values, places, replaced
from workflow.contract.dataset_report import ACTIONS, FINDINGS, POLICIES, ClassCount, DatasetReport, Finding, SplitCount
from workflow.contract.model import TASKS
from workflow.contract.reading import ContractError

ROOT = Path(__file__).parents[3]

names = st.text(max_size=8)
counts = st.integers(0, 10**6)
tallies = st.dictionaries(names, counts, max_size=3)
findings = st.builds(
    Finding,
    severity=st.sampled_from(["error", "warning"]),
    file=names,
    line=counts,
    message=names,
    kind=st.sampled_from(list(FINDINGS)),
    action=st.sampled_from(list(ACTIONS.values())),
    advice=names,
)
reports = st.builds(
    DatasetReport,
    digest=names,
    classes=st.lists(names, max_size=3).map(tuple),
    splits=st.dictionaries(names, st.builds(SplitCount, images=counts, objects=counts), max_size=3),
    errors=counts,
    warnings=counts,
    findings=st.lists(findings, max_size=3).map(tuple),
    task=st.sampled_from(TASKS),
    format=names,
    keypoints=st.none() | st.tuples(counts, counts),
    class_counts=st.lists(
        st.builds(ClassCount, name=names, objects=tallies, median_side=st.floats(0, 1e4)), max_size=3
    ).map(tuple),
    counted=tallies,
    sizes=tallies,
    noted=tallies,
)


@given(reports)
def test_a_report_is_read_as_it_was_written(written: DatasetReport) -> None:
    """Writing and reading are one another's inverse, through JSON."""
    assert DatasetReport.parse(json.loads(json.dumps(written.document()))) == written


def document() -> dict[str, Any]:
    """The report on a small dataset."""
    report = DatasetReport(
        digest="d" * 64,
        classes=("bolt",),
        splits={"train": SplitCount(4, 9)},
        errors=1,
        warnings=0,
        findings=(Finding("error", "labels/1.txt", 3, "a box of no area", "empty-box", "rejected", "draw it anew"),),
        class_counts=(ClassCount("bolt", {"train": 9}, 31.5),),
        counted={"empty-box": 1},
        sizes={"640x480": 4},
    )
    written: dict[str, Any] = json.loads(json.dumps(report.document()))
    return written


@given(data=st.data(), value=json_values)
def test_any_damage_is_read_whole_or_refused(data: st.DataObject, value: Any) -> None:
    """Nothing but ContractError comes out of a damaged report."""
    written = document()
    damaged = replaced(written, data.draw(st.sampled_from(list(places(written)))), value)
    try:
        found = DatasetReport.parse(damaged)
    except ContractError:
        return
    assert DatasetReport.parse(json.loads(json.dumps(found.document()))) == found


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(version: Any) -> None:
    """A reader never guesses at a report it does not know."""
    with pytest.raises(ContractError, match="version"):
        DatasetReport.parse({**document(), "version": version})


def test_a_finding_names_its_file_and_line() -> None:
    """And its kind, by which a policy names it; line 0 is none."""
    assert Finding("error", "labels/1.txt", 3, "NaN").text() == "labels/1.txt:3: NaN [layout]"
    assert Finding("warning", "images", 0, "no pictures").text() == "images: no pictures [layout]"


@pytest.mark.parametrize("kind", FINDINGS)
def test_every_kind_of_finding_has_a_policy_that_it_allows_and_advice(kind: str) -> None:
    """Rejecting is always possible."""
    found = FINDINGS[kind]
    assert found.default in found.allowed
    assert "reject" in found.allowed
    assert set(found.allowed) <= set(POLICIES) == set(ACTIONS)
    assert found.advice


@pytest.mark.parametrize("kind", FINDINGS)
def test_every_kind_of_finding_is_found_by_something(kind: str) -> None:
    """A policy for what nobody looks for would promise what nobody holds."""
    rooms = (ROOT / "workflow" / "labels", ROOT / "containers" / "training" / "preparation")
    assert any(f'"{kind}"' in file.read_text(encoding="utf-8") for room in rooms for file in room.glob("*.py"))
