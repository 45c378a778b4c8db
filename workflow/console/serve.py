"""Serves the console on this machine until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from workflow.errors import UsageError

_END_SECONDS = 2
"""How long an answer that is under way may still take once the console is ended."""

HOST = "127.0.0.1"
"""This machine alone: whoever reaches the console may start and stop runs."""


def listen(port: int) -> socket.socket:
    """A socket on ``port``, or on any free one where it is 0. Raises UsageError where it is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} cannot be used ({error.strerror}): choose another with --port.") from error
    return listener


def serve(app: Starlette, listener: socket.socket, ready: Callable[[], None], url: str = "") -> None:
    """Answer until interrupted; ``ready`` is called once it does. A browser opens ``url``, empty for none."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
    config.timeout_graceful_shutdown = _END_SECONDS
    server = uvicorn.Server(config)

    async def run() -> None:
        listener.listen()
        ready()
        if url:
            webbrowser.open(url)
        await server.serve(sockets=[listener])

    # That is how it is meant to end.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
