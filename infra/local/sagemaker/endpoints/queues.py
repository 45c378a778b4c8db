"""The queue of each asynchronous endpoint: requests wait in it, go to a container, and their answers into S3.

A request stays in it while the endpoint is updated, while no instance is there, and while the stand-in is restarted.
One whose container ended before it answered is taken from the queue again, a few times; what a container answered with
an error has failed. How often SageMaker itself tries again is not documented.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Protocol

from infra.local.sagemaker.endpoints.requests import LARGEST_BODY, TEST_NOTIFICATION, Request
from infra.local.sagemaker.errors import ServiceError, invalid, model_error
from infra.local.sagemaker.serving import NotHealthy, NotServing, Server
from infra.local.sagemaker.storage import StorageError, client
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")
KIND = "async-request"
CHOSEN_CONCURRENCY = 4
"""Requests an instance answers at a time where nobody says; SageMaker does not say what it chooses then."""
_MOST_ATTEMPTS = 3
_LOOK_SECONDS = 0.1
_FIGURES_SECONDS = 10.0
"""Between two sets of the queue's figures; SageMaker publishes them once a minute, where starts take minutes."""


class Around(Protocol):
    """What the queues see of their endpoints."""

    def fleet_of(self, name: str) -> Any:
        """The containers that take requests now; None where there are none."""

    def observe_queued(self, name: str, variant: str, configuration: str, status: int, seconds: float) -> None:
        """Remember one answer of a container."""


