"""The form that a run is started with."""

from __future__ import annotations

from workflow.console.form import Field, Form, build_form, fill, has_errors, read_form, release_form
from workflow.contract.run_input import RULES

PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight/3"


def field(form: Form, name: str) -> Field:
    """One field of a form."""
    return next(one for part in form for one in part.fields if one.name == name)


def test_the_form_has_every_key_of_the_input_with_what_it_may_hold() -> None:
    """A key that is added has its field by itself."""
    form = build_form({})
    assert {one.name for part in form for one in part.fields} == set(RULES)
    epochs, size, task = (field(form, name) for name in ("epochs", "image_size", "task"))
    assert (epochs.kind, epochs.low, epochs.high, epochs.step, epochs.default) == ("number", "1", "1000", "1", "50")
    assert size.step == "32"
    assert task.choices[0] == "auto"


def test_what_the_stack_starts_runs_from_is_what_an_empty_field_shows() -> None:
    """Not what holds on another stack."""
    form = build_form({"epochs": 8, "dataset": "s3://bucket/nuts/", "force": True})
    assert [field(form, name).default for name in ("epochs", "dataset", "force")] == ["8", "s3://bucket/nuts/", "true"]


def test_what_was_typed_is_read_in_the_type_of_its_rule_and_an_empty_field_is_not_part_of_it() -> None:
    """Numbers, truth, JSON and text; the form keeps what was typed."""
    typed = {
        "epochs": "20",
        "minimum_map50": "0.6",
        "force": "true",
        "hyperparameters": '{"lr0": 0.01}',
        "fallback_instances": '["ml.g4dn.xlarge"]',
        "group_pattern": "(\\d+)",
        "batch": " ",
        "nosuch": "x",
    }
    given, form = read_form(build_form({}), typed)
    assert given == {
        "epochs": 20,
        "minimum_map50": 0.6,
        "force": True,
        "hyperparameters": {"lr0": 0.01},
        "fallback_instances": ["ml.g4dn.xlarge"],
        "group_pattern": "(\\d+)",
    }
    assert not has_errors(form)
    assert field(form, "epochs").value == "20"


def test_what_cannot_be_used_is_said_at_its_field() -> None:
    """Every one of them at once."""
    given, form = read_form(build_form({}), {"epochs": "many", "image_size": "33", "hyperparameters": "{", "seed": "1"})
    assert has_errors(form)
    assert "a whole number from 1 to 1000" in field(form, "epochs").error
    assert "in steps of 32" in field(form, "image_size").error
    assert field(form, "hyperparameters").error
    assert given == {"seed": 1}


def test_an_input_that_ran_before_fills_the_form_and_is_read_back_as_it_was() -> None:
    """Starting again starts the same."""
    given = {"dataset": "s3://bucket/nuts/", "epochs": 3, "force": False, "policy": {"empty-box": "drop"}, "spot": True}
    assert read_form(*reading(fill(build_form({}), given)))[0] == given


def reading(form: Form) -> tuple[Form, dict[str, str]]:
    """The form, and what a browser sends of it."""
    return form, {one.name: one.value for part in form for one in part.fields}


def test_a_release_is_of_a_registered_version() -> None:
    """Chosen from those there are; its other keys are those that a build has as well."""
    form = release_form({"ask_before_production": True}, [PACKAGE])
    assert field(form, "model_package_arn").choices == (PACKAGE,)
    assert field(form, "ask_before_production").default == "true"
    assert read_form(form, {"model_package_arn": PACKAGE, "ask_before_production": "false"})[0] == {
        "model_package_arn": PACKAGE,
        "ask_before_production": False,
    }
    assert has_errors(read_form(form, {"model_package_arn": "nonsense"})[1])
