"""The ways to serve that a demonstration shows: an entry for each value of SERVE.

Every way ends with a real answer and with a real way back: the approved version is released once more, as
`greenlight rollback` does, and proves that it answers. Knows no order of the steps.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.clients import Cloud
from workflow.contract.asynchronous import ASYNC
from workflow.contract.challenge import CHALLENGES
from workflow.contract.names import NOT_THERE
from workflow.contract.rule import among
from workflow.contract.serverless import SERVERLESS
from workflow.contract.serving import BATCH, REALTIME
from workflow.demo.account import say
from workflow.demo.batches import answer_held_out, go_back_by_batches, tell_batches
from workflow.demo.record import Finished
from workflow.demo.releasing import Back, release
from workflow.demo.steps import BATCH_PAGE, HELD_OUT, Site, Stops, ask_production
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.predictions.ask import ask
from workflow.predictions.prediction import Prediction

_LEAVES_SECONDS = 60
_BETWEEN_REQUESTS_SECONDS = 0.05
_STANDS = {REALTIME: "on instances", SERVERLESS: "serverless", ASYNC: "asynchronous"}
SOON_DECIDED: Mapping[str, Any] = {
    "challenge_ends": "rule",
    "challenge_hours": 0.003,
    "challenge_minimum_requests": 5,
    "challenge_latency_ratio": 10,
    "challenger_share": 0.5,
}
"""A challenge of some eleven seconds between what has to be found alike."""


@dataclass(frozen=True)
class Way:
    """One way to serve: the keys of the run's input, and how it is shown once its release is over.

    ``asks`` has production answer the held-out pictures, ``goes_back`` shows the way back, ``told`` says on what
    production serves; None for neither. ``typed`` is the command that asks it; ``left`` goes over the summary.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)
    asks: Callable[[Site, Finished, Stops], list[Prediction]] = ask_production
    goes_back: Callable[[Site, Finished, Stops], Back] | None = None
    told: Callable[[Site], str] | None = None
    typed: str = "predict photo.jpg"
    left: Mapping[str, Any] = field(default_factory=dict)


def choose_way(serve: str) -> Way:
    """The way of a value of SERVE, the usual one of none. Raises UsageError naming all of them."""
    if not serve:
        return Way()
    if serve not in WAYS:
        raise UsageError(f"SERVE={serve}: no way to serve{among(serve, WAYS, 'there are')}.")
    return WAYS[serve]


def make_room(cloud: Cloud, endpoints: tuple[str, str], way: Way) -> None:
    """Put away what an earlier demonstration left that cannot become what this one asks for.

    What serves on instances never becomes serverless, and the other way there is no way back; nothing becomes
    asynchronous, or the other way; and where batches serve there is no endpoint.
    """
    wanted = str(way.keys.get("serve", REALTIME))
    for name in endpoints:
        found = _describe(cloud, name)
        if found is None or _kind(found) == (wanted if wanted in (SERVERLESS, ASYNC, BATCH) else REALTIME):
            continue
        then = "batches need none" if wanted == BATCH else "it is made anew"
        say("put away", f"{name}, which is {_STANDS[_kind(found)]}: {then}")
        cloud.call("sagemaker", "delete_endpoint", EndpointName=name)
        until = time.monotonic() + _LEAVES_SECONDS
        while _describe(cloud, name) is not None:
            if time.monotonic() > until:
                raise GreenlightError(f"the endpoint {name} is still being deleted")
            time.sleep(0.2)


def _kind(described: Mapping[str, Any]) -> str:
    if "AsyncInferenceConfig" in described:
        return ASYNC
    serverless = any("CurrentServerlessConfig" in one for one in described.get("ProductionVariants", []))
    return SERVERLESS if serverless else REALTIME


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
    execution = release(site, finished.model_package, stops, "rollback", "the way back")
    found = _describe(site.cloud, site.stack.production_endpoint) or {}
    configuration = str(found.get("EndpointConfigName", ""))
    proof = f"and answers on {configuration}"
    return Back(execution, time.monotonic() - began, configuration, finished.version, proof)


def challenge_first(kind: str) -> Callable[[Site, Finished, Stops], Back]:
    """Have the version challenge production, which serves it, while production is asked; then ``release_again``.

    There is no other version in a first demonstration: the two have to be found alike. The rule decides, and no answer
    may be missing. Raises RunFailedError where the challenge ends otherwise.
    """

    def show(site: Site, finished: Finished, stops: Stops) -> Back:
        with Asking(site, _BETWEEN_REQUESTS_SECONDS) as asking:
            serving = {"serve": kind, **SOON_DECIDED}
            release(site, finished.model_package, stops, "challenge", "the challenge", serving)
        asking.require_answers()
        say("challenged", f"{asking.asked} requests meanwhile, none lost")
        return release_again(site, finished, stops)

    return show


class Asking:
    """Asks production about a picture again and again, beside what it is entered for; counts who ``answered``."""

    def __init__(self, site: Site, pause_seconds: float) -> None:
        """Nothing is asked yet."""
        self.asked, self.lost, self.answered = 0, list[str](), Counter[str]()
        self._site, self._pause_seconds = site, pause_seconds
        self._picture = next(iter(sorted(HELD_OUT.iterdir())))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Asking:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """End, with the request under way."""
        self._over.set()
        self._thread.join()

    def require_answers(self) -> None:
        """Raise GreenlightError unless every request was answered."""
        if lost := self.asked - self.answered.total():
            why = self.lost[0] if self.lost else "the client broke off"
            raise GreenlightError(f"{lost} of {self.asked} requests had no answer: {why}")

    def _ask(self) -> None:
        while not self._over.wait(self._pause_seconds):
            self.asked += 1
            try:
                answer = ask(self._site.cloud, self._site.stack.production_endpoint, self._picture)
                self.answered[answer.model_digest] += 1
            except GreenlightError as error:
                self.lost.append(str(error))


def tell_serverless(site: Site) -> str:
    """What a production without instances is given."""
    found = _describe(site.cloud, site.stack.production_endpoint) or {"ProductionVariants": []}
    configs = [one["CurrentServerlessConfig"] for one in found["ProductionVariants"]]
    return "; ".join(
        f"without instances, {one['MemorySizeInMB']} MB, {one['MaxConcurrency']} requests at one time"
        for one in configs
    )


def tell_queue(site: Site) -> str:
    """What a production that answers out of a queue does at one time."""
    found = _describe(site.cloud, site.stack.production_endpoint) or {}
    at_once = found.get("AsyncInferenceConfig", {}).get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance")
    return f"out of a queue, {at_once} requests at one time on each instance"


def tell_way(site: Site, way: Way, back: Back | None) -> None:
    """The lines of an account that are the way's own."""
    if way.told is not None:
        say("served", way.told(site))
    if back is not None:
        say("went back", back.text())


WAYS: Mapping[str, Way] = {
    REALTIME: Way(goes_back=release_again),
    SERVERLESS: Way({"serve": SERVERLESS}, goes_back=release_again, told=tell_serverless),
    ASYNC: Way({"serve": ASYNC}, goes_back=release_again, told=tell_queue),
    # Released as usual, also where an earlier demonstration's version serves, which it would challenge for hours.
    **{kind: Way(goes_back=challenge_first(kind)) for kind in CHALLENGES},
    BATCH: Way(
        {"serve": BATCH},
        asks=answer_held_out,
        goes_back=go_back_by_batches,
        told=tell_batches,
        typed="batch path/to/folder",
        left={"endpoints": {}, "page": str(BATCH_PAGE)},
    ),
}
"""Every value of SERVE."""
