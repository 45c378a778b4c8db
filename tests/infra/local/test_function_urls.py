"""What a function is told of a request to its address: cookies, the scheme, and who signed."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.infra.local.machines import ROLE, Machines

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event), "cookies": ["a=b; HttpOnly"]}
"""


def address(machines: Machines, auth: str) -> str:
    """The address of a function that answers what it was told."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("index.py", ECHO)
    functions = machines.stand_in.client("lambda")
    name = f"echo-{auth.lower().replace('_', '-')}"
    existing = [found["FunctionName"] for found in functions.list_functions()["Functions"]]
    if name not in existing:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": archive.getvalue()},
        )
        functions.create_function_url_config(FunctionName=name, AuthType=auth)
    return str(functions.get_function_url_config(FunctionName=name)["FunctionUrl"])


def send(url: str, headers: dict[str, str]) -> tuple[int, Any, str]:
    """One request: its status, what the function was told, the cookie that came back."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return answer.status, json.loads(answer.read()), answer.headers.get("Set-Cookie", "")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), ""


def signed(url: str, service: str) -> dict[str, str]:
    """The headers of a signed request."""
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return dict(request.headers)


def test_cookies_come_by_themselves_and_the_scheme_is_the_one_it_came_by(machines: Machines) -> None:
    """As payload format 2.0 has them; nobody is said to have signed."""
    status, told, cookie = send(address(machines, "NONE"), {"Cookie": "one=1; two=2"})
    assert (status, told["cookies"], cookie) == (200, ["one=1", "two=2"], "a=b; HttpOnly")
    assert "cookie" not in told["headers"]
    assert told["headers"]["x-forwarded-proto"] == "http"
    assert "authorizer" not in told["requestContext"]


def test_an_address_that_asks_for_iam_says_who_signed(machines: Machines) -> None:
    """With the members that AWS documents."""
    url = address(machines, "AWS_IAM")
    status, told, _ = send(url, signed(url, "lambda"))
    iam = told["requestContext"]["authorizer"]["iam"]
    assert (status, iam["userArn"], iam["accountId"]) == (200, "arn:aws:iam::000000000000:root", "000000000000")
    assert set(iam) == {
        *("accessKey", "accountId", "callerId", "cognitoIdentity", "principalOrgId", "userArn", "userId"),
    }


@pytest.mark.parametrize("headers", ["none", "another service", "no key"])
def test_an_address_that_asks_for_iam_refuses_whoever_did_not_sign_for_it(machines: Machines, headers: str) -> None:
    """The function is not asked."""
    url = address(machines, "AWS_IAM")
    given = {
        "none": {},
        "another service": signed(url, "execute-api"),
        "no key": {"Authorization": "AWS4-HMAC-SHA256 "},
    }[headers]
    assert send(url, given)[:2] == (403, {"Message": "Forbidden"})
