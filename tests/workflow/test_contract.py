"""The documents between the states: what is read, what is refused, and that what is written can be read."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow import contract
from workflow.contract import ClassScore, ContractError, DatasetReport, InputError, Metrics, ModelScore, RunInput

DEFAULTS = {"dataset": "s3://a-bucket/datasets/fasteners/"}


def score(**changes: Any) -> ModelScore:
    values: dict[str, Any] = {
        "model_digest": "a" * 64,
        "archive_digest": "b" * 64,
        "map50": 0.9,
        "map50_95": 0.7,
        "precision": 0.9,
        "recall": 0.8,
        "per_class": (ClassScore("bolt", 12, 0.9, 0.7, 0.9, 0.8),),
        "latency_p50_ms": 12.0,
        "latency_p99_ms": 20.0,
        "model_bytes": 12_000_000,
    }
    return ModelScore(**(values | changes))


def metrics() -> dict[str, Any]:
    champion = score(model_package_arn="arn:aws:sagemaker:us-east-1:1:model-package/g/3", package_version=3)
    document: dict[str, Any] = json.loads(json.dumps(Metrics("d" * 64, 16, 40, 0.25, score(), champion).document()))
    return document


def test_an_empty_input_takes_the_stacks_defaults() -> None:
    """Starting with {} in the console works."""
    assert RunInput.parse({}, DEFAULTS).dataset == DEFAULTS["dataset"]


def test_the_input_wins_over_the_stacks_defaults() -> None:
    """What a person types counts more than what the stack was deployed with."""
    assert RunInput.parse({"epochs": 7}, DEFAULTS | {"epochs": 3}).epochs == 7


def test_step_functions_own_keys_are_left_out() -> None:
    """A nested start adds a key nobody typed."""
    RunInput.parse({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}, DEFAULTS)


@pytest.mark.parametrize(
    ("given_input", "said"),
    [
        ({"epoch": 3}, r"epoch: unknown key; allowed are approval_hours, .*epochs"),
        ({"epochs": "3"}, r"epochs = '3': must be a whole number from 1 to 1000"),
        ({"epochs": 0}, r"epochs = 0: must be"),
        ({"epochs": 2.5}, r"epochs = 2.5: must be"),
        ({"epochs": True}, r"epochs = True: must be"),
        ({"minimum_map50": float("nan")}, r"minimum_map50 = nan: must be a number from 0 to 1"),
        ({"approval_hours": 0}, r"approval_hours = 0: must be a number above 0 to 720"),
        ({"image_size": 100}, r"image_size = 100: must be a whole number from 32 to 1280 in steps of 32"),
        ({"precision": "fp16"}, r"precision = 'fp16': must be one of f32, bf16, int8"),
        ({"model": "yolov9"}, r"model = 'yolov9': must be one of yolov8n"),
        ({"tune": "yes"}, r"tune = 'yes': must be true or false"),
        ({"dataset": "/home/me"}, r"dataset = '/home/me': must be an S3 address"),
        ({"weights": "s3://bucket/model.onnx"}, r"weights = .*must be empty, or"),
        ({"hyperparameters": {"lr0": [1]}}, r"hyperparameters.lr0 = \[1\]: must be a number, a text"),
        ({"hyperparameters": {"lr0": math.inf}}, r"hyperparameters.lr0 = inf: must be a finite number"),
        (["epochs"], r"the execution input is list: must be a JSON object"),
    ],
)
def test_a_wrong_input_names_the_key_and_what_is_allowed(given_input: Any, said: str) -> None:
    """The error says what was wrong and how it is put right."""
    with pytest.raises(InputError, match=said):
        RunInput.parse(given_input, DEFAULTS)


def test_a_run_without_any_dataset_is_refused() -> None:
    """Neither input nor stack names one."""
    with pytest.raises(InputError, match="dataset: missing"):
        RunInput.parse({}, {})


def test_every_key_of_the_input_has_a_rule_and_a_field() -> None:
    """A rule without a field, or a field without a rule, could never be used."""
    assert {field.name for field in dataclasses.fields(RunInput)} == set(contract.RULES)


@given(run=st.text(min_size=0, max_size=200), step=st.sampled_from(["prepare", "train", "tune", "evaluate"]))
def test_a_job_name_is_valid_with_its_suffix(run: str, step: str) -> None:
    """Whatever a run is called, SageMaker takes the name, retry suffix included."""
    name = contract.job_name(run, step) + "-10-99"
    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


def test_long_names_that_differ_stay_different() -> None:
    """Shortening must not make two runs share a job name."""
    assert contract.job_name("x" * 70 + "1", "train") != contract.job_name("x" * 70 + "2", "train")


def test_metrics_are_read_as_they_were_written() -> None:
    """Writing and reading are one another's inverse."""
    document = metrics()
    assert json.loads(json.dumps(Metrics.parse(document).document())) == document


@pytest.mark.parametrize("value", [None, "0.9", float("nan"), float("inf"), True, -0.1, 1.1])
@pytest.mark.parametrize("figure", ["map50", "map50_95", "precision", "recall"])
def test_a_figure_that_is_no_fraction_is_refused(figure: str, value: Any) -> None:
    """A missing, textual, NaN or impossible figure never passes for a number."""
    document = metrics()
    document["candidate"][figure] = value
    with pytest.raises(ContractError, match=figure):
        Metrics.parse(document)


def test_a_missing_champion_is_not_the_same_as_none() -> None:
    """Only an explicit null says that there is no champion."""
    document = metrics()
    del document["champion"]
    with pytest.raises(ContractError, match="champion: missing"):
        Metrics.parse(document)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(version: Any) -> None:
    """A reader never guesses at a document it does not know."""
    with pytest.raises(ContractError, match="version"):
        Metrics.parse(metrics() | {"version": version})
    with pytest.raises(ContractError, match="version"):
        DatasetReport.parse({"version": version})


@pytest.mark.parametrize("address", ["", "s3:/a/b", "https://a/b", "s3://A_b/c", "s3://"])
def test_what_is_no_s3_address_is_refused(address: str) -> None:
    """A typed path is told from an address before anything is fetched."""
    with pytest.raises(ContractError):
        contract.split_s3_uri(address)
