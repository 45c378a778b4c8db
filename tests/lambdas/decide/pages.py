"""Pages of made-up requests, with the pictures of the example reports.

``python -m tests.lambdas.decide.pages FOLDER`` writes them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lambdas.decide.answer import Answer
from lambdas.decide.page import Seen, render, render_again
from tests.containers.serving.report.example_pages import PAGES as REPORTS
from tests.lambdas.decide.test_page import NOW, OPAQUE, VOTES, stored
from workflow.contract.approval import StoredApproval
from workflow.contract.glance import Glance, find_glance
from workflow.contract.policy import Loosened


def carried(report: str) -> Glance:
    """What an example report carries."""
    found = find_glance(REPORTS[report]().html())
    assert found is not None
    return found


def request(report: str = "detect", about: Mapping[str, Any] | None = None, **state: Any) -> StoredApproval:
    """A request about an example report's model."""
    glance = carried(report)
    said = {
        "outcome": glance.outcome,
        "changed": f"the data or the settings changed since version 3: {glance.data}",
        "cost": "about $0.71 (list prices of 2026, us-east-1)",
        "reasons": ("training is Completed", "mAP50 0.96 ≥ 0.80 on 53 objects", "latency 20 ms: not checked, off"),
    }
    if glance.outcome.production is None:
        said |= {"production_version": 0, "changed": "first model"}
    return stored(about={**said, **(about or {})}, **state)


DECIDED: Mapping[str, Any] = {
    "status": "approved",
    "decision": "approved",
    "decided_by": "Ada Lovelace",
    "door": "link",
    "comment": "looks right",
    "decided_epoch": NOW,
}


def waiting(report: str, about: Mapping[str, Any] | None = None, **more: Any) -> str:
    """The page of a request that waits."""
    return render(request(report, about), OPAQUE, NOW, "nonce", seen=Seen(carried(report)), **more)


PAGES: Mapping[str, Callable[[], str]] = {
    **{name: partial(waiting, name) for name in ("detect", "first", "pose", "segment", "obb", "classify")},
    "loosened": lambda: waiting("detect", {"loosened": (Loosened("minimum_map50", 0.6, 0.5),), "started_by": "maria"}),
    "replaced": lambda: render(request(), OPAQUE, NOW, "nonce", seen=Seen(problem="The report is another one.")),
    "voted": lambda: render(
        request(votes=VOTES), OPAQUE, NOW, "nonce", seen=Seen(carried("detect")), tally="1 of 2 approved, by Ada"
    ),
    "approved": lambda: render(
        request(**DECIDED, delivered=True), OPAQUE, NOW, told="Your decision did not count.", seen=Seen()
    ),
    "rejected": lambda: render(request(**{**DECIDED, "status": "rejected", "decision": "rejected"}), OPAQUE, NOW),
    "expired": lambda: render(request(expires_epoch=NOW), OPAQUE, NOW),
    "confirm": lambda: render_again(request(), OPAQUE, Answer("approved", "Ada", "looks right"), "nonce"),
}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.html").write_text(page(), encoding="utf-8")
