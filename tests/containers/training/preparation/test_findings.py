"""What is counted and what is shown."""

from __future__ import annotations

from containers.training.preparation.findings import SHOWN, SHOWN_OF_A_KIND, Findings
from workflow.contract.dataset_report import FINDINGS


def test_all_are_counted_and_some_of_each_kind_are_shown_errors_first() -> None:
    """A thousand of one kind do not hide the other."""
    findings = Findings({})
    for number in range(1000):
        findings.add("rotated-image", f"{number}.jpg", "turned")
    findings.add("truncated-image", "cut.jpg", "cut")
    assert (findings.errors, findings.warnings) == (1, 1000)
    assert dict(findings.counted) == {"rotated-image": 1000, "truncated-image": 1}
    shown = findings.examples()
    assert len(shown) == SHOWN_OF_A_KIND + 1
    assert (shown[0].file, shown[0].severity, shown[0].action) == ("cut.jpg", "error", "rejected")
    assert (shown[1].file, shown[1].severity, shown[1].action) == ("0.jpg", "warning", "noted")
    assert shown[0].advice == FINDINGS["truncated-image"].advice


def test_the_policy_says_what_is_done() -> None:
    """What is dropped rejects nothing."""
    findings = Findings({"truncated-image": "drop", "rotated-image": "reject"})
    assert findings.add("truncated-image", "cut.jpg", "cut") == "dropped"
    assert findings.add("rotated-image", "turned.jpg", "turned") == "rejected"
    assert (findings.errors, findings.warnings) == (1, 1)


def test_a_report_stays_short_whatever_is_wrong() -> None:
    """Two hundred lines at most."""
    findings = Findings({})
    for kind in FINDINGS:
        for number in range(30):
            findings.add(kind, f"{number}", "wrong")
    assert len(findings.examples()) == SHOWN
