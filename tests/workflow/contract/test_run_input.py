"""The execution input: what is read over the stack's defaults, and what is refused before anything is started."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.contract.damage import json_values
from workflow.contract.dataset_report import FINDINGS, POLICIES
from workflow.contract.rule import InputError
from workflow.contract.run_input import RULES, RunInput

DEFAULTS = {"dataset": "s3://a-bucket/datasets/fasteners/"}


def test_an_empty_input_takes_the_stacks_defaults() -> None:
    """Starting with {} in the console works."""
    assert RunInput.parse({}, DEFAULTS).dataset == DEFAULTS["dataset"]


def test_the_input_wins_over_the_stacks_defaults() -> None:
    """What a person types counts more than what the stack was deployed with."""
    assert RunInput.parse({"epochs": 7}, DEFAULTS | {"epochs": 3}).epochs == 7


def test_step_functions_own_keys_are_left_out() -> None:
    """A nested start adds a key nobody typed."""
    RunInput.parse({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn", "Comment": "Insert your JSON here"}, DEFAULTS)


@pytest.mark.parametrize(
    ("given_input", "said"),
    [
        ({"epoch": 3}, r"epoch: unknown key; did you mean epochs\? Allowed are approval_hours, "),
        ({"policy": {"empty-boxes": "drop"}}, r"unknown kind of finding; did you mean empty-box or .*\? Known are "),
        (
            {"hyperparameters": {"lr": 0.1}},
            r"hyperparameters.lr: unknown .*; did you mean lrf or lr0\? Allowed are ",
        ),
        ({"epochs": "3"}, r"epochs = '3': must be a whole number from 1 to 1000"),
        ({"epochs": 0}, r"epochs = 0: must be"),
        ({"epochs": 2.5}, r"epochs = 2.5: must be"),
        ({"epochs": True}, r"epochs = True: must be"),
        ({"epochs": 10**400}, r"epochs = 1000+: must be"),
        ({"minimum_map50": float("nan")}, r"minimum_map50 = nan: must be a number from 0 to 1"),
        ({"approval_hours": 0}, r"approval_hours = 0: must be a number above 0 to 720"),
        ({"image_size": 100}, r"image_size = 100: must be a whole number from 32 to 1280 in steps of 32"),
        ({"precision": "fp16"}, r"precision = 'fp16': must be one of auto, f32, bf16, int8"),
        ({"model": "resnet"}, r"model = 'resnet': must be one of yolov8n, .* yolo11, yolo12 and yolo26$"),
        ({"model": "yolov9t"}, r"model = 'yolov9t': must be one of yolov8n, .*; YOLOv9's graph does not say"),
        ({"model": "yolov11s"}, r"model = 'yolov11s': must be one of yolov8n, .*; did you mean yolo11s\?"),
        ({"task": "walk"}, r"task = 'walk': must be one of auto, detect"),
        ({"tune": "yes"}, r"tune = 'yes': must be true or false"),
        ({"dataset": "/home/me"}, r"dataset = '/home/me': must be an S3 address"),
        ({"weights": "s3://bucket/model.onnx"}, r"weights = .*must be empty, or"),
        ({"weights_sha256": "A" * 64}, r"weights_sha256 = .*must be empty, or the SHA-256"),
        ({"training_instance": "g5.xlarge"}, r"training_instance = 'g5.xlarge': must be a SageMaker instance type"),
        ({"fallback_instances": ["ml.g5.xlarge", "x"]}, r"fallback_instances = .*must be a list of instance types"),
        ({"fallback_instances": "ml.g5.xlarge"}, r"fallback_instances = .*must be a list of instance types"),
        ({"started_by": "a\nb"}, r"started_by = 'a\\nb': must be up to 80 letters, digits, blanks"),
        ({"started_by": "a\u2028b"}, r"started_by = 'a\\u2028b': must be up to 80 letters"),
        ({"started_by": "\u202eadA"}, r"started_by = '\\u202eadA': must be up to 80 letters"),
        ({"started_by": "\x1b[2J"}, r"started_by = '\\x1b\[2J': must be up to 80 letters"),
        ({"started_by": "see https://example.com"}, r"started_by = .*no address of a page"),
        ({"hyperparameters": {"lr0": [1]}}, r"hyperparameters.lr0 = \[1\]: must be a number, a text"),
        ({"hyperparameters": {"lr0": math.inf}}, r"hyperparameters.lr0 = 'Infinity': must be a number from 0 to 1"),
        ({"hyperparameters": {"epochs": 3}}, r"hyperparameters.epochs: give it as the input's own key epochs"),
        ({"hyperparameters": {"project": "x"}}, r"hyperparameters.project: unknown or decided by the flow"),
        ({"policy": {"dust": "drop"}}, r"policy.dust: unknown kind of finding; known are not-a-number"),
        ({"policy": {"layout": "drop"}}, r"policy.layout = 'drop': must be one of reject"),
        ({"class_floors": {"bolt": 1.5}}, r"class_floors.bolt = 1.5: must be a number from 0 to 1"),
        ({"class_floors": {"bolt": True}}, r"class_floors.bolt = True: must be"),
        ({"group_pattern": "("}, r"group_pattern = '\(': no regular expression"),
        ({"group_pattern": "(a{99999999999999})"}, r"group_pattern = .*no regular expression"),
        ({"group_pattern": "(a)(b)"}, r"must have exactly one group in \(…\), found 2"),
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


def test_the_built_in_defaults_keep_their_own_rules() -> None:
    """What nobody typed must not be refused, typed in full."""
    everything = dataclasses.asdict(RunInput.parse({}, DEFAULTS)) | {"fallback_instances": []}
    assert dataclasses.asdict(RunInput.parse(everything, {})) == everything


@given(key=st.sampled_from(list(RULES)), value=json_values)
def test_whatever_a_key_holds_it_is_read_or_refused_by_name(key: str, value: Any) -> None:
    """No other error leaves the reading of an input."""
    said = key
    try:
        RunInput.parse({key: value}, DEFAULTS)
    except InputError as error:
        said = str(error)
    assert said.startswith(key)


@given(policy=st.dictionaries(st.sampled_from(list(FINDINGS)), st.sampled_from(POLICIES), max_size=3))
def test_a_policy_is_taken_exactly_when_it_makes_sense_for_its_kind(policy: dict[str, str]) -> None:
    """A leak cannot be waved through by a note."""
    sensible = all(choice in FINDINGS[kind].allowed for kind, choice in policy.items())
    try:
        assert RunInput.parse({"policy": policy}, DEFAULTS).policy == policy
        assert sensible
    except InputError:
        assert not sensible
