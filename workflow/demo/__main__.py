"""``make demo``: the whole flow on this machine, from labelled images to pictures answered by the production endpoint.

Starts nothing before the data was checked, and stops what it started when it fails or is interrupted. On success the
stand-in goes on serving. Settings come from environment variables, as make passes them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from workflow.datasets.check import Dataset, read_dataset
from workflow.datasets.upload import check_weights
from workflow.demo.options import Options, read_options
from workflow.errors import GreenlightError, UsageError
from workflow.standin import ROOT, StandIn, make_environments

if TYPE_CHECKING:
    from workflow.clients import Cloud
    from workflow.predictions.prediction import Prediction
    from workflow.runs.watch import View
    from workflow.stack.outputs import Stack

PROJECT = "greenlight"
FOLDER = Path(".greenlight/demo")
SAMPLE = FOLDER / "dataset" / "fasteners"
INTERRUPTED = 130


class Demo:
    """One demonstration, step by step; each method is a line or a block of what a person sees."""

    def __init__(self, options: Options) -> None:
        """Nothing is started yet."""
        self._options = options
        self._began = time.monotonic()
        self._environment_seconds = 0.0
        self._approval_seconds = 0.0
        self._standin = StandIn(options.state, options.port)
        self._cloud: Cloud | None = None
        self._execution = ""
        self._drawing: subprocess.Popen[bytes] | None = None
        self.started = False

    def run(self) -> None:
        """The whole flow. Raises GreenlightError with a plain reason where it does not reach production."""
        print("Greenlight · the whole flow on this machine, nothing leaves it", flush=True)
        dataset = self.own_data()
        self._standin.check()
        self.environments()
        url = self.stand_in()
        stack = self.stack()
        dataset = dataset or self.sample()
        given = self.upload(stack, dataset)
        view = self.build(stack, url, given)
        self.close(stack, url, dataset, view)

    def stop(self) -> None:
        """Stop what this demonstration started: its run with the job that runs, then the stand-in if it is its own."""
        if self._cloud is not None and self._execution:
            # The stand-in may be gone by now; then so is the run.
            with contextlib.suppress(GreenlightError):
                self._cloud.call("stepfunctions", "stop_execution", executionArn=self._execution, cause="interrupted")
        self._standin.stop()
        if self._drawing is not None:
            self._drawing.kill()
            self._drawing.wait()

    def own_data(self) -> Dataset | None:
        """Check what was given, before anything is started. Without a dataset, begin to draw the sample."""
        if self._options.weights is not None:
            check_weights(self._options.weights)
        if self._options.dataset is not None:
            settings = self._options.settings
            return read_dataset(
                self._options.dataset, task=settings.get("task", "auto"), format=settings.get("format", "auto")
            )
        shutil.rmtree(SAMPLE, ignore_errors=True)
        # In a process of its own: it takes seconds, in which the stand-in starts and the stack is made.
        code = "import sys, pathlib, workflow.demo.sample as sample; sample.make_sample(pathlib.Path(sys.argv[1]))"
        self._drawing = subprocess.Popen([sys.executable, "-c", code, str(SAMPLE.resolve())], cwd=ROOT)
        return None

    def sample(self) -> Dataset:
        """Wait for the sample's pictures."""
        if self._drawing is None or self._drawing.wait():
            raise GreenlightError("the sample's pictures could not be drawn")
        return read_dataset(SAMPLE)

    def environments(self) -> None:
        """Make what is missing of the environments that jobs run in."""
        print(f"  {'environments':<14} workflow ✓", end="", flush=True)
        began = time.monotonic()
        make_environments(lambda name: print(f"  {name} ✓", end="", flush=True))
        self._environment_seconds = time.monotonic() - began
        slow = self._environment_seconds > 3
        print(f"   (first run only, {self._environment_seconds:.0f} s)" if slow else "", flush=True)

    def stand_in(self) -> str:
        """Reuse or start the stand-in, and point this process at it and at nothing else."""
        self.started = True
        environment = self._standin.ensure()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        # From here on every call is to this machine, which a proxy would not reach.
        os.environ.update(environment, NO_PROXY="*", no_proxy="*")
        from workflow.clients import AwsCloud

        self._cloud = AwsCloud()
        url = environment["AWS_ENDPOINT_URL"]
        again = "" if self._standin.started else " · running already"
        say("stand-in", f"{url} · state in {self._options.state}{again}")
        return url

    def stack(self) -> Stack:
        """Deploy the stack, the very template that goes to AWS."""
        from workflow.stack.deploy import deploy

        ready: set[str] = set()

        def progress(step: Any) -> None:
            if step.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"} and step.resource != PROJECT:
                ready.add(step.resource)

        stack = deploy(PROJECT, cloud=self.cloud, email="you@example.com", on_progress=progress)
        say("stack", f"{PROJECT}: {f'{len(ready)} resources ready' if ready else 'unchanged'}")
        return stack

    def upload(self, stack: Stack, dataset: Dataset) -> dict[str, Any]:
        """Upload data and weights; return the input of the run."""
        from workflow.datasets.upload import upload_dataset, upload_weights
        from workflow.runs.releases import served_dataset

        done = upload_dataset(self.cloud, stack.bucket, dataset, dataset.name, lambda *_: None)
        say("data", f"{dataset.text()} → {done.uri}")
        given: dict[str, Any] = {"dataset": done.uri, "force": True, "started_by": "make demo"}
        if self._options.weights is not None:
            given["weights"] = upload_weights(self.cloud, stack.bucket, self._options.weights)
            say("weights", given["weights"])
        served = served_dataset(self.cloud, stack.table)
        if served not in ("", dataset.name):
            say("production", f"serves {served}: it is replaced, and not compared with what finds something else")
            given["compare"] = False
        return {**given, **self._options.training()}

    def build(self, stack: Stack, url: str, given: Mapping[str, Any]) -> View:
        """Start the run, watch it, and see to its approvals. Raises GreenlightError where it does not end well."""
        from workflow.demo.answering import answer_mail, ask_person
        from workflow.runs.approvals import Approvals
        from workflow.runs.screen import screen_on
        from workflow.runs.start import start_run
        from workflow.runs.watch import Watcher, follow, interval_seconds

        self._execution = start_run(self.cloud, stack.build_machine_arn, given)
        approvals = Approvals(self.cloud, stack.table, stack.approval_url)
        watcher = Watcher(self.cloud, self._execution, approvals=approvals)
        screen = screen_on(sys.stdout)
        answered: set[str] = set()
        try:
            for view in follow(watcher, interval_seconds=interval_seconds(self.cloud)):
                screen.show(view)
                if view.approval is not None and view.approval.link not in answered:
                    answered.add(view.approval.link)
                    screen.pause()
                    began = time.monotonic()
                    if self._options.ask:
                        ask_person(url, view.approval, say_line, sys.stdin)
                        self._approval_seconds += time.monotonic() - began
                    else:
                        answer_mail(url, view.approval, say_line)
        finally:
            screen.pause()
        if view.outcome is None or not view.outcome.succeeded:
            self._execution = ""
            raise GreenlightError(f"the run {view.outcome.text() if view.outcome else 'did not end'}")
        return view

    def close(self, stack: Stack, url: str, dataset: Dataset, view: View) -> None:
        """Ask production about the held-out pictures, and leave pictures, report and summary behind."""
        from workflow.demo import record

        finished = record.read_finished(self.cloud, view.execution)
        predictions = self.predict(stack, finished.test_uri)
        report = FOLDER / "report" / "index.html"
        record.fetch_report(self.cloud, finished.report_uri, report)
        jobs = record.job_seconds(self.cloud, view.jobs)
        total = time.monotonic() - self._began
        timings = record.Timings(total, self._environment_seconds, self._approval_seconds, jobs)
        document = record.summary(finished, stack, url, predictions, timings, report)
        write_summary(document)
        self._execution = ""
        print(
            f"\nDone in {total:.0f} s (jobs {sum(jobs.values()):.0f} s, the flow itself {timings.overhead:.0f} s)."
            f" Production serves {dataset.name} version {finished.version}."
        )
        say("report", str(report))
        say("pictures", f"{FOLDER / 'predictions'}/  ({len(predictions)} held-out images with boxes)")
        say("ask it", f"source {self._options.state}/env; {command()} predict photo.jpg")
        say("stop it", f"{command()} local --state {self._options.state} --stop")
        if self._options.dataset is None:
            say("your images", "make demo DATASET=path/to/folder   (YOLO, COCO, VOC, Ground Truth, class folders)")
        say("on AWS", 'make deploy   (README, "Deploy")')

    def predict(self, stack: Stack, test_uri: str) -> list[Prediction]:
        """What production sees in pictures that no training saw."""
        from workflow.demo.record import fetch_pictures
        from workflow.predictions.ask import ask
        from workflow.predictions.drawing import draw

        for name in ("held-out", "predictions"):
            shutil.rmtree(FOLDER / name, ignore_errors=True)
        pictures = fetch_pictures(self.cloud, test_uri, FOLDER / "held-out")
        found = [ask(self.cloud, stack.production_endpoint, picture) for picture in pictures]
        for prediction in found:
            draw(prediction, FOLDER / "predictions" / f"{prediction.file.stem}.jpg")
        return found

    @property
    def cloud(self) -> Cloud:
        """The stand-in's services, once it runs."""
        if self._cloud is None:
            raise GreenlightError("the stand-in is not running")
        return self._cloud


