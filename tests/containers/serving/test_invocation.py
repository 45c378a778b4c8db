"""What a request may say, and what it is told when it says something else."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.invocation import InvocationError, Thresholds, read_invocation

DEFAULTS = Thresholds(0.25, 0.7)


def read(body: object, attributes: str = "") -> object:
    return read_invocation("application/json", attributes, json.dumps(body).encode(), DEFAULTS)


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "Image/JPEG; q=1"])
def test_an_image_is_its_own_body(content_type: str) -> None:
    """The bytes arrive as they are."""
    asked = read_invocation(content_type, "", b"bytes", DEFAULTS)
    assert (asked.images, asked.many, asked.thresholds) == ((b"bytes",), False, DEFAULTS)


def test_a_list_of_images_asks_for_a_list_of_answers() -> None:
    """Also when it holds one image."""
    asked = read({"images": [base64.b64encode(b"one").decode()]})
    assert (asked.images, asked.many) == ((b"one",), True)


def test_thresholds_come_from_the_header_and_the_body_outranks_it() -> None:
    """What is said closest to the image counts."""
    asked = read({"image": "", "confidence": 0.6}, attributes="confidence=0.3, iou=0.5")
    assert asked.thresholds == Thresholds(0.6, 0.5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "either"),
        ({}, "either"),
        ({"image": "", "images": []}, "either"),
        ({"images": []}, "1 to 32"),
        ({"images": [""] * 33}, "1 to 32"),
        ({"images": "abc"}, "1 to 32"),
        ({"image": 7}, "base64"),
        ({"image": "£"}, "base64"),
        ({"image": "a"}, "base64"),
        ({"image": "", "confidence": "high"}, "from 0 to 1"),
        ({"image": "", "confidence": True}, "from 0 to 1"),
        ({"image": "", "confidence": 1.5}, "from 0 to 1"),
        ({"image": "", "iou": float("nan")}, "from 0 to 1"),
        ({"image": "", "colour": 1}, "unknown key 'colour'"),
    ],
    ids=repr,
)
def test_a_body_that_makes_no_sense_is_refused(body: object, said: str) -> None:
    """Status 400 and a message that names what is allowed."""
    with pytest.raises(InvocationError, match=said) as refused:
        read(body)
    assert refused.value.status == 400


@pytest.mark.parametrize("attributes", ["confidence", "confidence=", "confidence=2", "iou=nan", "debug=1"])
def test_custom_attributes_that_make_no_sense_are_refused(attributes: str) -> None:
    """A threshold that is silently ignored would look like a worse model."""
    with pytest.raises(InvocationError):
        read({"image": ""}, attributes)


def test_another_content_type_is_refused_with_what_is_accepted() -> None:
    """Status 415."""
    with pytest.raises(InvocationError, match="image/jpeg") as refused:
        read_invocation("text/csv", "", b"", DEFAULTS)
    assert refused.value.status == 415


@given(st.text(max_size=30), st.text(max_size=30), st.binary(max_size=60))
def test_no_request_raises_anything_but_a_refusal(content_type: str, attributes: str, body: bytes) -> None:
    """Whatever is sent is understood or refused."""
    for media_type in (content_type, "application/json"):
        with contextlib.suppress(InvocationError):
            assert read_invocation(media_type, attributes, body, DEFAULTS).thresholds.iou <= 1
