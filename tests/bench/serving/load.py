"""Asks an HTTP server from a number of connections at once and keeps the time of every answer.

Closed loop: a connection sends its next picture when it has the answer to the last. One thread, no library, since the
client runs on the cores that the server computes on; what it costs is part of the result.
"""

from __future__ import annotations

import gc
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_RECEIVED_AT_ONCE = 1 << 18
_SEND_BUFFER = 1 << 20
PATIENCE_SECONDS = 60.0
"""How long an answer may take; SageMaker waits as long."""


class LoadError(RuntimeError):
    """The server answers in a way that cannot be measured."""


@dataclass
class Load:
    """What one load showed. Latencies in seconds, rising, of the answers that came within ``seconds``."""

    clients: int
    seconds: float
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    client_seconds: float = 0.0
    """Processor time of the client."""
    answered: int = 0
    """Answers in all, warm-up included."""
    server_seconds: float = 0.0
    """Processor time of the server for all that were answered."""
    foreign_share: float = 0.0
    """What others took of the machine's processors meanwhile: what disturbs the figures."""
    answers: dict[int, bytes] = field(default_factory=dict)
    """The last good answer to each picture, by the picture's place."""

    def add(self, turn: Load) -> None:
        """Count another turn of as many clients."""
        self.seconds += turn.seconds
        self.latencies = sorted(self.latencies + turn.latencies)
        self.errors += turn.errors
        self.client_seconds += turn.client_seconds
        self.answered += turn.answered
        self.server_seconds += turn.server_seconds
        self.foreign_share = max(self.foreign_share, turn.foreign_share)
        self.answers |= turn.answers

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency in milliseconds that ``share`` of the answers did not exceed (nearest rank)."""
        return 1000 * quantile(self.latencies, share)


def quantile(rising: Sequence[float], share: float) -> float:
    """The value that ``share`` of the rising values do not exceed, by nearest rank; NaN when there is none."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)] if rising else math.nan


def request(path: str, body: bytes) -> bytes:
    """The bytes that ask for what is in a JPEG."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Answer:
    """Reads one response from its pieces; it must state its length."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._body_at = 0
        self._end = 0

    def add(self, piece: bytes) -> bool:
        """Take a piece; whether the answer is complete."""
        self._bytes += piece
        if not self._end:
            at = self._bytes.find(b"\r\n\r\n")
            if at < 0:
                return False
            self._body_at = at + 4
            head = bytes(self._bytes[: self._body_at]).lower()
            before, found, after = head.partition(b"\r\ncontent-length:")
            if not found:
                raise LoadError(f"an answer without a length: {before[:200]!r}")
            self._end = self._body_at + int(after.split(b"\r\n", 1)[0])
        return len(self._bytes) >= self._end

    @property
    def status(self) -> int:
        """The status code."""
        return int(self._bytes[9:12])

    @property
    def body(self) -> bytes:
        """The body."""
        return bytes(self._bytes[self._body_at : self._end])


class _Connection:
    """One client: what it has still to send, what it has received, when it began."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A request fits into the buffer, so that sending it is one call.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.socket.setblocking(False)
        self.picture = 0
        self.started = 0.0
        self.answer = Answer()
        self.rest = memoryview(b"")

    def begin(self, picture: int, request: bytes) -> None:
        self.picture, self.answer, self.rest = picture, Answer(), memoryview(request)
        self.started = time.perf_counter()
        self.send()

    def send(self) -> None:
        """Send what the buffer takes."""
        try:
            self.rest = self.rest[self.socket.send(self.rest) :]
        except BlockingIOError:
            return


def run_load(
    port: int,
    requests: Sequence[bytes],
    *,
    clients: int,
    warm_up: float,
    seconds: float,
    watch: Callable[[], None] = lambda: None,
) -> Load:
    """Ask with ``clients`` connections for ``warm_up`` seconds, then for ``seconds`` that count.

    What is asked is answered when this ends, so that whatever is measured next has the machine for itself. ``watch`` is
    called in a thread before the seconds that count and at their end, both times under load: what it reads (memory)
    would disturb them. Raises LoadError when the server closes a connection or answers nothing for a minute.
    """
    result = Load(clients, seconds)
    selector = selectors.DefaultSelector()
    connections = [_Connection(port) for _ in range(clients)]
    asked, waiting = 0, clients

    def ask(connection: _Connection) -> None:
        nonlocal asked
        connection.begin(asked % len(requests), requests[asked % len(requests)])
        asked += 1
        if connection.rest:
            selector.modify(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            ask(connection)
        counted_from = time.perf_counter() + warm_up
        counted_to = counted_from + seconds
        before = threading.Timer(warm_up / 2, watch)
        before.start()
        after: threading.Thread | None = None
        cpu_from: float | None = None
        last_answer = time.perf_counter()
        while True:
            now = time.perf_counter()
            if cpu_from is None and now >= counted_from:
                cpu_from = time.thread_time()
            if after is None and now >= counted_to:
                result.client_seconds = time.thread_time() - (cpu_from or 0.0)
                after = threading.Thread(target=watch)
                after.start()
            if after is not None and not after.is_alive() and not waiting:
                break
            if now - last_answer > PATIENCE_SECONDS:
                raise LoadError(f"no answer for {PATIENCE_SECONDS:.0f} seconds")
            for key, _ in selector.select(timeout=0.05):
                if _progress(key.data, result, selector, counted_from, counted_to):
                    last_answer = time.perf_counter()
                    if after is None:
                        ask(key.data)
                    else:
                        selector.unregister(key.fileobj)
                        waiting -= 1
    except ConnectionError as error:
        raise LoadError(f"the server closed a connection: {error}") from None
    finally:
        if collecting:
            gc.enable()
        for connection in connections:
            connection.socket.close()
        selector.close()
    result.latencies.sort()
    return result


def _progress(
    connection: _Connection, result: Load, selector: selectors.BaseSelector, counted_from: float, counted_to: float
) -> bool:
    """Send or receive what there is; whether the connection's answer is complete."""
    if connection.rest:
        connection.send()
        if not connection.rest:
            selector.modify(connection.socket, selectors.EVENT_READ, connection)
    try:
        piece = connection.socket.recv(_RECEIVED_AT_ONCE)
    except BlockingIOError:
        return False
    if not piece:
        raise LoadError("the server closed a connection")
    if not connection.answer.add(piece):
        return False
    now = time.perf_counter()
    result.answered += 1
    if connection.answer.status != 200:
        result.errors.append(f"{connection.answer.status}: {connection.answer.body[:200]!r}")
        return True
    result.answers[connection.picture] = connection.answer.body
    if counted_from <= now < counted_to:
        result.latencies.append(now - connection.started)
    return True
