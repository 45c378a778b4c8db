"""What a function may have of variables, as Lambda limits them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.machines import Machines, eventually

_CODE = "def handler(event, context): return 1"
JUST_ENOUGH = {"TEXT": "x" * (4096 - len('{"TEXT":""}'))}
REFUSED = [
    ({"TEXT": JUST_ENOUGH["TEXT"] + "x"}, "exceeded the 4KB limit"),
    ({"AWS_REGION": "eu-west-1"}, "reserved keys.*AWS_REGION"),
    ({"_TEXT": "x"}, "failed to satisfy constraint"),
]


@pytest.mark.parametrize(("variables", "said"), REFUSED)
def test_variables_that_lambda_would_not_take_are_refused(
    machines: Machines, variables: dict[str, str], said: str
) -> None:
    """When a function is made, and when it is changed: a list of approvers that is too long is found here."""
    with pytest.raises(ClientError, match=said):
        machines.function(_CODE, Environment={"Variables": variables})
    function = machines.function(_CODE, Environment={"Variables": JUST_ENOUGH})
    with pytest.raises(ClientError, match=said):
        machines.stand_in.client("lambda").update_function_configuration(
            FunctionName=function, Environment={"Variables": variables}
        )


def test_a_stack_with_such_a_function_is_not_made(machines: Machines) -> None:
    """CloudFormation says why."""
    cloudformation = machines.stand_in.client("cloudformation")
    properties: dict[str, Any] = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/tests",
        "Code": {"ZipFile": _CODE},
        "Environment": {"Variables": {"LAMBDA_TASK_ROOT": "/"}},
    }
    template = json.dumps({"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}})
    name = machines.name("stack")
    cloudformation.create_stack(StackName=name, TemplateBody=template)

    def ended() -> Any:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return stack if not stack["StackStatus"].endswith("IN_PROGRESS") else None

    assert eventually(ended)["StackStatus"] in {"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"}
    reasons = [
        event.get("ResourceStatusReason", "")
        for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert any("reserved keys" in reason for reason in reasons)
