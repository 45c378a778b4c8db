"""The sign-in at the mailed link: away to the OpenID provider, back from it, and who a browser belongs to afterwards.

Authorisation code with PKCE. What belongs together is kept by the browser in sealed cookies: ten minutes for the way
there and back, which is gone once, and half an hour for who signed in, for one request. Nothing here logs an id, a
token, a code or a secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import markup, response
from lambdas.decide.id_token import TokenError, check
from lambdas.decide.identity import NobodyError, Person, Policy
from lambdas.decide.link import Link, find_text, protocol_is_https, write_lax_cookie
from lambdas.decide.provider import ProviderError, discover, exchange, fetch
from lambdas.decide.sealed import seal, unseal
from lambdas.decide.services import dynamodb, logger, table
from workflow.contract.approval import item_id
from workflow.contract.approval_link import SIGNED_IN
from workflow.contract.table_keys import sign_in_key

WAY_SECONDS = 600
"""How long somebody may take to sign in."""
SESSION_SECONDS = 1_800
"""How long somebody stays signed in for one request: about as long as it takes to read a report."""
QUERY_LENGTH = 8_000

WAY, SESSION = "sign-in", "session"

secret_store = boto3.client("secretsmanager")
functions = boto3.client("lambda")
page_url = os.environ.get("PAGE_URL", "")
"""The page's address where it stands behind an API; empty where it is its function's own."""


class SignInError(Exception):
    """Nobody was signed in: says why, in words for whoever tried."""


def recognise(policy: Policy, link: Link, now_epoch: int) -> Person | None:
    """Who signed in for this request in this browser; None where nobody did."""
    content = unseal(SESSION, policy.fingerprint(), link.session, now_epoch) if link.session else None
    if content is None or content["request"] != link.key:
        return None
    return Person(content["subject"], content["email"])


def send_away(policy: Policy, link: Link, function_arn: str, now_epoch: int) -> dict[str, Any]:
    """Send a browser to the provider; it comes back with what its cookie for the way belongs to."""
    try:
        provider = discover(policy.issuer)
        to = address_of_return(function_arn)
    except (ProviderError, BotoCoreError, ClientError) as error:
        logger.error("nobody can sign in", error=type(error).__name__, reason=reason_of(error))
        return say(503, "The sign-in does not answer. Please try again in a while. Nothing was decided.")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "id": link.opaque_id}
    wanted = ["openid", "email", *(["groups"] if policy.group and "groups" in provider.scopes else [])]
    query = urlencode(
        {
            "response_type": "code",
            "client_id": policy.client_id,
            "redirect_uri": to,
            "scope": " ".join(wanted),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
    )
    sealed = seal(WAY, policy.fingerprint(), kept, now_epoch + WAY_SECONDS)
    cookie = write_lax_cookie(way_name(state), sealed, WAY_SECONDS, link.secure)
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return response.redirect(f"{provider.authorization_endpoint}{joint}{query}", (cookie,))


def is_return(event: Mapping[str, Any]) -> bool:
    """Whether a request comes back from the provider."""
    return event.get("rawPath") == SIGNED_IN and event["requestContext"]["http"]["method"].upper() == "GET"


def come_back(policy: Policy, event: Mapping[str, Any], function_arn: str) -> dict[str, Any]:
    """Sign somebody in who comes back from the provider, and send them on to the request; or say why not."""
    now_epoch = int(time.time())
    secure = protocol_is_https(event)
    try:
        answer = read_answer(event)
        way = find_way(policy, event, answer["state"], now_epoch)
    except SignInError as error:
        return say(400, str(error))
    done = write_lax_cookie(way_name(way["state"]), "", 0, secure)
    try:
        use_up(way["state"], now_epoch)
        claims = ask(policy, answer, way, function_arn)
        person = Person.read(claims)
    except SignInError as error:
        return say(400, str(error), done)
    except (ProviderError, TokenError, NobodyError, BotoCoreError, ClientError) as error:
        logger.error("nobody was signed in", error=type(error).__name__, reason=reason_of(error))
        return say(
            403, "The provider's answer is not believed, so that nobody is signed in. Nothing was decided.", done
        )
    if not policy.lets(person, claims):
        logger.info("who signed in is no approver")
        told = f"You are signed in as {person.name}, who is not among the approvers. You can decide nothing here."
        return response.html(403, markup.message("Not an approver", told), cookies=(done,))
    content = {"request": item_id(way["id"]), "subject": person.subject, "email": person.email}
    session = seal(SESSION, policy.fingerprint(), content, now_epoch + SESSION_SECONDS)
    kept = write_lax_cookie(Link.session_name(way["id"]), session, SESSION_SECONDS, secure)
    # Both addresses have the same parent, so that it holds below a path prefix as well.
    return response.redirect(way["id"], (done, kept))


def read_answer(event: Mapping[str, Any]) -> dict[str, str]:
    """What the provider gave a browser to bring back. Raises SignInError where it is no code for a state."""
    query = event.get("rawQueryString") or ""
    if len(query) > QUERY_LENGTH:
        raise SignInError("What came back from the sign-in is too long.")
    try:
        fields = parse_qs(query, max_num_fields=20, errors="strict")
    except ValueError:
        raise SignInError("What came back from the sign-in cannot be read.") from None
    if any(len(values) > 1 for values in fields.values()) or not fields.get("state"):
        raise SignInError("This address is where a sign-in ends. Open the link of your mail.")
    return {name: values[0] for name, values in fields.items()}


def find_way(policy: Policy, event: Mapping[str, Any], state: str, now_epoch: int) -> dict[str, Any]:
    """What this browser keeps of the sign-in it began. Raises SignInError where it began none with this state."""
    cookie = find_text(event.get("cookies", []), way_name(state))
    way = unseal(WAY, policy.fingerprint(), cookie, now_epoch) if cookie else None
    if way is None or not hmac.compare_digest(way["state"].encode(), state.encode()):
        raise SignInError(
            "This browser began no such sign-in, or it took too long. Open the link of your mail again, with cookies."
        )
    return way


def use_up(state: str, now_epoch: int) -> None:
    """Let a sign-in be finished once. Raises SignInError the second time."""
    item = {"id": sign_in_key(state), "kind": "sign-in", "expires_epoch": now_epoch + 2 * WAY_SECONDS}
    try:
        table.put_item(Item=item, ConditionExpression="attribute_not_exists(id)")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        raise SignInError("This sign-in was finished before. Open the link of your mail again.") from None


def ask(policy: Policy, answer: Mapping[str, str], way: Mapping[str, str], function_arn: str) -> dict[str, Any]:
    """The checked claims of whoever signed in. Raises SignInError, ProviderError or TokenError."""
    if answer.get("error") or not answer.get("code"):
        raise SignInError("The provider signed nobody in. Open the link of your mail again.")
    provider = discover(policy.issuer)
    if answer.get("iss", "" if provider.says_issuer else policy.issuer) != policy.issuer:
        raise ProviderError("the answer is another issuer's")
    proof = {
        "code": answer["code"],
        "redirect_uri": address_of_return(function_arn),
        "code_verifier": way["verifier"],
    }
    token = exchange(provider, policy.client_id, read_secret(policy), proof)
    return check(token, fetch(provider.jwks_uri), policy.issuer, policy.client_id, way["nonce"])


def read_secret(policy: Policy) -> str:
    """The client's secret; empty for a public client. Raises ProviderError where the stack names an empty one."""
    if not policy.client_secret_arn:
        return ""
    secret = secret_store.get_secret_value(SecretId=policy.client_secret_arn).get("SecretString")
    if not isinstance(secret, str) or not secret:
        raise ProviderError("the client's secret is empty")
    return secret


def address_of_return(function_arn: str) -> str:
    """Where the provider sends a browser back to; the stack or AWS says it, and no header of the request."""
    if page_url:
        return page_url.rstrip("/") + SIGNED_IN
    url: str = functions.get_function_url_config(FunctionName=function_arn)["FunctionUrl"]
    return url.rstrip("/") + SIGNED_IN


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def way_name(state: str) -> str:
    """The name of the cookie of one sign-in, so that two in one browser do not mix."""
    return f"way-{hashlib.sha256(b'way ' + state.encode()).hexdigest()[:16]}"


def say(status: int, text: str, *cookies: str) -> dict[str, Any]:
    """A page about a sign-in that did not succeed."""
    return response.html(status, markup.message("Not signed in", text), cookies=cookies)


def reason_of(error: Exception) -> str:
    """What our own errors say; AWS's and others' are named by their type alone."""
    return str(error) if isinstance(error, (ProviderError, TokenError, NobodyError)) else ""
