"""HTTP as uvicorn reads it, with a bound on what comes before a body, and refusals in JSON.

uvicorn keeps every header of a request until the last one is there, however many there are.
"""

from __future__ import annotations

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAXIMUM_HEAD_BYTES = 65_536


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers are longer than 64 KiB."""

    _head_bytes = 0
    _in_head = True

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_bytes = 0
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The body begins."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes from the network; those of a body are counted where it is read."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAXIMUM_HEAD_BYTES:
                self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        body = json.dumps({"error": msg}).encode()
        head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()
