"""What the removal of a project takes with it beside its stack."""

from __future__ import annotations

from tests.workflow.cloud import ScriptedCloud
from workflow.stack.destroy import remove_alarms

MINE = "greenlight-production-v4-1a2b3c4d-errors"


def test_alarms_of_stopped_releases_go_and_no_others() -> None:
    """The stack's own go with the stack; another project's name may begin like this one's."""
    names = [MINE, "greenlight-production-v2-production-5xx", "greenlight-production-v4-1a2b3c4d-by-hand"]
    listed = {"MetricAlarms": [{"AlarmName": name} for name in names]}
    cloud = ScriptedCloud({"describe_alarms": listed, "delete_alarms": {}})
    told: list[str] = []
    remove_alarms(cloud, "greenlight", lambda step: told.append(step.resource))
    assert cloud.asked == [
        ("describe_alarms", {"AlarmNamePrefix": "greenlight-production-v"}),
        ("delete_alarms", {"AlarmNames": [MINE]}),
    ]
    assert told == [MINE]