class Queues:
    """The requests of all asynchronous endpoints of an account."""

    def __init__(self, workshop: Workshop, around: Around) -> None:
        self._workshop = workshop
        self._around = around
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Request]] = {}
        self._answering: dict[str, Counter[str]] = {}
        self._watched: dict[str, threading.Event] = {}

    def put(self, name: str, configured: Record, sent: Mapping[str, str]) -> Request:
        """Take a request in. Raises ServiceError where it cannot be one."""
        request = Request.of(name, sent, configured["OutputConfig"], time.time())
        self._workshop.store.add(KIND, request.id, asdict(request))
        with self._lock:
            self._waiting.setdefault(name, []).append(request)
        return request

    def check(self, configured: Record, role: str) -> None:
        """Send both topics the test notification. Raises ServiceError where the role may not publish."""
        for topic in _topics(configured).values():
            try:
                self._publish(topic, role, TEST_NOTIFICATION)
            except Exception as error:
                raise invalid(f'The role "{role}" could not publish to the topic {topic}: {error}') from error

    def open(self, name: str, configured: Record) -> None:
        """Take requests out of an endpoint's queue from now on; those that waited when the stand-in ended, too."""
        with self._lock:
            # What is being answered meanwhile is not lost either: it would be asked twice.
            known = {one.id for one in self._waiting.setdefault(name, [])} | {*self._answering.get(name, ())}
            for record in self._workshop.store.every(KIND):
                if record["endpoint"] == name and record["id"] not in known:
                    self._waiting[name].append(Request(**record))
            if name in self._watched:
                self._watched[name].set()
            over = self._watched[name] = threading.Event()
        threading.Thread(target=self._run, args=(name, configured, over), name=f"queue {name}", daemon=True).start()

    def end(self, name: str) -> None:
        """Forget an endpoint's queue with all that waits in it."""
        with self._lock:
            over = self._watched.pop(name, None)
            waiting = self._waiting.pop(name, [])
        if over is not None:
            over.set()
        for request in waiting:
            self._workshop.store.remove(KIND, request.id)

    def close(self) -> None:
        """Take nothing out any more; what waits stays remembered."""
        with self._lock:
            for over in self._watched.values():
                over.set()
            self._watched.clear()

    def backlog(self, name: str) -> int:
        """How many wait or are being answered."""
        with self._lock:
            return len(self._waiting.get(name, [])) + len(self._answering.get(name, ()))

    def _run(self, name: str, configured: Record, over: threading.Event) -> None:
        at_once = configured.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance", CHOSEN_CONCURRENCY)
        told = 0.0
        while not over.wait(_LOOK_SECONDS):
            try:
                for request in self._taken(name, lambda one: one.expired(time.time())):
                    self._expire(request, configured)
                    self._done(name, request)
                fleet = self._around.fleet_of(name)
                instances = sum(variant.instance_count for variant in fleet.variants) if fleet else 0
                free = at_once * instances - len(self._answering.get(name, ()))
                for request in self._taken(name, lambda _: True, free):
                    self._begin(name, request, configured)
                if time.monotonic() - told >= _FIGURES_SECONDS:
                    told = time.monotonic()
                    self._tell_figures(name, instances)
            except Exception:
                _LOG.exception("the queue of %s", name)

    def _taken(self, name: str, wanted: Callable[[Request], bool], most: int = 1_000_000) -> list[Request]:
        """What has to be answered now, each until it is ``_done``."""
        with self._lock:
            found = [one for one in self._waiting.get(name, []) if wanted(one)][: max(0, most)]
            if found:
                left = {one.id for one in found}
                self._waiting[name] = [one for one in self._waiting[name] if one.id not in left]
                self._answering.setdefault(name, Counter()).update(left)
            return found

    def _done(self, name: str, request: Request) -> None:
        with self._lock:
            # One that went back may have been taken again by now.
            self._answering[name] -= Counter([request.id])

    def _begin(self, name: str, request: Request, configured: Record) -> None:
        work = partial(self._answer, name, request, configured)
        threading.Thread(target=work, name=f"request {request.id}", daemon=True).start()

    def _answer(self, name: str, request: Request, configured: Record) -> None:
        try:
            fleet = self._around.fleet_of(name)
            found = fleet.server() if fleet else None
            if found is None:
                self._back(request)
                return
            variant, server = found
            role = fleet.variants[0].container.role
            self._ask(request, configured, role, variant, fleet.configuration, server)
        except NotHealthy:
            self._back(request)
        except NotServing:
            self._back(replace(request, attempts=request.attempts + 1), configured)
        except Exception:
            _LOG.exception("request %s of %s", request.id, name)
        finally:
            self._done(name, request)

    def _ask(
        self, request: Request, configured: Record, role: str, variant: str, configuration: str, server: Server
    ) -> None:
        """One try at a container. Raises NotServing where it ended before it answered."""
        figures: dict[tuple[str, str], float] = {}
        folder = self._workshop.settings.state / "requests"
        folder.mkdir(parents=True, exist_ok=True)
        body = folder / request.id
        storage = self._workshop.storage.of_role(role)
        try:
            try:
                storage.download_object(request.input, body)
            except StorageError as error:
                figures["RequestDownloadFailures", "Count"] = 1.0
                self._fail(request, configured, role, str(error))
                return
            if body.stat().st_size > LARGEST_BODY:
                self._fail(request, configured, role, f"The body is larger than {LARGEST_BODY} bytes.")
                return
            started = time.monotonic()
            try:
                with body.open("rb") as content:
                    answer = server.invoke(request.headers(), content, request.invocation_seconds)
            except TimeoutError:
                self._around.observe_queued(request.endpoint, variant, configuration, 503, time.monotonic() - started)
                self._fail(request, configured, role, "The model did not answer within InvocationTimeoutSeconds.")
                return
            self._around.observe_queued(
                request.endpoint, variant, configuration, answer.status, time.monotonic() - started
            )
            figures["InvocationsProcessed", "Count"] = 1.0
            if answer.status >= 400:
                group = f"/aws/sagemaker/Endpoints/{request.endpoint}"
                said = answer.body[:1024].decode("utf-8", "replace")
                self._fail(request, configured, role, model_error(answer.status, said, group).message)
                return
            kind = answer.headers.get("content-type", "application/octet-stream")
            try:
                self._write(role, request.output, answer.body, kind)
            except Exception as error:
                figures["ResponseUploadFailures", "Count"] = 1.0
                self._fail(request, configured, role, f"The answer could not be written: {error}")
                return
            told = request.completed(self._workshop.settings.region, time.time(), kind)
            self._over(request, configured, role, "SuccessTopic", told)
        finally:
            body.unlink(missing_ok=True)
            self._workshop.figures.queued({"EndpointName": request.endpoint, "VariantName": variant}, figures)

    def _back(self, request: Request, configured: Record | None = None) -> None:
        if configured is not None and request.attempts >= _MOST_ATTEMPTS:
            self._fail(request, configured, self._role(request.endpoint), "InternalServerError. Try Again Later")
            return
        with self._lock:
            self._waiting.setdefault(request.endpoint, []).insert(0, request)

    def _expire(self, request: Request, configured: Record) -> None:
        figures = {("ExpiredRequests", "Count"): 1.0}
        self._workshop.figures.queued({"EndpointName": request.endpoint, "VariantName": "main"}, figures)
        reason = f"The request waited longer than {request.queue_seconds} seconds and has expired."
        self._fail(request, configured, self._role(request.endpoint), reason)

    def _role(self, name: str) -> str:
        fleet = self._around.fleet_of(name)
        return str(fleet.variants[0].container.role) if fleet else ""

    def _fail(self, request: Request, configured: Record, role: str, reason: str) -> None:
        fleet = self._around.fleet_of(request.endpoint)
        variant = fleet.variants[0].name if fleet else "main"
        dimensions = {"EndpointName": request.endpoint, "VariantName": variant}
        self._workshop.figures.queued(dimensions, {("InvocationFailures", "Count"): 1.0})
        try:
            self._write(role, request.failure, reason.encode(), "text/plain")
        except Exception as error:
            _LOG.warning("%s could not be written: %s", request.failure, error)
        told = request.failed(self._workshop.settings.region, time.time(), f"ClientError: {reason}")
        self._over(request, configured, role, "ErrorTopic", told)

    def _over(self, request: Request, configured: Record, role: str, which: str, told: Mapping[str, Any]) -> None:
        self._workshop.store.remove(KIND, request.id)
        topic = _topics(configured).get(which)
        if topic is None:
            return
        try:
            self._publish(topic, role, told)
        except Exception as error:
            _LOG.warning("%s could not be told of %s: %s", topic, request.id, error)

    def _write(self, role: str, uri: str, content: bytes, kind: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3 = self._workshop.storage.of_role(role).client
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind)

    def _publish(self, topic: str, role: str, message: Mapping[str, Any]) -> None:
        enforced = self._workshop.settings.role_credentials
        sns = client(self._workshop.settings, "sns", enforced(role) if enforced and role else {})
        sns.publish(TopicArn=topic, Message=json.dumps(message))

    def _tell_figures(self, name: str, instances: int) -> None:
        with self._lock:
            waiting = list(self._waiting.get(name, []))
        backlog = float(self.backlog(name))
        oldest = max((time.time() - one.received for one in waiting), default=0.0)
        values = {
            ("ApproximateBacklogSize", "Count"): backlog,
            ("ApproximateAgeOfOldestRequest", "Seconds"): oldest,
            ("HasBacklogWithoutCapacity", "Count"): float(backlog > 0 and not instances),
        }
        if instances:
            values["ApproximateBacklogSizePerInstance", "Count"] = backlog / instances
        self._workshop.figures.queued({"EndpointName": name}, values)


