"""Every alarm of the stack rings: the machines' and functions' by what really happens, and those that mail by mail."""

from __future__ import annotations

from tests.flow.alarms import alarms, end_badly, of_machine, ringing
from tests.flow.driver import Flow

TOLD = ("build", "release", "challenge", "batch")
MACHINES = (*TOLD, "stage")
OF_MACHINES = {alarm for name in MACHINES for alarm in of_machine(name)}


def test_an_execution_that_fails_and_one_that_runs_out_of_time_ring_their_machine_s_alarms(flow: Flow) -> None:
    """Each of every machine; who looks at the alarms need not read mails. And everyone is told of both ends by mail.

    But of a stage's, which its release tells.
    """
    ended = {name: end_badly(flow, name) for name in MACHINES}
    flow.wait_until(lambda: ringing(flow) >= OF_MACHINES, f"not all of {OF_MACHINES} ring")
    for run in (run for name in TOLD for run in ended[name]):
        flow.wait_until(lambda run=run: flow.mails(run), f"nobody is told of {run}")
    assert [flow.mails(run) for run in ended["stage"]] == [[], []]


def test_a_function_that_fails_beside_the_machines_and_an_ill_production_are_mailed(flow: Flow) -> None:
    """Functions by an error of theirs; what no test can make ill in time as CloudWatch says that it is."""
    flow.stand_in.client("lambda").invoke(FunctionName="greenlight-notify", Payload=b"[]")
    flow.wait_until(lambda: "greenlight-notify-errors" in ringing(flow), "the function's alarm does not ring")
    mailing = {name: alarm["AlarmDescription"] for name, alarm in alarms(flow).items() if alarm["AlarmActions"]}
    assert set(alarms(flow)) == set(mailing) | OF_MACHINES
    for name in mailing:
        for state in ("OK", "ALARM", "OK"):
            flow.stand_in.client("cloudwatch").set_alarm_state(
                AlarmName=name, StateValue=state, StateReason="a test says so"
            )
    for name, description in mailing.items():
        flow.wait_until(lambda name=name: flow.mails(name), f"{name} mails nobody")
        assert any(description in mail["body"] for mail in flow.mails(name)), name
