"""What SageMaker takes as the content of a version's model card."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.model_cards import find_problems, updated

FIGURE = {"name": "mAP50", "type": "number", "value": 0.9}
CARD: dict[str, Any] = {
    "model_overview": {"model_creator": "Ada", "model_artifact": ["s3://bucket/model.tar.gz"]},
    "training_details": {"training_job_details": {"hyper_parameters": [{"name": "epochs", "value": "30"}]}},
    "evaluation_details": [{"name": "test", "metric_groups": [{"name": "figures", "metric_data": [FIGURE]}]}],
}


def measured(**changes: Any) -> dict[str, Any]:
    """A card with one figure, changed."""
    figures = {"name": "figures", "metric_data": [{**FIGURE, **changes}]}
    return {"evaluation_details": [{"name": "test", "metric_groups": [figures]}]}


def test_a_card_by_the_schema_is_taken() -> None:
    """Each part may be missing."""
    assert list(find_problems(CARD)) == []
    assert list(find_problems({})) == []


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"model_overview": {"model_name": "x"}}, r"\$\.model_overview: there is no model_name"),
        ({"model_package_details": {}}, r"\$: there is no model_package_details"),
        ({"intended_uses": {"risk_rating": "low"}}, "'low' is none of High"),
        ({"intended_uses": {"purpose_of_model": "x" * 2049}}, "2049 characters, allowed are 0 to 2048"),
        ({"model_overview": {"model_artifact": ["x"] * 16}}, "16 items, allowed are 15"),
        ({"evaluation_details": [{}]}, r"evaluation_details\[0\]: name is missing"),
        (measured(type="fraction"), "'fraction' is none of number"),
        (measured(value=None), "NoneType is not allowed"),
        ({"training_details": {"training_job_details": {"hyper_parameters": [{"name": "a", "value": 1}]}}}, "int is"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(card: dict[str, Any], said: str) -> None:
    """With the place and the reason."""
    with pytest.raises(ServiceError, match=said):
        updated({}, {"ModelCardContent": json.dumps(card)})


def test_an_archived_card_keeps_its_content() -> None:
    """Its status may be changed alone."""
    archived = updated({"ModelCardContent": "{}"}, {"ModelCardStatus": "Archived"})
    assert archived == {"ModelCardContent": "{}", "ModelCardStatus": "Archived"}
    with pytest.raises(ServiceError, match="is in Archived state"):
        updated(archived, {"ModelCardContent": "{}"})
