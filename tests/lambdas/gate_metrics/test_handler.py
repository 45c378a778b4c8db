"""The gate's edge: what it reads, what it leaves behind, what it returns."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lambdas.gate_metrics.handler import GateRejected, handler
from tests.lambdas.conftest import Bucket, Context
from tests.lambdas.gate_metrics.test_decision import THRESHOLDS, measured, scored

ARCHIVE = b"an archive" * 500_000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
EVALUATION = "s3://greenlight-test/runs/one/evaluation/"


def event(**training: Any) -> dict[str, Any]:
    """What the state gives."""
    url = "s3://greenlight-test/runs/one/models/job/output/model.tar.gz"
    return {
        "plan": {"uris": {"evaluation": EVALUATION}, "thresholds": THRESHOLDS, "champion": None},
        "training": {"job_name": "job", "status": "Completed", "model_data_url": url, **training},
    }


@pytest.fixture
def evaluated(bucket: Bucket) -> Bucket:
    """A bucket with an archive and its figures."""
    bucket.put("runs/one/models/job/output/model.tar.gz", ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", json.dumps(measured(scored(archive_digest=DIGEST))))
    return bucket


def test_a_passed_gate_returns_what_the_registration_needs(evaluated: Bucket, context: Context) -> None:
    """Digests, figures and addresses, as the state machine reads them."""
    result = handler(event(), context)
    assert result["passed"] is True
    assert result["archive_digest"] == DIGEST
    assert result["metrics"] == {"map50": 0.964, "map50_95": 0.7, "precision": 0.95, "recall": 0.94, "images": 16}
    assert result["champion"] is None
    assert result["report_uri"] == EVALUATION + "report/index.html"
    assert result["metrics_uri"] == EVALUATION + "metrics.json"
    gate = json.loads(evaluated.get("runs/one/evaluation/gate.json"))
    assert (gate["version"], gate["passed"], gate["thresholds"]) == (1, True, THRESHOLDS)


def test_a_refusal_is_written_down_before_it_is_raised(evaluated: Bucket, context: Context) -> None:
    """``gate.json`` says no, and so does the exception, in the same words."""
    figures = scored(archive_digest=DIGEST, washer=0.41)
    evaluated.put("runs/one/evaluation/metrics.json", json.dumps(measured(figures)))
    with pytest.raises(GateRejected, match=r"mAP50 of washer 0\.41 < 0\.60 on 23 objects"):
        handler(event(), context)
    gate = json.loads(evaluated.get("runs/one/evaluation/gate.json"))
    assert gate["passed"] is False
    assert gate["reasons"] == ["mAP50 of washer 0.41 < 0.60 on 23 objects"]


def test_an_archive_that_changed_after_the_evaluation_is_refused(evaluated: Bucket, context: Context) -> None:
    """The stored bytes are hashed, not believed."""
    evaluated.put("runs/one/models/job/output/model.tar.gz", b"something else")
    with pytest.raises(GateRejected, match="digest"):
        handler(event(), context)


@pytest.mark.parametrize("body", [None, "no json", "[]", '{"version": 1}', '{"version": 1, "candidate": NaN}'])
def test_figures_that_cannot_be_read_are_refused(evaluated: Bucket, context: Context, body: str | None) -> None:
    """A missing or damaged document closes the gate."""
    if body is None:
        evaluated.s3.delete_object(Bucket=evaluated.name, Key="runs/one/evaluation/metrics.json")
    else:
        evaluated.put("runs/one/evaluation/metrics.json", body)
    with pytest.raises(GateRejected, match="cannot be read"):
        handler(event(), context)
    assert json.loads(evaluated.get("runs/one/evaluation/gate.json"))["passed"] is False


@pytest.mark.parametrize(
    "url", [None, "", "https://example.com/x", "s3://greenlight-test/nothing", "s3://no-such-bucket/x"]
)
def test_a_missing_archive_is_refused(evaluated: Bucket, context: Context, url: Any) -> None:
    """Nothing is registered that is not there."""
    with pytest.raises(GateRejected, match="digest"):
        handler(event(model_data_url=url), context)
