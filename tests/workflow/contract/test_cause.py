"""The reason inside whatever a service leaves behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workflow.contract.cause import reason_in

ARN = "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:one"
DEEP: dict[str, Any] = {}
for _ in range(400):
    DEEP = {"Cause": DEEP}


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ({"FailureReason": "AlgorithmError: See job logs", "ExitMessage": "no label fits"}, "no label fits"),
        ({"FailureReason": "AlgorithmError: See job logs", "ExitMessage": ""}, "AlgorithmError: See job logs"),
        ({"ProcessingJobName": "one", "ProcessingJobStatus": "Stopped"}, "one ended Stopped"),
        ({"HyperParameterTuningJobName": "two", "HyperParameterTuningJobStatus": "Stopped"}, "two ended Stopped"),
        ({"ExecutionArn": ARN, "Status": "ABORTED"}, "one ended ABORTED"),
        ({"ExecutionArn": ARN, "Status": "FAILED", "Cause": json.dumps({"errorMessage": "why"})}, "why"),
        ({"TrainingJobStatus": "Stopped"}, ""),
        (DEEP, ""),
        (json.dumps(DEEP), ""),
        ([1, 2], "[1, 2]"),
        (None, ""),
    ],
    ids=lambda given: str(given)[:40],
)
def test_the_most_telling_words_are_the_reason(cause: Any, said: str) -> None:
    """Of programs before those of services; how it ended where nobody said more; nothing for what cannot be read."""
    assert reason_in(cause) == said
