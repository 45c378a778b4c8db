"""Every rule and every alarm of the template is fired by some test: each is named here beside the test that does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra import template as read

FLOW = Path(__file__).parents[1] / "flow"
REALLY = "test_alarms.py::test_an_execution_that_fails_and_one_that_runs_out_of_time_ring_their_machine_s_alarms"
SET = "test_alarms.py::test_a_function_that_fails_beside_the_machines_and_an_ill_production_are_mailed"
DRIFTED = "test_production_at_work.py::test_what_has_drifted_is_told_rings_and_starts_a_build"
WATCHED = (
    "test_production_at_work.py::test_a_watch_for_drift_that_fails_and_one_that_runs_out_of_time_ring_and_are_mailed"
)
BY_THE_CLOCK = "every minute: by its expression and target in test_template alone, for no test waits a minute"

RULES = {
    "AttendRule": BY_THE_CLOCK,
    "ArrivalRule": "test_starts.py::test_schedule_data_and_hand_at_once_are_one_build",
    "BuiltRule": "test_money.py::test_a_production_that_had_its_time_goes_and_comes_back_with_a_release",
    "CapturedRule": "test_production_at_work.py::test_what_production_is_asked_can_be_looked_at",
    "ChallengeEndedRule": "test_challenge.py::test_a_challenger_comes_goes_and_gives_way_without_a_lost_answer",
    "EndedRule": "test_doors.py::test_a_stopped_run_closes_what_it_asked_and_a_redriven_one_asks_anew",
    "FailureRule": REALLY,
    "RegistryRule": "test_doors.py::"
    "test_a_status_set_in_the_registry_decides_and_one_that_nobody_asked_for_is_put_right",
}
ALARMS = {
    **{f"{machine}{end}Alarm": REALLY for machine in ("Build", "Release", "Stage", "Challenge", "Batch")
       for end in ("Failures", "Timeouts")},
    **{f"Production{what}Alarm": SET for what in (
        "Errors", "Latency", "Refusals", "Backlog", "Unanswered", "ModelErrors", "Memory", "Disk", "Processor")},
    **{f"{name}Alarm": SET for name in (
        "DecideErrors", "DecideCommandErrors", "DecideAttendErrors", "NotifyErrors", "WatchProductionErrors",
        "Undelivered")},
    **{f"Drift{end}Alarm": WATCHED for end in ("Failures", "Timeouts")},
    "DriftedAlarm": DRIFTED,
    "PredictionErrorsAlarm": "test_prediction_api.py::test_an_api_that_fails_is_mailed",
    "ProductionIdleAlarm": "test_money.py::test_a_production_that_had_its_time_goes_and_comes_back_with_a_release",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "fired"), [("AWS::Events::Rule", RULES), ("AWS::CloudWatch::Alarm", ALARMS)])
def test_every_rule_and_alarm_of_the_template_is_fired(kind: str, fired: dict[str, str]) -> None:
    """A new one needs a test that fires it, and a row here; so does a test that is renamed."""
    assert set(read.of_type(read.load(), kind)) == set(fired)
    for name, test in fired.items():
        file, found, function = test.partition("::")
        assert not found or f"def {function}(" in (FLOW / file).read_text(), name
