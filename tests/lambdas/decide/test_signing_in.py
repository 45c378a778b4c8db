"""Where the stack names an issuer, who signed in decides at the mailed link: everything in doubt signs nobody in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.stub import Stubber

from lambdas.decide import command, provider, services, signing_in
from lambdas.decide import handler as function
from lambdas.decide.approvers import Approvers
from lambdas.decide.identity import Policy
from lambdas.decide.link import Link
from tests.lambdas.conftest import ENVIRONMENT, Context, client
from tests.lambdas.decide import issuer as of_issuer
from tests.lambdas.decide.conftest import OPAQUE, TOKEN, Waiting, mark, stored, stored_request
from tests.lambdas.decide.issuer import CLIENT, EMAIL, SECRET, SUBJECT, Issuer, public_jwk, sign
from tests.lambdas.decide.test_command import ADA, call
from tests.lambdas.decide.test_handler import signed
from tests.lambdas.decide.visitor import Visitor, read_forms
from workflow.contract.approval import item_id
from workflow.contract.approval_link import SIGNED_IN

RETURN = ENVIRONMENT["APPROVAL_URL"].rstrip("/") + SIGNED_IN
OTHER = "o" * 32


class Browser(Visitor):
    """A visitor who is sent to a provider and back."""

    def go(self, query: str) -> dict[str, Any]:
        """Come back from the provider with this query."""
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": SIGNED_IN,
            "rawQueryString": query,
            "requestContext": {"http": {"method": "GET", "path": SIGNED_IN}},
            "headers": {"x-forwarded-proto": "https"},
            "cookies": [f"{name}={value}" for name, value in self.cookies.items()],
            "isBase64Encoded": False,
        }
        answer: dict[str, Any] = function.handler(event, Context())
        for cookie in answer.get("cookies", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def leave(self, issuer: Issuer) -> str:
        """Open the link, and sign in at the provider; the query that comes back."""
        away = self.send()
        assert away["statusCode"] == 303, away["body"]
        return issuer.sign_in(away["headers"]["Location"])

    def sign_in(self, issuer: Issuer) -> dict[str, Any]:
        """Open the link, sign in and come back."""
        return self.go(self.leave(issuer))

    @property
    def session(self) -> str:
        """What says who is signed in for this request."""
        return self.cookies.get(Link.session_name(self.path.rpartition("/")[2]), "")


@pytest.fixture(scope="module")
def server() -> Iterator[Issuer]:
    """A provider that listens."""
    with of_issuer.serve() as served:
        yield served


@pytest.fixture
def issuer(server: Issuer, pending: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """A stack whose approvers sign in at the provider, by their group."""
    server.__init__(server.address)  # type: ignore[misc]
    secret = client("secretsmanager").create_secret(Name="approval-page", SecretString=SECRET)["ARN"]
    settings = {
        "OIDC_ISSUER": server.address,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET_ARN": secret,
        "APPROVERS_GROUP": "approvers",
    }
    monkeypatch.setattr(services, "policy", Policy.read(settings))
    monkeypatch.setattr(services, "approvers", Approvers.read({**settings, "APPROVERS": ADA}))
    monkeypatch.setattr(provider, "on_stand_in", True)
    with Stubber(signing_in.functions) as stub:
        told = {
            "FunctionUrl": ENVIRONMENT["APPROVAL_URL"],
            "FunctionArn": Context.invoked_function_arn,
            "AuthType": "NONE",
            "CreationTime": "now",
            "LastModifiedTime": "now",
        }
        for _ in range(20):
            stub.add_response("get_function_url_config", told, {"FunctionName": Context.invoked_function_arn})
        yield server


@pytest.fixture
def browser() -> Browser:
    """Somebody with the mailed link."""
    return Browser(OPAQUE)


def change_policy(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Give the stack other settings."""
    assert services.policy is not None
    monkeypatch.setattr(services, "policy", replace(services.policy, **changes))


def start_by(table: Any, name: str) -> None:
    """Let the waiting request be about a run that somebody started."""
    asked = stored_request()
    table.put_item(Item=mark(replace(asked, request=replace(asked.request, started_by=name))).item(TOKEN))


