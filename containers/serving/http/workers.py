"""The worker processes from the server's side: started, asked, and replaced when they die.

Every worker has a slot or a few, each a socket to one of its threads; a request takes a free slot, so no worker is ever
asked more than it can do at once. One slot is for short requests alone: a worker that finds a request to be long hands
it back, and it waits for one of the others. So whoever sends many large pictures waits for their own. Knows no HTTP and
no model.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from containers.serving.http.frames import Frame, pack, read_frame
from containers.serving.model.manifest import ModelError
from workflow.contract.model import MAXIMUM_PIXELS

SLOTS_A_WORKER = 4
"""Threads of one process at the most, where fewer processes than processors are wanted: they wait for Python's lock."""
PROCESSES = 8
"""With more processors than these a process has several slots: each holds the model anew, 110 MB of the smallest."""
ANSWER_SECONDS = 60.0
"""SageMaker gives up after 60 seconds, and so does whoever asked it; a worker that takes longer is stuck. Only of an
answer that a queue waits for it may be told otherwise."""
START_SECONDS = 120.0
"""SageMaker wants a container healthy within 4 minutes."""
REPLACE_SECONDS = 1.0
ENVIRONMENT = {
    # Memory of the last picture is kept for the next: fetching it from the system each time costs 4 ms a request.
    "MALLOC_MMAP_THRESHOLD_": "67108864",
    "MALLOC_TRIM_THRESHOLD_": "536870912",
    "MALLOC_ARENA_MAX": "2",
    # A request is one core's work, numpy's part included.
    "OPENBLAS_NUM_THREADS": "1",
    # OpenCV's own bound, behind ours.
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(MAXIMUM_PIXELS),
}


class WorkersError(ValueError):
    """The environment names a number of workers that is none."""


class WorkerLostError(RuntimeError):
    """The worker ended, or was ended, before it answered."""


class BusyError(RuntimeError):
    """So many long requests wait that another one would probably not be answered in time."""


