"""Shares a training between all GPUs of a machine: one process each, started and ended together.

ultralytics would start such processes itself, from a file it generates, in which nothing of ours lives: no checkpoint,
no line for an epoch, no restricted loading. Here each process is this program, and the first one writes and logs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

from containers.training.environment import processors, set_up
from containers.training.order import Order

PROGRAM = "containers.training.ranks"
ORDER = "order.json"
PATIENCE = 40
"""Seconds the launcher gets to end its processes; it kills them after 30."""


class RankError(RuntimeError):
    """A process that shared the training failed; the text is its reason."""


def fit_together(order: Order, work: Path, program: str = PROGRAM) -> None:
    """Have as many processes as the order says train together, and wait for them. Raises RankError with the reason.

    Whatever ends the wait, a request to stop included, ends the processes too.
    """
    order.write(work / ORDER)
    launcher = subprocess.Popen(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"),
            *("--nproc-per-node", str(order.processes), "-m", program, str(work)),
        ],
        env={
            **os.environ,
            "OMP_NUM_THREADS": str(max(1, processors() // order.processes)),
            "TMPDIR": str(work),  # the launcher leaves folders behind
        },
    )
    try:
        status = launcher.wait()
    finally:
        if launcher.poll() is None:
            launcher.send_signal(signal.SIGTERM)
            launcher.wait(PATIENCE)
    if status != 0:
        # The first to fail is the cause; others then lose their partner.
        reasons = sorted(work.glob("reason-*"), key=lambda file: file.stat().st_mtime_ns)
        raise RankError(reasons[0].read_text(encoding="utf-8") if reasons else f"ended with exit status {status}")


def main(work: Path) -> int:
    """Take part in the training whose order lies in ``work``; the exit status.

    A request to stop ends the process on the spot, as usual: checkpoints are whole at any moment.
    """
    rank = os.environ["RANK"]
    try:
        cores = set_up(work / f"configuration-{rank}")
        from containers.training.fit import fit

        fit(Order.read(work / ORDER), cores)
    except Exception as error:
        traceback.print_exc()
        (work / f"reason-{rank}").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
