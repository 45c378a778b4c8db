"""How many approval pages may be served at one time: what is reserved for them of the account's Lambda limit.

Where they reserve, a webhook that starts runs reserves for itself, too.

AWS keeps 100 of an account's concurrent executions for functions that reserve nothing, so that an account with 10, 50
or 100 can reserve none. What a person asked for, or the stack has, is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Progress, Step

PARAMETER = "ApprovalConcurrency"
WEBHOOK, FOR_THE_WEBHOOK = "WebhookSecretArn", 2
"""The parameter that a stack with a webhook has, and what the template reserves for it then."""
UNRESERVED = 100
"""What AWS keeps: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html."""
MORE = "ask for more: Service Quotas, AWS Lambda, Concurrent executions (L-B99A9384)"


def choose_concurrency(
    cloud: Cloud, given: Mapping[str, str], held: Mapping[str, str], default: str, on_progress: Progress
) -> dict[str, str]:
    """The parameter where the template's ``default`` has to give way to the account's limit; nothing where it need not.

    ``given`` are the parameters that a person named, ``held`` those of the stack. Raises UsageError where a person
    asked for more than the account can reserve.
    """
    asked = given.get(PARAMETER)
    webhook = bool({**held, **given}.get(WEBHOOK))
    if asked is None and PARAMETER in held and webhook == bool(held.get(WEBHOOK)):
        return {}
    wanted = asked or held.get(PARAMETER, default)
    if not wanted.isdigit() or wanted == "0":
        return {}
    try:
        room = read_room(cloud) + _reserved(held.get(PARAMETER, "0"), webhook=bool(held.get(WEBHOOK)))
    except ServiceError as error:
        if asked is not None:
            return {}
        on_progress(Step("approval pages", "reserve nothing", f"the account's Lambda limit cannot be read: {error}"))
        return {PARAMETER: "0"}
    if _reserved(wanted, webhook=webhook) <= room:
        return {}
    short = f"the account's Lambda limit leaves {max(room, 0)} to reserve beside the {UNRESERVED} that AWS keeps"
    if asked is not None:
        also = f", and the webhook takes {FOR_THE_WEBHOOK}" if webhook else ""
        raise UsageError(f"{PARAMETER}={asked}: {short}{also}. Take {PARAMETER}=0, or {MORE}.")
    on_progress(Step("approval pages", "reserve nothing", f"{short}; {MORE}, then --parameter {PARAMETER}={wanted}"))
    return {PARAMETER: "0"}


def read_room(cloud: Cloud) -> int:
    """How many concurrent executions can still be reserved; below zero where the account has less than AWS keeps."""
    limit = cloud.call("lambda", "get_account_settings")["AccountLimit"]
    return int(limit["UnreservedConcurrentExecutions"]) - UNRESERVED


def _reserved(pages: str, *, webhook: bool) -> int:
    """What a stack reserves in all, with so much for the approval pages."""
    return int(pages) + FOR_THE_WEBHOOK if webhook and pages != "0" else int(pages)
