"""The precision that serves, as the page tells it."""

from __future__ import annotations

from dataclasses import replace

from containers.serving.report.precision import precision
from tests.containers.serving.report.example_pages import bare, example
from tests.containers.serving.report.page_outline import Outline


def text(html: str) -> str:
    """What a reader sees."""
    return " ".join(Outline(html).text.split())


def test_the_choice_is_told_with_all_that_was_measured() -> None:
    """Figures, differences with their intervals, times, and why one may not serve."""
    page = example()
    assert page.choice is not None
    shown = text(precision(page.choice))
    quality = page.choice.tried[0].quality
    assert "It serves in bf16 : takes 29% of the time of f32 and loses at most 0.0011." in shown
    assert f"f32 32-bit floats {quality:.3f}" in shown
    assert "−0.0002 (−0.0011 to +0.0008) 17 ms yes" in shown
    assert "−0.0090 (−0.0142 to −0.0031) 16 ms no: may lose 0.0142, more than 0.005" in shown
    assert "on 40 of 80 validation pictures" in shown
    assert "Intel(R) Xeon(R) Processor" in shown


def test_a_precision_that_was_named_is_told_with_the_time_alone() -> None:
    """There was no choice; what it computes in stands at the time of a picture, production's too."""
    assert precision(None) == ""
    assert bare().choice is None
    shown = text(example().html())
    assert "99 % within 21 ms, in bf16" in shown
    assert "production 17 ms, in f32" in shown


def test_what_a_manifest_says_cannot_become_markup() -> None:
    """An archive is read, not believed."""
    page = example()
    assert page.choice is not None
    evil = "<script>alert(1)</script>"
    first = replace(page.choice.tried[0], precision=evil, refused=evil)
    html = precision(replace(page.choice, chosen=evil, reason=evil, processor=evil, figure=evil, tried=(first,)))
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 5