@dataclass(frozen=True)
class Spread:
    """How many requests are answered at one time (``slots``), and by how many processes."""

    processes: int
    slots: int

    @staticmethod
    def choose(environ: Mapping[str, str], processors: int) -> Spread:
        """A process with a slot for each of a few processors, or at most so many processes as GREENLIGHT_WORKERS says.

        One of two slots, the fewest there are, is for short requests alone. Raises WorkersError for no number.
        """
        text = environ.get("GREENLIGHT_WORKERS", "")
        if text and not (text.isascii() and text.isdigit() and int(text)):
            raise WorkersError(f"GREENLIGHT_WORKERS = {text!r}: must be a number from 1")
        usual = min(processors, max(PROCESSES, -(-processors // SLOTS_A_WORKER)))
        processes = min(usual, int(text)) if text else usual
        return Spread(processes, max(2, min(processors, processes * SLOTS_A_WORKER)))

    @property
    def sizes(self) -> list[int]:
        """The slots of each process."""
        return [self.slots // self.processes + (at < self.slots % self.processes) for at in range(self.processes)]


@dataclass
class Slot:
    """One thread of a worker: takes one request at a time."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answer_seconds: float

    async def ask(self, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        """Hand a request over and wait for its answer. Raises WorkerLostError; the slot is of no use then."""
        try:
            self.writer.write(pack(header, body))
            async with asyncio.timeout(self.answer_seconds):
                return await read_frame(self.reader)
        except (OSError, asyncio.IncompleteReadError):
            raise WorkerLostError("the process that looked at the request ended") from None
        except TimeoutError:
            self.end()
            raise WorkerLostError(f"no answer within {self.answer_seconds:g} seconds") from None

    def end(self) -> None:
        """Kill the worker, with all its slots."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


class Workers:
    """All workers of a server, which is one event loop."""

    def __init__(
        self, model: int, spread: Spread, tell: Callable[..., None], answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Workers for the model behind the file descriptor ``model``.

        One that has not answered within ``answer_seconds`` is stuck.
        """
        self.answer_seconds = answer_seconds
        self._sizes = spread.sizes
        self._model = model
        self._tell = tell
        self._free: asyncio.Queue[Slot] = asyncio.Queue()
        self._for_long = asyncio.Semaphore(spread.slots - 1)
        self._long_seconds, self._most_long_seconds = 0.0, answer_seconds * (spread.slots - 1)
        self._keepers: list[asyncio.Task[None]] = []
        self._started: set[asyncio.subprocess.Process] = set()
        self._alive: set[asyncio.subprocess.Process] = set()
        self.runtime = ""

    @property
    def healthy(self) -> bool:
        """Whether a worker is there to answer."""
        return bool(self._alive)

    async def start(self) -> None:
        """Start all and wait until each has run the model. Raises ModelError with the reason of one that cannot."""
        started = await asyncio.gather(*(self._start(size) for size in self._sizes))
        self._keepers = [
            asyncio.create_task(self._keep(process, size)) for process, size in zip(started, self._sizes, strict=True)
        ]

    async def ask(self, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        """The answer of the next free slot, or of another one when its worker ends.

        Raises WorkerLostError, and BusyError for a long request when too many wait already.
        """
        answer = await self._ask_twice({**header, "may_be_long": False}, body)
        if "long" not in answer[0]:
            return answer
        seconds = answer[0]["long"]
        if self._long_seconds + seconds > self._most_long_seconds:
            raise BusyError(f"large pictures wait already that take {self._long_seconds:.0f} seconds: send them later")
        self._long_seconds += seconds
        try:
            return await self._ask_twice({**header, "may_be_long": True}, body)
        finally:
            self._long_seconds -= seconds

    async def _ask_twice(self, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        try:
            return await self._ask_once(header, body)
        except WorkerLostError:
            # Perhaps another request of the same worker ended it, so this one is asked again; but no more than once.
            return await self._ask_once(header, body)

    async def _ask_once(self, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        if not header["may_be_long"]:
            asked = self._use(await self._take_slot(), header, body)
        else:
            await self._for_long.acquire()
            try:
                slot = await self._take_slot()
            except BaseException:
                self._for_long.release()
                raise
            asked = self._use_for_long(slot, header, body)
        # Shielded: an answer that nobody waits for any more has to be read before the slot is used again.
        return await asyncio.shield(asyncio.ensure_future(asked))

    async def _take_slot(self) -> Slot:
        slot = await self._free.get()
        while slot.process not in self._alive:
            slot = await self._free.get()
        return slot

    async def _use_for_long(self, slot: Slot, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        try:
            return await self._use(slot, header, body)
        finally:
            self._for_long.release()

    async def _use(self, slot: Slot, header: dict[str, Any], body: bytes | bytearray) -> Frame:
        try:
            answer = await slot.ask(header, body)
        except WorkerLostError:
            self._alive.discard(slot.process)
            raise
        self._free.put_nowait(slot)
        return answer

    async def stop(self) -> None:
        """End all; whoever still waits for an answer gets none."""
        for keeper in self._keepers:
            keeper.cancel()
        for process in tuple(self._started):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self, size: int) -> asyncio.subprocess.Process:
        pairs = [socket.socketpair() for _ in range(size)]
        theirs = [pair[1].fileno() for pair in pairs]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "containers.serving", "worker", str(self._model), *map(str, theirs)),
            stdin=subprocess.DEVNULL,
            pass_fds=(self._model, *theirs),
            env={**os.environ, **ENVIRONMENT},
        )
        self._started.add(process)
        for _, their in pairs:
            their.close()
        slots = []
        for ours, _ in pairs:
            reader, writer = await asyncio.open_connection(sock=ours)
            slots.append(Slot(process, reader, writer, self.answer_seconds))
        for slot in slots:
            try:
                word, _ = await asyncio.wait_for(read_frame(slot.reader), START_SECONDS)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                slot.end()
                raise ModelError("the worker ended, or was stuck, while it loaded the model") from None
            if "error" in word:
                raise ModelError(word["error"])
            self.runtime = word["runtime"]
        self._alive.add(process)
        for slot in slots:
            self._free.put_nowait(slot)
        return process

    async def _keep(self, process: asyncio.subprocess.Process, size: int) -> None:
        while True:
            status = await process.wait()
            self._alive.discard(process)
            self._started.discard(process)
            self._tell("worker ended", status=status)
            while True:
                await asyncio.sleep(REPLACE_SECONDS)
                try:
                    process = await self._start(size)
                except Exception as error:  # whatever it is, the next try may do better
                    self._tell("worker not replaced", error=str(error))
                else:
                    self._tell("worker replaced")
                    break