def check_config(configured: Record) -> None:
    """Refuse an AsyncInferenceConfig without a place for its answers. Raises ServiceError."""
    if not configured["OutputConfig"].get("S3OutputPath"):
        raise invalid("S3OutputPath of the OutputConfig of the AsyncInferenceConfig must be specified.")


def check_kept(name: str, present: Record | None, wanted: Record | None) -> None:
    """Refuse an update from or to an asynchronous endpoint. Raises ServiceError.

    "The AsyncInferenceConfig parameter cannot be removed from this endpoint" is UpdateEndpoint's own (SageMaker's
    Python SDK, pull request 3124); that it can be added nobody documents, so that is refused, too.
    """
    if bool(present) == bool(wanted):
        return
    done = "removed from" if present else "added to"
    raise invalid(f"The AsyncInferenceConfig parameter cannot be {done} this endpoint {name}.")


def refuse_waiting(name: str) -> ServiceError:
    """The error of InvokeEndpoint for an endpoint that answers asynchronously only ("Asynchronous inference", note)."""
    said = f"Endpoint {name} has an AsyncInferenceConfig and can receive asynchronous invocations only."
    return ServiceError("ValidationError", said)


def refuse_queued(name: str) -> ServiceError:
    """The error of InvokeEndpointAsync for an endpoint that has no queue."""
    said = f"Endpoint {name} has no AsyncInferenceConfig and can not receive asynchronous invocations."
    return ServiceError("ValidationError", said)


def _topics(configured: Record) -> dict[str, str]:
    told = configured["OutputConfig"].get("NotificationConfig", {})
    return {which: told[which] for which in ("SuccessTopic", "ErrorTopic") if told.get(which)}
