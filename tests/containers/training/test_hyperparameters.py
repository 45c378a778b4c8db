"""Which training arguments are taken, and how the others are refused."""

from __future__ import annotations

import pytest

from containers.training.hyperparameters import read_settings, require_fit
from workflow.contract.hyperparameters import HyperparameterError

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
        pytest.param("patience", "1.5", "patience = '1.5': must be a whole number", id="half an epoch"),
        pytest.param("cos_lr", "maybe", "cos_lr = 'maybe': must be true or false", id="neither true nor false"),
        pytest.param("lr", "0.1", "lr: unknown", id="a name that does not exist"),
    ],
)
def test_a_wrong_argument_is_refused_with_its_name_and_what_is_allowed(key: str, text: str, said: str) -> None:
    """The message names the key, what was given, and the allowed kind: the contract's, word for word."""
    with pytest.raises(HyperparameterError, match=said):
        read_settings({**GIVEN, key: text})


@pytest.mark.parametrize(
    "key", ["data", "project", "name", "save_dir", "resume", "device", "cfg", "imgsz", "plots", "split", "source"]
)
def test_what_the_flow_decides_itself_cannot_be_given(key: str) -> None:
    """Paths, devices and outputs are refused by name."""
    with pytest.raises(HyperparameterError, match=f"hyperparameter {key}: unknown or decided by the flow"):
        read_settings({**GIVEN, key: "1"})


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("epochs", "0"),
        ("epochs", "ten"),
        ("image_size", "100"),
        ("batch", "-1"),
        ("model", "yolov9n"),
        ("precision", "fp16"),
    ],
)
def test_the_figures_of_every_training_keep_the_contract(key: str, text: str) -> None:
    """The same ranges as in the execution input hold here."""
    with pytest.raises(HyperparameterError, match=key):
        read_settings({**GIVEN, key: text})


def test_a_number_that_is_none_is_shown_as_it_was_given() -> None:
    """Whoever wrote it finds it again."""
    with pytest.raises(HyperparameterError, match="hyperparameter epochs = 'ten': must be a whole number from 1"):
        read_settings({**GIVEN, "epochs": "ten"})


@pytest.mark.parametrize(
    ("task", "given", "said"),
    [
        ("detect", {"single_cls": "true"}, "would merge the dataset's 3 classes"),
        ("classify", {"freeze": "10"}, "a classifier of yolov8n has 9 layers below its head"),
        ("detect", {"freeze": "23"}, "a network of yolov8n has 22 layers below its head"),
        ("detect", {"model": "yolo12n", "freeze": "22"}, "a network of yolo12n has 21 layers below its head"),
        ("classify", {"fraction": "0.5"}, "a classifier learns from all of its pictures"),
        ("classify", {"tiles": "auto"}, "a classifier names whole pictures; leave it out"),
    ],
)
def test_what_the_dataset_makes_meaningless_is_refused(task: str, given: dict[str, str], said: str) -> None:
    """Before hours are spent on a model that the evaluation could not judge."""
    with pytest.raises(HyperparameterError, match=said):
        require_fit(read_settings({**GIVEN, **given}), task, classes=3)


def test_the_same_argument_passes_where_it_means_something() -> None:
    """A part of the images is fine for boxes, one class for one class."""
    require_fit(read_settings({**GIVEN, "fraction": "0.5", "single_cls": "true"}), "detect", classes=1)
    require_fit(read_settings({**GIVEN, "model": "yolo26n", "freeze": "23"}), "detect", classes=1)
