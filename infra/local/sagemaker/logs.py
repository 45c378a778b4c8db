"""A job's output: kept in a file, and sent to CloudWatch Logs while the job runs.

Lines are sent in batches twice a second, so that whoever watches sees an epoch as it ends. Losing CloudWatch loses
nothing: the file has every line.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import StorageError, client, wait_until_open

_LOG = logging.getLogger("greenlight.sagemaker")
_SECONDS_BETWEEN_BATCHES = 0.5
_LARGEST_BATCH = 1000
_LONGEST_LINE = 16_000


class LogFile:
    """The output of one container."""

    def __init__(self, path: Path, group: str, stream: str, shipper: LogShipper) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.group = group
        self.stream = stream
        self.last_words = ""
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._shipper = shipper

    def line(self, text: str) -> None:
        """Keep one line and send it on."""
        with self._lock:
            if self._file.closed:
                return
            self._file.write(text + "\n")
            self._file.flush()
        if text.strip():
            self.last_words = text.strip()
        self._shipper.send(self.group, self.stream, text)

    def close(self) -> None:
        """Send what is left and close the file."""
        with self._lock:
            self._file.close()
        self._shipper.flush()


class LogShipper:
    """Sends lines of all containers to CloudWatch Logs from one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lines: deque[tuple[str, str, int, str]] = deque()
        self._known: set[tuple[str, str]] = set()
        self._sending = threading.Lock()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Send nothing more: CloudWatch Logs ends with the stand-in, and whoever closes a log must not wait for it."""
        self._closed.set()

    def send(self, group: str, stream: str, text: str) -> None:
        """Queue one line."""
        self._lines.append((group, stream, int(time.time() * 1000), text[:_LONGEST_LINE] or " "))
        with self._started:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-shipper", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Send everything queued so far."""
        if self._closed.is_set():
            return
        with self._sending:
            batches: dict[tuple[str, str], list[dict[str, Any]]] = {}
            while self._lines:
                group, stream, at, text = self._lines.popleft()
                batches.setdefault((group, stream), []).append({"timestamp": at, "message": text})
            for (group, stream), events in batches.items():
                try:
                    self._put(group, stream, events)
                except (ClientError, BotoCoreError) as error:
                    _LOG.warning("the log of %s did not reach CloudWatch Logs: %s", stream, error)

    def _run(self) -> None:
        try:
            wait_until_open(self._settings.endpoint_url)
        except StorageError as error:
            _LOG.warning("no log reaches CloudWatch Logs: %s", error)
            return
        while not self._closed.wait(_SECONDS_BETWEEN_BATCHES):
            self.flush()

    def _put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        if self._client is None:
            self._client = client(self._settings, "logs")
        if (group, stream) not in self._known:
            already_there = self._client.exceptions.ResourceAlreadyExistsException
            with contextlib.suppress(already_there):
                self._client.create_log_group(logGroupName=group)
            with contextlib.suppress(already_there):
                self._client.create_log_stream(logGroupName=group, logStreamName=stream)
            self._known.add((group, stream))
        for start in range(0, len(events), _LARGEST_BATCH):
            self._client.put_log_events(
                logGroupName=group, logStreamName=stream, logEvents=events[start : start + _LARGEST_BATCH]
            )
