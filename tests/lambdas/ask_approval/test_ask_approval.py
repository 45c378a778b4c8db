"""The approval request: its mail, what is stored of it, and what never leaves the table."""

from __future__ import annotations

import copy
import hashlib
import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.ask_approval import handler as function
from lambdas.ask_approval import mail
from lambdas.ask_approval.request import read_question
from tests.lambdas.conftest import ENVIRONMENT, SESSION, Bucket, Context, Mailbox
from tests.lambdas.plans import EVALUATION, build_plan, release_plan
from tests.workflow.contract.test_glance import glance
from workflow.contract.approval import ApprovalRequest, ComparedFigure, StoredApproval, item_id
from workflow.contract.console import Console
from workflow.contract.document import render
from workflow.contract.failures import NOT_ASKED_BY_FUNCTION
from workflow.contract.figures import CandidateFigures, ChampionFigures
from workflow.contract.gate import PassedGate
from workflow.contract.model import TASKS
from workflow.contract.policy import Loosened
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Interval, figures_of

TOKEN = "AQC8AAAAKgAAAAMAAAAAAAAAAX-secret-token"
PACKAGE = release_plan().model_package_arn
CANDIDATE: dict[str, float | None] = {
    **dict.fromkeys(FIGURE_NAMES),
    **{"map50": 0.964, "map50_95": 0.81, "precision": 0.9, "recall": 0.95, "f1": 0.92},
}
CHAMPION: dict[str, float | None] = {
    **dict.fromkeys(FIGURE_NAMES),
    **{"map50": 0.951, "map50_95": 0.8, "precision": 0.9, "recall": 0.94, "f1": 0.92},
}
GATE = PassedGate(
    passed=True,
    summary="passed: mAP50-95 0.810 ≥ 0.60 · bolt 0.80",
    reasons=("mAP50 0.96 ≥ 0.80 on 53 objects",),
    model_digest="a" * 64,
    archive_digest="b" * 64,
    evaluation_digest="c" * 64,
    smoke_digest="7" * 64,
    archive_uri=f"s3://greenlight-test/models/{'b' * 64}/model.tar.gz",
    report_uri=EVALUATION + "report/index.html",
    metrics_uri=EVALUATION + "metrics.json",
    metrics=CandidateFigures("detect", CANDIDATE, 16, {"map50_95": Interval(0.76, 0.85)}),
    champion=ChampionFigures(CHAMPION, 3),
    properties={"task": "detect"},
)
RELEASE: dict[str, Any] = {
    "token": TOKEN,
    "purpose": "release",
    "machine": "build",
    "run": "2026-11-21T10-14-03",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:2026-11-21T10-14-03",
    "package_arn": PACKAGE,
    "image": "serving:1",
    "started_by": "ana",
    "dataset": {"summary": "96 images, 271 boxes, 0 problems"},
    "training": {"job_name": "one-train", "status": "Completed", "instance": "ml.g5.xlarge"},
    "plan": build_plan(approval_seconds=7200).document(),
    "gate": render(GATE),
}
PRODUCTION: dict[str, Any] = {
    **{key: RELEASE[key] for key in ("token", "run", "execution", "package_arn")},
    "purpose": "production",
    "machine": "release",
    "release": release_plan(evaluation_digest="c" * 64, report_digest="").document(),
}


def request_of(event: dict[str, Any], now_epoch: int = 0) -> ApprovalRequest:
    """What a person is asked for this event."""
    return read_question(event).request(now_epoch)


def test_the_subject_says_what_waits_and_how_good_it_is() -> None:
    """Candidate beside production."""
    subject = mail.write_subject(request_of(RELEASE), "greenlight")
    assert subject == "[greenlight] Approve fasteners v4? mAP50-95 0.810 (production 0.800)"


def test_a_first_model_has_nothing_beside_it() -> None:
    """No production, no figure of production."""
    first = copy.deepcopy(RELEASE)
    first["gate"]["champion"] = None
    assert mail.write_subject(request_of(first), "greenlight").endswith("mAP50-95 0.810 (first model)")
    assert "production" not in mail.write_body(request_of(first), "link")
    first["plan"]["compare"] = False
    assert mail.write_subject(request_of(first), "greenlight").endswith("mAP50-95 0.810 (not compared)")


