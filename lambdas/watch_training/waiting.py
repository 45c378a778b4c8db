"""Whether a training has waited for spot capacity for as long as it may. Pure.

SageMaker bounds only the wait and the training together, and by no less than the training alone may take. How long the
first may be is what the job's own two limits differ by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def has_waited(described: Mapping[str, Any], now: datetime) -> bool:
    """Whether DescribeTrainingJob's answer is of a training on spot capacity that has never run, and should by now.

    One that was interrupted has run: what it has paid for is not thrown away.
    """
    if described["TrainingJobStatus"] != "InProgress" or not described.get("EnableManagedSpotTraining"):
        return False
    limits = described["StoppingCondition"]
    if "TrainingStartTime" in described or "MaxWaitTimeInSeconds" not in limits:
        return False
    longest = limits["MaxWaitTimeInSeconds"] - limits["MaxRuntimeInSeconds"]
    return bool((now - described["CreationTime"]).total_seconds() > longest)
