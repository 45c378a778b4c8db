"""Whatever stands where an annotation tool writes something: a problem at most, and no number that is none."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.labels.recognition import open_source

KEYS = st.sampled_from(["x", "y", "width", "height", "points", "type", "rectanglelabels", "id", "label", "value", "0"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["a.jpg", "nut"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
SHAPE = {"label": "nut", "points": [[1, 2], [30, 20]], "shape_type": "rectangle", "group_id": None}
DRAWING = {"shapes": [SHAPE, SHAPE], "imagePath": "a.jpg", "imageWidth": 64, "imageHeight": 32, "imageData": None}
VALUE = {"x": 1, "y": 2, "width": 30, "height": 20, "rotation": 0, "rectanglelabels": ["nut"]}
RESULT = {"id": "r", "type": "rectanglelabels", "original_width": 64, "original_height": 32, "value": VALUE}
TASK = {"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": [RESULT, RESULT], "was_cancelled": False}]}
ATTRIBUTES = {
    "box": {"label": "nut", "xtl": "1", "ytl": "2", "xbr": "30", "ybr": "20", "rotation": "0"},
    "polygon": {"label": "nut", "points": "1,2;30,2;30,20"},
    "mask": {"label": "nut", "rle": "1, 2, 3", "left": "1", "top": "2", "width": "3", "height": "2"},
    "ellipse": {"label": "nut", "cx": "9", "cy": "9", "rx": "3", "ry": "4"},
    "image": {"id": "0", "name": "a.jpg", "subset": "train", "width": "64", "height": "32"},
}


@st.composite
def exchanged(draw: st.DrawFn, document: Any) -> Any:
    """The document with anything in one place of it, or without that."""
    if not isinstance(document, (dict, list)) or not document or draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    copy = dict(document) if isinstance(document, dict) else list(document)
    key = draw(st.sampled_from(list(document) if isinstance(document, dict) else range(len(document))))
    if isinstance(copy, dict) and draw(st.integers(0, 9)) == 0:
        del copy[key]
    else:
        copy[key] = draw(exchanged(document[key]))
    return copy


@st.composite
def elements(draw: st.DrawFn) -> str:
    """A CVAT file of one picture and one shape, in which some attributes say something else."""
    tag = draw(st.sampled_from([tag for tag in ATTRIBUTES if tag != "image"]))
    odd = st.sampled_from(["", "-1", "1e400", "nan", "0,0", "1;2", "99999999999", "1_0", "ä", ";", ",", "train", "1.5"])
    texts = {}
    for name in ("image", tag):
        said = {key: draw(st.just(value) | odd) for key, value in ATTRIBUTES[name].items() if draw(st.integers(0, 9))}
        texts[name] = " ".join(f"{key}={quoteattr(value)}" for key, value in said.items())
    return f"<annotations><image {texts['image']}><{tag} {texts[tag]}/></image></annotations>"


def check(name: str, text: str, format: str) -> None:
    """Read it as each task; every row must be of finite fractions of the picture."""
    with tempfile.TemporaryDirectory() as base:
        (Path(base) / "a.jpg").write_text("x")
        (Path(base) / name).write_text(text, encoding="utf-8")
        for task in ("auto", "detect", "segment", "obb", "pose"):
            source = open_source(Path(base), task=task, format=format, policy={"outside-image": "repair"})
            assert source.entries or source.problems
            for entry in source.entries:
                for size in ((64, 32), (0, 0)):
                    rows = source.labels(entry, *size).rows
                    assert all(
                        math.isfinite(number) and -1e-6 <= number <= 1 + 1e-6 for row in rows for number in row.numbers
                    )


@settings(deadline=None, max_examples=150)
@given(exchanged(DRAWING))
def test_labelme_with_anything_in_it(document: Any) -> None:
    """No exception, no number outside."""
    check("a.json", json.dumps(document), "labelme")


@settings(deadline=None, max_examples=150)
@given(exchanged([TASK]))
def test_label_studio_with_anything_in_it(document: Any) -> None:
    """No exception, no number outside."""
    check("tasks.json", json.dumps(document), "label-studio")


@settings(deadline=None, max_examples=150)
@given(elements())
def test_cvat_with_anything_in_it(text: str) -> None:
    """No exception, no number outside."""
    check("annotations.xml", text, "cvat")