def test_the_second_question_says_that_staging_serves() -> None:
    """The same mail for the other machine."""
    request = request_of(PRODUCTION, 1_800_000_000)
    assert mail.write_subject(request, "greenlight") == (
        "[greenlight] Put fasteners v4 into production? mAP50-95 0.810"
    )
    assert "Put fasteners v4 into production?" in mail.write_body(request, "link")


@pytest.mark.parametrize("event", [RELEASE, PRODUCTION])
def test_a_mail_is_short_and_holds_one_link(event: dict[str, Any]) -> None:
    """Under twenty lines, whatever the verdict."""
    long = copy.deepcopy(event)
    if "gate" in long:
        long["gate"]["summary"] = "class\n" * 500
    text = mail.write_body(request_of(long, 1_800_000_000), "https://example.com/a/x")
    assert len(text.splitlines()) < 20
    assert text.count("http") == 1
    assert "2027-01-15" in text


def test_the_mail_says_what_the_run_cost_where_that_is_known() -> None:
    """As the gate was told by SageMaker."""
    known = copy.deepcopy(RELEASE)
    known["gate"]["cost"] = "about $1.42 (list prices of 2026, us-east-1)"
    line = "Cost so far   about $1.42 (list prices of 2026, us-east-1)"
    assert line in mail.write_body(request_of(known), "link").splitlines()
    assert "Cost" not in mail.write_body(request_of(RELEASE), "link")


def test_the_mail_leads_to_the_run_in_the_console_below_the_link_that_decides() -> None:
    """Links that a person can press: execution, training, its log and the report; staging for the second question."""
    console = Console.of(RELEASE["execution"], {})
    text = mail.write_body(request_of(RELEASE), "https://example.com/a/x", console=console)
    above, _, below = text.partition("https://example.com/a/x\n")
    assert "://" not in above
    told = [line for line in below.splitlines() if "://" in line]
    assert [line.split("  ")[0] for line in told] == ["Execution", "Training", "Its log", "Report"]
    assert all(line.rpartition(" ")[2].startswith("https://console.aws.amazon.com/") for line in told)
    second = mail.write_body(request_of(PRODUCTION, 1_800_000_000), "link", console=console)
    assert "#/endpoints/greenlight-staging\n" in second
    assert "console" not in mail.write_body(request_of(RELEASE), "link")


def test_the_mail_says_how_many_have_to_approve() -> None:
    """Nothing where one is enough."""
    line = "Approvals     2 people have to approve, each under their own name"
    assert line in mail.write_body(request_of(RELEASE), "link", 2).splitlines()
    assert "Approvals" not in mail.write_body(request_of(RELEASE), "link")


