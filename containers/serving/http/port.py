"""The port a server listens on, and how it is closed without losing whoever has just connected.

Closing a port resets the connections that the system has accepted and the program has not seen yet, although their
requests may already have been sent. So the port is first hidden, and closed when those are taken in.
"""

from __future__ import annotations

import socket
import sys

BACKLOG = 2048
_SO_BINDTOIFINDEX = 62  # Linux, asm-generic/socket.h
_NO_INTERFACE = 2**31 - 1
"""An index that no network interface has: Linux hands them out from 1 upwards."""


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def hide_port(listener: socket.socket) -> bool:
    """From here on whoever connects is refused; handshakes under way complete, and all of them can be accepted.

    A listener that is bound to an interface is not found by what arrives at another one, while connections belong to
    the interface they began at. Needs no privilege since Linux 5.7. False where the system, or a sandbox, has no such
    thing: nothing is changed then.
    """
    if sys.platform != "linux":
        return False
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, _NO_INTERFACE)
    except OSError:
        return False
    return True
