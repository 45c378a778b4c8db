"""The training arguments that a run may set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.hyperparameters import (
    ALLOWED,
    CHOICES,
    OWN,
    SETTINGS,
    HyperparameterError,
    OwnHyperparameters,
    as_text,
    read_argument,
)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("patience", "0", 0),
        ("patience", "3.0", 3),
        ("nbs", "1", 1),
        ("lr0", "1e-3", 0.001),
        ("lr0", ".5", 0.5),
        ("mosaic", "1", 1.0),
        ("degrees", "90", 90.0),
        ("warmup_epochs", "1000", 1000.0),
        ("patience", "1e6", 1_000_000),
        ("cos_lr", "True", True),
        ("rect", "0", False),
        ("optimizer", "AdamW", "AdamW"),
        ("amp", "fp32", "fp32"),
    ],
)
def test_an_argument_is_read_in_its_kind(key: str, text: str, value: Any) -> None:
    """SageMaker passes every argument as text."""
    read = read_argument(key, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("patience", "-1"),
        ("patience", "2.5"),
        ("nbs", "0"),
        ("lr0", "1.01"),
        ("lr0", "nan"),
        ("lr0", "inf"),
        ("lr0", "0x1"),
        ("lr0", "1_0"),
        ("lr0", ""),
        ("degrees", "-1"),
        ("degrees", "1e999"),
        ("degrees", "1000.001"),
        ("warmup_epochs", "2000E9"),
        ("patience", "1000001"),
        ("fraction", "0"),
        ("freeze", "24"),
        ("momentum", "1"),
        ("scale", "1.5"),
        ("nbs", "1000001"),
        ("cos_lr", "yes"),
        ("optimizer", "adamw"),
        ("amp", "fp16"),
    ],
)
def test_a_wrong_argument_names_the_key_and_what_is_allowed(key: str, text: str) -> None:
    """Before an instance is paid for."""
    with pytest.raises(HyperparameterError) as caught:
        read_argument(key, text)
    assert str(caught.value) == f"hyperparameter {key} = {text!r}: must be {ALLOWED[SETTINGS[key]]}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("patience", "a whole number from 0 to 1000000"),
        ("nbs", "a whole number from 1 to 1000000"),
        ("lr0", "a number from 0 to 1"),
        ("box", "a number from 0 to 1000"),
    ],
)
def test_both_ends_of_a_number_are_named(key: str, said: str) -> None:
    """Whoever typed too much learns how much is allowed."""
    with pytest.raises(HyperparameterError, match=rf"hyperparameter {key} = '2e9': must be {said}$"):
        read_argument(key, "2e9")


@pytest.mark.parametrize("key", ["project", "device", "data", "resume", "model", "epochs", "", "LR0"])
def test_what_the_flow_decides_cannot_be_set(key: str) -> None:
    """Paths, devices, and keys of the execution input."""
    with pytest.raises(HyperparameterError, match=r"unknown or decided by the flow; .*llowed are"):
        read_argument(key, "1")


def test_every_kind_says_what_it_allows() -> None:
    """And no argument is both a further one and a key of the input."""
    assert set(SETTINGS.values()) == set(ALLOWED)
    assert not set(SETTINGS) & set(OWN)


def test_the_defaults_that_sagemaker_passes_are_those_of_the_input() -> None:
    """As text, which is all that it carries."""
    usual = OwnHyperparameters()
    assert {key: as_text(getattr(usual, key)) for key in OWN} == OWN
    assert OWN == {
        "model": "yolov8n",
        "epochs": "50",
        "image_size": "640",
        "precision": "auto",
        "batch": "16",
        "seed": "0",
        "max_detections": "300",
        "tiles": "off",
    }


digits = st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9])?", fullmatch=True)


@given(key=st.sampled_from(list(SETTINGS)), text=st.text(max_size=8) | digits)
def test_any_text_is_read_in_its_kind_or_refused(key: str, text: str) -> None:
    """Nothing else comes out, whatever is typed."""
    kind = SETTINGS[key]
    try:
        value = read_argument(key, text)
    except HyperparameterError:
        return
    if kind in CHOICES:
        assert value in CHOICES[kind]
    elif kind == "bool":
        assert isinstance(value, bool)
    elif kind in ("count", "positive"):
        assert isinstance(value, int)
        assert (kind == "positive") <= value <= 1_000_000
    else:
        assert 0 <= value <= (1 if kind == "fraction" else 1000)
