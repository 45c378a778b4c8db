"""Run by the serving environment's Python: ``start_threads FOLDER TIMES`` starts a model's threads over and over.

Each time in a new process, forked once the libraries are imported, since what goes wrong does so at their first use.
Prints how many of them came to an end in time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import openvino  # noqa: F401  # here, so that it is imported before the first fork

from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor

SECONDS = 5


def start(folder: Path) -> None:
    """Load the model and run it for the first time in two threads at once, as a worker does."""
    manifest, model = read_model(folder)
    predictor = Predictor(Manifest.parse(manifest), model, streams=2)
    threads = [threading.Thread(target=predictor.warm_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Print ``DONE of TIMES``; threads take turns as often as they can, so that a race is not left to chance."""
    sys.setswitchinterval(1e-6)
    threading.excepthook = lambda _: os._exit(1)
    folder, times, done = Path(sys.argv[1]), int(sys.argv[2]), 0
    for _ in range(times):
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)  # whoever holds Python's lock for ever hears no other signal
            start(folder)
            os._exit(0)
        done += os.waitpid(child, 0)[1] == 0
    print(f"{done} of {times}")


if __name__ == "__main__":
    main()
