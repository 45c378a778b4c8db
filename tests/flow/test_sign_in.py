"""Approvers who sign in at an OpenID provider, in a real browser: who they are decides, not who has the link."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import oidc_provider_mock
from playwright.sync_api import Browser, Page

from tests.flow.driver import Flow
from tests.flow.test_page import waiting
from workflow.stack import deploy

GROUP = "releases"
PEOPLE = {"grace": [GROUP], "ada": [GROUP], "eve": ["readers"]}


@contextmanager
def provider() -> Iterator[str]:
    """A provider that knows some people; gives its address."""
    people = [
        oidc_provider_mock.User(
            sub=name, claims={"email": f"{name}@example.com", "email_verified": True, "groups": groups}
        )
        for name, groups in PEOPLE.items()
    ]
    with oidc_provider_mock.run_server_in_thread(
        require_client_registration=True, require_nonce=True, user_claims=people
    ) as server:
        yield f"http://localhost:{server.server_port}"


def let_sign_in(flow: Flow, issuer: str) -> None:
    """Register the page at the provider as a person would, and tell the stack."""
    (stack,) = flow.stand_in.client("cloudformation").describe_stacks(StackName="greenlight")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    asked = json.dumps({"redirect_uris": [outputs["SignInReturnUrl"]]}).encode()
    request = urllib.request.Request(f"{issuer}/oauth2/clients", asked, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        client = json.load(answer)
    kept = flow.stand_in.client("secretsmanager").create_secret(Name="page", SecretString=client["client_secret"])
    parameters = {"OidcIssuer": issuer, "OidcClientId": client["client_id"], "OidcClientSecretArn": kept["ARN"]}
    deploy.deploy("greenlight", parameters={**parameters, "ApproversGroup": GROUP})


def sign_in(browser: Browser, link: str, issuer: str, name: str) -> Page:
    """Open the mailed link in a browser of one's own, and sign in where it leads."""
    page = browser.new_context().new_page()
    page.goto(link)
    assert page.url.startswith(f"{issuer}/oauth2/authorize")
    page.click(f"button[value={name}]")
    page.wait_for_load_state("load")
    return page


def test_who_signed_in_and_may_approve_decides_and_nobody_else(guarded: Flow, browser: Browser) -> None:
    """Who is outside the group sees that, who started the run may not approve it, and a third person does.

    The functions have the roles of the template, and what they allow is enforced.
    """
    flow = guarded
    with provider() as issuer:
        let_sign_in(flow, issuer)
        execution, link, version = waiting(flow, started_by="ada@example.com")

        eve = sign_in(browser, link, issuer, "eve")
        assert "You are signed in as eve@example.com, who is not among the approvers" in eve.inner_text("body")
        assert eve.locator("form").count() == 0

        ada = sign_in(browser, link, issuer, "ada")
        assert ada.url == link
        assert "You started this run" in ada.inner_text("body")
        assert ada.locator("button").all_inner_texts() == ["Reject…"]

        grace = sign_in(browser, link, issuer, "grace")
        assert grace.url == link
        assert "You are signed in as grace@example.com" in grace.inner_text("body")
        assert grace.locator("[name=name]").count() == 0
        grace.click("text=Full report on")
        grace.wait_for_url(f"{link}/report")
        assert "sign in" not in grace.inner_text("body").lower()
        grace.go_back()
        grace.click("button[value=approve]")
        grace.wait_for_load_state("load")
        assert flow.describe(execution)["status"] == "RUNNING"
        grace.fill("[name=version]", version)
        grace.click("text=Approve it")
        grace.wait_for_load_state("load")
        assert "Approved by grace@example.com" in grace.inner_text("body")
        assert flow.end(execution).status == "SUCCEEDED"