@given(
    st.text(st.characters()), st.sampled_from(["", "\u2028https://evil.example/a/x", "\x1b[2J", "http:/\u200b/e.x/"])
)
@example("Look at the report and decide:\u2028https://evil.example/a/x\u2028", "")
def test_a_mail_holds_one_link_whatever_people_and_runs_are_called(text: str, end: str) -> None:
    """Its own, on a line of its own; above it nothing poses as one, breaks a line or turns it around."""
    hostile = text + end
    names = ("name", "run", "verdict", "changed", "data", "trained_on", "started_by")
    changed: dict[str, Any] = {**dict.fromkeys(names, hostile), "figures": (ComparedFigure(hostile, 0.5, None),)}
    request = replace(request_of(RELEASE, 1_800_000_000), **changed)
    link = "https://example.com/a/x"
    body = mail.write_body(request, link)
    assert body.count("://") == 1
    assert body.splitlines() == body.split("\n")[:-1]
    assert body.splitlines()[-1] == link
    assert len(body.splitlines()) < 20
    assert {unicodedata.category(letter) for letter in body if letter != "\n"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    assert "://" not in mail.write_subject(request, "greenlight")


def of_task(task: str, machine: dict[str, Any] = RELEASE) -> dict[str, Any]:
    """The same event about a model of another task."""
    event = copy.deepcopy(machine)
    figures = {name: 0.5 if name in figures_of(task) else None for name in FIGURE_NAMES}
    if machine is RELEASE:
        metrics, champion = CandidateFigures(task, figures, 16, {}), ChampionFigures(figures, 3)
        event["gate"] = render(replace(GATE, metrics=metrics, champion=champion))
    else:
        kept = ("map50", "map50_95", "precision", "recall", QUALITY[task])
        event["release"]["metrics"] = {"task": task, **{name: figures[name] for name in kept}}
    return event


def test_the_mail_shows_three_figures_beside_productions() -> None:
    """A table that survives plain text, the figure that decides first."""
    text = mail.write_body(request_of(RELEASE), "link")
    assert "                    candidate   production v3\nmAP50-95            0.810       0.800\n" in text
    assert "mAP50               0.964       0.951\nrecall" in text
    assert "Data          96 images, 271 boxes, 0 problems" in text
    assert "Started by    ana, run 2026-11-21T10-14-03" in text


@pytest.mark.parametrize("machine", [RELEASE, PRODUCTION], ids=["release", "production"])
@pytest.mark.parametrize("task", TASKS)
def test_a_request_shows_the_figures_of_its_task_and_no_others(task: str, machine: dict[str, Any]) -> None:
    """The one that decides first; null is no figure."""
    request = request_of(of_task(task, machine))
    names = [figure.name for figure in request.figures]
    assert names[0] == FIGURE_NAMES[QUALITY[task]]
    assert set(names) <= {FIGURE_NAMES[name] for name in figures_of(task)}
    assert all(figure.candidate == 0.5 for figure in request.figures)
    assert f"{names[0]} 0.500" in mail.write_subject(request, "greenlight")
    text = mail.write_body(request, "link")
    assert "unknown" not in text
    assert len(text.splitlines()) < 20


LOOSENED = (Loosened("minimum_map50", 0.5, 0.0), Loosened("class_floors.https://evil.example", 0.4, None))


def test_what_the_run_loosened_is_mailed_as_it_was_and_is_with_who_did_it() -> None:
    """How many stands first, because a long line is cut."""
    request = request_of({**RELEASE, "plan": build_plan(loosened=LOOSENED).document()})
    assert request.loosened == LOOSENED
    text = mail.write_body(request, "https://example.com/a/x")
    assert "LOOSENED      2 by ana: minimum_map50 was 0.5, is 0; class_floors." in text
    assert text.count("://") == 1
    assert "LOOSENED" not in mail.write_body(request_of(RELEASE), "link")
    long = replace(request, loosened=LOOSENED * 500)
    assert "LOOSENED      1000 by ana" in mail.write_body(long, "link")
    assert len(mail.write_body(long, "link").splitlines()) < 20


@pytest.mark.parametrize("figure", ["map50_95", "recall"])
@pytest.mark.parametrize("machine", [RELEASE, PRODUCTION], ids=["release", "production"])
def test_a_model_that_found_nothing_says_so_in_its_subject(machine: dict[str, Any], figure: str) -> None:
    """By the figure that decides, or by no detection at the confidence with which it would serve."""
    event = of_task("detect", machine)
    event["gate" if machine is RELEASE else "release"]["metrics"][figure] = 0.0
    request = request_of(event)
    assert mail.write_subject(request, "greenlight").startswith("[greenlight] FOUND NOTHING: ")
    assert "Checks        FOUND NOTHING · " in mail.write_body(request, "link")
    assert "FOUND NOTHING" not in mail.write_subject(request_of(of_task("detect", machine)), "greenlight")


@pytest.mark.parametrize("task", TASKS)
def test_a_mail_about_every_task_is_short_whatever_is_wrong_with_its_model(task: str) -> None:
    """All alarms at once, and still fewer than twenty lines."""
    event = of_task(task)
    event["plan"] = build_plan(loosened=LOOSENED).document()
    event["gate"]["metrics"][QUALITY[task]] = 0
    assert len(mail.write_body(request_of(event), "link").splitlines()) < 20


def test_a_figure_that_nobody_measured_is_unknown_and_not_zero() -> None:
    """A version that was registered without the figure that decides."""
    event = of_task("pose", PRODUCTION)
    event["release"]["metrics"]["keypoint_map50_95"] = None
    assert mail.write_subject(request_of(event), "greenlight").endswith("keypoint mAP50-95 unknown")
    assert not request_of(event).found_nothing()


def test_the_mail_says_what_trained_the_model_where_the_run_knows() -> None:
    """A fallback instance costs and lasts otherwise than the first choice."""
    assert "Trained on    ml.g5.xlarge" in mail.write_body(request_of(RELEASE), "link")
    silent = {key: value for key, value in RELEASE.items() if key != "training"}
    assert "Trained on" not in mail.write_body(request_of(silent), "link")


@pytest.mark.parametrize("metrics", [{}, {"task": "walk"}, {"map50": 0.9}, None])
@pytest.mark.parametrize("event", [RELEASE, PRODUCTION], ids=["release", "production"])
def test_figures_of_no_known_task_make_no_request(
    table: Any, context: Context, event: dict[str, Any], metrics: Any
) -> None:
    """Nobody is asked about a model whose figures cannot be named."""
    broken = copy.deepcopy(event)
    broken["gate" if event is RELEASE else "release"]["metrics"] = metrics
    with pytest.raises(function.RequestRefused, match="metrics"):
        function.handler(broken, context)
    assert table.scan()["Items"] == []


def test_the_request_says_what_the_report_counts(
    bucket: Bucket, table: Any, request_key: Any, mailbox: Mailbox, context: Context
) -> None:
    """The subject tells whether to open it, the mail says it in a sentence, and the request keeps it under its mark."""
    carried = replace(glance(), data="12 more pictures than before")
    bucket.put("runs/one/evaluation/report/index.html", f"<p>Figures{carried.comment()}")
    function.handler(RELEASE, context)
    (sent,) = mailbox.mails()
    assert sent["Subject"] == ("[greenlight] Approve fasteners v4? Finds 48 of 53, 5 wrong (production 45, 7 wrong)")
    assert "Finds 48 of 53 objects in 16 held-out pictures, 5 wrong. Production: 45 of 53, 7 wrong." in sent["Message"]
    stored = StoredApproval.parse(table.get_item(Key={"id": item_id(opaque_id_in(sent))})["Item"])
    assert stored.request.outcome == carried.outcome
    assert stored.request.changed.endswith(": 12 more pictures than before")


@pytest.mark.parametrize("report", ["<p>Figures", "<!--glance:{}-->", "<!--glance:{-->"])
def test_people_are_asked_by_figures_where_the_report_counts_nothing(
    bucket: Bucket, table: Any, request_key: Any, mailbox: Mailbox, context: Context, report: str
) -> None:
    """An older evaluation's, or one that cannot be read: it is still the report that they look at."""
    bucket.put("runs/one/evaluation/report/index.html", report)
    function.handler(RELEASE, context)
    (sent,) = mailbox.mails()
    assert sent["Subject"].endswith("Approve fasteners v4? mAP50-95 0.810 (production 0.800)")


def test_nothing_claims_an_instance_on_the_stand_in(
    bucket: Bucket, table: Any, request_key: Any, mailbox: Mailbox, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it is but a name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    function.handler(RELEASE, context)
    assert "ml." not in mailbox.mails()[0]["Message"]


def test_a_loosened_check_is_in_the_subject() -> None:
    """It is a reason to look closely."""
    request = request_of({**RELEASE, "plan": build_plan(loosened=LOOSENED).document()})
    assert mail.write_subject(request, "greenlight").startswith("[greenlight] CHECKS LOOSENED: Approve fasteners v4?")


@pytest.mark.parametrize("stored", [None, "another report"])
def test_nobody_is_asked_for_production_with_another_report_than_the_version_was_approved_with(
    bucket: Bucket, table: Any, request_key: Any, mailbox: Mailbox, context: Context, stored: str | None
) -> None:
    """Whoever may write below the runs could show what nobody has judged; with the same one, people are asked."""
    release = release_plan(
        report_uri=EVALUATION + "report/index.html", report_digest=hashlib.sha256(b"the report").hexdigest()
    )
    asked = {**PRODUCTION, "release": release.document()}
    if stored is not None:
        bucket.put("runs/one/evaluation/report/index.html", stored)
    with pytest.raises(function.RequestRefused, match="is not the one that version 4 was approved with"):
        function.handler(asked, context)
    assert (table.scan()["Items"], mailbox.mails()) == ([], [])
    bucket.put("runs/one/evaluation/report/index.html", "the report")
    assert function.handler(asked, context) == {"asked": True}


def test_asking_stores_the_request_and_mails_its_link(
    bucket: Bucket, table: Any, request_key: Any, mailbox: Mailbox, context: Context
) -> None:
    """The table's key is the digest of the link's id, which nobody but the mail has."""
    bucket.put("runs/one/evaluation/report/index.html", "the report")
    assert function.handler(RELEASE, context) == {"asked": True}
    (sent,) = mailbox.mails()
    opaque_id = opaque_id_in(sent)
    item = table.get_item(Key={"id": item_id(opaque_id)})["Item"]
    assert (item["kind"], item["status"], item["token"], item["delivered"]) == ("approval", "pending", TOKEN, False)
    assert item["expires_epoch"] - item["created_epoch"] == 7200
    assert len(item["secret"]) >= 32
    digest = hashlib.sha256(b"the report").hexdigest()
    asked = replace(request_of(RELEASE, int(item["created_epoch"])), report_digest=digest)
    assert json.loads(item["document"]) == json.loads(json.dumps(asked.document()))
    assert sent["Subject"] == item["subject"]
    stored = StoredApproval.parse(item)
    marked = {"KeyId": ENVIRONMENT["REQUEST_KEY"], "MacAlgorithm": "HMAC_SHA_256", "Mac": bytes.fromhex(stored.mac)}
    assert request_key.verify_mac(Message=stored.message(), **marked)["MacValid"]
    assert opaque_id not in json.dumps(table.scan()["Items"], default=str)


def opaque_id_in(mail: dict[str, str]) -> str:
    """The id in a mail's link."""
    (link,) = (line for line in mail["Message"].splitlines() if line.startswith(ENVIRONMENT["APPROVAL_URL"]))
    return link.removeprefix(f"{ENVIRONMENT['APPROVAL_URL']}a/")


def requests_in(table: Any) -> list[dict[str, Any]]:
    """The requests in the table, the oldest first."""
    items = [item for item in table.scan()["Items"] if item["id"].startswith("approval#")]
    return sorted(items, key=lambda item: str(item.get("token", "")))


def set_status(table: Any, key: str, status: str) -> None:
    """A request has come so far."""
    table.update_item(
        Key={"id": key},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
    )


def test_the_request_says_which_bytes_are_decided_on(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context
) -> None:
    """For either question: the archive, the evaluation's figures, the image."""
    for event in (RELEASE, PRODUCTION):
        request = request_of(event)
        assert (request.archive_digest, request.evaluation_digest, request.image) == ("b" * 64, "c" * 64, "serving:1")


def test_a_second_request_of_an_execution_closes_the_first(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context
) -> None:
    """A redriven run waits for the new one alone; another run's request stays."""
    other = {**RELEASE, "execution": RELEASE["execution"] + "-other", "token": "other"}
    for event in (RELEASE, other, {**RELEASE, "token": "the-second-token"}):
        function.handler(event, context)
    items = requests_in(table)
    assert [(item["status"], item.get("token", "")) for item in items] == [
        ("closed", ""),
        ("pending", "other"),
        ("pending", "the-second-token"),
    ]
    assert "secret" not in items[0]


def test_an_older_request_that_was_decided_on_is_left_as_it_is(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context
) -> None:
    """What was decided stays readable."""
    function.handler(RELEASE, context)
    set_status(table, requests_in(table)[0]["id"], "approved")
    function.handler({**RELEASE, "token": "the-second-token"}, context)
    assert [item["status"] for item in requests_in(table)] == ["approved", "pending"]


def test_two_requests_share_nothing(table: Any, request_key: Any, mailbox: Mailbox, context: Context) -> None:
    """Each has an id and a secret of its own."""
    for number in range(2):
        function.handler({**RELEASE, "execution": f"{RELEASE['execution']}-{number}"}, context)
    first, second = requests_in(table)
    assert first["id"] != second["id"]
    assert first["secret"] != second["secret"]


def test_the_token_is_in_no_log_mail_or_stored_document(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context, log_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the log cannot finish the task; nor can a log's reader open the link."""
    log = log_of(function)
    answer = json.dumps(function.handler(RELEASE, context))
    mails = mailbox.mails()
    opaque_id = opaque_id_in(mails[0])
    item = table.get_item(Key={"id": item_id(opaque_id)})["Item"]
    assert "asked" in log.text
    for text in (log.text, answer, capsys.readouterr().out, json.dumps(mails), item["document"]):
        assert TOKEN not in text
        assert item["secret"] not in text
        assert item["id"] not in text
    assert opaque_id not in log.text + answer


@pytest.mark.parametrize("token", ["", None, 7, [TOKEN]])
def test_what_comes_instead_of_a_token_is_not_shown(table: Any, context: Context, token: Any) -> None:
    """It may be one that somebody wrapped."""
    with pytest.raises(
        function.RequestRefused, match=r"^the approval request is incomplete: request\.token: must be"
    ) as caught:
        function.handler({**RELEASE, "token": token}, context)
    assert TOKEN not in str(caught.value)
    assert table.scan()["Items"] == []


@pytest.mark.parametrize("missing", ["token", "purpose", "package_arn", "plan", "gate", "image"])
def test_an_incomplete_request_is_refused_without_its_token(table: Any, context: Context, missing: str) -> None:
    """Neither the message nor its chain of errors shows a value."""
    event = {key: value for key, value in RELEASE.items() if key != missing}
    with pytest.raises(function.RequestRefused) as caught:
        function.handler(event, context)
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__
    assert table.scan()["Items"] == []


def test_a_mail_that_cannot_be_sent_is_an_error_and_leaves_no_open_request(
    table: Any, request_key: Any, context: Context
) -> None:
    """The state asks again with a token of its own."""
    assert SESSION.client("sns").list_topics()["Topics"] == []
    for _ in range(2):
        with pytest.raises(function.NotAsked, match=r"^nobody could be asked: NotFound") as caught:
            function.handler({**RELEASE, "redriven": 0}, context)
        assert caught.value.__suppress_context__
    assert [item["status"] for item in requests_in(table)] == ["closed", "closed"]
    assert function.NotAsked.__name__ == NOT_ASKED_BY_FUNCTION


@pytest.mark.parametrize("status", ["pending", "approved"])
def test_a_state_that_is_tried_again_once_its_mail_was_sent_sends_no_other(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context, status: str
) -> None:
    """Only the answer to the state was lost: the one link there is completes the token of the new attempt."""
    function.handler({**RELEASE, "redriven": 0}, context)
    (asked,) = requests_in(table)
    set_status(table, asked["id"], status)
    function.handler({**RELEASE, "redriven": 0, "token": "the-second-token"}, context)
    (again,) = requests_in(table)
    assert again == {**asked, "status": status, "token": "the-second-token"}
    assert len(mailbox.mails()) == 1


@pytest.mark.parametrize(("redriven", "status"), [(1, "pending"), (0, "closed")])
def test_what_nobody_may_answer_any_more_is_asked_anew(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context, redriven: int, status: str
) -> None:
    """After a redrive, whose end before it may be told late; and where the request was closed meanwhile."""
    function.handler({**RELEASE, "redriven": 0}, context)
    (asked,) = requests_in(table)
    if status == "closed":
        function.close(asked["id"])
    function.handler({**RELEASE, "redriven": redriven, "token": "the-second-token"}, context)
    assert [item["status"] for item in requests_in(table)] == ["closed", "pending"]
    assert len(mailbox.mails()) == 2
