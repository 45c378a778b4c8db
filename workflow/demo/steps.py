"""The steps of a demonstration, in the order in which they are taken; each is a line or a block of what a person sees.

A step returns what later steps need. What stops the thing that it starts, it adds to ``stops``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.contract.approval_link import SIGNED_IN
from workflow.contract.architecture import MODELS
from workflow.contract.failures import Failure
from workflow.contract.run_input import BESIDE
from workflow.datasets.check import Dataset
from workflow.datasets.upload import check_weights, upload_dataset, upload_weights
from workflow.demo.account import command, say, say_line
from workflow.demo.answering import Door, answer_mail, ask_person
from workflow.demo.options import EMAIL, FROM_SCRATCH, PROJECT, SAMPLE_NAME, Options
from workflow.demo.record import Finished, Timings, fetch_pictures
from workflow.demo.settings import put_back, remember_settings, set_loop, set_policy, set_sign_in
from workflow.errors import GreenlightError
from workflow.predictions.prediction import Prediction
from workflow.predictions.queued import ask_as_it_answers
from workflow.runs.approvals import Approvals
from workflow.runs.history import Outcome
from workflow.runs.releases import served_dataset
from workflow.runs.report import fetch_page, find_pages
from workflow.runs.screen import open_screen
from workflow.runs.start import start_run
from workflow.runs.watch import View, Watcher, follow, interval_seconds
from workflow.stack.changes import Step
from workflow.stack.deploy import deploy
from workflow.stack.outputs import Stack
from workflow.standin import StandIn, make_environments

FOLDER = Path(".greenlight/demo")
"""Where everything that a demonstration makes goes, the stand-in's state aside."""
REPORT = FOLDER / "report" / "index.html"
SUMMARY = FOLDER / "summary.json"
HELD_OUT = FOLDER / "held-out"
PREDICTIONS = FOLDER / "predictions"
BATCH_PAGE = FOLDER / "batch" / "index.html"
"""What sums up a batch, where production serves by such."""
SAMPLE = FOLDER / "dataset" / SAMPLE_NAME
LOOP = FOLDER / "loop"
"""What a loop drew, labelled and tells."""
FOUND = FOLDER / "data"
"""What was found in a person's own data."""

Stops = list[Callable[[], object]]
"""What stops the things that were started, in the order in which they were."""


@dataclass(frozen=True)
class Site:
    """Where a demonstration takes place: the stand-in's address and services, and the stack on it."""

    url: str
    cloud: Cloud
    stack: Stack


@dataclass(frozen=True)
class Built:
    """A run that ended well. ``approval_seconds`` is how long a person took to answer, 0 where none was asked."""

    view: View
    approval_seconds: float


class RunFailedError(GreenlightError):
    """A run of the demonstration went to an end that is no success: all of it is still there to look at."""

    def __init__(self, message: str, execution: str) -> None:
        """``execution`` is the run's ARN."""
        super().__init__(message)
        self.execution = execution


def forget_the_last() -> None:
    """Remove what the demonstration before this one left: a failed one must not be taken for it."""
    for left in (SUMMARY, REPORT.parent, BATCH_PAGE.parent, HELD_OUT, PREDICTIONS, LOOP, FOUND):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)


def prepare_environments() -> float:
    """Make what is missing of the environments that jobs run in; return how many seconds it took."""
    print(f"  {'environments':<14} workflow ✓", end="", flush=True)
    began = time.monotonic()
    make_environments(lambda name: print(f"  {name} ✓", end="", flush=True))
    seconds = time.monotonic() - began
    print(f"   (first run only, {seconds:.0f} s)" if seconds > 3 else "", flush=True)
    return seconds


