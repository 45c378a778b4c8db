"""Looks whether everything that a run needs is there, before it is paid for: what is well, what is not, what to type.

Changes nothing. What may not be looked at is said as such and is no problem.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.contract.quotas import ask_for_more, is_short, tell_short
from workflow.contract.rule import InputError
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.stack.concurrency import MORE, PARAMETER, UNRESERVED, read_room
from workflow.stack.front import HTTP_API, URL, has_urls
from workflow.stack.front import PARAMETER as FRONT
from workflow.stack.outputs import Place, Stack, describe_stack, find_place, read_stack, values_of
from workflow.stack.quotas import find_quotas, needs_on
from workflow.stack.registry import has_groups
from workflow.stack.subscription import NOBODY, count

PROBLEM, OK, UNKNOWN = "problem", "ok", "unknown"


@dataclass(frozen=True)
class Finding:
    """What was looked at and how it stands; ``then`` is what to type where it is not well."""

    what: str
    state: str
    said: str
    then: str = ""


def examine(cloud: Cloud, project: str, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at one thing after another; ``given`` are keys of a run's input over the stack's defaults.

    Without credentials or a region nothing else can be looked at.
    """
    try:
        place = find_place(cloud)
    except (UsageError, ServiceError) as error:
        yield Finding("credentials", PROBLEM, str(error), "sign in (aws sso login), or source .greenlight/local/env")
        return
    yield Finding("credentials", OK, f"account {place.account}, region {place.region}")
    found = describe_stack(cloud, project)
    parameters = values_of(found)
    yield from _looked(lambda: look_at_concurrency(cloud, parameters), "Lambda's limit")
    yield look_at_front(place, parameters)
    yield look_at_registry(place)
    yield from _looked(lambda: look_at_quotas(cloud, project, place, parameters, given), "quotas")
    try:
        stack = read_stack(cloud, project)
    except UsageError as error:
        yield Finding("stack", PROBLEM, str(error).splitlines()[0], f"greenlight deploy --project {project} --email …")
        return
    status = str(found["StackStatus"]) if found else ""
    well = status.endswith("_COMPLETE") and "ROLLBACK" not in status
    yield Finding("stack", OK if well else PROBLEM, f"{project} is {status}", "" if well else "greenlight deploy")
    yield from _looked(lambda: look_at_bucket(cloud, stack), "bucket")
    yield from _looked(lambda: look_at_images(cloud, place, parameters), "images")
    yield from _looked(lambda: look_at_mail(cloud, stack, parameters), "mail")
    if stack.production_account:
        yield from _looked(lambda: look_at_accounts(cloud, stack), "accounts")


def _looked(look: Callable[[], Iterator[Finding]], what: str) -> Iterator[Finding]:
    """What was found; or that nobody may look, or that it could not be looked at, with the service's own words."""
    try:
        yield from look()
    except InputError as error:
        yield Finding(what, PROBLEM, str(error), "give another value, or greenlight deploy --default KEY=VALUE")
    except (ServiceError, GreenlightError) as error:
        yield Finding(what, UNKNOWN, f"cannot be looked at: {error}")


