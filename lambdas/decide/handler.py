"""The edge of the page: a function URL's request in, a page or JSON out.

Only POST decides, and only the second: the first says what is chosen and shows it once more, the second types the
version. Where the stack names an issuer, nothing is shown or taken before somebody signed in. Nothing here logs an id,
a token or a request.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import markup, page, report, response, services, signing_in
from lambdas.decide.answer import Answer, OwnRunError, UnusableError
from lambdas.decide.came_of_it import settle
from lambdas.decide.deciding import NOT_ASKED, deliver, find, is_asked, may_not, take, why_not
from lambdas.decide.description import describe
from lambdas.decide.form import FormError, first_nonce, read_late, read_posted, second_nonce
from lambdas.decide.identity import Policy
from lambdas.decide.link import COOKIE_BYTES, Link, write_cookie
from lambdas.decide.services import logger, metrics, tracer
from lambdas.decide.standing import find_decided
from lambdas.decide.voting import tell
from workflow.contract.approval import APPROVED, REJECTED, StoredApproval
from workflow.contract.console import Console
from workflow.contract.console_links import Links
from workflow.contract.document import render


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    metrics.add_metric(name="PageRequested", unit=MetricUnit.Count, value=1)
    policy = services.policy
    if policy is not None and signing_in.is_return(event):
        return signing_in.come_back(policy, event, context.invoked_function_arn)
    link = Link.read(event)
    item = find(link.key) if link.opaque_id else None
    if item is None:
        return response.html(404, page.NOT_FOUND)
    if policy is not None:
        person = signing_in.recognise(policy, link, int(time.time()))
        if person is None:
            return ask_who(policy, link, context.invoked_function_arn)
        link = replace(link, person=person)
    approval = StoredApproval.parse(item)
    if approval.waits(int(time.time())) and not is_asked(approval):
        # Not even shown: somebody may be led to press a button by figures that are made up.
        logger.error("a request carries no mark")
        return response.html(409, markup.message("Not possible", NOT_ASKED[0].upper() + NOT_ASKED[1:]))
    if approval.status in (APPROVED, REJECTED):
        try:
            find_decided(approval)
        except UnusableError as error:
            logger.error("a request shows what nobody decided")
            return response.html(409, markup.message("Not possible", str(error).capitalize()))
    if link.method in ("GET", "HEAD"):
        answer = report.show(approval, int(time.time())) if link.report else show(link, approval, 200)
        return response.without_body(answer) if link.method == "HEAD" else answer
    if link.method == "POST" and not link.report:
        return take_form(link, event, approval)
    text = markup.message("Not possible", "This address is for reading and, by its form, for deciding.")
    return response.html(405, text, extra={"Allow": "GET, HEAD" if link.report else "GET, HEAD, POST"})


def ask_who(policy: Policy, link: Link, function_arn: str) -> dict[str, Any]:
    """Send somebody to sign in who opens the link; tell anything else that it has to be opened, and show nothing."""
    if link.method == "GET" and not link.report and not link.wants_json:
        return signing_in.send_away(policy, link, function_arn, int(time.time()))
    text = "Nobody is signed in, or not any more. Open the link of the mail in a browser and sign in."
    if link.wants_json:
        return response.document(401, {"error": text})
    return response.html(401, markup.message("Please sign in", text))


def take_form(link: Link, event: Mapping[str, Any], approval: StoredApproval) -> dict[str, Any]:
    """Show the second page for the first form; take the decision of the second. Nothing else decides."""
    now_epoch = int(time.time())
    if approval.waits(now_epoch) and services.approvers.link_is_closed:
        return show(link, approval, 403)
    if not approval.waits(now_epoch):
        return show(link, approval, *settle(approval, read_late(event, link.person), now_epoch))
    try:
        posted = read_posted(event, approval.secret, link.browser, link.person)
    except FormError as error:
        return show(link, approval, 400, str(error))
    if not posted.confirms:
        if posted.answer.decision == APPROVED and may_not(posted.answer.names, approval):
            return show(link, approval, 403)
        return ask_again(link, approval, posted.answer, 200)
    if posted.version != str(approval.request.package_version):
        said = f"“{posted.version}” is not the version. Nothing was decided." if posted.version else ""
        return ask_again(link, approval, posted.answer, 400, said or "Please type the version. Nothing was decided.")
    return decide(link, approval, posted.answer, now_epoch)


def decide(link: Link, approval: StoredApproval, answer: Answer, now_epoch: int) -> dict[str, Any]:
    """Record the answer, deliver what stands, and say which it is."""
    try:
        approval = take(approval, answer, now_epoch)
    except OwnRunError as error:
        return show(link, approval, 403, f"Nothing was decided: {error}")
    except UnusableError as error:
        logger.error("cannot be decided", reason=str(error))
        return show(link, approval, 409, str(error))
    except (BotoCoreError, ClientError) as error:
        logger.error("the decision could not be recorded", error=type(error).__name__)
        return show(link, approval, 503, "The decision could not be recorded. Please try again.")
    try:
        approval = deliver(approval.id)
    except (BotoCoreError, ClientError) as error:
        # Not lost: the watch tells the execution within minutes, and the page says so.
        logger.error("the execution could not be told", error=type(error).__name__)
        metrics.add_metric(name="DecisionUndelivered", unit=MetricUnit.Count, value=1)
    return show(link, approval, *settle(approval, answer, now_epoch))


def find_links(approval: StoredApproval) -> Links:
    """Where the run that asks can be looked at in the AWS console."""
    return approval.request.places().links(Console.of(approval.request.execution, os.environ))


def show(link: Link, approval: StoredApproval, status: int, notice: str = "") -> dict[str, Any]:
    """Answer with the request as it stands, for a person or for a program; a page that may decide gets its cookie."""
    now_epoch = int(time.time())
    if not approval.waits(now_epoch):
        if link.wants_json:
            return response.document(status, render(describe(approval, now_epoch, notice=notice)))
        seen = report.look(approval, now_epoch)
        text = page.render(approval, link.opaque_id, now_epoch, told=notice, seen=seen, links=find_links(approval))
        return response.html(status, text)
    cookie = link.cookie or secrets.token_urlsafe(COOKIE_BYTES)
    given = () if link.cookie else (write_cookie(link, cookie),)
    nonce = first_nonce(approval.secret, replace(link, cookie=cookie).browser)
    if link.wants_json:
        # To a program only if the cookie came along: one that merely opens what a mail links to learns no nonce.
        closed = services.approvers.link_is_closed
        told = describe(approval, now_epoch, nonce if link.cookie and not closed else "", notice, tell(approval))
        return response.document(status, render(told), given)
    text = page.render(
        approval,
        link.opaque_id,
        now_epoch,
        nonce,
        notice,
        seen=report.look(approval, now_epoch),
        person=link.person,
        refused=why_not(link.person.names, approval) if link.person else "",
        closed=services.approvers.link_is_closed,
        tally=tell(approval),
        links=find_links(approval),
    )
    return response.html(status, text, cookies=given)


def ask_again(link: Link, approval: StoredApproval, answer: Answer, status: int, notice: str = "") -> dict[str, Any]:
    """Show what was chosen, and ask for the version."""
    nonce = second_nonce(approval.secret, link.browser, answer.decision)
    if link.wants_json:
        return response.document(status, render(describe(approval, int(time.time()), nonce, notice)))
    return response.html(status, page.render_again(approval, link.opaque_id, answer, nonce, notice))
