"""What may be challenged, by which weights, and how the lock goes from a release to its challenge."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_release.action import Challenging, read_action
from lambdas.plan_release.challenge import draw_challenge
from lambdas.plan_release.lock import LockedError, ReleaseLock
from lambdas.plan_release.package import RefusalError
from tests.lambdas.plans import release_plan
from workflow.contract.challenge import Challenge
from workflow.contract.reading import ContractError
from workflow.contract.serving import Serving

MAIN = {"VariantName": "main", "ModelName": "champion", "InstanceType": "ml.c7i.xlarge", "InitialInstanceCount": 1}
VARIANT = {"InstanceType": "ml.c7i.large", "InitialInstanceCount": 1}


def drawn(serving: Serving, *more: dict[str, Any], serves: str = "recorded", **members: Any) -> Challenge:
    """A challenge of a production of four instances; ``more`` are further variants of its configuration."""
    configuration = {"ProductionVariants": [MAIN, *more], **members}
    return draw_challenge(serving, "release", VARIANT, configuration, 4, serves, "recorded")


def test_the_champion_keeps_its_model_and_instances_and_gives_a_share_away() -> None:
    """Of the requests in ab; a shadow gets copies of the share, and the champion answers all."""
    beside = drawn(Serving(serve="ab", challenger_share=0.3, challenge_hours=24))
    assert (beside.champion["ModelName"], beside.champion["InitialInstanceCount"]) == ("champion", 4)
    assert (beside.champion["InitialVariantWeight"], beside.challenger["InitialVariantWeight"]) == (0.7, 0.3)
    assert (beside.challenger["VariantName"], beside.challenger["InitialInstanceCount"]) == ("challenger", 2)
    assert (beside.seconds, beside.look_seconds) == (86400, 864)
    assert drawn(Serving(serve="shadow")).champion["InitialVariantWeight"] == 1.0


@pytest.mark.parametrize(
    ("serving", "more", "serves", "members"),
    [
        (Serving(), (), "recorded", {}),
        (Serving(serve="ab"), (), "", {}),
        (Serving(serve="ab"), (), "foreign", {}),
        (Serving(serve="ab"), ({**MAIN, "VariantName": "other"},), "recorded", {}),
        (Serving(serve="shadow"), (), "recorded", {"AsyncInferenceConfig": {"OutputConfig": {}}}),
        (Serving(serve="shadow"), (), "recorded", {"ShadowProductionVariants": [MAIN]}),
    ],
    ids=["another way", "no champion", "foreign", "two variants", "asynchronous", "a shadow already"],
)
def test_what_cannot_be_challenged_is_refused(serving: Serving, more: Any, serves: str, members: Any) -> None:
    """Before anything is created."""
    with pytest.raises(RefusalError):
        drawn(serving, *more, serves=serves, **members)


def test_a_challenge_believes_nothing_of_its_release_but_what_is_to_be_released_and_how() -> None:
    """It is planned anew from the version; and it cannot be started with a version alone."""
    plan = release_plan(serving={"serve": "ab", "challenge_ends": "rule"})
    execution = {"id": "arn:challenge", "name": "challenge"}
    action = read_action({"challenge": True, "input": {"release": plan.document()}, "execution": execution}, {})
    assert isinstance(action, Challenging)
    assert (action.given.model_package_arn, action.given.ask_before_production) == (plan.model_package_arn, False)
    assert (action.given.serving["serve"], action.given.judged_against) == ("ab", None)
    with pytest.raises(ContractError, match="a challenge is a part of a release"):
        read_action({"challenge": True, "input": {"model_package_arn": "x"}, "execution": execution}, {})


class Machines:
    """Step Functions, where everything runs."""

    class exceptions:
        """Of the client."""

        ExecutionDoesNotExist = InvalidArn = KeyError

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        return {"status": "RUNNING"}


def test_the_lock_goes_from_the_release_that_waits_to_its_challenge_and_to_nobody_else(table: Any) -> None:
    """Both run all the while."""
    lock = ReleaseLock(table, Machines())
    lock.take("release", 1)
    with pytest.raises(LockedError):
        lock.take("challenge", 2, "another release")
    lock.take("challenge", 3, "release")
    with pytest.raises(LockedError):
        lock.take("release", 4)
