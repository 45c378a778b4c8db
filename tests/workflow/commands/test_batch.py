"""The command that has a folder answered, without a stand-in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workflow.batches.start import package_of
from workflow.commands import batch as command
from workflow.errors import UsageError
from workflow.runs import steering, watch

MACHINE = "arn:aws-cn:states:cn-north-1:000000000000:stateMachine:greenlight-batch"
STACK: Any = SimpleNamespace(batch_machine_arn=MACHINE, package_group="greenlight", bucket="bucket", table="table")


def test_whoever_interrupts_leaves_no_job_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The execution is stopped, and with it its transform job; the command ends as interrupted."""
    stopped = []

    def follow(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "follow", follow)
    monkeypatch.setattr(steering, "stop_run", lambda _, execution, why: stopped.append((execution, why)))
    session: Any = SimpleNamespace(cloud=SimpleNamespace(local=True))
    with pytest.raises(KeyboardInterrupt):
        command._watch(session, STACK, f"{MACHINE}:one", as_json=True)
    ((execution, why),) = stopped
    assert (execution, why.startswith("interrupted by ")) == (f"{MACHINE}:one", True)
    assert "stopped one, and its job" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """With what may be named instead."""
    session: Any = SimpleNamespace(cloud=None)
    with pytest.raises(UsageError, match="there is no such folder"):
        command._upload(session, STACK, str(tmp_path / "nothing"), "batch-1")


def test_a_version_is_named_in_its_own_partition() -> None:
    """In the account and the region of the stack."""
    arn = "arn:aws-cn:sagemaker:cn-north-1:000000000000:model-package/greenlight/7"
    assert package_of(STACK, 7) == arn
