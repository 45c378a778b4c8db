"""Lines are broken between words for the width that a terminal has, and by how wide letters are shown."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

from hypothesis import given
from hypothesis import strategies as st

from workflow.table import fit_table, format_table
from workflow.terminal import cut, fit, width_of, wrap

LINK = "http://127.0.0.1:4566/_local/a/xfkQimoJu5jkF8NK6o4q9-cSfAdWKVLu"
TEXTS = st.text(st.sampled_from("ab. 釘é·"), max_size=60)


@given(TEXTS, st.integers(8, 40), st.integers(0, 4))
def test_wrapping_loses_no_word_and_breaks_none(text: str, width: int, indent: int) -> None:
    """Only blanks become breaks; a line is wider than the terminal only where one word is."""
    lines = wrap(text, width, indent)
    assert " ".join(lines).split() == text.split()
    for at, line in enumerate(lines):
        assert width_of(line) <= width or len(line.split()) == 1
        assert at == 0 or line.startswith(" " * indent)


def test_an_address_is_left_whole() -> None:
    """A terminal joins it again when it is copied; a break or an indent within it would be copied, too."""
    assert wrap(f"    {LINK}", 40, 4) == [f"    {LINK}"]
    assert wrap(f"look at {LINK} now", 40, 4) == ["look at", f"    {LINK}", "    now"]


def test_a_command_is_never_broken_in_two() -> None:
    """Whoever copies it would run its first half."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(controller, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    command = "  again    greenlight start --like 2026-11-30T19-04-14 --set epochs=60"
    with os.fdopen(terminal, "w") as stream:
        assert fit(f"failed for a reason that is a long one\n{command}", stream).split("\n") == [
            "failed for a reason that is a long one",
            command,
        ]
        assert fit("failed for a reason that is the longest of them", stream).split("\n") == [
            "failed for a reason that is the longest",
            "  of them",
        ]
    os.close(controller)


def test_what_stands_apart_stays_together() -> None:
    """A figure does not part from its name where there is room on the next line."""
    text = "      about 42 s left  epoch 9/30 ▇▇  mAP50 0.290 ↗  box loss 0.667 ↘"
    assert wrap(text, 60, 6) == ["      about 42 s left  epoch 9/30 ▇▇  mAP50 0.290 ↗", "      box loss 0.667 ↘"]


@given(TEXTS, st.integers(1, 20))
def test_what_is_cut_fits_and_says_that_it_goes_on(text: str, width: int) -> None:
    """A wide letter is not cut in two."""
    shown = cut(text, width)
    assert width_of(shown) <= width
    assert shown == text or shown.endswith("…")


def test_a_file_gets_lines_as_they_are() -> None:
    """Whatever reads it later breaks them by itself."""
    assert fit("a " * 100, io.StringIO()) == "a " * 100


def test_a_table_that_is_too_wide_goes_on_below_each_line() -> None:
    """No column is lost; a table that fits is a table."""
    head, rows = ("RUN", "DATASET", "WHY"), [("run-1", "釘", "too few images"), ("run-2", "bolts", "")]
    assert fit_table(head, rows, 80) == fit_table(head, rows, None) == format_table(head, rows)
    assert fit_table(head, rows, 20).split("\n") == [
        "RUN    DATASET",
        "run-1  釘",
        "  why too few images",
        "run-2  bolts",
    ]
