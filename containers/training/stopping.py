"""Ends the program soon after SIGTERM, which SageMaker sends 120 seconds before it kills a job.

Knows nothing of training: checkpoints are safe at any moment, so that the program may end at once.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

STOPPED = 143
"""The exit status of a program that was asked to end: 128 + SIGTERM."""


def stop_on_request() -> None:
    """From now on SIGTERM raises SystemExit, which no handler of ordinary exceptions holds up."""
    signal.signal(signal.SIGTERM, _stop)
    # Processes that only load images are ended by the same signal, and have nothing to say.
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    # A second signal must not interrupt the clean-up of the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("asked to stop: training can go on from the last epoch's checkpoint", flush=True)
    raise SystemExit(STOPPED)
