"""While something is drawn, what is typed is neither shown nor taken as an answer to what is asked afterwards."""

from __future__ import annotations

import io
import os
import pty
import select
import termios

from workflow.runs.keys import hush

LOCAL_MODES = 3


def test_what_is_typed_meanwhile_is_not_shown_and_is_forgotten() -> None:
    """The terminal is afterwards as it was."""
    controller, terminal = pty.openpty()
    with os.fdopen(terminal) as stream:
        before = termios.tcgetattr(terminal)
        show = hush(stream)
        assert not termios.tcgetattr(terminal)[LOCAL_MODES] & termios.ECHO
        os.write(controller, b"approve\n")
        assert select.select([stream], [], [], 5)[0]
        show()
        assert termios.tcgetattr(terminal) == before
        assert not select.select([stream], [], [], 0.2)[0]
        assert not select.select([controller], [], [], 0)[0], "nothing was echoed"
    os.close(controller)


def test_without_a_terminal_nothing_is_changed() -> None:
    """A pipe shows nothing by itself."""
    hush(io.StringIO())()
