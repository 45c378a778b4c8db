"""Which training arguments are taken, and how the others are refused."""

from __future__ import annotations

import pytest

from containers.training.hyperparameters import HyperparameterError, read_argument, read_settings

GIVEN = {"model": "yolov8n", "epochs": "25", "image_size": "160", "precision": "int8", "batch": "8", "seed": "7"}


def test_strings_become_the_right_kinds() -> None:
    """SageMaker hands over strings only."""
    settings = read_settings({**GIVEN, "lr0": "0.002", "mosaic": "0", "cos_lr": "true", "optimizer": "AdamW"})
    assert (settings.model, settings.epochs, settings.image_size) == ("yolov8n", 25, 160)
    assert (settings.precision, settings.batch, settings.seed) == ("int8", 8, 7)
    assert settings.arguments == {"nbs": 8, "lr0": 0.002, "mosaic": 0.0, "cos_lr": True, "optimizer": "AdamW"}


def test_gradients_are_not_gathered_over_more_images_than_a_batch() -> None:
    """The nominal batch follows the batch unless it is given."""
    assert read_settings(GIVEN).arguments["nbs"] == 8
    assert read_settings({**GIVEN, "nbs": "64"}).arguments["nbs"] == 64


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        pytest.param("lr0", "fast", "lr0 = 'fast': must be a number", id="a word for a number"),
        pytest.param("lr0", "nan", "lr0 = 'nan': must be a number", id="NaN"),
        pytest.param("lr0", "inf", "lr0 = 'inf': must be a number", id="infinity"),
        pytest.param("patience", "1.5", "patience = '1.5': must be a whole number", id="half an epoch"),
        pytest.param("cos_lr", "maybe", "cos_lr = 'maybe': must be true or false", id="neither true nor false"),
        pytest.param("optimizer", "adam", "optimizer = 'adam': must be one of auto, SGD", id="an unknown optimizer"),
        pytest.param("amp", "fp16", "amp = 'fp16': must be one of fp32, bf16", id="the precision that downloads"),
        pytest.param("lr", "0.1", "lr: unknown", id="a name that does not exist"),
    ],
)
def test_a_wrong_argument_is_refused_with_its_name_and_what_is_allowed(key: str, text: str, said: str) -> None:
    """The message names the key, what was given, and the allowed kind."""
    with pytest.raises(HyperparameterError, match=said):
        read_argument(key, text)


@pytest.mark.parametrize(
    "key", ["data", "project", "name", "save_dir", "resume", "device", "cfg", "imgsz", "plots", "split", "source"]
)
def test_what_the_flow_decides_itself_cannot_be_given(key: str) -> None:
    """Paths, devices and outputs are refused by name."""
    with pytest.raises(HyperparameterError, match=f"hyperparameter {key}: unknown or decided by the flow"):
        read_argument(key, "1")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("epochs", "0"),
        ("epochs", "ten"),
        ("image_size", "100"),
        ("batch", "-1"),
        ("model", "yolo11n"),
        ("precision", "fp16"),
    ],
)
def test_the_figures_of_every_training_keep_the_contract(key: str, text: str) -> None:
    """The same ranges as in the execution input hold here."""
    with pytest.raises(HyperparameterError, match=key):
        read_settings({**GIVEN, key: text})
