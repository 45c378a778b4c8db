"""The page as text."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from lambdas.decide.answer import Answer
from lambdas.decide.came_of_it import tell_second
from lambdas.decide.identity import Person
from lambdas.decide.page import NOT_FOUND, render, render_again
from tests.lambdas.ask_approval.test_ask_approval import PRODUCTION, RELEASE, of_task, request_of
from workflow.contract.approval import ComparedFigure, StoredApproval
from workflow.contract.model import TASKS
from workflow.contract.policy import Loosened
from workflow.contract.reading import ContractError
from workflow.contract.scores import FIGURE_NAMES, QUALITY, figures_of
from workflow.contract.vote import MarkedVote, Vote

OPAQUE = "x" * 32
NOW = 1_800_000_000


def stored(event: dict[str, Any] = RELEASE, about: dict[str, Any] | None = None, **more: Any) -> StoredApproval:
    """A pending request. ``about`` replaces parts of what is asked."""
    fields: dict[str, Any] = {
        "id": f"approval#{OPAQUE}",
        "status": "pending",
        "secret": "the-secret",
        "delivered": False,
        "package_arn": event["package_arn"],
        "subject": "subject",
        "request": dataclasses.replace(request_of(event, NOW), **(about or {})),
        "created_epoch": NOW,
        "expires_epoch": NOW + 60,
        **more,
    }
    return StoredApproval(**fields)


def test_a_pending_request_shows_figures_reasons_and_two_buttons() -> None:
    """Everything a decision needs, on one page."""
    text = render(stored(), OPAQUE, NOW, "the-nonce")
    assert "<h1>Approve release of fasteners v4?</h1>" in text
    assert '<td class="n good">▲ 0.964</td><td class="n">0.951</td>' in text
    assert '▲ 0.810<br><small>0.760 to 0.850</small></td><td class="n">0.800</td>' in text
    assert "<dt>Trained on</dt><dd>ml.g5.xlarge</dd>" in text
    assert "mAP50 0.96 ≥ 0.80 on 53 objects" in text
    assert 'value="approve"' in text
    assert 'value="reject"' in text
    assert 'value="the-nonce"' in text
    assert "the-secret" not in text


def test_a_worse_figure_is_marked_worse() -> None:
    """Red, and with a sign for whoever sees no red."""
    text = render(stored(about={"figures": (ComparedFigure("mAP50", 0.5, 0.6),)}), OPAQUE, NOW)
    assert '<td class="n bad">▼ 0.500</td>' in text


def test_what_the_run_loosened_is_shown_as_it_was_and_is_with_who_did_it() -> None:
    """Before anything that the gate let pass by it."""
    about = {"loosened": (Loosened("minimum_map50", 0.5, 0.01), Loosened("<b>", True, None)), "started_by": "<i>eve"}
    text = render(stored(about=about), OPAQUE, NOW)
    assert "Checks loosened by &lt;i&gt;eve" in text
    assert "<strong>minimum_map50</strong>: the stack demands 0.5, this run asks 0.01" in text
    assert "<strong>&lt;b&gt;</strong>: the stack demands true, this run asks nothing" in text
    assert text.index("minimum_map50") < text.index("<summary>All checks")
    assert "Checks loosened" not in render(stored(), OPAQUE, NOW)


def test_a_model_that_found_nothing_is_shown_in_red() -> None:
    """A figure of 0 by itself, and a sentence above all."""
    text = render(stored(about={"figures": (ComparedFigure("mAP50-95", 0.0, None),)}), OPAQUE, NOW)
    assert '<p class="notice bad" role="status">This model found nothing' in text
    assert '<td class="n bad">0.000</td>' in text
    assert "found nothing" not in render(stored(), OPAQUE, NOW)


@pytest.mark.parametrize("task", TASKS)
def test_the_page_shows_the_figures_of_every_task(task: str) -> None:
    """The figure that decides stands first."""
    text = render(stored(of_task(task)), OPAQUE, NOW)
    shown = re.findall(r'<th scope="row">([^<]*)</th>', text)
    assert shown[0] == FIGURE_NAMES[QUALITY[task]]
    assert set(shown) == {FIGURE_NAMES[name] for name in figures_of(task)}
    assert "unknown" not in text


def test_a_request_from_before_an_update_of_the_stack_is_still_shown() -> None:
    """It waits for days, and was stored without what was added since."""
    item = stored().item("token")
    document = {
        name: value
        for name, value in json.loads(item["document"]).items()
        if name not in ("trained_on", "compared", "loosened", "cost", "training_job", "endpoint")
    }
    document["figures"] = [{"name": "mAP50", "candidate": 0.9, "production": None}]
    assert "0.900" in render(StoredApproval.parse({**item, "document": json.dumps(document)}), OPAQUE, NOW)


def test_every_address_is_relative() -> None:
    """The page also lives below a path prefix."""
    text = render(stored(), OPAQUE, NOW)
    assert f'action="{OPAQUE}"' in text
    assert f'href="{OPAQUE}/report"' in text
    assert "http" not in text
    assert 'action="/' not in text
    assert 'href="/' not in text
    assert 'src="/' not in text


def test_the_page_runs_no_script_and_fits_a_phone() -> None:
    """Nothing to execute; a viewport; both colour schemes."""
    text = render(stored(), OPAQUE, NOW)
    assert "<script" not in text
    assert "onclick" not in text
    assert 'name="viewport"' in text
    assert "prefers-color-scheme:dark" in text


def test_every_value_is_escaped() -> None:
    """A dataset, a person or a comment may be called anything."""
    evil = "<b>\"'&</b>"
    about = dict.fromkeys(
        ("name", "run", "execution", "changed", "data", "started_by", "evaluation_uri", "trained_on"), evil
    )
    asked = {**about, "verdict": evil, "reasons": (evil,), "figures": (ComparedFigure(evil, None, None, evil),)}
    decided: dict[str, Any] = {"status": "approved", "decision": "approved", "decided_epoch": NOW}
    decided |= {"decided_by": evil, "comment": evil}
    for state in ({}, decided, {**decided, "delivered": True}):
        text = render(stored(about=asked, **state), OPAQUE, NOW, evil, told=evil)
        assert evil not in text
        assert "<b>" not in text
        assert "&lt;b&gt;" in text


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\u200b", "\u2028", "\x1b", "\x9b", "\U000e0041"])
def test_nothing_on_the_page_is_unseen(unseen: str) -> None:
    """A name from an older stack could turn the line around that says who decided."""
    evil = f"A{unseen}B"
    about = dict.fromkeys(("name", "run", "changed", "data", "started_by", "trained_on", "verdict"), evil)
    decided: dict[str, Any] = {"status": "approved", "decision": "approved", "decided_epoch": NOW}
    decided |= {"decided_by": evil, "comment": evil}
    asked = {**about, "reasons": (evil,), "figures": (ComparedFigure(evil, 0.5, 0.4, evil),)}
    assert unseen not in render(stored(about=asked, **decided), OPAQUE, NOW, told=evil)


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_decided_request_says_who_when_and_why_and_has_no_buttons(status: str) -> None:
    """The decision stays readable."""
    text = render(
        stored(
            status=status,
            decision=status,
            decided_by="Ana",
            comment="looks right",
            door="command",
            decided_epoch=NOW,
            delivered=True,
        ),
        OPAQUE,
        NOW,
    )
    assert f"{status.capitalize()} by Ana at the command line on 2027-01-15 08:00 UTC: “looks right”" in text
    assert "<button" not in text
    assert "<form" not in text


VOTES_OF_ANA = (MarkedVote(Vote("Ana", "link", "yes", NOW), "00"),)
VOTES = (MarkedVote(Vote("Ada <b>", "command", "seen", NOW), "00"),)


def test_a_request_that_waits_for_others_says_who_approved_it() -> None:
    """And offers them no second yes who said it."""
    text = render(
        stored(votes=VOTES), OPAQUE, NOW, "n", person=Person("s", ""), refused="You did.", tally="1 of 2, by A"
    )
    assert "1 of 2, by A. It waits for others to approve it." in text
    assert "You did." in text
    assert 'value="approve"' not in text
    assert 'value="reject"' in text


def test_a_decision_of_several_names_each_with_door_and_reason() -> None:
    """The first ones too."""
    decided: dict[str, Any] = {
        "status": "approved",
        "decision": "approved",
        "decided_by": "Ada <b>, Ben",
        "decided_epoch": NOW,
    }
    text = render(stored(votes=VOTES, **decided, delivered=True), OPAQUE, NOW)
    assert "Approved by Ada &lt;b&gt;, Ben" in text
    assert "Ada &lt;b&gt; approved at the command line on 2027-01-15 08:00 UTC: “seen”" in text


@pytest.mark.parametrize(
    ("event", "decision", "said"),
    [
        (RELEASE, "approved", "The model is deployed to staging and tried with pictures of the evaluation"),
        (RELEASE, "rejected", "Production stays as it is, and the run ends as rejected"),
        (PRODUCTION, "approved", "Production is updated: traffic moves to it step by step"),
        (PRODUCTION, "rejected", "Production stays as it is, and the run ends as rejected"),
    ],
)
def test_a_decided_request_says_what_happens_next(event: dict[str, Any], decision: str, said: str) -> None:
    """Whoever decided has nothing more to do, and knows what comes."""
    decided: dict[str, Any] = {"status": decision, "decision": decision, "decided_by": "Ana", "decided_epoch": NOW}
    assert said in render(stored(event, **decided, delivered=True), OPAQUE, NOW)
    assert "What happens next" not in render(stored(event), OPAQUE, NOW)


def test_a_release_that_asks_again_says_so() -> None:
    """Approving it is then no approval of production."""
    decided: dict[str, Any] = {"status": "approved", "decision": "approved", "decided_by": "Ana", "decided_epoch": NOW}
    text = render(stored(about={"asks_again": True}, **decided), OPAQUE, NOW)
    assert "somebody is asked once more before production changes" in text
    assert "traffic moves" not in text


ANA: dict[str, Any] = {
    "status": "approved",
    "decision": "approved",
    "decided_by": "Ana",
    "comment": "yes",
    "door": "link",
    "decided_epoch": NOW,
}


@pytest.mark.parametrize(
    ("state", "answer", "counted"),
    [
        (ANA, Answer("approved", "Ana", "yes"), True),
        (ANA, Answer("rejected", "Ana", "yes"), False),
        (ANA, Answer("approved", "Ben", "yes"), False),
        (ANA, Answer("approved", "Ana", "of course"), False),
        ({**ANA, "door": "command"}, Answer("approved", "Ana", "yes"), False),
        ({**ANA, "votes": VOTES_OF_ANA}, Answer("approved", "ana@example.com", ""), True),
        ({**ANA, "votes": VOTES_OF_ANA}, Answer("approved", "Ben", ""), False),
        ({**ANA, "status": "closed"}, Answer("approved", "Ana", "yes"), False),
        ({"expires_epoch": NOW}, Answer("approved", "Ana", "yes"), False),
        ({}, Answer("approved", "Ana", "yes"), True),
    ],
)
def test_whoever_decides_second_is_told_that_theirs_did_not_count(
    state: dict[str, Any], answer: Answer, counted: bool
) -> None:
    """Also where it is the same: only a second press of one's own button, and a vote, are no second decision."""
    told = tell_second(stored(**state), answer, NOW)
    assert (told == "") == counted
    assert counted or "did not count" in told
    if not counted and state.get("status") == "approved":
        assert "already approved by Ana" in told


