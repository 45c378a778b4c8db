"""The port a server listens on, and how it is closed without losing whoever has just connected.

Closing a port resets the connections that the system has accepted and the program has not seen yet, although their
requests may already have been sent. So the port is first made deaf, and closed when those are taken in.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

BACKLOG = 2048
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_NO_NEW_CONNECTION = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the flags, the byte at 13 of a TCP header
        (0x45, 0, 1, 0x02),  # unless SYN is set, skip what follows
        (0x06, 0, 0, 0),  # drop the packet
        (0x06, 0, 0, 0xFFFFFFFF),  # let it through, whole
    )
)
"""A packet filter (linux/filter.h): no connection begins, and one that has begun is completed."""


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def turn_deaf(listener: socket.socket) -> None:
    """From here on nobody can connect; those who have are still there to be accepted. Does nothing but on Linux."""
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(_NO_NEW_CONNECTION, len(_NO_NEW_CONNECTION))
    program = struct.pack("HP", len(_NO_NEW_CONNECTION) // struct.calcsize("HBBI"), ctypes.addressof(code))
    with contextlib.suppress(OSError):  # a sandbox may forbid it: then closing is as good as it is elsewhere
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
