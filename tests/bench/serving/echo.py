"""A server that does nothing: it takes a request and answers a constant. What it is asked with shows the client's cost.

``python -m tests.bench.serving.echo PORT``
"""

from __future__ import annotations

import asyncio
import sys

from tests.bench.serving.load import HOST

_BODY = b'{"detections": []}' + b" " * 1500
_ANSWER = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n".encode() + _BODY


class Echo(asyncio.Protocol):
    """Counts the bytes of a request instead of keeping them."""

    def __init__(self) -> None:
        self._head = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when a request is complete; the client sends the next one only then."""
        if not self._missing:
            head, found, _ = (self._head + data).partition(b"\r\n\r\n")
            if not found:
                self._head += data
                return
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            self._missing = len(head) + 4 + length - len(self._head)
            self._head = b""
        self._missing -= len(data)
        if not self._missing:
            self._transport.write(_ANSWER)


async def main(port: int) -> None:
    """Answer for ever."""
    server = await asyncio.get_running_loop().create_server(Echo, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
