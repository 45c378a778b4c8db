"""How a challenge that ended midway is put right: the champion's own configuration goes back behind production. Pure.

What was stopped cannot tidy up after itself. What goes back is what the last release recorded and marked; the stopped
execution's input says no more than what people are told of. Who is refused here changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, Served
from workflow.contract.cause import text_of
from workflow.contract.challenge import ChallengeRecord
from workflow.contract.champion import NOT_RECORDED
from workflow.contract.execution import BUSY, Execution
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan

ENDED = {"ABORTED": "was stopped", "TIMED_OUT": "ran out of time", "FAILED": "failed"}


class ChangingError(Exception):
    """Production changes at this moment, and can be changed back a little later."""


def draw_withdrawal(
    execution: Execution,
    stopped: Mapping[str, Any],
    challenge: ChallengeRecord | None,
    served: Served,
    production: Endpoint | None,
) -> ReleasePlan:
    """The plan by which ``execution`` takes the challenger away, without what a roll-back is seen to be back by.

    ``stopped`` is DescribeExecution's answer about the challenge that ended, ``challenge`` the one that is recorded,
    ``served`` what the last release recorded. Raises RefusalError where there is nothing to withdraw or nothing that
    may go back, ChangingError where production changes, and ContractError where the stopped one was no challenge.
    """
    name = str(stopped["name"])
    if challenge is None or challenge.execution != stopped["executionArn"]:
        raise RefusalError(f"{name} is not the challenge that was recorded last: there is nothing to withdraw")
    if stopped["status"] in BUSY:
        raise RefusalError(f"{name} still runs: it withdraws its challenger itself")
    if production is not None and production.status.endswith("ing"):
        raise ChangingError(f"the endpoint {production.name} is {production.status}: the withdrawal waits for it")
    serves = production.configuration if production is not None else ""
    if serves != challenge.configuration:
        raise RefusalError(
            f"production serves {serves or 'nothing'} and not {challenge.configuration}: there is nothing to withdraw"
        )
    if not served.believed or not served.configuration:
        raise RefusalError(NOT_RECORDED)
    return replace(
        read_release(stopped),
        run=execution.name,
        execution_arn=execution.id,
        replaces=served.package,
        previous_configuration=served.configuration,
        production_exists=True,
        withdrawal=tell_end(stopped),
    )


def read_release(stopped: Mapping[str, Any]) -> ReleasePlan:
    """The plan of the release that had started the challenge. Raises ContractError where its input holds none."""
    try:
        given = json.loads(stopped.get("input") or "{}")
    except ValueError as error:
        raise ContractError(f"the input of {stopped['name']} cannot be read: {error}") from error
    return ReleasePlan.parse(given.get("release") if isinstance(given, Mapping) else None)


def tell_end(stopped: Mapping[str, Any]) -> str:
    """How the challenge ended, in one line."""
    how = ENDED.get(stopped["status"], "ended")
    cause = text_of(stopped.get("cause"))
    why = f": {cause}" if cause else ""
    return f"its challenge {stopped['name']} {how} while the challenger stood beside the champion{why}"
