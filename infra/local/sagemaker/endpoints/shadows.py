"""Shadow variants: a copy of some requests goes to them, and nobody sees what they answer.

From SageMaker's documentation: one shadow variant beside one production variant (CreateEndpointConfig), neither of
them serverless nor on Inf1, nor with several containers, models or asynchronous answers ("Exclusions" of shadow tests).
Copies are sent beside the answer, never before it; where too many wait, as on a shadow that is too slow, they are lost.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.store import Record

_AT_ONCE = 4
_MOST_WAITING = 64


def check_shadows(production: Sequence[Record], shadows: Sequence[Record], *, asynchronous: bool) -> None:
    """Refuse shadow variants where the documentation has none."""
    if not shadows:
        return
    if len(production) != 1 or len(shadows) != 1:
        raise invalid(
            "An endpoint with a shadow variant can have one ProductionVariant and one ShadowProductionVariant, not "
            f"{len(production)} and {len(shadows)}."
        )
    if asynchronous:
        raise invalid("ShadowProductionVariants are not supported with AsyncInferenceConfig.")
    for variant in (*production, *shadows):
        if "ServerlessConfig" in variant:
            raise invalid("ShadowProductionVariants are not supported with serverless variants.")
        if str(variant.get("InstanceType", "")).startswith("ml.inf1."):
            raise invalid("ShadowProductionVariants are not supported on Inf1 instances.")


class Copies:
    """Sends copies of requests, a few at once, and forgets what comes of them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="shadow")
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)
        self._random = random.SystemRandom()

    def send(self, share: float, copy: Callable[[], None]) -> None:
        """Send one copy for this share of all calls, without waiting for it."""
        if self._random.random() >= share or not self._waiting.acquire(blocking=False):
            return
        self._pool.submit(self._run, copy)

    def close(self) -> None:
        """Send no more of those that wait."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, copy: Callable[[], None]) -> None:
        try:
            copy()
        finally:
            self._waiting.release()