def start_standin(standin: StandIn, options: Options, stops: Stops) -> str:
    """Reuse or start the stand-in, and point this process at it and at nothing else; return its address."""

    def stop() -> None:
        if standin.started:
            standin.stop()
            say("stand-in", f"stopped · state in {options.state}")

    stops.append(stop)
    environment = standin.ensure()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    # From here on every call is to this machine, which a proxy would not reach.
    os.environ.update(environment, NO_PROXY="*", no_proxy="*")
    url = environment["AWS_ENDPOINT_URL"]
    again = "" if standin.started else " · running already"
    say("stand-in", f"{url} · state in {options.state}{again}")
    return url


def deploy_stack(url: str, options: Options, stops: Stops) -> Site:
    """Deploy the stack, the very template that goes to AWS, on the stand-in at ``url``, with the policy of its data.

    What a loop sets in it is put back where the demonstration ends early.
    """
    cloud = AwsCloud()
    if options.loop:
        before = remember_settings(cloud)
        stops.append(lambda: put_back(cloud, before))
    ready: set[str] = set()

    def count(step: Step) -> None:
        if step.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"} and step.resource != PROJECT:
            ready.add(step.resource)

    demanded, parameters = set_policy(cloud, options.policy()), set_sign_in(cloud, options.sign_in)
    parameters |= set_loop(cloud, options.loop)
    if options.sign_in is not None:
        # An answer in the terminal is given at the command line, as this identity, which nobody signs in as.
        parameters["Approvers"] += f",{cloud.call('sts', 'get_caller_identity')['Arn']}"
    stack = deploy(PROJECT, cloud=cloud, email=EMAIL, defaults=demanded, parameters=parameters, on_progress=count)
    say("stack", f"{PROJECT}: {f'{len(ready)} resources ready' if ready else 'unchanged'}")
    if options.sign_in is not None:
        say("sign-in", f"{options.sign_in.issuer} · client {options.sign_in.client_id} · {options.sign_in.approvers}")
        say("", f"and back to {stack.approval_url}{SIGNED_IN.removeprefix('/')}")
    return Site(url, cloud, stack)


def upload(site: Site, options: Options, dataset: Dataset) -> dict[str, Any]:
    """Upload data and weights; return the input of the run."""
    done = upload_dataset(site.cloud, site.stack.bucket, dataset, dataset.name, lambda *_: None)
    say("data", f"{dataset.text()} → {done.uri}")
    # A demonstration that somebody left while it asked does not hold up the next one.
    beside = {"force": True, "when_busy": BESIDE}
    given: dict[str, Any] = {"dataset": done.uri, "started_by": "make demo", **beside, **options.training()}
    if options.weights is not None:
        given["weights"] = upload_weights(site.cloud, site.stack.bucket, options.weights)
        if (model := check_weights(options.weights).model) in MODELS:
            given["model"] = model
        say("weights", given["weights"])
    served = served_dataset(site.cloud, site.stack.table)
    if served not in ("", dataset.name):
        say("production", f"serves {served}: it is replaced, and not compared with what finds something else")
        defaults = set_policy(site.cloud, {**options.policy(), "compare": False})
        deploy(PROJECT, cloud=site.cloud, defaults=defaults)
    return given


def build(site: Site, options: Options, given: Mapping[str, Any], stops: Stops) -> Built:
    """Start the run and see to it. Raises RunFailedError where it does not end well."""
    return see_to(site, options, start_run(site.cloud, site.stack.build_machine_arn, given), stops)


def see_to(site: Site, options: Options, execution: str, stops: Stops) -> Built:
    """Watch a run to its end, and see to its approvals. Raises RunFailedError where it does not end well."""
    stops.append(lambda: stop_run(site.cloud, execution))
    approvals = Approvals(site.cloud, site.stack.table)
    door = Door(site.cloud, site.url, site.stack.decide_url, approvals)
    watcher = Watcher(site.cloud, execution, approvals=approvals)
    screen = open_screen(sys.stdout)
    answered: set[str] = set()
    approval_seconds = 0.0
    try:
        for view in follow(watcher, interval_seconds=interval_seconds(site.cloud)):
            screen.show(view)
            if view.approval is not None and view.approval.key not in answered:
                answered.add(view.approval.key)
                screen.pause()
                began = time.monotonic()
                if options.ask:
                    ask_person(door, view.approval, say_line, sys.stdin)
                    approval_seconds += time.monotonic() - began
                else:
                    answer_mail(door, view.approval, say_line)
    finally:
        screen.pause()
    if view.outcome is None or not view.outcome.succeeded:
        raise RunFailedError(explain_failure(site, execution, view.outcome, options), execution)
    return Built(view, approval_seconds)


