"""One running stand-in: the engine with its gaps closed and SageMaker plugged in, served on one socket.

Import this module only after the environment of `settings.py` is set: the engine reads it while it is imported.
Knows nothing about the command line.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import re
import signal
import socket
import threading
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as engine_app
from ministack.core import hypercorn_compat, persistence

from infra.local import gaps
from infra.local.gaps import (
    api_integrations,
    control,
    forked_starts,
    function_urls,
    functions,
    image_pulls,
    principals,
    resume,
    sagemaker_tasks,
    stack_callers,
    warm_starts,
)
from infra.local.mailbox import Mailbox
from infra.local.quotas import Quotas
from infra.local.sagemaker import plugin, protocol, service
from infra.local.sagemaker.errors import ServiceError
from infra.local.settings import Settings
from infra.local.web_pages import App, WebPageGuard

_log = logging.getLogger("infra.local")
_MAIL_PATH = "/_local/mail"
# A mailed link, by its end alone: short enough for one line of a terminal.
_LINKED = re.compile(r"/_local(/a/[A-Za-z0-9_-]+)")
_READY_SECONDS = 60
# The engine saves its state only when it is stopped in order; a killed process loses no more than this.
_SAVE_SECONDS = 30
_GRACE_SECONDS = 2
"""How long what is under way may still go on as the stand-in stops."""
Message = dict[str, Any]


class StandIn:
    """The ASGI application in front of the engine, and what happens when it comes up and goes down."""

    def __init__(self, settings: Settings) -> None:
        """Close the engine's gaps; nothing is served yet."""
        self._settings = settings
        self._mailbox = Mailbox(settings.state / "mail.json")
        gaps.install(settings.url, self._mailbox, Quotas(settings.quotas))
        sagemaker_tasks.install(service.call, ServiceError)
        api_integrations.install(protocol.handle_request)

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer the mailbox's addresses, and give everything else to the engine."""
        if scope["type"] == "lifespan":
            await engine_app.app(scope, self._before(receive), self._after(send))
        elif scope["type"] == "http" and scope["path"] == _MAIL_PATH:
            body = json.dumps(self._mailbox.newest_first()).encode()
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        elif scope["type"] == "http" and (linked := _LINKED.fullmatch(scope["path"])):
            await self._lead_to(self._mailbox.link_ending(linked[1]), send)
        else:
            await engine_app.app(scope, receive, send)

    @staticmethod
    async def _lead_to(link: str, send: Callable[[Message], Awaitable[None]]) -> None:
        """Send a browser on to a mailed link; 404 where no mail had it."""
        headers = [(b"location", link.encode())] if link else [(b"content-type", b"text/plain; charset=utf-8")]
        headers.append((b"cache-control", b"no-store"))
        await send({"type": "http.response.start", "status": 302 if link else 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if link else b"no mail had this link\n"})

    def _before(self, receive: Callable[[], Awaitable[Message]]) -> Callable[[], Awaitable[Message]]:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                # Again, for executions that the last requests have started: the engine saves its state next.
                control.suspend_all()
            return message

        return received

    def _after(self, send: Callable[[Message], Awaitable[None]]) -> Callable[[Message], Awaitable[None]]:
        async def sent(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                function_urls.move(self._settings.url)
                _log.info("%d executions go on", resume.resume_all())
            await send(message)

        return sent


def run(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once, when the first request has been answered."""
    app = WebPageGuard(StandIn(settings), settings.host, settings.url)
    hypercorn_compat.install()
    handle = plugin.register(
        state=settings.state / "sagemaker",
        endpoint_url=settings.url,
        images=settings.images,
        wait_scale=settings.wait_scale,
        runtime=settings.runtime,
        run_arguments=settings.run_arguments,
        without_capacity=settings.without_capacity,
        quotas=Quotas(settings.quotas),
        job_ended=control.notify_all,
        role_credentials=principals.credentials_of if settings.iam else None,
        may_pull=image_pulls.may_pull if settings.iam else None,
    )
    # With SageMaker's resource, too.
    stack_callers.install()
    if settings.warm:
        warm_starts.install()
    try:
        asyncio.run(_serve(app, settings, listener, ready))
    finally:
        handle.stop()
        warm_starts.end()
        functions.end()
        forked_starts.end()
        _log.info("stopped")


async def _serve(app: App, settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE_SECONDS
    config.errorlog = logging.getLogger("hypercorn.error")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, _begin_to_stop, stop)
    beside = [asyncio.create_task(_announce(settings, ready)), asyncio.create_task(_save_regularly())]
    await serve(app, config, shutdown_trigger=stop.wait)
    for task in beside:
        task.cancel()


def _begin_to_stop(stop: asyncio.Event) -> None:
    # At once, before anything is closed: no execution may take the end of what it waits for as a failure.
    control.suspend_all()
    # The server waits for the requests that it answers, however long; none needs to wait for a function's last minute.
    late = threading.Timer(_GRACE_SECONDS, functions.end)
    late.daemon = True
    late.start()
    stop.set()


async def _save_regularly() -> None:
    while True:
        await asyncio.sleep(_SAVE_SECONDS)
        await asyncio.to_thread(persistence.save_all, engine_app._build_persistence_save_dict())


async def _announce(settings: Settings, ready: Callable[[], None]) -> None:
    for _ in range(_READY_SECONDS * 20):
        if await asyncio.to_thread(_answers, settings):
            ready()
            return
        await asyncio.sleep(0.05)
    _log.error("no answer within %d seconds", _READY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _answers(settings: Settings) -> bool:
    address = urllib.parse.urlsplit(settings.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
