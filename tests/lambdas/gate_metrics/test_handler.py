"""The gate's edge: what it reads, what it leaves behind, what it returns."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.gate_metrics import handler as function
from lambdas.gate_metrics.handler import GateRejected, handler
from tests.lambdas.conftest import ENVIRONMENT, SESSION, Bucket, Context, client, counted
from tests.lambdas.gate_metrics.figures import (
    PLANNED,
    THRESHOLDS,
    classed,
    measured,
    production,
    scored,
    smoked,
)
from tests.lambdas.plans import EVALUATION, build_plan
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.build_record import BuildRecord, read_build
from workflow.contract.cost import Job
from workflow.contract.cost_section import END, START
from workflow.contract.model import TASKS
from workflow.contract.policy import Loosened
from workflow.contract.scores import FIGURE_NAMES, figures_of
from workflow.contract.stored_smoke import read_smoke
from workflow.contract.table_keys import build_key

ARCHIVE = b"an archive" * 120_000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
KEPT = f"models/{DIGEST}/model.tar.gz"
FOLDER = "runs/one/evaluation/"
PAGE = "<!doctype html><h1>Run one</h1><!--verdict--><p>Figures"


def event(champion: PlannedChampion | None = None, **training: Any) -> dict[str, Any]:
    """What the state gives."""
    url = "s3://greenlight-test/runs/one/models/job/output/model.tar.gz"
    return {
        "plan": build_plan(thresholds=THRESHOLDS, champion=champion).document(),
        "training": {"job_name": "job", "status": "Completed", "model_data_url": url, **training},
    }


def found(task: str = "detect", champion: Any = None, **changes: Any) -> str:
    """``metrics.json`` of the stored archive, as text."""
    return json.dumps(measured(scored(task, archive_digest=DIGEST, **changes), champion, task))


@pytest.fixture
def evaluated(bucket: Bucket, table: Any) -> Bucket:
    """A bucket with an archive, its figures and the page about them."""
    bucket.put("runs/one/models/job/output/model.tar.gz", ARCHIVE)
    bucket.put(FOLDER + "metrics.json", found())
    bucket.put(FOLDER + "report/index.html", PAGE)
    bucket.put(FOLDER + "smoke/smoke.json", json.dumps(smoked()))
    bucket.put(FOLDER + "smoke/0.jpg", b"a picture")
    return bucket


def gate(bucket: Bucket) -> dict[str, Any]:
    """What the gate wrote down."""
    document: dict[str, Any] = json.loads(bucket.get(FOLDER + "gate.json"))
    return document


def test_a_passed_gate_returns_what_the_registration_needs(evaluated: Bucket, context: Context) -> None:
    """Digests, figures and addresses, as the state machine reads them."""
    result = handler(event(), context)
    assert result["passed"] is True
    assert result["archive_digest"] == DIGEST
    assert result["evaluation_digest"] == hashlib.sha256(evaluated.get(FOLDER + "metrics.json")).hexdigest()
    assert result["smoke_digest"] == read_smoke(function.s3, EVALUATION).digest
    assert result["metrics"] == {
        **dict.fromkeys(FIGURE_NAMES),
        **{"task": "detect", "map50": 0.964, "map50_95": 0.7, "precision": 0.95, "recall": 0.94, "f1": 0.945},
        "images": 16,
        "intervals": {},
    }
    assert result["champion"] is None
    assert result["report_uri"] == EVALUATION + "report/index.html"
    assert result["metrics_uri"] == EVALUATION + "metrics.json"


@pytest.fixture
def bill(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What SageMaker bills for the run, which a test may change."""
    found = [Job("Training", 3600, "ml.g5.xlarge")]

    def find(call: Any, project: str, run: str) -> tuple[Job, ...]:
        assert (project, run) == ("greenlight", build_plan().run)
        return tuple(found)

    monkeypatch.setattr(function, "find_billed_jobs", find)
    return found


def test_what_the_run_is_billed_stands_in_the_report_and_travels_on(
    evaluated: Bucket, context: Context, bill: list[Job]
) -> None:
    """In place of the estimate; a run whose bill nobody knows keeps that, and says nothing."""
    evaluated.put(FOLDER + "report/index.html", f"{PAGE}{START}an estimate{END}")
    assert handler(event(), context)["cost"] == "about $1.41 (list prices of 2026, us-east-1)"
    assert b"The run was billed about $1.41" in evaluated.get(FOLDER + "report/index.html")
    bill.clear()
    evaluated.put(FOLDER + "report/index.html", f"{PAGE}{START}an estimate{END}")
    assert handler(event(), context)["cost"] == ""
    assert b"an estimate" in evaluated.get(FOLDER + "report/index.html")


