"""The data of a demonstration, before anything is started: a person's own, looked through, or the sample, drawn."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

from workflow.datasets.account import tell_prepared, tell_recognised
from workflow.datasets.check import Dataset, read_dataset
from workflow.datasets.preparation import MISSING, find_interpreter, prepare_here
from workflow.datasets.upload import check_weights
from workflow.demo.account import say
from workflow.demo.options import PORT, Options
from workflow.demo.steps import FOUND, SAMPLE
from workflow.errors import GreenlightError
from workflow.standin import ROOT


@contextlib.contextmanager
def begin_dataset(options: Options) -> Iterator[Callable[[], Dataset]]:
    """Check what was given, before anything is started. Without a dataset, begin to draw the sample.

    Yields what waits for the dataset and gives it. A sample that is not finished on leaving is given up.
    """
    settings = options.settings
    if options.weights is not None:
        check_weights(options.weights, model=settings.get("model", ""))
    if options.dataset is not None:
        given = read_dataset(
            options.dataset,
            task=settings.get("task", "auto"),
            format=settings.get("format", "auto"),
            policy=options.findings,
            again=again(options),
            judged_later=find_interpreter() is not None,
        )
        if options.weights is not None:
            check_weights(options.weights, given.task)
        for at, line in enumerate(tell_recognised(given)):
            say("" if at else "recognised", line)
        yield lambda: given
        return
    shutil.rmtree(SAMPLE, ignore_errors=True)
    # In a process of its own: it takes seconds, in which the stand-in starts and the stack is made.
    make = "sample.make_sample(pathlib.Path(sys.argv[1]), test=int(sys.argv[2]))"
    code = f"import sys, pathlib, workflow.demo.sample as sample; {make}"
    drawing = subprocess.Popen([sys.executable, "-c", code, str(SAMPLE.resolve()), str(options.held_out())], cwd=ROOT)
    try:
        yield lambda: wait_for_sample(drawing)
    finally:
        drawing.kill()
        drawing.wait()


def again(options: Options) -> str:
    """What goes on past what was refused: all that was typed, with ``{policy}`` where the policy belongs."""
    given: dict[str, object] = {"DATASET": options.dataset, "WEIGHTS": options.weights}
    given |= {key.upper(): value for key, value in options.settings.items()}
    given["SERVE"] = options.serve or None
    given["PORT"] = options.port if options.port != PORT else None
    typed = [f"{name}={shlex.quote(str(value))}" for name, value in given.items() if value is not None]
    return f"make demo {' '.join(typed)} POLICY={{policy}}"


def examine(options: Options, dataset: Dataset) -> None:
    """Read every picture of a person's own data as the run will. Raises UsageError for what it would refuse."""
    asked = {"policy": dict(options.findings), **options.training()}
    report = prepare_here(dataset, asked, again(options), FOUND, lambda line: None)
    for at, line in enumerate([MISSING] if report is None else tell_prepared(report, FOUND)):
        say("" if at else "pictures", line)


def wait_for_sample(drawing: subprocess.Popen[bytes]) -> Dataset:
    """Wait for the sample's pictures."""
    if drawing.wait():
        raise GreenlightError("the sample's pictures could not be drawn")
    return read_dataset(SAMPLE)
