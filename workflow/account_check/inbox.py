"""A queue that is subscribed to both topics: what people would be mailed, as it is sent. Made and removed by the check.

Mail itself is SNS's to deliver, and a person's to see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.outputs import Place


@dataclass(frozen=True)
class Message:
    """One notice: the subject of its mail, and its text."""

    subject: str
    text: str


class Inbox:
    """The queue of one project."""

    def __init__(self, cloud: Cloud, place: Place, project: str) -> None:
        """Nothing is made yet."""
        self._cloud = cloud
        self._name = f"{project}-account-check"
        self._arn = f"arn:{place.partition}:sqs:{place.region}:{place.account}:{self._name}"
        self._project = project
        self._url = ""
        self._subscriptions: list[str] = []
        self._messages: list[Message] = []

    def open(self, *topics: str) -> None:
        """Make the queue, and subscribe it to these topics."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = self._cloud.call(
            "sqs",
            "create_queue",
            QueueName=self._name,
            Attributes={"Policy": policy, "SqsManagedSseEnabled": "true"},
            tags={"project": self._project},
        )
        self._url = str(made["QueueUrl"])
        for topic in topics:
            asked = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": self._arn, "ReturnSubscriptionArn": True}
            self._subscriptions.append(str(self._cloud.call("sns", "subscribe", **asked)["SubscriptionArn"]))

    def about(self, *words: str) -> list[Message]:
        """The notices so far that hold all of these words."""
        self._messages += self._receive()
        return [one for one in self._messages if all(word in one.subject + one.text for word in words)]

    def close(self) -> None:
        """Remove the subscriptions and the queue, as far as they were made."""
        for subscription in self._subscriptions:
            self._cloud.call("sns", "unsubscribe", SubscriptionArn=subscription)
        self._subscriptions.clear()
        try:
            url = self._url or str(self._cloud.call("sqs", "get_queue_url", QueueName=self._name)["QueueUrl"])
            self._cloud.call("sqs", "delete_queue", QueueUrl=url)
        except ServiceError as error:
            if "NonExistentQueue" not in error.code:
                raise
        self._url = ""

    def _receive(self) -> Iterator[Message]:
        while True:
            got = self._cloud.call("sqs", "receive_message", QueueUrl=self._url, MaxNumberOfMessages=10)
            if not got.get("Messages"):
                return
            for message in got["Messages"]:
                told = json.loads(message["Body"])
                yield Message(str(told.get("Subject") or ""), str(told.get("Message") or ""))
                self._cloud.call("sqs", "delete_message", QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
