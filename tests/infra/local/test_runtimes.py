"""What a deployed function runs on: its Python, its zip, and what the runtime of AWS brings; nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.runtimes import PROVIDED, find_python
from tests.infra.local.machines import Machines

_LOOK = """\
import importlib.util, sys
def handler(event, context):
    return {
        "python": "python%d.%d" % sys.version_info[:2],
        "found": [name for name in event["names"] if importlib.util.find_spec(name)],
    }
"""


def look(machines: Machines, *names: str) -> dict[str, Any]:
    """On which Python a function runs, and which of these it could import."""
    function = machines.function(_LOOK)
    payload = json.dumps({"names": names}).encode()
    answer = machines.stand_in.client("lambda").invoke(FunctionName=function, Payload=payload)
    seen: dict[str, Any] = json.loads(answer["Payload"].read())
    return seen


def test_a_function_can_import_what_its_zip_and_the_runtime_hold_and_nothing_else(machines: Machines) -> None:
    """What lies beside the stand-in, this repository included, is not there on AWS."""
    beside = ("ministack", "numpy", "aws_lambda_powertools", "workflow", "lambdas", "infra")
    assert look(machines, "index", *PROVIDED, *beside)["found"] == ["index", *PROVIDED]


def test_a_function_that_needs_more_than_its_zip_holds_fails_as_on_aws(machines: Machines) -> None:
    """The first call says which module is missing."""
    function = machines.function("import numpy\ndef handler(event, context): return 1")
    answer = machines.stand_in.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    assert (said["errorType"], "numpy" in said["errorMessage"]) == ("Runtime.ImportModuleError", True)


def test_a_function_runs_on_the_python_that_its_runtime_names(machines: Machines) -> None:
    """So whatever runs on the stand-in has run on the version that the template names."""
    if find_python("python3.12") is None:
        pytest.skip("this machine has no Python 3.12: functions run on the stand-in's own")
    assert look(machines)["python"] == "python3.12"
