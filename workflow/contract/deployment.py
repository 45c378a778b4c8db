"""How production moves to another configuration: SageMaker's DeploymentConfig, watched by alarms or at once.

An alarm that has tripped ends every deployment that names it (SageMaker's guide, "Auto-Rollback Configuration"), so a
release names alarms of its own, which see the new fleet alone; and what goes back to a version that served well names
none.
"""

from __future__ import annotations

import re
from typing import Any

VARIANT = "main"
"""Name of the one production variant behind each endpoint; a challenger stands beside it under another."""
BAKE_SECONDS = 300
"""How long a canary answers its share, watched by the alarms."""
KEEP_OLD_SECONDS = 120
"""How long the old fleet stays after all traffic has moved, watched by the alarms."""
LONGEST_SECONDS = 1800
"""How long a whole deployment may take; longer than all of its waits."""

ALARMS = ("errors", "latency", "answers")
"""What a release's alarms watch, and what their names end with."""
PROBE_NAMESPACE = "Greenlight/Probe"
"""Where the answers are counted that the release itself asks the new fleet for."""
WRONG_ANSWERS = "WrongAnswers"
"""The figure that counts those which are not the evaluation's; its one dimension is EndpointConfigName."""


def alarm_names(configuration: str) -> dict[str, str]:
    """The names of a release's alarms, by what they watch; ``configuration`` is what its configurations begin with."""
    return {what: f"{configuration}-{what}" for what in ALARMS}


def is_release_alarm(project: str, name: str) -> bool:
    """Whether an alarm's name is one that a release of this project makes, and not only begins like it."""
    made_here = rf"{re.escape(project)}-production-v[0-9]+-[0-9a-f]{{8}}-({'|'.join(ALARMS)})"
    return re.fullmatch(made_here, name) is not None


def watched(configuration: str, instances: int) -> dict[str, Any]:
    """The way to a version that is new to production, which has so many instances now.

    First one instance of the new fleet answers, for five minutes. Such a canary may take half of the fleet at most
    (UpdateEndpoint, CanarySize), so a single instance moves all at once.
    """
    canary = {"CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "ALL_AT_ONCE" if instances < 2 else "CANARY",
                "WaitIntervalInSeconds": BAKE_SECONDS,
                **({} if instances < 2 else canary),
            },
            "TerminationWaitInSeconds": KEEP_OLD_SECONDS,
            "MaximumExecutionTimeoutInSeconds": LONGEST_SECONDS,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarm_names(configuration).values()]},
    }


def at_once(longest_seconds: int = LONGEST_SECONDS) -> dict[str, Any]:
    """The way back: all traffic as soon as the fleet is there, no alarm that could refuse it, no wait."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": longest_seconds,
        }
    }
