"""Root is given away where the image asks for it, and only there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from containers.serving.http.privilege import step_down
from tests.containers.serving.conftest import ROOT

PROGRAM = """
import os, sys
from containers.serving.http.privilege import PrivilegeError, step_down
try:
    step_down({"GREENLIGHT_USER": sys.argv[1]})
except PrivilegeError as error:
    sys.exit(f"refused: {error}")
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups())
"""


def run(user: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, user], cwd=ROOT, capture_output=True, text=True, check=False)


def test_nothing_happens_where_no_user_is_named() -> None:
    """On a laptop the server runs as whoever started it."""
    before = os.geteuid()
    step_down({})
    step_down({"GREENLIGHT_USER": ""})
    assert os.geteuid() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root away")
def test_root_becomes_the_named_user_with_no_group_left() -> None:
    """Real, effective and group id, and no supplementary group."""
    assert run("10001").stdout.split() == ["10001", "10001", "10001", "[]"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root away")
def test_root_that_cannot_be_given_away_is_refused() -> None:
    """Serving as root by mistake is worse than not serving."""
    assert "refused: GREENLIGHT_USER=nobody" in run("nobody").stderr
