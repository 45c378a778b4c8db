"""What an account check is asked to do, and what its runs and its stack are told by that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.demo.options import SAMPLE_GATE
from workflow.demo.sample import SAMPLE_TRAINING

INSTANCE = "ml.m5.xlarge"
"""Where nothing else is said: small, with a price in the list, and in every region."""
GPU_INSTANCE = "ml.g4dn.xlarge"
MINUTES, THOROUGH_MINUTES = 60, 105
"""How long it may take once the stack stands, the removal included."""
DOLLARS = 5.0
REMOVAL_MINUTES = 10
"""What is kept of the minutes for the removal."""
DATASET = "default"
"""The name under which the sample lies where the schedule's runs look for data."""
ANY_ANSWER_IS_SLOW = 1000
"""Microseconds: the least that the stack takes as a limit of latency, which no picture is answered within."""
USUAL_LATENCY = 2_000_000
ABANDONED_HOURS = 2
"""Hours after which endpoints end by themselves, should the machine that checks be gone by then."""


@dataclass(frozen=True)
class Options:
    """What was asked for. ``gpu`` is empty without a training on a GPU, ``email`` where nobody is mailed.

    ``parameters`` are the template's and ``settings`` keys of a run's input, each over the check's own.
    """

    project: str
    instance: str = INSTANCE
    gpu: str = ""
    thorough: bool = False
    email: str = ""
    minutes: int = MINUTES
    dollars: float = DOLLARS
    keep: bool = False
    base_image: str = ""
    role_arn: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, Any]:
        """What the stack's runs start from: the sample's settings on small instances, and short limits."""
        return {
            **SAMPLE_TRAINING,
            **SAMPLE_GATE,
            "training_instance": self.instance,
            "processing_instance": self.instance,
            "endpoint_instance": self.instance,
            "training_hours": 0.5,
            "processing_hours": 0.5,
            "approval_hours": 1,
            **self.settings,
        }

    @property
    def stack_parameters(self) -> dict[str, str]:
        """The template's parameters: two instances for a canary, an alarm that any answer trips, an API with a key."""
        return {
            "EndpointInstanceCount": "2",
            "LatencyThresholdMicroseconds": str(ANY_ANSWER_IS_SLOW),
            "PredictionApi": "key",
            "StagingHours": str(ABANDONED_HOURS),
            "ProductionHours": str(ABANDONED_HOURS),
            **self.parameters,
        }

    @property
    def production_instances(self) -> int:
        """How many instances production gets."""
        return int(self.stack_parameters["EndpointInstanceCount"])
