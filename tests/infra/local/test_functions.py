"""Deployed functions: what they see, how they fail, and where they are reached."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from tests.infra.local.machines import ROLE, Machines, eventually, zipped
from tests.stand_in import StandIn

_SEEN = """\
import os, sys
def handler(event, context):
    import index
    return {
        "endpoint": os.environ["AWS_ENDPOINT_URL"],
        "given": os.environ["GIVEN"],
        "python_path": os.environ.get("PYTHONPATH"),
        "name": context.function_name,
        "pid": os.getpid(),
        "code": index.__file__,
    }
"""
_PAGE = """\
import base64
def handler(event, context):
    body = event.get("body", "")
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    http = event["requestContext"]["http"]
    return {"statusCode": 200, "headers": {"content-type": "text/plain"},
            "body": f"{http['method']} {event['rawPath']} {event['rawQueryString']} {body}"}
"""


def invoked(machines: Machines, function: str) -> Any:
    """The answer of a function to an empty event."""
    answer = machines.stand_in.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    return json.loads(answer["Payload"].read())


def test_a_function_sees_the_stand_in_and_its_own_zip(machines: Machines) -> None:
    """Its clients talk to the stand-in, its modules come from its zip, and it stays warm."""
    function = machines.function(_SEEN, Environment={"Variables": {"GIVEN": "this"}})
    seen = invoked(machines, function)
    assert seen["endpoint"] == machines.stand_in.url
    assert seen["given"] == "this"
    assert seen["python_path"] is None
    assert seen["name"] == function.rsplit(":", 1)[1]
    assert "ministack-lambda" in seen["code"]
    assert invoked(machines, function)["pid"] == seen["pid"]


def test_a_warm_function_answers_at_once(machines: Machines) -> None:
    """The flow's own share of a run depends on it."""
    function = machines.function("def handler(event, context): return 1")
    invoked(machines, function)
    started = time.monotonic()
    for _ in range(10):
        invoked(machines, function)
    assert time.monotonic() - started < 3


def test_a_function_s_error_has_the_name_of_its_class(machines: Machines) -> None:
    """A state machine catches by this name; the cause is AWS's JSON."""
    code = "class GateRejected(Exception): pass\ndef handler(e, c): raise GateRejected('low mAP')"
    function = machines.function(code)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function},
        "Catch": [{"ErrorEquals": ["GateRejected"], "Next": "Rejected"}],
        "End": True,
    }
    caught = machines.output({"Call": call, "Rejected": {"Type": "Pass", "End": True}})
    assert caught["Error"] == "GateRejected"
    cause = json.loads(caught["Cause"])
    assert (cause["errorType"], cause["errorMessage"]) == ("GateRejected", "low mAP")
    assert cause["stackTrace"]


@pytest.mark.parametrize(
    ("code", "fields", "error"),
    [
        ("import no_such_module\n", {}, "Runtime.ImportModuleError"),
        ("import time\ndef handler(e, c): time.sleep(9)", {"Timeout": 1}, "Sandbox.Timedout"),
        ("import os\ndef handler(e, c): os._exit(3)", {}, "Runtime.ExitError"),
    ],
)
def test_a_function_that_cannot_run_is_told_apart(
    machines: Machines, code: str, fields: dict[str, Any], error: str
) -> None:
    """A missing module, a timeout and a crash have AWS's names."""
    assert invoked(machines, machines.function(code, **fields))["errorType"] == error


def test_new_code_is_run_after_an_update(machines: Machines) -> None:
    """A warm function does not hide a deployment."""
    function = machines.function("def handler(event, context): return 1")
    assert invoked(machines, function) == 1
    new = zipped({"index.py": "def handler(event, context): return 2"})
    machines.stand_in.client("lambda").update_function_code(FunctionName=function, ZipFile=new)
    assert invoked(machines, function) == 2


def test_a_function_s_address_leads_to_the_stand_in(machines: Machines) -> None:
    """The URL that is given back answers GET and POST below it."""
    function = machines.function(_PAGE)
    config = machines.stand_in.client("lambda").create_function_url_config(FunctionName=function, AuthType="NONE")
    url = config["FunctionUrl"]
    assert url.startswith(machines.stand_in.url + "/")
    with urllib.request.urlopen(url + "a/opaque?x=1", timeout=10) as page:
        assert page.read().decode() == "GET /a/opaque x=1 "
    form = urllib.request.Request(url + "a/opaque", data=b"decision=approve")
    with urllib.request.urlopen(form, timeout=10) as page:
        assert page.read().decode() == "POST /a/opaque  decision=approve"


@pytest.mark.standin
def test_a_call_under_way_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """The function is ended with the stand-in, and whoever waits for its answer waits no longer."""
    with StandIn(tmp_path / "state") as stand_in:
        stand_in.role(ROLE)
        called = tmp_path / "called"
        code = "import pathlib, time\ndef handler(e, c):\n    pathlib.Path(e).touch()\n    time.sleep(19)"
        function = Machines(stand_in).function(code)

        def call() -> None:
            with contextlib.suppress(BotoCoreError):
                stand_in.client("lambda").invoke(FunctionName=function, Payload=json.dumps(str(called)).encode())

        calling = threading.Thread(target=call)
        calling.start()
        eventually(called.exists)
        began = time.monotonic()
        assert stand_in.stop() == 0
        calling.join()
        assert time.monotonic() - began < 12


def test_no_function_outlives_the_stand_in() -> None:
    """One that is just being started, and one that is called too late, such as by a schedule, end as the others do."""
    program = [sys.executable, "-m", "tests.infra.local.functions_at_the_end"]
    told = subprocess.run(
        program, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(told.stdout) == {"before": 2, "late": "the stand-in is stopping", "left": 0}


def test_a_function_s_log_group_is_made_only_where_its_role_may(machines: Machines) -> None:
    """A function that ends after its stack was deleted does not leave a group that nobody deletes."""
    iam, logs = machines.stand_in.client("iam"), machines.stand_in.client("logs")
    refused, allowed = f"{ROLE}-writes-no-group", f"{ROLE}-writes-groups"
    for role in (refused, allowed):
        machines.stand_in.role(role, "lambda")
    statement = {"Effect": "Allow", "Action": ["logs:CreateLogGroup"], "Resource": "*"}
    iam.put_role_policy(
        RoleName=allowed.rpartition("/")[2], PolicyName="logs", PolicyDocument=json.dumps({"Statement": [statement]})
    )
    for role, made in ((refused, False), (allowed, True)):
        function = machines.function("def handler(event, context): return 1", Role=role)
        assert invoked(machines, function) == 1
        found = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function.rpartition(':')[2]}")["logGroups"]
        assert bool(found) is made
