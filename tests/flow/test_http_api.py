"""The approval page and the command line's door behind an HTTP API, where a region has no function URLs."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Browser

from tests.flow.driver import Flow
from tests.flow.test_doors import waiting as asked
from tests.flow.test_page import waiting
from tests.flow.test_sign_in import let_sign_in, provider, sign_in
from workflow.clients import AwsCloud
from workflow.errors import UsageError
from workflow.runs.approvals import decide
from workflow.stack import deploy

INVOKE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def test_the_page_and_the_command_line_decide_behind_an_http_api(
    guarded: Flow, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sign-in, cookies and forms hold there as at a function URL, and whoever signs has to be let by IAM.

    With policies enforced; nothing of a function URL is left, nor the right to look one up.
    """
    stack = deploy.deploy("greenlight", parameters={"ApprovalFront": "http-api"})
    flow = Flow(guarded.stand_in, stack)
    assert stack.decide_url == f"{stack.approval_url}decide"
    for function in ("greenlight-decide", "greenlight-decide-command"):
        with pytest.raises(ClientError, match="ResourceNotFound"):
            flow.stand_in.client("lambda").get_function_url_config(FunctionName=function)

    execution = flow.begin(flow.upload())
    approval = asked(flow, execution)
    iam = flow.stand_in.client("iam")
    for user, statements in (("eve", []), ("ada", [INVOKE])):
        iam.create_user(UserName=user)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        if statements:
            iam.put_user_policy(UserName=user, PolicyName="given", PolicyDocument=policy)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        with monkeypatch.context() as environment:
            environment.setenv("AWS_ACCESS_KEY_ID", made["AccessKeyId"])
            environment.setenv("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"])
            if user == "eve":
                with pytest.raises(UsageError, match="AWS does not let you decide"):
                    decide(AwsCloud(), stack.decide_url, approval, "reject", "")
            else:
                told = decide(AwsCloud(), stack.decide_url, approval, "reject", "blurred")
                assert told["by"] == "arn:aws:iam::000000000000:user/ada"
    assert flow.end(execution).error == "Approval.Rejected"

    with provider() as issuer:
        let_sign_in(flow, issuer)
        execution, link, version = waiting(flow, force=True)
        assert link.startswith(f"{stack.approval_url}a/")
        grace = sign_in(browser, link, issuer, "grace")
        assert grace.url == link
        grace.click("button[value=approve]")
        grace.wait_for_load_state("load")
        grace.fill("[name=version]", version)
        grace.click("text=Approve it")
        grace.wait_for_load_state("load")
        assert "Approved by grace@example.com" in grace.inner_text("body")
        assert flow.end(execution).status == "SUCCEEDED"