def test_an_expired_request_has_no_buttons() -> None:
    """At the very second it expires."""
    text = render(stored(expires_epoch=NOW), OPAQUE, NOW)
    assert "Expired" in text
    assert "<button" not in text


@pytest.mark.parametrize("decision", ["", "approved"])
def test_a_closed_request_says_that_nobody_waits(decision: str) -> None:
    """An execution that was stopped; it does not say that somebody approved, for nothing was released by that."""
    text = render(stored(status="closed", decision=decision, decided_by="Ana", decided_epoch=NOW), OPAQUE, NOW)
    assert "no longer waiting" in text
    assert "pproved" not in text
    assert "<button" not in text


def test_an_undelivered_decision_asks_for_no_click() -> None:
    """It is told by itself, and cannot be changed."""
    text = render(stored(status="rejected", decision="rejected", decided_by="Ana", decided_epoch=NOW), OPAQUE, NOW)
    assert "Rejected by Ana" in text
    assert "could not be told yet" in text
    assert "<button" not in text


@pytest.mark.parametrize(("decision", "verb"), [("approved", "Approve"), ("rejected", "Reject")])
def test_the_second_page_says_what_was_chosen_and_its_first_button_goes_back(decision: str, verb: str) -> None:
    """Version, dataset and figures once more; every value escaped."""
    answer = Answer(decision, "Ana", "<b>why</b>")
    text = render_again(stored(), OPAQUE, answer, "the-nonce")
    assert f"<h1>Confirm: {verb.lower()} release of fasteners v4</h1>" in text
    for shown in ("<dd>4</dd>", "<dd>fasteners</dd>", "96 images, 271 boxes", "0.810", "&lt;b&gt;why"):
        assert shown in text
    assert re.findall(r'<form method="(\w+)"', text) == ["get", "post"]
    assert re.findall(r"<button[^>]*>([^<]*)<", text) == ["Go back, decide nothing", f"{verb} it"]
    assert "the-secret" not in text
    assert "<script" not in text


