"""The ways to serve that a demonstration shows: an entry for each value of SERVE.

Every way ends with a real answer and, but for the usual one, with a real way back: the approved version is released
once more, as `greenlight rollback` does, and proves that it answers. Knows no order of the steps.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.clients import Cloud
from workflow.contract.names import NOT_THERE
from workflow.contract.rule import among
from workflow.contract.serverless import SERVERLESS
from workflow.contract.serving import REALTIME
from workflow.demo.account import say
from workflow.demo.record import Finished
from workflow.demo.steps import RunFailedError, Site, Stops, stop_run
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.runs.approvals import Approvals
from workflow.runs.releases import start_release
from workflow.runs.screen import open_screen
from workflow.runs.watch import Watcher, follow, interval_seconds

_LEAVES_SECONDS = 60


@dataclass(frozen=True)
class Back:
    """How production went back: the release that did it, how long that took, and what production served on after it."""

    execution: str
    seconds: float
    configuration: str

    def document(self) -> dict[str, Any]:
        """The way back as JSON."""
        return {
            "execution": self.execution,
            "seconds": round(self.seconds, 2),
            "configuration": self.configuration,
        }


@dataclass(frozen=True)
class Way:
    """One way to serve: the keys of the run's input, and how it is shown once its release is over.

    ``goes_back`` shows the way back, ``told`` says on what production serves; None for neither.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)
    goes_back: Callable[[Site, Finished, Stops], Back] | None = None
    told: Callable[[Site], str] | None = None


def choose_way(serve: str) -> Way:
    """The way of a value of SERVE. Raises UsageError naming all of them."""
    if serve not in WAYS:
        raise UsageError(f"SERVE={serve}: no way to serve{among(serve, WAYS, 'there are')}.")
    return WAYS[serve]


def make_room(cloud: Cloud, endpoints: tuple[str, str], way: Way) -> None:
    """Put away what an earlier demonstration left that cannot become what this one asks for.

    What serves on instances never becomes serverless, and the other way there is no way back.
    """
    wanted = way.keys.get("serve") == SERVERLESS
    for name in endpoints:
        found = _describe(cloud, name)
        if found is None or wanted == any("CurrentServerlessConfig" in one for one in found["ProductionVariants"]):
            continue
        say("put away", f"{name}, which {'is on instances' if wanted else 'is serverless'}: it is made anew")
        cloud.call("sagemaker", "delete_endpoint", EndpointName=name)
        until = time.monotonic() + _LEAVES_SECONDS
        while _describe(cloud, name) is not None:
            if time.monotonic() > until:
                raise GreenlightError(f"the endpoint {name} is still being deleted")
            time.sleep(0.2)


def _describe(cloud: Cloud, name: str) -> Mapping[str, Any] | None:
    try:
        return cloud.call("sagemaker", "describe_endpoint", EndpointName=name)
    except ServiceError as error:
        if error.code in NOT_THERE:
            return None
        raise


def release_again(site: Site, finished: Finished, stops: Stops) -> Back:
    """Release the version that production serves once more, as an earlier one is brought back; show it to its end.

    There is no earlier one in a first demonstration: what is shown is the way, which is the same. Production moves at
    once to a configuration of this release, and the version's own pictures prove what answers there.
    Raises RunFailedError where it ends otherwise.
    """
    began = time.monotonic()
    execution = start_release(
        site.cloud, site.stack.release_machine_arn, finished.model_package, started_by="make demo", why="rollback"
    )
    stops.append(lambda: stop_run(site.cloud, execution))
    watcher = Watcher(site.cloud, execution, approvals=Approvals(site.cloud, site.stack.table))
    screen = open_screen(sys.stdout)
    try:
        for view in follow(watcher, interval_seconds=interval_seconds(site.cloud)):
            screen.show(view)
    finally:
        screen.pause()
    if view.outcome is None or not view.outcome.succeeded:
        raise RunFailedError(f"the way back {view.outcome.text() if view.outcome else 'did not end'}", execution)
    found = _describe(site.cloud, site.stack.production_endpoint) or {}
    return Back(execution, time.monotonic() - began, str(found.get("EndpointConfigName", "")))


def tell_serverless(site: Site) -> str:
    """What a production without instances is given."""
    found = _describe(site.cloud, site.stack.production_endpoint) or {"ProductionVariants": []}
    configs = [one["CurrentServerlessConfig"] for one in found["ProductionVariants"]]
    return "; ".join(
        f"without instances, {one['MemorySizeInMB']} MB, {one['MaxConcurrency']} requests at one time"
        for one in configs
    )


def tell_way(site: Site, way: Way, back: Back | None) -> None:
    """The lines of an account that are the way's own."""
    if way.told is not None:
        say("served", way.told(site))
    if back is not None:
        say("went back", f"released once more in {back.seconds:.0f} s, and answers on {back.configuration}")


WAYS: Mapping[str, Way] = {
    REALTIME: Way(),
    SERVERLESS: Way({"serve": SERVERLESS}, goes_back=release_again, told=tell_serverless),
}
"""Every value of SERVE."""
