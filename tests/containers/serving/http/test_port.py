"""A port that is hidden: whoever has connected is still accepted, and nobody else gets in."""

from __future__ import annotations

import socket
import sys

import pytest

from containers.serving.http.port import hide_port, open_port


@pytest.mark.skipif(sys.platform != "linux", reason="a port can be hidden on Linux only")
def test_a_hidden_port_refuses_newcomers_and_keeps_those_who_came_before() -> None:
    """Both had sent nothing yet when it was hidden; no privilege is needed."""
    with open_port("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        earlier = [socket.create_connection(address, timeout=5) for _ in range(2)]
        if not hide_port(listener):
            pytest.skip("this system cannot hide a port: Linux 5.7 can, most sandboxes cannot")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        for client in earlier:
            client.sendall(b"asked")
            accepted, _ = listener.accept()
            with client, accepted:
                assert accepted.recv(5) == b"asked"
                accepted.sendall(b"answered")
                assert client.recv(8) == b"answered"


def test_a_port_that_cannot_be_hidden_is_no_error() -> None:
    """A sandbox may refuse it, and the server has to go on to close."""
    listener = open_port("127.0.0.1", 0)
    listener.close()
    assert hide_port(listener) is False