def test_the_second_question_has_its_own_title() -> None:
    """From staging to production, with nothing to compare."""
    text = render(stored(PRODUCTION), OPAQUE, NOW)
    assert "Put fasteners v4 into production?" in text
    assert "Production v" not in text


def test_a_page_for_nothing_says_nothing() -> None:
    """The same text for every unknown id."""
    assert "Not found" in NOT_FOUND


@pytest.mark.parametrize(
    "damage",
    [{"document": "{"}, {"document": '{"version": 2}'}, {"document": "[]"}, {"status": "open"}, {"secret": ""}],
)
def test_a_damaged_record_is_an_error(damage: dict[str, Any]) -> None:
    """It never becomes a page that takes decisions."""
    item = stored().item("token")
    assert StoredApproval.parse(item) == stored()
    with pytest.raises(ContractError):
        StoredApproval.parse({**item, **damage})
    with pytest.raises(ContractError):
        StoredApproval.parse({})


def test_the_page_leads_to_the_run_in_the_console() -> None:
    """Beside the page, which is not told; none on the stand-in."""
    links = (("Execution", "https://console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/a"),)
    text = render(stored(), OPAQUE, NOW, links=links)
    assert f'<a href="{links[0][1]}" target="_blank" rel="noopener noreferrer">Execution</a>' in text
    assert "console" not in render(stored(), OPAQUE, NOW)


def test_the_page_says_what_the_run_cost_where_that_is_known() -> None:
    """About, and as of when."""
    cost = "about $1.42 (list prices of 2026, us-east-1)"
    assert f"<dt>Cost so far</dt><dd>{cost}</dd>" in render(stored(about={"cost": cost}), OPAQUE, NOW)
    assert "Cost so far" not in render(stored(), OPAQUE, NOW)