def say(name: str, text: str) -> None:
    """One line of the account, such as ``stack  greenlight: 61 resources ready``."""
    print(f"  {name:<14} {text}", flush=True)


def say_line(text: str) -> None:
    """A line as it is."""
    print(text, flush=True)


def command() -> str:
    """How ``greenlight`` is called here: it lies beside the interpreter unless that one is on the path."""
    beside = Path(sys.executable).with_name("greenlight")
    if shutil.which("greenlight") or not beside.is_file():
        return "greenlight"
    return os.path.relpath(beside)


def write_summary(document: Mapping[str, Any]) -> None:
    """Write ``summary.json``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "summary.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the demonstration and return the exit code."""
    # The shell that closes, and whoever stops this process, get the same tidy end as Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    demo: Demo | None = None
    try:
        demo = Demo(read_options(os.environ, sys.stdin.isatty() and sys.stdout.isatty()))
        demo.run()
    except UsageError as error:
        return _ended(demo, str(error), error.exit_code)
    except (GreenlightError, OSError) as error:
        return _ended(demo, str(error), 1)
    except KeyboardInterrupt:
        return _ended(demo, "interrupted", INTERRUPTED)
    except Exception:
        # Nobody foresaw it: show all of it, and leave nothing running all the same.
        traceback.print_exc()
        return _ended(demo, "an error of the demonstration itself, shown above", 1)
    return 0


def _ended(demo: Demo | None, why: str, code: int) -> int:
    """Stop what was started, whatever else is pressed meanwhile, tell why, and leave a summary that says so."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = "" if demo is not None and demo.started else "\nnothing was started"
    print(f"\n{why}{nothing}", file=sys.stderr, flush=True)
    if demo is not None:
        demo.stop()
    write_summary({"version": 1, "status": "INTERRUPTED" if code == INTERRUPTED else "FAILED", "reason": why})
    return code


if __name__ == "__main__":
    sys.exit(main())
