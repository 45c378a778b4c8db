"""``make demo``: the whole flow on this machine, from labelled images to pictures answered by the production endpoint.

Starts nothing before the data was checked, and stops what it started when it fails or is interrupted. Once its run has
ended, well or not, the stand-in goes on serving: what happened can be looked at. Settings come from environment
variables, as make passes them. What takes time to load is imported where it is used.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from types import FrameType
from typing import Any

from workflow.contract.plain_text import show_lines
from workflow.contract.serving import REALTIME
from workflow.demo import data, record, steps
from workflow.demo.options import Options, read_options
from workflow.demo.steps import FOLDER, REPORT, SUMMARY, RunFailedError, Stops
from workflow.demo.ways import Way, choose_way, make_room, tell_way
from workflow.errors import GreenlightError, UsageError
from workflow.standin import StandIn
from workflow.terminal import fit

INTERRUPTED = 130


def demonstrate(options: Options, way: Way, stops: Stops) -> None:
    """The whole flow, step by step; ``stops`` gets what stops the things that were started, in their order.

    Raises GreenlightError with a plain reason where it does not reach production.
    """
    began = time.monotonic()
    print("Greenlight · the whole flow on this machine, nothing leaves it", flush=True)
    with data.begin_dataset(options) as wait_for_dataset:
        standin = StandIn(options.state, options.port)
        standin.check()
        environment_seconds = steps.prepare_environments()
        if options.dataset is not None:
            data.examine(options, wait_for_dataset())
        site = steps.deploy_stack(steps.start_standin(standin, options, stops), options, stops)
        dataset = wait_for_dataset()
    make_room(site.cloud, (site.stack.staging_endpoint, site.stack.production_endpoint), way)
    given = {**steps.upload(site, options, dataset), **way.keys}
    built = steps.build(site, options, given, stops)
    finished = record.read_finished(site.cloud, built.view.execution)
    predictions = way.asks(site, finished, stops)
    back = None if way.goes_back is None else way.goes_back(site, finished, stops)
    jobs, approval_seconds = record.job_seconds(site.cloud, built.view.jobs), built.approval_seconds
    told: dict[str, Any] = {} if back is None else {"rolled_back": back.document()}
    if options.loop:
        from workflow.demo.loop.turn import go_round

        turn = go_round(site, options, dataset.name, given, finished, stops)
        finished, approval_seconds = turn.finished, approval_seconds + turn.built.approval_seconds
        jobs, told["loop"] = {**jobs, **turn.jobs}, turn.document
    record.fetch_file(site.cloud, finished.report_uri, REPORT)
    timings = record.Timings(time.monotonic() - began, environment_seconds, approval_seconds, jobs)
    served = {"serve": options.serve or REALTIME, **way.left, **told}
    write_summary(record.summary(finished, site.stack, site.url, predictions, timings, REPORT) | served)
    tell_way(site, way, back)
    version = finished.version if back is None else back.version
    steps.tell_the_end(options, f"{dataset.name} version {version}", way.typed, timings, len(predictions))


def write_summary(document: Mapping[str, Any]) -> None:
    """Write ``summary.json``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def stop_all(stops: Stops) -> None:
    """Stop what was started, the last first, and go on with the others where one cannot be stopped."""
    with contextlib.ExitStack() as last_first:
        for stop in stops:
            last_first.callback(stop)


def main() -> int:
    """Run the demonstration and return the exit code."""
    # The shell that closes, and whoever stops this process, get the same tidy end as Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    stops: Stops = []
    try:
        steps.forget_the_last()
        options = read_options(os.environ, sys.stdin.isatty() and sys.stdout.isatty())
        demonstrate(options, choose_way(options.serve), stops)
    except UsageError as error:
        return _end(stops, str(error), error.exit_code)
    except RunFailedError as error:
        return _end_of_run(options, error, stops)
    except (GreenlightError, OSError) as error:
        return _end(stops, str(error), 1)
    except KeyboardInterrupt:
        return _end(stops, "interrupted", INTERRUPTED)
    except Exception:
        # Nobody foresaw it: show all of it, and leave nothing running all the same.
        traceback.print_exc()
        return _end(stops, "an error of the demonstration itself, shown above", 1)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _hear_no_more() -> None:
    """Whatever else is pressed, what was begun is put in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _end_of_run(options: Options, error: RunFailedError, stops: Stops) -> int:
    """Tell why a run failed, and leave the stand-in with all that it did: it is what one would look at now."""
    sys.stdout.flush()
    print(fit(show_lines(f"\n{error}"), sys.stderr), file=sys.stderr, flush=True)
    _hear_no_more()
    # All but the stand-in, which was started first.
    stop_all(stops[1:])
    steps.tell_what_stays(options, error.execution)
    write_summary({"version": 1, "status": "FAILED", "reason": str(error)})
    return error.exit_code


def _end(stops: Stops, why: str, code: int) -> int:
    """Stop what was started, whatever else is pressed meanwhile, tell why, and leave a summary that says so."""
    _hear_no_more()
    nothing = "" if stops else "\nnothing was started"
    print(fit(show_lines(f"\n{why}{nothing}"), sys.stderr), file=sys.stderr, flush=True)
    stop_all(stops)
    write_summary({"version": 1, "status": "INTERRUPTED" if code == INTERRUPTED else "FAILED", "reason": why})
    return code


if __name__ == "__main__":
    sys.exit(main())
