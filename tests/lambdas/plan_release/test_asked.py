"""A stage is brought up, and a challenge held, as a release that runs has asked for it, and by nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release import asked
from lambdas.plan_release import handler as function
from lambdas.plan_release.asked import check_asked
from lambdas.plan_release.package import RefusalError
from tests.lambdas.conftest import Context
from tests.lambdas.plan_release.releases import EXECUTION, GIVEN, HERE, RELEASE, Releases, scheduled

CHALLENGE = replace(EXECUTION, id=EXECUTION.id.replace("-stage:", "-challenge:"))
BY_CHALLENGE = {"StateMachineArn": f"{HERE}:stateMachine:greenlight-challenge"}


def test_what_a_release_has_asked_for_is_planned() -> None:
    """By the call that it waits for, whose input a service may have written as text."""
    check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, scheduled())
    check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, scheduled(Input=json.dumps(GIVEN)))
    check_asked(CHALLENGE, GIVEN, RELEASE.execution_arn, scheduled(**BY_CHALLENGE))


@pytest.mark.parametrize(
    "newest",
    [
        [],
        scheduled(Name="another"),
        scheduled(**BY_CHALLENGE),
        scheduled(Input={**GIVEN, "stage": "staging"}),
        scheduled(Input={**GIVEN, "release": {**RELEASE.document(), "model_data_url": "s3://bucket/another"}}),
        [{"type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": "no JSON"}}],
    ],
)
def test_nobody_else_brings_anything_up(newest: list[dict[str, Any]]) -> None:
    """Whoever may start executions may name any release that runs, and any archive."""
    with pytest.raises(RefusalError, match="has not asked for this: a stage is a part of a release"):
        check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, newest)


def test_an_execution_of_another_machine_asks_for_nothing() -> None:
    """One that somebody made shows whatever call they like."""
    other = f"{HERE}:execution:another-release:go"
    with pytest.raises(RefusalError, match="no release of this project"):
        check_asked(EXECUTION, GIVEN, other, scheduled())


@pytest.mark.parametrize(("execution", "given"), [(EXECUTION, {"machine": "stage"}), (CHALLENGE, {"challenge": True})])
def test_an_execution_that_no_release_waits_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, context: Context, execution: Any, given: dict[str, Any]
) -> None:
    """One that has ended, and one that asks for something else, a few looks later.

    A challenge would take the lock of the release that it names, and serve a share of the requests.
    """
    monkeypatch.setattr(asked, "PAUSE_SECONDS", 0)
    event = {**given, "input": GIVEN, "execution": {"id": execution.id, "name": execution.name}}
    for releases in (Releases(scheduled(), "FAILED"), Releases(scheduled(Name="another"))):
        monkeypatch.setattr(function, "stepfunctions", releases)
        with pytest.raises(function.ReleaseRefused, match=r"does not run|has not asked"):
            function.handler(event, context)
