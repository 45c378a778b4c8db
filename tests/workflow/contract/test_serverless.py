"""The keys of a version that serves without instances."""

from __future__ import annotations

from typing import Any

import pytest

from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.serverless import keys_of, variant
from workflow.contract.serving import LONGEST, Serving

GIVEN = {"dataset": "s3://bucket/set/"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"serverless_memory_mb": 1536}, "a whole number from 1024 to 6144 in steps of 1024"),
        ({"serverless_concurrency": 201}, "a whole number from 1 to 200"),
        (
            {"serverless_provisioned": 6},
            "serverless_provisioned = 6: must be at most serverless_concurrency, which is 5; set "
            "serverless_concurrency=6, too",
        ),
    ],
)
def test_what_sagemaker_does_not_have_is_refused(keys: dict[str, Any], said: str) -> None:
    """By the key, with what is allowed."""
    with pytest.raises(InputError) as caught:
        RunInput.parse({**GIVEN, "serve": "serverless", **keys}, {})
    assert said in str(caught.value)


def test_what_an_input_says_comes_back_from_the_registry_and_from_an_endpoint() -> None:
    """Whichever of the two a release reads."""
    keys = {"serverless_memory_mb": 6144, "serverless_concurrency": 200, "serverless_provisioned": 100}
    asked = Serving.of(RunInput.parse({**GIVEN, "serve": "serverless", "staging_serve": "serverless", **keys}, {}))
    assert Serving.parse(asked.text()) == asked
    assert len(asked.text()) <= LONGEST
    assert keys_of(variant(asked)["ServerlessConfig"]) == keys


def test_where_none_are_kept_warm_nothing_is_said_of_it() -> None:
    """SageMaker's own least is 1."""
    assert variant(Serving()) == {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
