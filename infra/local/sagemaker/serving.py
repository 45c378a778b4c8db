"""One serving container that really runs: started, pinged until healthy, asked, restarted when it dies.

It speaks SageMaker's container contract (`serve`, `/ping`, `/invocations`) and knows no endpoint.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from infra.local.sagemaker.archives import unpack
from infra.local.sagemaker.figures import ENDPOINTS
from infra.local.sagemaker.launch import Container
from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.processes import Process, end
from infra.local.sagemaker.workshop import Workshop

_PING_SECONDS = 2.0
_BETWEEN_PINGS_SECONDS = 0.05
_BETWEEN_LOOKS_SECONDS = 1.0
_STOP_GRACE_SECONDS = 30.0
_LONGEST_PAUSE_BEFORE_RESTART_SECONDS = 30.0


class ServingError(Exception):
    """A container that does not serve; the message becomes the endpoint's FailureReason."""


class NotServing(Exception):
    """The container did not answer."""


class NotHealthy(NotServing):
    """The container was not even asked: it is starting, ending, or dead."""


@dataclass(frozen=True)
class Answer:
    """A container's answer to one invocation; ``setup_seconds`` is how long it had to be started first."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    setup_seconds: float = 0.0


class Server:
    """One container of one variant."""

    def __init__(
        self,
        workshop: Workshop,
        container: ServedContainer,
        folder: Path,
        log_group: str,
        name: str,
        endpoint: str = "",
    ) -> None:
        """``name`` is a variant's where there is an ``endpoint``, of which figures are published; else a job's."""
        self._endpoint = endpoint
        self._look: Callable[[], None] = lambda: None
        self._workshop = workshop
        self._container = container
        self._folder = folder
        self._name = name
        self._log = workshop.log(folder, log_group, name)
        self._stopping = threading.Event()
        self._process: Process | None = None
        self._port = 0
        self._healthy = False
        self._in_flight = 0
        self._idle = threading.Condition()

    @property
    def in_flight(self) -> int:
        """Requests that it is answering now."""
        return self._in_flight

    def start(self) -> None:
        """Fetch the model, start the container, and return when it is healthy."""
        self._fetch_model()
        self._process = self._launch()
        self._wait_until_healthy(self._process)
        threading.Thread(target=self._watch, args=(self._process,), name=f"watch {self._name}", daemon=True).start()

    def invoke(self, headers: Mapping[str, str], body: bytes | BinaryIO, limit: float | None = None) -> Answer:
        """Pass one request on; :class:`NotServing` when nobody is there, ``TimeoutError`` when the answer is late.

        ``limit`` is in seconds, and as long as a real-time endpoint waits where it is not given.
        """
        with self._idle:
            if not self._healthy:
                raise NotHealthy(f"{self._name} is not healthy")
            self._in_flight += 1
        try:
            seconds = self._workshop.settings.invocation_timeout_seconds if limit is None else limit
            return self._ask("POST", "/invocations", headers, body, seconds)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise NotServing(f"{self._name}: {type(error).__name__} {error}") from error
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def parameters(self) -> dict[str, int]:
        """What the container says of how it wants to be asked in a transform job; nothing where it does not."""
        try:
            answer = self._ask("GET", "/execution-parameters", {}, b"", _PING_SECONDS)
            said = json.loads(answer.body) if answer.status == 200 else {}
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        return {key: value for key, value in said.items() if isinstance(value, int)} if isinstance(said, dict) else {}

    def stop(self) -> None:
        """Let running requests end, then end the container and remove its files."""
        self._stopping.set()
        with self._idle:
            self._healthy = False
            self._idle.wait_for(lambda: self._in_flight == 0, self._workshop.settings.drain_seconds)
        if self._process is not None:
            end(self._process, _STOP_GRACE_SECONDS)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fetch_model(self) -> None:
        model = self._folder / "ml" / "model"
        shutil.rmtree(self._folder / "ml", ignore_errors=True)
        model.mkdir(parents=True)
        if self._container.model_data_url is None:
            return
        archive = self._folder / "model.tar.gz"
        self._workshop.storage.of_role(self._container.role).download_object(self._container.model_data_url, archive)
        unpack(archive, model)
        archive.unlink()

    def _launch(self) -> Process:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        environment = {
            "SAGEMAKER_BIND_TO_PORT": str(self._port),
            "GREENLIGHT_BIND_HOST": "127.0.0.1",
            **self._container.environment,
        }
        container = Container(self._container.image, self._folder / "ml", ["serve"], environment)
        command = self._workshop.launcher.command(container, self._log.line)
        process = self._workshop.processes.start(command, self._log.line)
        if self._endpoint:
            dimensions = {"EndpointName": self._endpoint, "VariantName": self._name}
            self._look = self._workshop.watch_use(command, process, ENDPOINTS, dimensions)
        return process

    def _wait_until_healthy(self, process: Process) -> None:
        limit = self._workshop.settings.health_timeout_seconds
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and not self._stopping.is_set():
            code = process.wait(_BETWEEN_PINGS_SECONDS)
            if code is not None:
                raise ServingError(
                    f"The primary container for production variant {self._name} ended with exit code {code}: "
                    f"{self._log.last_words or 'it said nothing'}"
                )
            try:
                if self._ask("GET", "/ping", {}, b"", _PING_SECONDS).status == 200:
                    with self._idle:
                        self._healthy = True
                    return
            except (OSError, http.client.HTTPException):
                continue
        raise ServingError(
            f"The primary container for production variant {self._name} did not pass the ping health check "
            f"within {limit:g} s. Its last words: {self._log.last_words or 'none'}"
        )

    def _watch(self, process: Process) -> None:
        """Start the container again whenever it ends by itself, more slowly each time."""
        pause = 1.0
        while True:
            code = self._follow(process)
            with self._idle:
                self._healthy = False
            if self._stopping.wait(pause):
                return
            self._log.line(f"the container ended with exit code {code} and is started again")
            pause = min(pause * 2, _LONGEST_PAUSE_BEFORE_RESTART_SECONDS)
            try:
                self._process = process = self._launch()
                self._wait_until_healthy(process)
            except ServingError as error:
                self._log.line(str(error))
                end(process, _STOP_GRACE_SECONDS)
            except RuntimeError:
                return  # the stand-in is ending

    def _follow(self, process: Process) -> int:
        """Look at what the container uses until it ends; its exit code."""
        while (code := process.wait(_BETWEEN_LOOKS_SECONDS)) is None:
            self._look()
        return code

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO, seconds: float
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            sent = dict(headers)
            if not isinstance(body, bytes):
                # Else it would go in chunks, which no endpoint of SageMaker sends.
                sent["Content-Length"] = str(os.fstat(body.fileno()).st_size)
            connection.request(method, path, body=body if method == "POST" else None, headers=sent)
            response = connection.getresponse()
            received = {key.lower(): value for key, value in response.getheaders()}
            return Answer(response.status, received, response.read())
        finally:
            connection.close()
