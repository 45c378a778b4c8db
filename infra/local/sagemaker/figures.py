"""What SageMaker publishes in CloudWatch about endpoints and jobs, under its own names and dimensions.

Figures are gathered for a second and then handed on together. Until somebody listens, nothing is. Knows no CloudWatch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.local.sagemaker.utilisation import Utilisation

ENDPOINTS = "/aws/sagemaker/Endpoints"
_INVOCATIONS = "AWS/SageMaker"
_GATHER_SECONDS = 1.0
_BETWEEN_LOOKS_SECONDS = 10.0
"""At the host's use; SageMaker looks once a minute, where jobs here take less."""
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Figure:
    """One value of one metric at one time, in seconds of the epoch."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str]
    value: float
    at: float


class Figures:
    """Takes what happens and tells its listener once a second."""

    def __init__(self) -> None:
        self._publish: Callable[[list[Figure]], None] | None = None
        self._lock = threading.Lock()
        self._gathered: list[Figure] = []

    def listen(self, publish: Callable[[list[Figure]], None]) -> None:
        """From now on tell ``publish``."""
        self._publish = publish

    def invocation(
        self,
        endpoint: str,
        variant: str,
        configuration: str,
        status: int,
        seconds: float,
        overhead_seconds: float,
        at_once: int,
        setup_seconds: float = 0.0,
        component: str = "",
    ) -> None:
        """One request to a variant: its status, how long its model took, and how long everything else did.

        ``at_once`` is how many requests its container had when this one came, itself included, and ``setup_seconds``
        how long it had to be started first, which only serverless ones have.

        It is in two series, as on AWS: the variant's, and that of the fleet of its configuration; one to a component
        is in the component's alone.
        """
        of_variant = {"EndpointName": endpoint, "VariantName": variant}
        values = {
            ("Invocations", "None"): 1.0,
            ("Invocation4XXErrors", "None"): float(400 <= status < 500),
            ("Invocation5XXErrors", "None"): float(status >= 500),
            ("ModelLatency", "Microseconds"): seconds * _MICROSECONDS,
            ("OverheadLatency", "Microseconds"): overhead_seconds * _MICROSECONDS,
            ("ConcurrentRequestsPerModel", "None"): float(at_once),
            **({("ModelSetupTime", "Microseconds"): setup_seconds * _MICROSECONDS} if setup_seconds else {}),
        }
        of_fleet = {**of_variant, "EndpointConfigName": configuration}
        for dimensions in [{"InferenceComponentName": component}] if component else [of_variant, of_fleet]:
            self._add(_INVOCATIONS, dimensions, values)

    def answer(self, endpoint: str, variant: str, configuration: str, status: int, seconds: float) -> None:
        """One answer of a container to a request out of a queue.

        In the same two series, but fewer figures: an asynchronous endpoint publishes neither Invocations nor
        OverheadLatency (SageMaker's guide, "Alarms and logs for tracking metrics from asynchronous endpoints").
        """
        of_variant = {"EndpointName": endpoint, "VariantName": variant}
        values = {
            ("Invocation4XXErrors", "None"): float(400 <= status < 500),
            ("Invocation5XXErrors", "None"): float(status >= 500),
            ("ModelLatency", "Microseconds"): seconds * _MICROSECONDS,
        }
        for dimensions in (of_variant, {**of_variant, "EndpointConfigName": configuration}):
            self._add(_INVOCATIONS, dimensions, values)

    def queued(self, dimensions: Mapping[str, str], values: Mapping[tuple[str, str], float]) -> None:
        """What an asynchronous endpoint publishes of its queue, by name and unit."""
        self._add(_INVOCATIONS, dimensions, values)

    def use(self, namespace: str, dimensions: Mapping[str, str], used: Mapping[str, float]) -> None:
        """How much of its machine a container uses: percent of one core, of the memory, of the disk."""
        self._add(namespace, dimensions, {(f"{name}Utilization", "Percent"): value for name, value in used.items()})

    def _add(self, namespace: str, dimensions: Mapping[str, str], values: Mapping[tuple[str, str], float]) -> None:
        if self._publish is None:
            return
        now = time.time()
        found = [Figure(namespace, name, unit, dimensions, value, now) for (name, unit), value in values.items()]
        with self._lock:
            first = not self._gathered
            self._gathered += found
        if first and found:
            timer = threading.Timer(_GATHER_SECONDS, self._tell)
            timer.daemon = True
            timer.start()

    def _tell(self) -> None:
        with self._lock:
            gathered, self._gathered = self._gathered, []
        if self._publish is not None:
            self._publish(gathered)


class UseWatch:
    """Looks at what one container uses, now and then."""

    def __init__(self, figures: Figures, namespace: str, dimensions: Mapping[str, str], used: Utilisation) -> None:
        self._figures, self._namespace, self._dimensions, self._used = figures, namespace, dimensions, used
        self._next = time.monotonic()

    def look_now_and_then(self) -> None:
        """Publish when it is time again; the first time at once."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _BETWEEN_LOOKS_SECONDS
        self._figures.use(self._namespace, self._dimensions, self._used.look())
