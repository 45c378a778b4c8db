"""What a release is started with, whoever starts it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.contract.reading import ContractError
from workflow.contract.release_input import ReleaseInput

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/4"
BUILD = Path(__file__).parents[3] / "workflow" / "machines" / "build.asl.json"


def parsed(defaults: dict[str, Any] | None = None, **given: Any) -> ReleaseInput:
    """An input that names the package and whatever a test adds."""
    return ReleaseInput.parse({"model_package_arn": ARN, **given}, defaults or {})


def test_a_package_is_enough() -> None:
    """So that operations can bring back any version from the console, which fills in a comment."""
    assert parsed(Comment="Insert your JSON here") == parsed()
    assert parsed() == ReleaseInput(ARN, judged_against=None, ask_before_production=False, started_by="")
    assert parsed().document() == {"model_package_arn": ARN}


def test_the_input_goes_before_the_stacks_settings() -> None:
    """And they go before the built-in ones; those that are no business of a release are left alone."""
    defaults = {"ask_before_production": True, "started_by": "nightly", "epochs": 3}
    assert parsed(defaults) == ReleaseInput(ARN, ask_before_production=True, started_by="nightly")
    assert parsed(defaults, ask_before_production=False, started_by="") == ReleaseInput(ARN)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "input: must be a JSON object, found list"),
        ({}, "input.model_package_arn: missing"),
        ({"model_package_arn": 4}, "input.model_package_arn: must be a text, found 4"),
        ({"model_package_arn": "greenlight/4"}, "input.model_package_arn: must be the ARN of a model package, found"),
        (
            {"model_package_arn": ARN, "judged_against": "3"},
            "input.judged_against: must be empty, or the ARN of a model package, found '3'",
        ),
        (
            {"model_package_arn": ARN, "ask_before_production": None},
            "input.ask_before_production: must be true or false, found None",
        ),
        (
            {"model_package_arn": ARN, "started_by": "a" * 81},
            "input.started_by: must be up to 80 letters, digits",
        ),
        ({"model_package_arn": ARN, "started_by": "a\nb"}, "input.started_by: must be up to 80 letters, digits"),
        ({"model_package_arn": ARN, "started_by": "a\u2028b"}, "input.started_by: must be up to 80 letters, digits"),
        (
            {"model_package_arn": ARN, "inference_ami": "newest"},
            "input.inference_ami: must be empty for the newest driver that is known",
        ),
        (
            {"model_package_arn": ARN, "force": True},
            "input.force: unknown key; allowed are ask_before_production, async_concurrency, challenge_agreement, ",
        ),
    ],
    ids=lambda given: str(given)[-60:],
)
def test_what_is_wrong_is_named(given: Any, said: str) -> None:
    """By its key, what was found and what is allowed."""
    with pytest.raises(ContractError) as caught:
        ReleaseInput.parse(given, {})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("judged_against", [None, "", ARN])
def test_what_a_build_hands_over_is_read(judged_against: str | None) -> None:
    """Every key that the Build machine writes; Step Functions' own is left out."""
    written = json.loads(BUILD.read_text())["States"]["Release"]["Parameters"]["Input"]
    values = {"model_package_arn": ARN, "judged_against": judged_against, "ask_before_production": True}
    given = {**values, "started_by": "ana", "inference_ami": "", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}
    assert {key.removesuffix(".$") for key in written} == set(given)
    assert ReleaseInput.parse(given, {}) == ReleaseInput(ARN, judged_against, True, "ana")
