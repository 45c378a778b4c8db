"""What a demonstration of asynchronous inference shows beside the usual: keys of its run, what its answers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.contract.asynchronous import ASYNC
from workflow.predictions.prediction import Prediction

KEYS: Mapping[str, Any] = {"serve": ASYNC}
"""What the run's input says."""


def is_queued(described: Mapping[str, Any]) -> bool:
    """Whether an endpoint answers asynchronously, by DescribeEndpoint: none becomes one that does, or the other way."""
    return "AsyncInferenceConfig" in described


def tell_queue(predictions: list[Prediction]) -> str:
    """How long answers took by way of the bucket and the queue, the median of all."""
    took = sorted(one.milliseconds for one in predictions)
    return f"out of a queue: {took[len(took) // 2]:.0f} ms from the upload of a picture to its answer"
