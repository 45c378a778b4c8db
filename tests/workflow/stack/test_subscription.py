"""Who is told, and what a deployment says of it."""

from __future__ import annotations

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.stack.changes import Step
from workflow.stack.subscription import find_tokens, see_who_is_told

TOPIC = "arn:aws:sns:eu-central-1:123456789012:greenlight"
TROUBLE = f"{TOPIC}-trouble"


@pytest.mark.parametrize(
    ("confirmed", "pending", "said"),
    [(0, 1, ["waits for its reader"]), (1, 1, ["waits for its reader"]), (0, 0, ["reaches nobody"]), (1, 0, [])],
)
def test_a_deployment_on_aws_says_where_a_person_is_waited_for(confirmed: int, pending: int, said: list[str]) -> None:
    """And opens no link in anybody's place."""
    told = {"SubscriptionsConfirmed": str(confirmed), "SubscriptionsPending": str(pending)}
    cloud = ScriptedCloud({"get_topic_attributes": {"Attributes": told}}, local=False)
    steps: list[Step] = []
    see_who_is_told(cloud, {"approvals": TOPIC, "trouble": TROUBLE}, steps.append)
    assert [step.status for step in steps] == said * 2
    assert [step.resource for step in steps] == ["mail of approvals", "mail of trouble"][: len(steps)]
    assert cloud.asked == [("get_topic_attributes", {"TopicArn": topic}) for topic in (TOPIC, TROUBLE)]


def test_a_stack_from_before_there_were_two_topics_is_told_of_the_one_that_nobody_reads() -> None:
    """Who was asked goes on being asked; the new topic's subscription waits until its reader confirms it."""
    state = {TOPIC: ("1", "0"), TROUBLE: ("0", "1")}

    def attributes(asked: dict[str, str]) -> dict[str, object]:
        confirmed, pending = state[asked["TopicArn"]]
        return {"Attributes": {"SubscriptionsConfirmed": confirmed, "SubscriptionsPending": pending}}

    steps: list[Step] = []
    cloud = ScriptedCloud({"get_topic_attributes": attributes}, local=False)
    see_who_is_told(cloud, {"approvals": TOPIC, "trouble": TROUBLE}, steps.append)
    assert [(step.resource, step.status) for step in steps] == [("mail of trouble", "waits for its reader")]
    state[TROUBLE] = ("0", "0")
    see_who_is_told(cloud, {"approvals": TOPIC, "trouble": TROUBLE}, steps.append)
    assert "TroubleTopicArn" in steps[-1].reason


def test_a_link_confirms_its_own_topic_alone() -> None:
    """Every other mail is left alone, whatever it holds."""
    link = f"http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=one"
    mails: list[dict[str, object]] = [
        {"to": "ada", "links": [link]},
        {"to": "bob", "links": [link.replace("greenlight", "greenlight2")]},
        {"to": "eve", "links": [link.replace("Confirm", "Un"), "http://127.0.0.1:4566/a/x"]},
        {"to": "sue", "links": None},
    ]
    assert list(find_tokens(mails, TOPIC)) == [("ada", "one")]
