"""Which form of an answer an Accept header asks for."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.request.accept import choose_media_type
from containers.serving.request.refusal import InvocationError

OFFERED = ("application/json", "text/csv", "application/x-npy", "image/jpeg")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        (" , ", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("Text/CSV; charset=utf-8", "text/csv"),
        ("image/*", "image/jpeg"),
        ("*", "application/json"),
        ("text/csv, application/json", "text/csv"),
        ("*/*, text/csv", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=.5, */*;q=.6", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("*/*;q=0.1, application/*;q=0.8, application/json;q=0.2", "application/x-npy"),
        ("text/csv;q=0.3, text/csv;q=1, application/json;q=0.5", "application/json"),
        ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", "image/jpeg"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/html", None),
        ("image/png", None),
        ("text/csv;q=0", None),
        ("text", None),
        (";q=1", None),
    ],
    ids=repr,
)
def test_the_form_that_is_liked_most_is_chosen(accept: str, chosen: str | None) -> None:
    """Weight first; then what is named outright, then what is named first, then our own order."""
    assert choose_media_type(accept, OFFERED) == chosen


@pytest.mark.parametrize("weight", ["", "high", "2", "-1", "nan", "1e999"])
def test_a_weight_that_is_none_is_refused(weight: str) -> None:
    """Status 400 and the part of the header that is wrong."""
    with pytest.raises(InvocationError, match=r"Accept: 'text/csv;q=.*': q must be a number from 0 to 1") as refused:
        choose_media_type(f"*/*, text/csv;q={weight}", OFFERED)
    assert refused.value.status == 400


@given(st.text(st.sampled_from("ajq*/;,=. 019é\0")) | st.text())
def test_no_header_brings_anything_but_a_form_or_a_refusal(accept: str) -> None:
    """None is for whoever asks to refuse."""
    with contextlib.suppress(InvocationError):
        assert choose_media_type(accept, OFFERED) in {*OFFERED, None}
