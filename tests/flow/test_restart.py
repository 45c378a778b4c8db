"""A person answers days later; the service may be another process by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.conftest import IMAGES, WAIT_SCALE, deployed
from tests.flow.driver import Flow
from tests.stand_in import StandIn

pytestmark = [pytest.mark.standin, pytest.mark.install]


def waits(flow: Flow, execution: str) -> bool:
    """Whether a run has asked and waits: a function that was cut off while it asked would ask once more."""
    last = flow.machines.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"][0]
    return last["type"] == "TaskSubmitted" and flow.request_mail(execution) is not None


def test_the_mailed_link_decides_after_a_restart(tmp_path: Path) -> None:
    """The very link, from the mail of before; the run that waited goes on."""
    with deployed(tmp_path) as before:
        execution = before.begin(before.upload())
        before.wait_until(lambda: waits(before, execution), "nobody was asked")
        port, mails = before.stand_in.port, before.stand_in.mail()
        assert before.stand_in.stop() == 0
    with StandIn(tmp_path, images=IMAGES, wait_scale=WAIT_SCALE, port=port) as again:
        flow = Flow(again, before.stack)
        assert again.mail() == mails
        assert flow.describe(execution)["status"] == "RUNNING"
        flow.answer(execution, "reject", comment="seen before, decided after")
        ended = flow.end(execution)
        assert (ended.error, ended.cause) == ("Approval.Rejected", "Ada rejected it: seen before, decided after")
