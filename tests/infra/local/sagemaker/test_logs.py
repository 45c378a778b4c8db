"""The log of a container: every line in a file, and in CloudWatch Logs as long as there is one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from infra.local.sagemaker.logs import LogFile, LogShipper
from infra.local.sagemaker.settings import Settings


def test_a_log_that_is_closed_after_its_shipper_waits_for_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the stand-in stops, CloudWatch Logs first: the file has every line, and nothing more is sent."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        shipper = LogShipper(Settings(tmp_path, f"http://127.0.0.1:{deaf.getsockname()[1]}"))
        log = LogFile(tmp_path / "log.txt", "group", "stream", shipper)
        shipper.close()
        log.line("one")
        log.close()
    assert (tmp_path / "log.txt").read_text() == "one\n"
    assert caplog.records == []