def test_the_link_sends_to_the_provider_with_what_protects_the_way(issuer: Issuer, browser: Browser) -> None:
    """Code, PKCE, state and nonce; the id of the link goes nowhere, and nothing of the request is shown."""
    away = browser.send()
    asked = parse_qs(urlsplit(away["headers"]["Location"]).query)
    assert asked["redirect_uri"] == [RETURN]
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len({*asked["state"], *asked["nonce"], *asked["code_challenge"]}) == 3
    assert OPAQUE not in away["headers"]["Location"]
    assert away["body"] == ""
    (cookie,) = away["cookies"]
    assert cookie.endswith("; Max-Age=600; HttpOnly; SameSite=Lax; Secure")


def test_who_signed_in_decides_under_the_name_that_the_issuer_verified(
    issuer: Issuer, browser: Browser, pending: Any, execution: Waiting
) -> None:
    """Whatever name the form says; there is no field for one."""
    back = browser.sign_in(issuer)
    assert (back["statusCode"], back["headers"]["Location"]) == (303, OPAQUE)
    kept = next(cookie for cookie in back["cookies"] if cookie.startswith("session-"))
    assert kept.endswith("; Max-Age=1800; HttpOnly; SameSite=Lax; Secure")
    page = browser.send()["body"]
    assert f"You are signed in as <strong>{EMAIL}</strong>" in page
    assert "name" not in read_forms(page)[0].fields
    execution.takes()
    answer = browser.decide(name="Eve")
    assert answer["statusCode"] == 200
    decision = signed(pending).decision
    assert (decision.by, decision.door) == (EMAIL, "link")
    assert stored(pending)["decided_by"] == EMAIL


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"email_verified": False}, SUBJECT),
        ({"email_verified": None}, SUBJECT),
        ({"email": None}, SUBJECT),
        ({"email_verified": "true"}, EMAIL),
    ],
)
def test_an_address_that_nobody_verified_is_no_name(
    issuer: Issuer, browser: Browser, changes: dict[str, Any], name: str
) -> None:
    """Then the issuer's own name of somebody is."""
    issuer.changes = changes
    browser.sign_in(issuer)
    assert f"<strong>{name}</strong>" in browser.send()["body"]


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -60), ("iat", 600), ("nbf", 600)])
def test_a_token_out_of_its_time_signs_nobody_in(issuer: Issuer, browser: Browser, claim: str, seconds: int) -> None:
    """Too old, or from the future by more than two clocks may differ."""
    issuer.changes = {claim: int(time.time()) + seconds}
    assert browser.sign_in(issuer)["statusCode"] == 403
    assert not browser.session
    assert browser.send()["statusCode"] == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iat": None},
        {"iss": "https://other.example.com"},
        {"iss": None},
        {"aud": "another-program"},
        {"aud": None},
        {"aud": []},
        {"aud": [CLIENT, "another-program"]},
        {"aud": [CLIENT, "another-program"], "azp": "another-program"},
        {"azp": "another-program"},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"email": "x" * 90},
        {"email": "https://evil.example.com/sign"},
        {"email": "grace\u202e@example.com"},
    ],
)
def test_a_token_in_doubt_signs_nobody_in(issuer: Issuer, browser: Browser, changes: dict[str, Any]) -> None:
    """Without a time, another's, for another program, of another sign-in, or without a plain name."""
    issuer.changes = changes
    assert browser.sign_in(issuer)["statusCode"] == 403
    assert not browser.session
    assert browser.send()["statusCode"] == 303


def forge(how: str, claims: dict[str, Any]) -> str:
    """A token that somebody without the issuer's key makes."""
    good = sign(claims)
    head, body, mark = good.split(".")
    if how == "none":
        return f"{of_issuer.encode(json.dumps({'alg': 'none'}).encode())}.{body}."
    if how == "none with the mark":
        return f"{of_issuer.encode(json.dumps({'alg': 'none'}).encode())}.{body}.{mark}"
    if how.startswith("HS256"):
        jwk = public_jwk()
        secret = json.dumps(jwk).encode() if how == "HS256 of the key's JSON" else jwk["n"].encode()
        text = f"{of_issuer.encode(json.dumps({'alg': 'HS256', 'kid': 'key-1'}).encode())}.{body}"
        return f"{text}.{of_issuer.encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
    if how == "another key":
        return sign(claims, of_issuer.make_key())
    if how == "another key's id":
        return sign(claims, kid="key-2")
    if how == "RS512 in the header":
        return sign(claims, alg="RS512")
    if how == "critical extension":
        return sign(claims, crit=["exp-of-ours"])
    if how == "changed":
        other = base64.urlsafe_b64decode(body + "==").replace(b"eve@", b"ada@")
        return f"{head}.{of_issuer.encode(other)}.{mark}"
    return {
        "empty": "",
        "no token": "a.b",
        "cut": good[:-2],
        "longer": good + "AA",
        "mark of nothing": f"{head}.{body}.",
    }[how]


