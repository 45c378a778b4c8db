"""How a demonstration brings production back: a release that is started as a roll-back is, and shown to its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workflow.demo.steps import RunFailedError, Site, Stops, stop_run
from workflow.runs.approvals import Approvals
from workflow.runs.releases import start_release
from workflow.runs.screen import open_screen
from workflow.runs.watch import View, Watcher, follow, interval_seconds


@dataclass(frozen=True)
class Back:
    """How production went back: the release that did it, how long that took, and what production served on after it.

    ``version`` is the one that serves now, ``proof`` says how it was seen to.
    """

    execution: str
    seconds: float
    configuration: str
    version: str
    proof: str

    def document(self) -> dict[str, Any]:
        """The way back as JSON."""
        return {
            "execution": self.execution,
            "seconds": round(self.seconds, 2),
            "configuration": self.configuration,
            "version": self.version,
        }

    def text(self) -> str:
        """The way back on one line."""
        return f"version {self.version} released once more in {self.seconds:.0f} s, {self.proof}"


def release(
    site: Site,
    package: str,
    stops: Stops,
    why: str,
    called: str,
    serving: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Release a version and show it to its end; the execution. Raises RunFailedError where it ends otherwise."""
    execution = start_release(
        site.cloud, site.stack.release_machine_arn, package, started_by="make demo", why=why, serving=serving
    )
    show_to_its_end(site, execution, called, stops)
    return execution


def show_to_its_end(site: Site, execution: str, called: str, stops: Stops) -> View:
    """Show an execution, which people call so, to its last view. Raises RunFailedError where it does not end well."""
    stops.append(lambda: stop_run(site.cloud, execution))
    watcher = Watcher(site.cloud, execution, approvals=Approvals(site.cloud, site.stack.table))
    screen = open_screen(sys.stdout)
    try:
        for view in follow(watcher, interval_seconds=interval_seconds(site.cloud)):
            screen.show(view)
    finally:
        screen.pause()
    if view.outcome is None or not view.outcome.succeeded:
        raise RunFailedError(f"{called} {view.outcome.text() if view.outcome else 'did not end'}", execution)
    return view
