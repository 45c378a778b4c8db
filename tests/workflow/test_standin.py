"""The stand-in as a process that the demonstration owns, or finds."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from workflow.errors import GreenlightError
from workflow.standin import StandIn, read_environment, read_mail


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_environment_file_is_read_as_a_shell_would() -> None:
    """Quotes are the shell's, other lines are none of ours."""
    text = "# made by the stand-in\nexport A=http://127.0.0.1:1\nexport B='two words'\n"
    assert read_environment(text) == {"A": "http://127.0.0.1:1", "B": "two words"}


@pytest.mark.standin
def test_what_was_started_is_found_again_and_stopped_by_its_owner_alone(tmp_path: Path) -> None:
    """A second one on the same state reuses the first, which goes on when the second is done with it."""
    port = free_port()
    first, second = StandIn(tmp_path / "state", port), StandIn(tmp_path / "state", port)
    try:
        environment = first.ensure()
        assert second.ensure() == environment
        assert (first.started, second.started) == (True, False)
        second.stop()
        assert read_mail(environment["AWS_ENDPOINT_URL"]) == []
        pid = int((tmp_path / "state" / "pid").read_text())
    finally:
        first.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(GreenlightError, match="has no mailbox"):
        read_mail(environment["AWS_ENDPOINT_URL"])


@pytest.mark.standin
def test_a_file_of_a_stand_in_that_died_is_no_stand_in(tmp_path: Path) -> None:
    """A stale pid and address do not count: a fresh one starts."""
    (tmp_path / "pid").write_text("1\n")
    (tmp_path / "env").write_text("export AWS_ENDPOINT_URL=http://127.0.0.1:1\n")
    standin = StandIn(tmp_path, free_port())
    try:
        assert standin.ensure()["AWS_ENDPOINT_URL"] != "http://127.0.0.1:1"
        assert standin.started
    finally:
        standin.stop()
