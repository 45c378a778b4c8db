"""Gap: mail. The engine confirms an e-mail subscription and then only logs what it would have sent.

Here the message goes to the stand-in's mailbox. Knows nothing about what the mail says.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sns

from infra.local.gaps.patching import replace, require
from infra.local.mailbox import Mailbox

_their_fanout: Any = None
_mailbox: Mailbox


def _fanout(
    topic_arn: str,
    msg_id: str,
    message: str,
    subject: str,
    message_structure: str = "",
    message_attributes: dict[str, Any] | None = None,
    message_group_id: str = "",
    message_dedup_id: str = "",
) -> None:
    topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
    for subscription in topic["subscriptions"]:
        protocol = subscription["protocol"]
        if not subscription["confirmed"] or protocol not in ("email", "email-json"):
            continue
        body = sns._resolve_message_for_protocol(message, message_structure, protocol)
        if sns._matches_filter_policy(subscription, message_attributes or {}, body):
            _mailbox.deliver(subscription["endpoint"], subject or "AWS Notification Message", body)
    _their_fanout(
        topic_arn, msg_id, message, subject, message_structure, message_attributes, message_group_id, message_dedup_id
    )


def install(mailbox: Mailbox) -> None:
    """Deliver to `mailbox`."""
    global _their_fanout, _mailbox
    _mailbox = mailbox
    for name in ("_topic_by_arn_any_scope", "_resolve_message_for_protocol", "_matches_filter_policy"):
        require(sns, name)
    _their_fanout = replace(sns, "_fanout", _fanout)
