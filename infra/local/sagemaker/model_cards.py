"""Model cards of versions: which content SageMaker takes, by the schema that its guide gives for them.

Knows nothing of the registry. The schema is the guide's "Model package model card schema", which is smaller than that
of a card that stands by itself: of the model itself it knows creator and artifact alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from infra.local.sagemaker.errors import invalid

Schema = dict[str, Any]

ARCHIVED = "Archived"


def _text(longest: int, shortest: int = 0) -> Schema:
    return {"kind": str, "shortest": shortest, "longest": longest}


def _list(item: Schema, most: int) -> Schema:
    return {"kind": list, "item": item, "most": most}


def _object(required: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    return {"kind": dict, "members": members, "required": required}


def _map(value: Schema) -> Schema:
    return {"kind": dict, "each": value}


_NAME = _text(255, 1)
_NUMBER: Schema = {"kind": (int, float)}
_AXES: dict[str, Schema] = {"x_axis_name": {}, "y_axis_name": {}}
_METRIC = _object(("name", "value"), name=_NAME, notes=_text(1024), value=_NUMBER)
_PARAMETER = _object(("name", "value"), name=_NAME, value=_NAME)
_KINDS = ("number", "string", "boolean", "linear_graph", "bar_chart", "matrix")
_MEASURED = _object(
    ("name", "type", "value"),
    name=_NAME,
    notes=_text(1024),
    type={"kind": str, "among": _KINDS},
    value={"kind": (int, float, str, bool, list), "longest": 63},
    **_AXES,
)
_PLACES = _list(_text(1024), 15)

SCHEMA = _object(
    model_overview=_object(model_creator=_text(1024), model_artifact=_PLACES),
    intended_uses=_object(
        purpose_of_model=_text(2048),
        intended_uses=_text(2048),
        factors_affecting_model_efficiency=_text(2048),
        risk_rating={"kind": str, "among": ("High", "Medium", "Low", "Unknown")},
        explanations_for_risk_rating=_text(2048),
    ),
    business_details=_object(
        business_problem=_text(2048), business_stakeholders=_text(2048), line_of_business=_text(2048)
    ),
    training_details=_object(
        objective_function={},
        training_observations=_text(1024),
        training_job_details=_object(
            training_arn=_text(1024),
            training_datasets=_PLACES,
            training_environment=_object(container_image=_PLACES),
            training_metrics=_list(_METRIC, 50),
            user_provided_training_metrics=_list(_METRIC, 50),
            hyper_parameters=_list(_PARAMETER, 100),
            user_provided_hyper_parameters=_list(_PARAMETER, 100),
        ),
    ),
    evaluation_details=_list(
        _object(
            ("name",),
            name=_text(63, 1),
            evaluation_observation=_text(2096),
            evaluation_job_arn=_text(256),
            datasets=_list(_text(1024), 10),
            metadata=_map(_text(1024)),
            metric_groups=_list(
                _object(("name", "metric_data"), name=_text(63, 1), metric_data=_list(_MEASURED, 1000)), 1000
            ),
        ),
        1000,
    ),
    additional_information=_object(
        ethical_considerations=_text(2048),
        caveats_and_recommendations=_text(2048),
        custom_details=_map(_text(1024)),
    ),
)


def check_content(content: str) -> None:
    """Refuse a card's content that is no JSON or does not follow the schema."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise invalid(f"Model card content is not valid JSON: {error}") from error
    problems = list(find_problems(document))
    if problems:
        raise invalid(f"Model card content does not follow the schema: {'; '.join(problems)}")


def find_problems(document: Any) -> Iterator[str]:
    """Everything in a card that the schema does not allow, in words."""
    yield from _problems(SCHEMA, document, "$")


def updated(card: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A card after a change to its content, its status, or both."""
    if "ModelCardContent" in change:
        if card.get("ModelCardStatus") == ARCHIVED:
            raise invalid("Model Card is in Archived state.")
        check_content(change["ModelCardContent"])
    return {**card, **change}


def _problems(schema: Schema, value: Any, where: str) -> Iterator[str]:
    kind = schema.get("kind")
    if kind is None:
        return
    known_as_number = isinstance(value, bool) and kind == (int, float)
    if not isinstance(value, kind) or known_as_number:
        yield f"{where}: {type(value).__name__} is not allowed here"
        return
    if "among" in schema and value not in schema["among"]:
        yield f"{where}: {value!r} is none of {', '.join(schema['among'])}"
    if isinstance(value, str):
        if not schema.get("shortest", 0) <= len(value) <= schema.get("longest", len(value)):
            yield f"{where}: {len(value)} characters, allowed are {schema.get('shortest', 0)} to {schema['longest']}"
    elif isinstance(value, dict):
        yield from _object_problems(schema, value, where)
    elif isinstance(value, list) and "item" in schema:
        if len(value) > schema["most"]:
            yield f"{where}: {len(value)} items, allowed are {schema['most']}"
        for at, item in enumerate(value):
            yield from _problems(schema["item"], item, f"{where}[{at}]")


def _object_problems(schema: Schema, value: dict[str, Any], where: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        if "each" not in schema and name not in schema["members"]:
            yield f"{where}: there is no {name}"
        else:
            yield from _problems(schema.get("each") or schema["members"][name], item, f"{where}.{name}")
