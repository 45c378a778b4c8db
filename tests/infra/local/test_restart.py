"""What is still there, and what goes on, after the stand-in was stopped or killed."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest

from tests.infra.local.machines import ROLE, Machines, eventually, training
from tests.process_ids import alive
from tests.stand_in import StandIn

pytestmark = pytest.mark.standin


def children(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are counted in /proc")
def test_a_restart_loses_nothing_and_leaves_nothing_running(tmp_path: Path, trainer: Path) -> None:
    """Executions go on: a token stays valid below a nesting one, a job is waited for, a cut-off request fails."""
    with StandIn(tmp_path, {"trainer": trainer}) as first:
        machines = Machines(first)
        first.role(ROLE)
        machines.s3.create_bucket(Bucket="models")
        key = machines.name("token")
        child = machines.create({"Ask": machines.waiting_for_token(key)})
        nest = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": child, "Input.$": "$"},
            "End": True,
        }
        waiting = machines.start(machines.create({"Nest": nest}))
        slow = machines.function("import time\ndef handler(event, context): time.sleep(15)")
        call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": slow}}
        cut_off = machines.start(machines.create({"Call": {**call, "End": True}}))
        trained = machines.start(machines.create({"Train": training()}), {"seconds": "3"})
        done = machines.run({"Say": {"Type": "Pass", "Result": "said", "End": True}})["executionArn"]
        topic = first.client("sns").create_topic(Name="topic")["TopicArn"]
        first.subscribe(topic, "you@example.com")
        first.client("sns").publish(TopicArn=topic, Message="before")
        token = machines.token(key)
        (asking,) = machines.sfn.list_executions(stateMachineArn=child)["executions"]
        # The token is out before the function that hands it out has ended; cut off then, the task would have failed.
        eventually(lambda: "TaskSubmitted" in machines.event_types(asking["executionArn"]))
        eventually(lambda: "TaskSubmitted" in machines.event_types(trained))
        eventually(lambda: len(children(first.pid)) >= 3)
        processes, port = children(first.pid), first.port
        assert first.stop() == 0
        assert not [pid for pid in processes if alive(pid)]
        assert not (tmp_path / "pid").exists()
    with StandIn(tmp_path, {"trainer": trainer}, port=port) as second:
        machines = Machines(second)
        assert machines.sfn.describe_execution(executionArn=waiting)["status"] == "RUNNING"
        machines.sfn.send_task_success(taskToken=token, output='{"decision": "approved"}')
        described = machines.end(waiting)
        assert json.loads(described["output"])["Output"] == {"decision": "approved"}
        assert machines.event_types(waiting).count("TaskScheduled") == 1
        assert "restarted" in machines.end(cut_off)["cause"]
        assert json.loads(machines.end(trained)["output"])["TrainingJobStatus"] == "Completed"
        assert machines.event_types(trained).count("TaskSubmitted") == 1
        assert machines.event_types(done)[-1] == "ExecutionSucceeded"
        assert second.mail()[0]["body"] == "before"
        second.client("sns").publish(TopicArn=topic, Message="after")
        assert second.mail()[0]["body"] == "after"


def test_a_second_stand_in_on_the_same_state_is_refused(stand_in: StandIn) -> None:
    """Two would overwrite each other's state."""
    with pytest.raises(RuntimeError, match="already"), StandIn(stand_in.state):
        pass
    os.kill(stand_in.pid, 0)


LINKED = """
Resources:
  Page:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/any
      Code: {ZipFile: "def handler(event, context): return {'statusCode': 200, 'body': 'here'}"}
  PageUrl:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !GetAtt Page.Arn, AuthType: NONE}
  Asker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/any
      Environment: {Variables: {LINK: !GetAtt PageUrl.FunctionUrl}}
      Code: {ZipFile: "import os\\ndef handler(event, context): return os.environ['LINK']"}
Outputs:
  Link: {Value: !GetAtt PageUrl.FunctionUrl}
"""


def test_links_lead_to_the_stand_in_that_runs_whatever_its_port(tmp_path: Path) -> None:
    """An address that a template gave to a function, and a stack's output, follow to another port."""
    with StandIn(tmp_path) as first:
        first.client("cloudformation").create_stack(StackName="linked", TemplateBody=LINKED)
        first.client("cloudformation").get_waiter("stack_create_complete").wait(StackName="linked")
        former = first.url
    with StandIn(tmp_path) as second:
        assert second.url != former
        (stack,) = second.client("cloudformation").describe_stacks(StackName="linked")["Stacks"]
        (asker,) = [
            one["FunctionName"]
            for one in second.client("lambda").list_functions()["Functions"]
            if "Asker" in one["FunctionName"]
        ]
        link = json.loads(second.client("lambda").invoke(FunctionName=asker)["Payload"].read())
        assert link.startswith(second.url)
        assert stack["Outputs"][0]["OutputValue"] == link
        with urllib.request.urlopen(link, timeout=20) as page:
            assert page.read() == b"here"