def look_at_concurrency(cloud: Cloud, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Whether Lambda's limit lets the approval page have its share."""
    room, reserved = read_room(cloud), int(parameters.get(PARAMETER, "0"))
    limit = f"{room + UNRESERVED} concurrent executions are not reserved"
    if reserved or room > 0:
        yield Finding("Lambda's limit", OK, f"{limit}, {reserved} are for approval pages")
    else:
        # No problem: deploy reserves nothing then.
        yield Finding("Lambda's limit", OK, f"{limit}: none can be kept for approval pages; {MORE}")


def look_at_front(place: Place, parameters: Mapping[str, str]) -> Finding:
    """Whether the region has what the approval page stands behind."""
    front = parameters.get(FRONT, "")
    if has_urls(place):
        return Finding(
            "approval page", OK, f"{place.region} has function URLs" + (f"; it has {front}" if front else "")
        )
    if front == URL:
        then = f"greenlight deploy --parameter {FRONT}={HTTP_API}"
        return Finding("approval page", PROBLEM, f"{place.region} has no function URLs", then)
    return Finding("approval page", OK, f"{place.region} has no function URLs: it stands behind an HTTP API")


def look_at_registry(place: Place) -> Finding:
    """Whether CloudFormation can make the registry there."""
    if has_groups(place):
        return Finding("registry", OK, f"{place.region} has model package groups")
    said = f"CloudFormation makes no model package group in {place.region}"
    return Finding("registry", PROBLEM, said, "deploy in another region")


def look_at_quotas(
    cloud: Cloud, project: str, place: Place, parameters: Mapping[str, str], given: Mapping[str, Any]
) -> Iterator[Finding]:
    """Whether the account has room for each instance type as it will be used."""
    needs = needs_on(cloud, project, parameters, given)
    quotas = find_quotas(cloud, needs.all())
    for need in needs.all():
        quota = quotas.get(need.name)
        what = f"quota {need.name}"
        if quota is None:
            yield Finding(what, UNKNOWN, f"Service Quotas does not know it; {need.count} needed")
        elif is_short(need, quotas):
            more = ask_for_more(need, quota, place.region, place.partition)
            yield Finding(what, PROBLEM, tell_short(need, quota), f"choose another {need.key}, or {more}")
        else:
            yield Finding(what, OK, f"{quota.value:g}, {need.count} needed")


def look_at_bucket(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """Whether the stack's bucket is there and can be listed."""
    cloud.call("s3", "list_objects_v2", Bucket=stack.bucket, MaxKeys=1)
    yield Finding("bucket", OK, stack.bucket)


def look_at_images(cloud: Cloud, place: Place, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the registry holds the images that the stack names; the stand-in runs their sources."""
    for name in ("TrainingImage", "ServingImage"):
        address = parameters.get(name, "")
        registry, _, rest = address.partition("/")
        if cloud.local:
            yield Finding(name, OK, "run from its sources here")
        elif registry != f"{place.account}.dkr.ecr.{place.region}.{place.domain}":
            yield Finding(name, UNKNOWN, f"{address} is in another registry")
        else:
            yield _find_image(cloud, name, rest)


def _find_image(cloud: Cloud, name: str, rest: str) -> Finding:
    repository, at, digest = rest.partition("@")
    wanted = {"imageDigest": digest}
    if not at:
        repository, _, tag = rest.rpartition(":")
        wanted = {"imageTag": tag}
    try:
        cloud.call("ecr", "describe_images", repositoryName=repository, imageIds=[wanted])
    except ServiceError as error:
        if error.code not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        return Finding(name, PROBLEM, f"the registry does not hold {rest}", "greenlight deploy, with docker or podman")
    return Finding(name, OK, rest)


def look_at_mail(cloud: Cloud, stack: Stack, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Whether anybody would be told that a decision is waited for, and of what went wrong.

    Decisions may be waited for without mail where the stack says so; trouble that reaches nobody is a problem. A stack
    from before it had a topic of its own tells it where it asks.
    """
    asking = look_at_topic(cloud, "mail", stack.topic_arn, "greenlight deploy --email you@example.com")
    if asking.state == PROBLEM and parameters.get("AskWithoutMail") == "allow":
        asking = Finding("mail", OK, "reaches nobody, which the stack allows")
    yield asking
    if stack.trouble_topic_arn:
        yield look_at_topic(cloud, "mail of trouble", stack.trouble_topic_arn, NOBODY["trouble"])


def look_at_topic(cloud: Cloud, what: str, topic: str, then: str) -> Finding:
    """Whether a topic reaches anybody; ``then`` is what to do where nobody has subscribed."""
    confirmed, pending = count(cloud, topic)
    if confirmed:
        return Finding(what, OK, f"{confirmed} confirmed")
    if pending:
        return Finding(what, PROBLEM, f"{pending} not confirmed", "open the link that AWS has mailed")
    return Finding(what, PROBLEM, "reaches nobody", then)


def look_at_accounts(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """Whether a release can reach the accounts of its stages; only its own functions can tell, so one is asked."""
    function = f"{stack.project}-plan-release"
    answer = cloud.call("lambda", "invoke", FunctionName=function, Payload=json.dumps({"look": "accounts"}).encode())
    said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        yield Finding("accounts", UNKNOWN, f"{function} cannot tell: {said.get('errorMessage', said)}")
        return
    for stage, account in (("staging", stack.staging_account), ("production", stack.production_account)):
        reason = str(said[stage])
        then = f"in account {account}: greenlight deploy --account-of {stage} --build-account {account_of(stack)}"
        yield Finding(f"account of {stage}", PROBLEM if reason else OK, reason or account, then if reason else "")


def account_of(stack: Stack) -> str:
    """The account of the stack that builds."""
    return stack.release_machine_arn.split(":")[4]
