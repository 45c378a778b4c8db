"""Gap: mail. The engine confirms an e-mail subscription by itself and only logs what it would have sent.

Here the message goes to the stand-in's mailbox, and a subscription waits as on AWS: nothing is sent to its address but
the link that confirms it, until somebody opens that. Knows nothing about what else a mail says.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ministack.services import sns
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require
from infra.local.mailbox import Mailbox

_PROTOCOLS = ("email", "email-json")
_PENDING = "pending confirmation"
"""What Subscribe gives in place of an ARN while the subscription waits."""

_theirs: dict[str, Any] = {}
_mailbox: Mailbox
_url = ""


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
        if not subscription["confirmed"] or protocol not in _PROTOCOLS:
            continue
        body = sns._resolve_message_for_protocol(message, message_structure, protocol)
        if sns._matches_filter_policy(subscription, message_attributes or {}, body):
            _mailbox.deliver(subscription["endpoint"], subject or "AWS Notification Message", body)
    _theirs["fanout"](
        topic_arn, msg_id, message, subject, message_structure, message_attributes, message_group_id, message_dedup_id
    )


def _subscriptions(topic_arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []})["subscriptions"]
    return found


def _ask_to_confirm(subscription: dict[str, Any]) -> None:
    """Let a subscription wait, and mail the link that confirms it."""
    subscription["confirmed"] = False
    subscription["token"] = subscription.get("token") or sns.new_uuid()
    subscription["attributes"]["PendingConfirmation"] = "true"
    topic_arn = subscription["topic_arn"]
    call = {"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": subscription["token"]}
    _mailbox.deliver(
        subscription["endpoint"],
        "AWS Notification - Subscription Confirmation",
        f"You have chosen to subscribe to the topic:\n{topic_arn}\n\n"
        f"To confirm this subscription, open the link, here with a program such as curl:\n{_url}/?{urlencode(call)}\n",
    )


def _subscribe(params: dict[str, Any]) -> Any:
    topic_arn = sns._normalize_arn(sns._p(params, "TopicArn"))
    confirmed = {one["arn"] for one in _subscriptions(topic_arn) if one["confirmed"]}
    answer = _theirs["subscribe"](params)
    endpoint = sns._p(params, "Endpoint")
    for one in _subscriptions(topic_arn):
        if one["protocol"] in _PROTOCOLS and one["endpoint"] == endpoint and one["arn"] not in confirmed:
            _ask_to_confirm(one)
            result = f"<SubscribeResult><SubscriptionArn>{_PENDING}</SubscriptionArn></SubscribeResult>"
            return sns._xml(200, "SubscribeResponse", result)
    return answer


def _sns_sub_create(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
    made = _theirs["create"](logical_id, props, stack_name)
    for one in _subscriptions(props.get("TopicArn", "")):
        if one["arn"] == made[0] and one["protocol"] in _PROTOCOLS:
            _ask_to_confirm(one)
    return made


def install(url: str, mailbox: Mailbox) -> None:
    """Deliver to `mailbox`; the links that confirm a subscription lead to `url`."""
    global _mailbox, _url
    _mailbox, _url = mailbox, url
    for name in ("_topic_by_arn_any_scope", "_resolve_message_for_protocol", "_matches_filter_policy"):
        require(sns, name)
    for name in ("_normalize_arn", "_p", "_xml", "new_uuid"):
        require(sns, name)
    _theirs["fanout"] = replace(sns, "_fanout", _fanout)
    _theirs["subscribe"] = replace(sns, "_subscribe", _subscribe)
    _theirs["create"] = replace(provisioners, "_sns_sub_create", _sns_sub_create)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")["AWS::SNS::Subscription"]
    if handlers["create"] is not _theirs["create"]:
        raise EngineChangedError("makes a template's subscription elsewhere")
    handlers["create"] = _sns_sub_create
