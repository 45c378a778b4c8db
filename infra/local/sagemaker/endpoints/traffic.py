"""Who answers the next request to an endpoint, and how its traffic moves to new containers.

It holds the containers that serve now and the share of the requests that newcomers get; it remembers what was
answered, because that decides whether a move goes on.
"""

from __future__ import annotations

import random
import threading
import time
from functools import cached_property
from typing import Any

from infra.local.sagemaker.endpoints.alarms import Observations
from infra.local.sagemaker.endpoints.deployment import Plan
from infra.local.sagemaker.endpoints.fleets import Fleet
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import client

_BETWEEN_ALARM_LOOKS_SECONDS = 0.5
"""Shorter than any alarm looks back."""


class RolledBack(Exception):
    """An alarm rang before or while traffic moved to the new containers, or all of it took too long."""


class Traffic:
    """The containers behind every endpoint."""

    def __init__(self, settings: Settings) -> None:
        self.observations = Observations(settings.wait_scale)
        self._settings = settings
        self._lock = threading.Lock()
        self._random = random.SystemRandom()
        self._live: dict[str, Fleet] = {}
        self._newcomers: dict[str, tuple[Fleet, float]] = {}

    @cached_property
    def _cloudwatch(self) -> Any:
        return client(self._settings, "cloudwatch")

    def next(self, endpoint: str) -> Fleet | None:
        """The containers for the next request, or ``None`` when nothing serves."""
        with self._lock:
            newcomer, share = self._newcomers.get(endpoint, (None, 0.0))
            if newcomer is not None and self._random.random() < share:
                return newcomer
            return self._live.get(endpoint)

    def serve(self, endpoint: str, fleet: Fleet) -> Fleet | None:
        """Give everything to some containers; those that served before are handed back."""
        with self._lock:
            self._newcomers.pop(endpoint, None)
            old = self._live.pop(endpoint, None)
            self._live[endpoint] = fleet
            return old

    def end(self, endpoint: str) -> Fleet | None:
        """Serve nothing any more; the containers are handed back."""
        with self._lock:
            return self._live.pop(endpoint, None)

    def clear(self) -> None:
        """Forget all containers."""
        with self._lock:
            self._live.clear()
            self._newcomers.clear()

    def move(self, endpoint: str, fleet: Fleet, plan: Plan, began: float) -> None:
        """Give newcomers their growing share; :class:`RolledBack` as soon as an alarm rings, with all as before.

        So it is when more than the longest time of the plan has passed since ``began``, on the monotonic clock.

        As on AWS, an alarm that is in ALARM already ends the move before it begins, also when the old containers
        have tripped it.
        """
        try:
            latest = began + plan.longest_seconds
            self._check(plan.alarms, latest)
            for shift in plan.shifts:
                self._share(endpoint, fleet, shift.share)
                self._hold(shift.seconds, plan.alarms, latest)
            if plan.keep_old_seconds:
                self._share(endpoint, fleet, 1.0)
                self._hold(plan.keep_old_seconds, plan.alarms, latest)
        except Exception:
            with self._lock:
                self._newcomers.pop(endpoint, None)
            raise

    def _share(self, endpoint: str, fleet: Fleet, share: float) -> None:
        with self._lock:
            self._newcomers[endpoint] = (fleet, share)

    def _hold(self, seconds: float, alarms: list[str], latest: float) -> None:
        deadline = time.monotonic() + seconds * self._settings.wait_scale
        while True:
            self._check(alarms, latest)
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _BETWEEN_ALARM_LOOKS_SECONDS))

    def _check(self, alarms: list[str], latest: float) -> None:
        if time.monotonic() > latest:
            raise RolledBack("The deployment was rolled back: it took longer than its MaximumExecutionTimeoutInSeconds")
        if not alarms:
            return
        found = self._cloudwatch.describe_alarms(AlarmNames=alarms)["MetricAlarms"]
        ringing = self.observations.ringing(found, time.time())
        if ringing:
            raise RolledBack(f"The deployment was rolled back: the alarm {', '.join(ringing)} is in ALARM")