def explain_failure(site: Site, execution: str, outcome: Outcome | None, options: Options) -> str:
    """Why a run did not end well, where its report is if it left one, and what to try where its model was too weak."""
    if outcome is None:
        return "the run did not end"
    lines = [f"the run {outcome.text()}"]
    run = execution.rpartition(":")[2]
    with contextlib.suppress(GreenlightError):
        if fetch_page(site.cloud, find_pages(site.stack.bucket, run, {}), REPORT) is not None:
            lines.append(f"  {'report':<14} {REPORT}")
    if outcome.error == Failure.GATE_REJECTED:
        longer = max(FROM_SCRATCH["epochs"], min(1000, 2 * options.training()["epochs"]))
        lines.append(f"  {'train longer':<14} add EPOCHS={longer} to what you typed")
    elif outcome.error == Failure.APPROVAL_REJECTED:
        lines.append(f"  {'ask again':<14} what you typed trains another model, and asks about it")
    return "\n".join(lines)


def tell_what_stays(options: Options, execution: str) -> None:
    """Say that the stand-in goes on serving after a run that failed, how to look at it, and how to stop it."""
    run = execution.rpartition(":")[2]
    say("look at it", f"source {options.state}/env; {command()} console --open")
    say("", f"{command()} runs {run}")
    say("", f"{command()} logs {run}")
    say("stop it", f"{command()} local --state {options.state} --stop")


def stop_run(cloud: Cloud, execution: str) -> None:
    """Stop a run, and with it the job that runs. Does nothing where it has ended, or the stand-in with it."""
    with contextlib.suppress(GreenlightError):
        cloud.call("stepfunctions", "stop_execution", executionArn=execution, cause="interrupted")


def ask_production(site: Site, finished: Finished, stops: Stops) -> list[Prediction]:
    """What production sees in pictures that no training saw."""
    pictures = fetch_pictures(site.cloud, finished.test_uri, HELD_OUT)
    stack = site.stack
    found = [
        ask_as_it_answers(site.cloud, stack.production_endpoint, picture, stack.production_component)
        for picture in pictures
    ]
    draw_predictions(found)
    return found


def draw_predictions(found: Sequence[Prediction]) -> None:
    """Write the pictures with what was seen in them."""
    from workflow.predictions.drawing import draw

    for prediction in found:
        draw(prediction, PREDICTIONS / f"{prediction.file.stem}.jpg")


def tell_the_end(options: Options, serves: str, typed: str, timings: Timings, pictures: int) -> None:
    """Say what production ``serves`` now, where to look, and how to go on: ``typed`` is the command that asks it."""
    jobs = sum(timings.jobs.values())
    say_line("")
    say_line(
        f"Done in {timings.total:.0f} s (jobs {jobs:.0f} s, the flow itself {timings.overhead:.0f} s)."
        f" Production serves {serves}."
    )
    say("report", str(REPORT))
    say("pictures", f"{PREDICTIONS}/  ({pictures} held-out images with what production saw)")
    say("look at it", f"source {options.state}/env; {command()} console --open")
    say("ask it", f"source {options.state}/env; {command()} {typed}")
    say("stop it", f"{command()} local --state {options.state} --stop")
    if options.dataset is None:
        say("your images", "make demo DATASET=path/to/folder   (YOLO, COCO, VOC, LabelMe, CVAT, …)")
    say("on AWS", 'make deploy   (README, "Deploy to AWS")')
