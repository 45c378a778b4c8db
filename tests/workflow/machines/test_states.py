"""The strict subclasses refuse what the SDK lets pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workflow.machines import settings


@pytest.fixture(scope="module")
def sdk() -> SimpleNamespace:
    """The classes. The SDK takes seconds to import, and every worker imports this file: it waits until a test asks."""
    settings.be_hermetic()
    from stepfunctions.inputs import ExecutionInput
    from stepfunctions.steps.choice_rule import ChoiceRule

    from workflow.machines import kinds, states

    return SimpleNamespace(**vars(states), render=kinds.render_machine, Input=ExecutionInput, Rule=ChoiceRule)


def task(sdk: SimpleNamespace, **fields: object) -> Any:
    over = sdk.Fail("Over", error_path="$.error.Error", cause_path="$.error.Cause")
    given: dict[str, object] = {
        "resource": "arn:aws:states:::aws-sdk:sagemaker:listModels",
        "timeout_seconds": 5,
        "retry": [sdk.Retry(error_equals=["A"], max_delay_seconds=5, jitter_strategy="FULL")],
        "catch": [sdk.Catch(over, error_equals=["States.ALL"])],
    }
    return sdk.Task("Do it", **(given | fields))


def test_fields_the_sdk_lacks_are_rendered(sdk: SimpleNamespace) -> None:
    """ResultSelector, MaxDelaySeconds, JitterStrategy, ErrorPath and CausePath reach the definition."""
    rendered = sdk.render(task(sdk, result_selector={"a.$": "$.A"}), comment="", timeout_seconds=9)["States"]
    assert rendered["Do it"]["ResultSelector"] == {"a.$": "$.A"}
    assert rendered["Do it"]["Retry"][0] == {"ErrorEquals": ["A"], "MaxDelaySeconds": 5, "JitterStrategy": "FULL"}
    assert rendered["Over"] == {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}


def test_a_mistyped_attribute_raises(sdk: SimpleNamespace) -> None:
    """The SDK answers None for any name at all."""
    with pytest.raises(AttributeError, match="resutl_path"):
        task(sdk).resutl_path  # noqa: B018  reading it is the test


def test_a_mistyped_field_raises(sdk: SimpleNamespace) -> None:
    """A field that the language does not have is no field."""
    with pytest.raises(TypeError, match="resutl_path"):
        sdk.Pass("Shape", resutl_path="$.a")


def test_a_placeholder_in_a_list_raises(sdk: SimpleNamespace) -> None:
    """The SDK would write it as text or fail much later."""
    name = sdk.Input(schema={"Name": str})["Name"]
    with pytest.raises(sdk.DefinitionError, match=r"States\.Array"):
        task(sdk, parameters={"Names": [name]}).to_dict()


def test_an_object_rendered_as_text_raises(sdk: SimpleNamespace) -> None:
    """A placeholder inside an estimator's hyperparameters ends up as its address in memory."""
    name = sdk.Input(schema={"Name": str})["Name"]
    with pytest.raises(sdk.DefinitionError, match="rendered as text"):
        task(sdk, parameters={"Name": f"{object.__repr__(name)}"}).to_dict()


@pytest.mark.parametrize("without", ["timeout_seconds", "retry", "catch"])
def test_a_task_without_limit_retry_or_catch_raises(sdk: SimpleNamespace, without: str) -> None:
    """No task may hang, give up at once, or fail without anyone being told."""
    with pytest.raises(sdk.DefinitionError, match="Do it"):
        task(sdk, **{without: None}).to_dict()


def test_a_choice_without_default_raises(sdk: SimpleNamespace) -> None:
    """An answer nobody thought of must have a way to go."""
    choice = sdk.Choice("Which?")
    choice.add_choice(sdk.Rule.BooleanEquals(variable="$.a", value=True), sdk.Succeed("Good"))
    with pytest.raises(sdk.DefinitionError, match="default"):
        choice.to_dict()


def test_a_name_too_long_for_step_functions_raises(sdk: SimpleNamespace) -> None:
    """Step Functions takes 80 characters."""
    with pytest.raises(sdk.DefinitionError, match="80"):
        sdk.Pass("x" * 81).to_dict()


def test_parameters_are_merged_into_what_the_sdk_wrote(sdk: SimpleNamespace) -> None:
    """Into objects, into the items of a list by their names, and a path in the place of the value it is given for."""
    step = task(
        sdk, parameters={"Inputs": [{"InputName": "a", "S3": {"Uri": "x", "Type": "Prefix"}}, {"InputName": "b"}]}
    )
    step.merge_parameters({"Inputs": {"a": {"S3": {"Uri.$": "$.a"}}}, "Name.$": "$.name"})
    assert step.to_dict()["Parameters"] == {
        "Inputs": [{"InputName": "a", "S3": {"Type": "Prefix", "Uri.$": "$.a"}}, {"InputName": "b"}],
        "Name.$": "$.name",
    }


def test_a_list_replaces_what_the_sdk_wrote(sdk: SimpleNamespace) -> None:
    """Only an object is merged into a list: it says which items it means."""
    step = task(sdk, parameters={"Variants": [{"VariantName": "a", "Weight": 1}]})
    step.merge_parameters({"Variants": [{"VariantName": "b"}]})
    assert step.to_dict()["Parameters"] == {"Variants": [{"VariantName": "b"}]}


def test_parameters_for_an_item_that_is_not_there_raise(sdk: SimpleNamespace) -> None:
    """A mistyped name would leave the SDK's own value in place."""
    step = task(sdk, parameters={"Inputs": [{"InputName": "dataset"}]})
    with pytest.raises(sdk.DefinitionError, match="Inputs: there is no item named 'datasett'"):
        step.merge_parameters({"Inputs": {"datasett": {"S3": {}}}})