FORGED = (
    *("none", "none with the mark", "HS256 of the key's JSON", "HS256 of the modulus", "another key"),
    *("another key's id", "RS512 in the header", "critical extension", "changed", "empty", "no token", "cut"),
    *("longer", "mark of nothing"),
)


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_signs_nobody_in(
    issuer: Issuer, browser: Browser, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the header says: one algorithm counts, with the issuer's key."""
    query = browser.leave(issuer)
    (asked,) = issuer.asked.values()
    now = int(time.time())
    claims = {"iss": issuer.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
    claims |= {"sub": "eve", "email": "eve@example.com", "email_verified": True, "groups": ["approvers"]}
    issuer.token = forge(how, claims)
    if how == "empty":
        monkeypatch.setattr(issuer, "redeem", lambda *_: {"id_token": ""})
    assert browser.go(query)["statusCode"] == 403
    assert not browser.session


@pytest.mark.parametrize(
    "person",
    [
        {"groups": None},
        {"groups": []},
        {"groups": ["readers"]},
        {"groups": "approvers-of-another"},
        {"groups": {"approvers": True}},
        {"groups": None, "cognito:groups": ["approvers"]},
    ],
    ids=str,
)
def test_who_is_outside_the_group_is_told_so_and_decides_nothing(
    issuer: Issuer, browser: Browser, person: dict[str, Any], pending: Any
) -> None:
    """The page says who they are; nothing of the request is shown, and no form is taken."""
    issuer.changes = person
    back = browser.sign_in(issuer)
    assert back["statusCode"] == 403
    assert f"You are signed in as {EMAIL}, who is not among the approvers" in back["body"]
    assert not browser.session
    assert browser.send("POST", "decision=approve&name=Eve")["statusCode"] == 401
    assert browser.send(path=f"{browser.path}/report")["statusCode"] == 401
    told = browser.send(accept="application/json")
    assert (told["statusCode"], set(json.loads(told["body"]))) == (401, {"error"})
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize(
    ("approvers", "changes", "let_in"),
    [
        ({EMAIL}, {}, True),
        ({EMAIL.upper()}, {}, True),
        ({SUBJECT}, {"email": None}, True),
        ({EMAIL}, {"email_verified": False}, False),
        ({SUBJECT.upper()}, {}, False),
        ({"ada@example.com"}, {}, False),
        (set(), {}, False),
    ],
)
def test_a_list_names_verified_addresses_and_subjects(
    issuer: Issuer,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    approvers: set[str],
    changes: dict[str, Any],
    let_in: bool,
) -> None:
    """Without a group; an address that was not verified is nobody's."""
    change_policy(monkeypatch, group="", approvers=frozenset(approvers))
    issuer.changes = {**changes, "groups": [""]}
    assert browser.sign_in(issuer)["statusCode"] == (303 if let_in else 403)
    assert bool(browser.session) is let_in


def test_a_sign_in_is_finished_once(issuer: Issuer, browser: Browser) -> None:
    """Also by a browser that kept the cookie for the way."""
    query = browser.leave(issuer)
    kept = dict(browser.cookies)
    assert browser.go(query)["statusCode"] == 303
    browser.cookies = kept
    again = browser.go(query)
    assert (again["statusCode"], "finished before" in again["body"]) == (400, True)
    assert not browser.session


def test_a_sign_in_ends_in_the_browser_that_began_it(issuer: Issuer, browser: Browser) -> None:
    """Without its cookie, with another's, or with one that was changed, nobody is signed in; the code is not used."""
    query = browser.leave(issuer)
    (name,) = browser.cookies
    other = Browser(OPAQUE)
    other.leave(issuer)
    stranger, changed = Browser(OPAQUE), Browser(OPAQUE)
    changed.cookies = {name: browser.cookies[name][:-4] + "AAAA"}
    mixed = Browser(OPAQUE)
    mixed.cookies = {name: next(iter(other.cookies.values()))}
    for somebody in (stranger, changed, other, mixed):
        assert somebody.go(query)["statusCode"] == 400
        assert not somebody.session
    assert browser.go(query)["statusCode"] == 303


@pytest.mark.parametrize("query", ["", "code=c", "state=", "state=a&state=b&code=c", "state=%ff", "state=s&code=c"])
def test_an_answer_that_nobody_asked_for_is_refused(issuer: Issuer, browser: Browser, query: str) -> None:
    """The provider is not even asked."""
    browser.leave(issuer)
    assert browser.go(query)["statusCode"] == 400


def test_who_is_refused_by_the_provider_or_comes_with_another_issuers_answer_is_not_signed_in(issuer: Issuer) -> None:
    """The provider's own words are not shown."""
    for more, status in (("&error=access_denied&error_description=Call+555", 400), ("&iss=https://other.example", 403)):
        browser = Browser(OPAQUE)
        answer = browser.go(browser.leave(issuer) + more)
        assert (answer["statusCode"], "555" in answer["body"], browser.session) == (status, False, "")


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://other.example.com"},
        {"token_endpoint": "http://example.com/token"},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"authorization_endpoint": "https://me@example.com/authorize"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_provider_that_is_not_what_it_should_be_is_asked_nothing(
    issuer: Issuer, browser: Browser, says: dict[str, Any]
) -> None:
    """Another issuer's configuration, and addresses without https."""
    issuer.says = says
    assert browser.send()["statusCode"] == 503


def test_plain_http_counts_on_the_stand_in_alone(
    issuer: Issuer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And there for this machine alone."""
    monkeypatch.setattr(provider, "on_stand_in", False)
    assert browser.send()["statusCode"] == 503
    assert not provider.is_safe("http://127.0.0.1/")
    monkeypatch.setattr(provider, "on_stand_in", True)
    assert not provider.is_safe("http://127.0.0.1.example.com/")
    assert not provider.is_safe("http://localhost@example.com/")


def test_a_session_is_good_for_its_own_request(issuer: Issuer, browser: Browser, pending: Any) -> None:
    """Under whatever name the cookie is sent."""
    pending.put_item(Item=stored_request(opaque_id=OTHER).item(TOKEN))
    browser.sign_in(issuer)
    thief = Browser(OTHER)
    thief.cookies = {Link.session_name(OTHER): browser.session, Link.session_name(OPAQUE): browser.session}
    assert thief.send()["statusCode"] == 303
    assert browser.send()["statusCode"] == 200


def test_a_session_that_was_made_or_changed_is_none(issuer: Issuer, browser: Browser) -> None:
    """The mark is of its content, its kind and its end."""
    query = browser.leave(issuer)
    (way,) = browser.cookies.values()
    browser.go(query)
    head, _, mark = browser.session.partition(".")
    content = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert content["request"] == item_id(OPAQUE)
    longer = of_issuer.encode(json.dumps({**content, "expires": content["expires"] + 1}).encode())
    eve = of_issuer.encode(json.dumps({**content, "email": "eve@example.com"}).encode())
    for made in (f"{longer}.{mark}", f"{eve}.{mark}", f"{head}.", f"{head}.{mark}x", f"{head}.ü", way, ".", "x" * 4000):
        forger = Browser(OPAQUE)
        forger.cookies = {Link.session_name(OPAQUE): made}
        assert forger.send()["statusCode"] == 303, made


def test_a_session_ends_by_itself_and_with_the_settings(
    issuer: Issuer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was let in under other settings signs in again."""
    browser.sign_in(issuer)
    now = time.time()
    with pytest.MonkeyPatch.context() as later:
        later.setattr(time, "time", lambda: now + signing_in.SESSION_SECONDS + 1)
        assert signing_in.recognise(services.policy, link_of(browser), int(time.time())) is None  # type: ignore[arg-type]
    assert browser.send()["statusCode"] == 200
    change_policy(monkeypatch, group="other-approvers")
    assert browser.send()["statusCode"] == 303


def link_of(browser: Browser) -> Link:
    """What a request of this browser asks for."""
    return Link("GET", OPAQUE, report=False, wants_json=False, session=browser.session)


def test_a_form_belongs_to_who_was_signed_in_when_it_was_shown(issuer: Issuer, browser: Browser, pending: Any) -> None:
    """Another person who signs in meanwhile in the same browser does not send it off under their own name."""
    browser.sign_in(issuer)
    page = browser.choose()["body"]
    issuer.changes = {"sub": "user-8", "email": "ada@example.com"}
    browser.cookies.pop(Link.session_name(OPAQUE))
    browser.sign_in(issuer)
    assert browser.confirm(page)["statusCode"] == 400
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("started_by", [EMAIL, "Grace", SUBJECT, f"arn:aws:sts::1:assumed-role/People/{EMAIL}"])
def test_who_started_a_run_may_reject_it_and_not_approve_it(
    issuer: Issuer, browser: Browser, pending: Any, execution: Waiting, started_by: str
) -> None:
    """By whichever of their names; the page has no button for it, and a form that says so is refused."""
    start_by(pending, started_by)
    browser.sign_in(issuer)
    page = browser.send()["body"]
    assert "You started this run" in page
    (form,) = read_forms(page)
    assert form.buttons == [("decision", "reject")]
    form.buttons.append(("decision", "approve"))
    assert browser.press(form, 1, {"comment": ""})["statusCode"] == 403
    rejecting = browser.choose("reject")["body"]
    forged = rejecting.replace('name="decision" value="reject"', 'name="decision" value="approve"')
    assert browser.confirm(forged)["statusCode"] == 400
    assert stored(pending)["status"] == "pending"
    execution.takes()
    assert browser.confirm(rejecting)["statusCode"] == 200
    assert stored(pending)["decision"] == "rejected"


def test_the_stack_may_let_people_approve_what_they_started(
    issuer: Issuer, browser: Browser, pending: Any, execution: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one who works alone does."""
    start_by(pending, EMAIL)
    monkeypatch.setattr(services, "approvers", replace(services.approvers, starter_may=True))
    browser.sign_in(issuer)
    execution.takes()
    assert browser.decide()["statusCode"] == 200


@pytest.mark.parametrize(("decision", "status"), [("approve", 403), ("reject", 200)])
def test_the_command_line_lets_nobody_approve_what_they_started_either(
    issuer: Issuer, pending: Any, execution: Waiting, decision: str, status: int
) -> None:
    """The identity of the signature is compared with who started the run."""
    start_by(pending, "ada")
    if status == 200:
        execution.takes()
    said = call({"request": item_id(OPAQUE), "decision": decision, "comment": ""})
    assert said[0] == status
    assert command.name_caller({"requestContext": {}}) == ""


def test_without_an_issuer_the_page_says_that_the_link_decides(pending: Any, execution: Waiting) -> None:
    """Whoever holds it, under any name: also who started the run."""
    start_by(pending, "Ana")
    visitor = Browser(OPAQUE)
    assert "whoever holds this link can decide, under any name" in visitor.send()["body"]
    assert visitor.go("state=s&code=c")["statusCode"] == 404
    execution.takes()
    assert visitor.decide(name="Ana")["statusCode"] == 200


def test_no_log_has_anything_secret(issuer: Issuer, browser: Browser, log_of: Any) -> None:
    """Of a sign-in that succeeds, one that is refused and one that is forged."""
    log = log_of(services)
    secrets = [OPAQUE, SECRET, EMAIL, "the-access-token"]
    doubts: list[dict[str, Any]] = [{}, {"groups": []}, {"nonce": "another"}]
    for changes in doubts:
        issuer.changes = changes
        somebody = Browser(OPAQUE)
        query = somebody.leave(issuer)
        asked = next(iter(issuer.asked.values()))
        secrets += [asked["state"], asked["nonce"], *somebody.cookies.values()]
        somebody.go(query)
        secrets += [value for value in somebody.cookies.values() if value]
    assert "nobody was signed in" in log.text
    assert "no approver" in log.text
    assert not [secret for secret in secrets if secret in log.text]


def test_behind_an_api_the_provider_sends_back_to_the_address_that_the_stack_names(
    issuer: Issuer, pending: Any, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no function URL to look up, and no right to."""
    monkeypatch.setattr(signing_in, "page_url", "https://ab12.execute-api.eu-central-2.amazonaws.com")
    browser.leave(issuer)
    (asked,) = issuer.asked.values()
    assert asked["redirect_uri"] == "https://ab12.execute-api.eu-central-2.amazonaws.com/a/signed-in"
