"""Who is told: says when nobody is, and confirms on the stand-in, where the mailbox is everybody's.

On AWS a person opens the link that SNS mails; there only that person can.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.changes import Progress, Step
from workflow.standin import read_mail

NOBODY = {
    "approvals": "deploy with --email, or let runs start with AskWithoutMail=allow",
    "trouble": "deploy with --email, or subscribe to the topic that the output TroubleTopicArn names",
}
"""What is to be done where nobody subscribed, by what is told there."""


def see_who_is_told(cloud: Cloud, topics: Mapping[str, str], on_progress: Progress) -> None:
    """Confirm what waits on the stand-in; tell where a subscription waits for a person, or nobody subscribed.

    ``topics`` are the ARNs, each by what is told there.
    """
    for what, topic_arn in topics.items():
        confirmed, pending = count(cloud, topic_arn)
        if pending and cloud.local:
            confirm_here(cloud, what, topic_arn, on_progress)
        elif pending:
            why = "confirm the subscription by the link that AWS has mailed; there is one for each topic"
            on_progress(Step(f"mail of {what}", "waits for its reader", why))
        elif not confirmed:
            on_progress(Step(f"mail of {what}", "reaches nobody", NOBODY[what]))


def count(cloud: Cloud, topic_arn: str) -> tuple[int, int]:
    """How many subscriptions are confirmed, and how many wait for it."""
    told = cloud.call("sns", "get_topic_attributes", TopicArn=topic_arn)["Attributes"]
    return int(told["SubscriptionsConfirmed"]), int(told["SubscriptionsPending"])


def confirm_here(cloud: Cloud, what: str, topic_arn: str, on_progress: Progress) -> None:
    """Confirm by the links in the stand-in's mailbox, as their readers would; one that was used is passed over."""
    for reader, token in find_tokens(read_mail(os.environ["AWS_ENDPOINT_URL"]), topic_arn):
        try:
            cloud.call("sns", "confirm_subscription", TopicArn=topic_arn, Token=token)
        except ServiceError as error:
            if "Invalid token" not in str(error):
                raise
        else:
            on_progress(
                Step(f"mail of {what}", "confirmed", f"by the link mailed to {reader}, in the stand-in's mailbox")
            )


def find_tokens(mails: list[dict[str, object]], topic_arn: str) -> Iterator[tuple[str, str]]:
    """Reader and token of every mail that asks to confirm a subscription to this topic, the newest first."""
    for mail in mails:
        links = mail.get("links")
        for link in links if isinstance(links, list) else []:
            asked = parse_qs(urlsplit(str(link)).query)
            if asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [topic_arn]:
                yield str(mail.get("to")), asked.get("Token", [""])[0]
