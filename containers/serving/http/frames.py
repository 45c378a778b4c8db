"""How the server and its workers talk: a JSON header and a body, each preceded by its length.

Knows neither of them. Both ends are ours and of one version, so a broken frame is a dead peer, nothing else.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

_LENGTHS = struct.Struct("!II")
Frame = tuple[dict[str, Any], bytes]


def pack(header: dict[str, Any], body: bytes | bytearray) -> bytes:
    """The bytes of a frame."""
    text = json.dumps(header).encode()
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame. Raises asyncio.IncompleteReadError when the peer is gone."""
    header, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    return json.loads(await reader.readexactly(header)), await reader.readexactly(body)


def receive_frame(peer: socket.socket) -> Frame | None:
    """The next frame, waited for; None when the peer is gone."""
    lengths = _receive(peer, _LENGTHS.size)
    if lengths is None:
        return None
    header, body = (_receive(peer, length) for length in _LENGTHS.unpack(lengths))
    return None if header is None or body is None else (json.loads(header), bytes(body))


def _receive(peer: socket.socket, length: int) -> bytearray | None:
    data = bytearray(length)
    view, at = memoryview(data), 0
    while at < length:
        count = peer.recv_into(view[at:])
        if count == 0:
            return None
        at += count
    return data
