"""What the client itself costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from infra.local.environments import REPOSITORY
from tests.bench.serving.load import LoadError, run_load
from tests.bench.serving.program import free_port


def client_microseconds(requests: Sequence[bytes]) -> float:
    """Processor time of the client for one request, in microseconds, against a server that does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.serving.echo", str(port)]
    with subprocess.Popen(command, cwd=REPOSITORY, env=dict(os.environ)) as echo:
        try:
            for _ in range(100):
                try:
                    load = run_load(port, requests, clients=16, warm_up=0.2, seconds=1.0)
                    return 1e6 * load.client_seconds / len(load.latencies)
                except ConnectionRefusedError:
                    time.sleep(0.05)
        finally:
            echo.kill()
    raise LoadError("the echo server did not start")
