"""Entry point of the serving image: ``serve`` answers, ``evaluate`` measures, ``join`` sums up, ``drift`` watches.

Knows only which program to start; SageMaker gives the name as the container's one argument. ``worker`` is a process
that ``serve`` starts for itself, ``decode`` one that a worker starts for a video, and ``choose`` one that the training
image starts beside its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Start the named program and return its exit status; 2 when the name is none of ours."""
    if list(arguments) == ["serve"]:
        from containers.serving.http.server import serve

        return serve(os.environ)
    if arguments[:1] == ["worker"]:
        from containers.serving.http.worker import work

        return work(arguments[1:])
    if arguments[:1] == ["decode"]:
        from containers.serving.tracking.decoding import decode

        return decode(arguments[1:])
    if list(arguments) == ["evaluate"]:
        from containers.serving.evaluation.program import run

        return run(os.environ)
    if list(arguments) == ["join"]:
        from containers.serving.joining.program import run as join

        return join(os.environ)
    if list(arguments) == ["drift"]:
        from containers.serving.drift.program import run as drift

        return drift(os.environ)
    if arguments[:1] == ["choose"]:
        from containers.serving.precision.program import run as choose

        return choose(arguments[1:])
    print("usage: python -m containers.serving serve|evaluate|join|drift", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
