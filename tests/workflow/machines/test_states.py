"""The strict subclasses refuse what the SDK lets pass."""

from __future__ import annotations

import pytest

from workflow.machines import settings

settings.be_hermetic()

from stepfunctions.inputs import ExecutionInput  # noqa: E402  the SDK reads its environment at import
from stepfunctions.steps.choice_rule import ChoiceRule  # noqa: E402

from workflow.machines.kinds import render_machine  # noqa: E402
from workflow.machines.states import Catch, Choice, DefinitionError, Fail, Pass, Retry, Succeed, Task  # noqa: E402


def task(**fields: object) -> Task:
    over = Fail("Over", error="Over", cause_path="$.error.Cause")
    given: dict[str, object] = {
        "resource": "arn:aws:states:::aws-sdk:sagemaker:listModels",
        "timeout_seconds": 5,
        "retry": [Retry(error_equals=["A"], max_delay_seconds=5, jitter_strategy="FULL")],
        "catch": [Catch(over, error_equals=["States.ALL"])],
    }
    return Task("Do it", **(given | fields))


def test_fields_the_sdk_lacks_are_rendered() -> None:
    """ResultSelector, MaxDelaySeconds, JitterStrategy and CausePath reach the definition."""
    rendered = render_machine(task(result_selector={"a.$": "$.A"}), comment="", timeout_seconds=9)["States"]
    assert rendered["Do it"]["ResultSelector"] == {"a.$": "$.A"}
    assert rendered["Do it"]["Retry"][0] == {"ErrorEquals": ["A"], "MaxDelaySeconds": 5, "JitterStrategy": "FULL"}
    assert rendered["Over"]["CausePath"] == "$.error.Cause"


def test_a_mistyped_attribute_raises() -> None:
    """The SDK answers None for any name at all."""
    with pytest.raises(AttributeError, match="resutl_path"):
        task().resutl_path  # noqa: B018  reading it is the test


def test_a_mistyped_field_raises() -> None:
    """A field that the language does not have is no field."""
    with pytest.raises(TypeError, match="resutl_path"):
        Pass("Shape", resutl_path="$.a")


def test_a_placeholder_in_a_list_raises() -> None:
    """The SDK would write it as text or fail much later."""
    name = ExecutionInput(schema={"Name": str})["Name"]
    with pytest.raises(DefinitionError, match=r"States\.Array"):
        task(parameters={"Names": [name]}).to_dict()


def test_an_object_rendered_as_text_raises() -> None:
    """A placeholder inside an estimator's hyperparameters ends up as its address in memory."""
    name = ExecutionInput(schema={"Name": str})["Name"]
    with pytest.raises(DefinitionError, match="rendered as text"):
        task(parameters={"Name": f"{object.__repr__(name)}"}).to_dict()


@pytest.mark.parametrize("without", ["timeout_seconds", "retry", "catch"])
def test_a_task_without_limit_retry_or_catch_raises(without: str) -> None:
    """No task may hang, give up at once, or fail without anyone being told."""
    with pytest.raises(DefinitionError, match="Do it"):
        task(**{without: None}).to_dict()


def test_a_choice_without_default_raises() -> None:
    """An answer nobody thought of must have a way to go."""
    choice = Choice("Which?")
    choice.add_choice(ChoiceRule.BooleanEquals(variable="$.a", value=True), Succeed("Good"))
    with pytest.raises(DefinitionError, match="default"):
        choice.to_dict()


def test_a_name_too_long_for_step_functions_raises() -> None:
    """Step Functions takes 80 characters."""
    with pytest.raises(DefinitionError, match="80"):
        Pass("x" * 81).to_dict()


def test_parameters_are_merged_into_what_the_sdk_wrote() -> None:
    """Into objects, into the items of a list by their names, and a path in the place of the value it is given for."""
    step = task(parameters={"Inputs": [{"InputName": "a", "S3": {"Uri": "x", "Type": "Prefix"}}, {"InputName": "b"}]})
    step.merge_parameters({"Inputs": {"a": {"S3": {"Uri.$": "$.a"}}}, "Name.$": "$.name"})
    assert step.to_dict()["Parameters"] == {
        "Inputs": [{"InputName": "a", "S3": {"Type": "Prefix", "Uri.$": "$.a"}}, {"InputName": "b"}],
        "Name.$": "$.name",
    }


def test_a_list_replaces_what_the_sdk_wrote() -> None:
    """Only an object is merged into a list: it says which items it means."""
    step = task(parameters={"Variants": [{"VariantName": "a", "Weight": 1}]})
    step.merge_parameters({"Variants": [{"VariantName": "b"}]})
    assert step.to_dict()["Parameters"] == {"Variants": [{"VariantName": "b"}]}


def test_parameters_for_an_item_that_is_not_there_raise() -> None:
    """A mistyped name would leave the SDK's own value in place."""
    step = task(parameters={"Inputs": [{"InputName": "dataset"}]})
    with pytest.raises(DefinitionError, match="Inputs: there is no item named 'datasett'"):
        step.merge_parameters({"Inputs": {"datasett": {"S3": {}}}})