def test_nothing_claims_a_price_on_the_stand_in(
    evaluated: Bucket, context: Context, bill: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its jobs are timed, and billed by nobody."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    evaluated.put(FOLDER + "report/index.html", f"{PAGE}{START}only times{END}")
    assert handler(event(), context)["cost"] == "nothing: 3,600 s of jobs on one machine"
    assert b"only times" in evaluated.get(FOLDER + "report/index.html")


def test_what_the_gate_saw_is_counted_whichever_way_it_went(
    evaluated: Bucket, context: Context, bill: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    """The figure that decides, of both models; nothing where there was none to read."""
    handler(event(), context)
    said = counted(capsys.readouterr().out)
    assert (said["CandidateQuality"], said["CandidateLatency"], said["GatePassed"]) == (0.7, 20, 1)
    assert "ChampionQuality" not in said
    evaluated.put(FOLDER + "metrics.json", found(champion=production(map50_95=0.9)))
    with pytest.raises(GateRejected):
        handler(event(champion=PLANNED), context)
    said = counted(capsys.readouterr().out)
    assert (said["CandidateQuality"], said["ChampionQuality"], said["GateRefused"]) == (0.7, 0.9, 1)
    evaluated.put(FOLDER + "metrics.json", "no json")
    with pytest.raises(GateRejected):
        handler(event(), context)
    assert "CandidateQuality" not in counted(capsys.readouterr().out)


def test_a_bill_that_cannot_be_read_closes_no_gate(evaluated: Bucket, context: Context) -> None:
    """It is told to the log."""
    with Stubber(function.sagemaker) as stub:
        stub.add_client_error("list_processing_jobs", "ThrottlingException")
        assert handler(event(), context)["passed"] is True


def test_the_figures_are_left_where_sagemakers_pages_find_them(evaluated: Bucket, context: Context) -> None:
    """Beside ``metrics.json``, which stays what it was, with the digest of what was written."""
    before = evaluated.get(FOLDER + "metrics.json")
    result = handler(event(), context)
    assert result["quality_uri"] == EVALUATION + "model-quality.json"
    assert result["registry_task"] == "OBJECT_DETECTION"
    written = evaluated.get(FOLDER + "model-quality.json")
    assert result["quality_digest"] == hashlib.sha256(written).hexdigest()
    assert json.loads(written)["object_detection_metrics"]["map50"]["value"] == 0.964
    assert evaluated.get(FOLDER + "metrics.json") == before


def test_a_judged_archive_is_kept_under_its_digest(evaluated: Bucket, context: Context) -> None:
    """What is registered is an address that names the very bytes, and is written once."""
    result = handler(event(), context)
    assert result["archive_uri"] == f"s3://greenlight-test/{KEPT}"
    assert evaluated.get(KEPT) == ARCHIVE
    evaluated.put("runs/one/models/job/output/model.tar.gz", b"something else")
    assert evaluated.get(KEPT) == ARCHIVE


def test_a_model_whose_archive_cannot_be_kept_is_refused(evaluated: Bucket, context: Context) -> None:
    """It is gone between hashing and keeping: the verdict and the page say no, as the exception does."""
    address = {"Bucket": evaluated.name, "Key": "runs/one/models/job/output/model.tar.gz"}

    def remove(**_: Any) -> None:
        evaluated.s3.delete_object(**address)

    moment = "before-parameter-build.s3.CopyObject"
    function.s3.meta.events.register(moment, remove)
    try:
        with pytest.raises(GateRejected, match="the archive changed after it was judged"):
            handler(event(), context)
    finally:
        function.s3.meta.events.unregister(moment, remove)
    assert KEPT not in evaluated.stored()
    assert gate(evaluated)["passed"] is False
    assert b'<section class="verdict rejected">' in evaluated.get(FOLDER + "report/index.html")


def test_the_archive_of_a_refused_model_is_not_kept(evaluated: Bucket, context: Context) -> None:
    """Only what may be released lies there."""
    evaluated.put(FOLDER + "metrics.json", found(map50=0.1))
    with pytest.raises(GateRejected):
        handler(event(), context)
    assert KEPT not in evaluated.stored()


def test_gate_json_holds_everything_the_decision_stands_on(evaluated: Bucket, context: Context) -> None:
    """Thresholds, figures of both models, their comparison, digests."""
    evaluated.put(FOLDER + "metrics.json", found(champion=production()))
    result = handler(event(champion=PLANNED), context)
    written = gate(evaluated)
    assert (written["version"], written["passed"], written["thresholds"]) == (1, True, THRESHOLDS)
    assert written["reasons"] == result["reasons"]
    assert written["metrics"] == result["metrics"]
    assert written["champion"] == result["champion"]
    assert written["champion"]["package_version"] == 3
    assert written["comparison"]["overall"] == {"value": 0.0, "low": None, "high": None}
    assert (written["archive_digest"], written["dataset_digest"]) == (DIGEST, "d" * 64)


def test_what_the_run_loosened_is_written_down_and_told(evaluated: Bucket, context: Context) -> None:
    """In ``gate.json`` by itself; among the reasons, which the page and the approver see."""
    loosened = (Loosened("minimum_map50", 0.5, 0.01),)
    plan = build_plan(thresholds=THRESHOLDS, loosened=loosened).document()
    result = handler({**event(), "plan": plan}, context)
    assert gate(evaluated)["loosened"] == [{"key": "minimum_map50", "was": 0.5, "now": 0.01}]
    said = "loosened by the run: minimum_map50 was 0.5, is 0.01"
    assert result["reasons"][0] == said
    assert said in evaluated.get(FOLDER + "report/index.html").decode()


@pytest.mark.parametrize("task", TASKS)
def test_the_registry_takes_every_property_of_every_task(evaluated: Bucket, context: Context, task: str) -> None:
    """The same keys whatever the task; texts of 1 to 256 characters that SageMaker allows."""
    evaluated.put(FOLDER + "metrics.json", found(task, f1=1e-7))
    properties = handler(event(), context)["properties"]
    assert list(properties) == [
        *("task", "quality_name", "quality", "map50", "map50_95", "precision", "recall", "images", "serves_in")
    ]
    assert properties["task"] == task
    assert properties["quality_name"] in figures_of(task)
    assert properties["map50"] == ("none" if task == "classify" else "0.964")
    shape = SESSION.client("sagemaker").meta.service_model.shape_for("CustomerMetadataValue").metadata
    for value in properties.values():
        assert re.fullmatch(r"[\w .:/=+\-@]+", value)
        assert shape["min"] <= len(value) <= shape["max"]


@pytest.mark.parametrize("task", TASKS)
def test_the_figures_of_every_task_travel_on(evaluated: Bucket, context: Context, task: str) -> None:
    """Numbers for what the task has, null for the rest."""
    evaluated.put(FOLDER + "metrics.json", found(task))
    figures = handler(event(), context)["metrics"]
    assert {name for name in FIGURE_NAMES if figures[name] is not None} == set(figures_of(task))


def test_a_refusal_is_written_down_before_it_is_raised(evaluated: Bucket, context: Context) -> None:
    """``gate.json`` says no, the page says no, and so does the exception, in the same words."""
    washer = classed("washer", 23, map50=0.41)
    evaluated.put(FOLDER + "metrics.json", found(per_class=[classed(), washer]))
    with pytest.raises(GateRejected, match=r"mAP50 of washer 0\.410 < 0\.60 on 23 objects"):
        handler(event(), context)
    assert gate(evaluated)["passed"] is False
    assert gate(evaluated)["reasons"] == ["mAP50 of washer 0.410 < 0.60 on 23 objects"]
    page = evaluated.get(FOLDER + "report/index.html").decode()
    assert '<section class="verdict rejected">' in page
    assert "<li>mAP50 of washer 0.410 &lt; 0.60 on 23 objects</li>" in page


def remembered() -> BuildRecord:
    """What is kept of the build that is judged."""
    found = read_build(function.table.get_item(Key={"id": build_key(build_plan().fingerprint)}).get("Item"))
    assert found is not None
    return found


def begin_to_build(execution: str) -> None:
    """The plan, as it keeps that this execution builds it."""
    function.table.put_item(Item=BuildRecord(execution).item(build_plan().fingerprint, 1))


def test_a_refusal_is_remembered_with_its_reason(evaluated: Bucket, context: Context) -> None:
    """The same again is neither trained nor told once more; another run's record is left alone."""
    evaluated.put(FOLDER + "metrics.json", found(per_class=[classed(), classed("washer", 23, map50=0.41)]))
    for execution, said in ((build_plan().execution_arn, "Gate.Rejected"), ("another", "")):
        begin_to_build(execution)
        with pytest.raises(GateRejected):
            handler(event(), context)
        assert remembered().refused == said
    begin_to_build(build_plan().execution_arn)
    with pytest.raises(GateRejected):
        handler(event(), context)
    assert remembered().because == "mAP50 of washer 0.410 < 0.60 on 23 objects"


@pytest.mark.parametrize("missing", ["models/job/output/model.tar.gz", "evaluation/metrics.json"])
def test_a_refusal_for_want_of_something_to_judge_is_not_remembered(
    evaluated: Bucket, context: Context, missing: str
) -> None:
    """The same again may well pass."""
    begin_to_build(build_plan().execution_arn)
    evaluated.put(f"runs/one/{missing}", b"{}")
    with pytest.raises(GateRejected):
        handler(event(), context)
    assert remembered().refused == ""


def test_a_refusal_that_cannot_be_kept_is_one_all_the_same(evaluated: Bucket, context: Context, log_of: Any) -> None:
    """Whoever starts the same again pays once more, and the log tells why."""
    log = log_of(function)
    client("dynamodb").delete_table(TableName=ENVIRONMENT["TABLE"])
    evaluated.put(FOLDER + "metrics.json", found(map50=0.1))
    with pytest.raises(GateRejected):
        handler(event(), context)
    assert "the refusal is not remembered" in log.text


def test_the_page_shows_the_verdict_and_stays_a_page(evaluated: Bucket, context: Context) -> None:
    """Also when the state is repeated after its answer was lost."""
    handler(event(), context)
    first = evaluated.get(FOLDER + "report/index.html")
    assert b'<section class="verdict passed">' in first
    assert b"<!--verdict-->" not in first
    handler(event(), context)
    assert evaluated.get(FOLDER + "report/index.html") == first
    head = evaluated.s3.head_object(Bucket=evaluated.name, Key=FOLDER + "report/index.html")
    assert head["ContentType"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("page", [None, b"", b"\xff\xfe"])
def test_a_missing_page_refuses_a_model_that_would_pass(
    evaluated: Bucket, context: Context, log_of: Any, page: bytes | None
) -> None:
    """The person who approves would have nothing to look at."""
    log = log_of(function)
    if page is None:
        evaluated.s3.delete_object(Bucket=evaluated.name, Key=FOLDER + "report/index.html")
    else:
        evaluated.put(FOLDER + "report/index.html", page)
    with pytest.raises(GateRejected, match="the evaluation left no report"):
        handler(event(), context)
    assert gate(evaluated)["passed"] is False
    assert "does not show the verdict" in log.text


def test_a_page_without_a_place_for_the_verdict_is_left_as_it_is(
    evaluated: Bucket, context: Context, log_of: Any
) -> None:
    """It neither opens nor closes the gate; the log tells."""
    log = log_of(function)
    evaluated.put(FOLDER + "report/index.html", "<p>Figures")
    assert handler(event(), context)["passed"] is True
    assert evaluated.get(FOLDER + "report/index.html") == b"<p>Figures"
    assert "does not show the verdict" in log.text


def test_an_archive_that_changed_after_the_evaluation_is_refused(evaluated: Bucket, context: Context) -> None:
    """The stored bytes are hashed, not believed."""
    evaluated.put("runs/one/models/job/output/model.tar.gz", b"something else")
    with pytest.raises(GateRejected, match="digest"):
        handler(event(), context)


@pytest.mark.parametrize(
    "body", [None, "", "no json", "[]", "[" * 100_000, '{"version": 1}', '{"version": 1, "candidate": NaN}']
)
def test_figures_that_cannot_be_read_are_refused(evaluated: Bucket, context: Context, body: str | None) -> None:
    """A missing or damaged document closes the gate."""
    if body is None:
        evaluated.s3.delete_object(Bucket=evaluated.name, Key=FOLDER + "metrics.json")
    else:
        evaluated.put(FOLDER + "metrics.json", body)
    with pytest.raises(GateRejected, match="cannot be read"):
        handler(event(), context)
    assert gate(evaluated)["passed"] is False


@pytest.mark.parametrize(
    ("missing", "body"),
    [
        *(("smoke/smoke.json", body) for body in (None, "no json", json.dumps(smoked(images=[])))),
        ("smoke/0.jpg", None),
    ],
)
def test_missing_pictures_to_try_a_release_with_close_the_gate(
    evaluated: Bucket, context: Context, missing: str, body: str | None
) -> None:
    """Before a person is asked, and not when the release finds nothing to send."""
    if body is None:
        evaluated.s3.delete_object(Bucket=evaluated.name, Key=FOLDER + missing)
    else:
        evaluated.put(FOLDER + missing, body)
    with pytest.raises(GateRejected, match="left no pictures to try a release with"):
        handler(event(), context)
    assert gate(evaluated)["passed"] is False


@pytest.mark.parametrize(
    "url", [None, "", "https://example.com/x", "s3://greenlight-test/nothing", "s3://no-such-bucket/x"]
)
def test_a_missing_archive_is_refused(evaluated: Bucket, context: Context, url: Any) -> None:
    """Nothing is registered that is not there."""
    with pytest.raises(GateRejected, match="digest"):
        handler(event(model_data_url=url), context)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"plan": None}, "BuildPlan: must be a JSON object"),
        ({"plan": {**event()["plan"], "version": 2}}, "BuildPlan: version 2 is not 1"),
        ({"plan": {**event()["plan"], "uris": {}}}, "BuildPlan.uris.training: missing"),
        ({"plan": {**event()["plan"], "thresholds": None}}, "BuildPlan.thresholds: must be a JSON object"),
        ({"plan": {**event()["plan"], "champion": {}}}, "BuildPlan.champion.model_package_arn: missing"),
        ({"plan": {**event()["plan"], "champion": "3"}}, "BuildPlan.champion: must be a JSON object"),
        ({"plan": {key: value for key, value in event()["plan"].items() if key != "champion"}}, "champion: missing"),
        ({"training": None}, "training: must be a JSON object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_of_the_run_closes_the_gate(
    evaluated: Bucket, context: Context, broken: dict[str, Any], said: str
) -> None:
    """A plan whose champion is lost is not the plan of a first model."""
    with pytest.raises(GateRejected, match=said):
        handler({**event(), **broken}, context)


# --- faults, through the real handler --------------------------------------------------------------


@pytest.mark.parametrize(("images", "objects"), [(0, 0), (1, 3), (9, 40), (16, 0)])
def test_an_empty_or_tiny_test_set_is_refused(evaluated: Bucket, context: Context, images: int, objects: int) -> None:
    """Perfect figures on nearly nothing prove nothing."""
    metrics = measured(scored(archive_digest=DIGEST, map50=1.0, map50_95=1.0))
    metrics["data"] |= {"images": images, "objects": objects}
    evaluated.put(FOLDER + "metrics.json", json.dumps(metrics))
    with pytest.raises(GateRejected, match="held-out images"):
        handler(event(), context)


@pytest.mark.parametrize("bad", ["missing", None, math.nan, math.inf, "0.99"])
@pytest.mark.parametrize("task", TASKS)
def test_a_metric_that_is_missing_or_no_number_closes_the_gate(
    evaluated: Bucket, context: Context, task: str, bad: Any
) -> None:
    """Every figure of every task, one after the other."""
    for name in figures_of(task):
        metrics = measured(scored(task, archive_digest=DIGEST, **{name: bad}), task=task)
        if bad == "missing":
            del metrics["candidate"][name]
        evaluated.put(FOLDER + "metrics.json", json.dumps(metrics))
        with pytest.raises(GateRejected, match=name):
            handler(event(), context)


def test_a_metric_equal_to_its_threshold_passes(evaluated: Bucket, context: Context) -> None:
    """The documented result, for floors and for the allowed loss alike."""
    exactly = {"map50": THRESHOLDS["minimum_map50"], "map50_95": THRESHOLDS["minimum_map50_95"]}
    evaluated.put(FOLDER + "metrics.json", found(champion=production(map50_95=0.52), **exactly))
    assert handler(event(champion=PLANNED), context)["passed"] is True


@pytest.mark.parametrize("damage", [None, [], "x", {}, {"map50": math.nan}, {"map50_95": "0.9"}, {"per_class": None}])
def test_an_unreadable_champion_is_never_a_first_model(evaluated: Bucket, context: Context, damage: Any) -> None:
    """Production's figures are gone or damaged while the plan names its version."""
    champion = {**production(), **damage} if isinstance(damage, dict) and damage else damage
    metrics = {**measured(scored(archive_digest=DIGEST), production()), "champion": champion}
    evaluated.put(FOLDER + "metrics.json", json.dumps(metrics))
    with pytest.raises(GateRejected, match=r"champion|production's model was not measured"):
        handler(event(champion=PLANNED), context)


def test_a_thousand_classes_fit_into_the_executions_data(evaluated: Bucket, context: Context) -> None:
    """Step Functions takes 256 KiB; ``gate.json`` has every reason."""
    many = [classed(f"a class with a long name {number}") for number in range(1000)]
    evaluated.put(FOLDER + "metrics.json", found(per_class=many))
    result = handler(event(), context)
    assert len(json.dumps(result)) < 20_000
    assert result["reasons"][-1].endswith("more in gate.json")
    assert len(gate(evaluated)["reasons"]) > 1000
    evaluated.put(FOLDER + "metrics.json", found(per_class=[{**one, "map50": 0.1} for one in many]))
    with pytest.raises(GateRejected) as caught:
        handler(event(), context)
    assert len(str(caught.value)) < 20_000
