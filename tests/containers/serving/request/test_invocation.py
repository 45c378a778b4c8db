"""What a request may say, and what it is told when it says something else."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import OFFERED, Invocation, InvocationError, Item, read_invocation
from containers.serving.request.parameters import Parameters

CLASSES = ("bolt", "cap nut", "7", "größe")
DEFAULTS = Thresholds(0.25, 0.7)
ONE = base64.b64encode(b"one").decode()


def read(body: object, attributes: str = "", accept: str = "", content_type: str = "application/json") -> Invocation:
    """Understand a body: bytes as they are, a list of anything as lines, the rest as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_invocation(content_type, accept, attributes, data, Parameters(DEFAULTS), CLASSES)


def lines(*bodies: object) -> Invocation:
    text = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in bodies)
    return read(text, content_type="application/jsonlines")


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def refused(status: int, body: object, **headers: str) -> str:
    """What the caller is told."""
    with pytest.raises(InvocationError) as error:
        read(body, **headers)
    assert error.value.status == status
    return str(error.value)


@pytest.mark.parametrize(
    "content_type",
    [
        *("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "application/x-image"),
        "Image/JPEG; q=1",
    ],
)
def test_an_image_is_its_own_body(content_type: str) -> None:
    """The bytes arrive as they are; what they are is seen later, by the bytes."""
    asked = read(b"bytes", content_type=content_type)
    assert asked == Invocation((Item(b"bytes", "encoded", DEFAULTS),), "one", "application/json")


@pytest.mark.parametrize(("accept", "form"), [("", "application/jsonlines"), ("video/*", "video/webm")])
def test_a_video_is_answered_in_lines_or_as_a_video(accept: str, form: str) -> None:
    """The bytes arrive as they are; no other form has a place for frames."""
    asked = read(b"bytes", accept=accept, content_type="video/quicktime")
    assert asked == Invocation((Item(b"bytes", "video", DEFAULTS),), "video", form)
    assert "a video comes as one of" in refused(406, b"bytes", accept="image/jpeg", content_type="video/mp4")


def test_a_list_of_images_asks_for_a_list_of_answers() -> None:
    """Also when it holds one image."""
    asked = read({"images": [ONE]})
    assert (asked.items, asked.shape) == ((Item(b"one", "encoded", DEFAULTS),), "many")


@pytest.mark.parametrize("shape", [(4, 6, 3), (4, 6)])
def test_an_array_of_one_picture_is_one_picture(shape: tuple[int, ...]) -> None:
    """Colour or grey; the file arrives as it is."""
    data = npy(np.ones(shape, np.uint8))
    asked = read(data, content_type="application/x-npy")
    assert asked == Invocation((Item(data, "array", DEFAULTS),), "one", "application/json")


def test_a_stack_of_pictures_becomes_pictures_of_their_own() -> None:
    """A stack of one as well; the answer is a list."""
    for count in (1, 5):
        stack = np.random.default_rng(1).integers(0, 256, (count, 4, 6, 3), np.uint8)
        asked = read(npy(stack), content_type="application/x-npy")
        assert (asked.shape, {item.kind for item in asked.items}) == ("many", {"array"})
        assert np.array_equal([np.load(io.BytesIO(item.image)) for item in asked.items], stack)


def test_an_array_that_is_no_picture_is_refused() -> None:
    """Status 400; what is wrong with the array's header is told."""
    for array, said in (
        (np.ones((33, 1, 1, 3), np.uint8), "at most 32"),
        (np.ones((4, 6), np.float32), "uint8"),
        (np.ones((3, 4, 6), np.uint8), "[height, width, 3]"),
    ):
        assert said in refused(400, npy(array), content_type="application/x-npy")


@pytest.mark.parametrize("content_type", ["application/jsonlines", "application/x-ndjson"])
def test_each_line_is_a_request_of_its_own(content_type: str) -> None:
    """With its own thresholds; one that makes no sense says so in its place and spoils no other."""
    body = b'{"image": "b25l", "masks": "rle"}\r\n{"image": 7}\n\n{"image": "", "confidence": 0.5, "classes": [0]}\n\n'
    asked = read(body, attributes="iou=0.6", content_type=content_type)
    thresholds = Thresholds(0.25, 0.6)
    first, second, third, fourth = asked.items
    assert (asked.shape, asked.accept) == ("lines", "application/jsonlines")
    assert first == Item(b"one", "encoded", thresholds, masks="rle")
    assert fourth == Item(b"", "encoded", Thresholds(0.5, 0.6, (0,)))
    assert second.error is not None
    assert second.error.startswith("line 2: image = 7: must be a picture in base64")
    assert third.error is not None
    assert third.error.startswith("line 3: the line is not JSON")


def test_a_line_takes_one_image_only() -> None:
    """A list in a line would need an answer within an answer."""
    asked = lines({"images": [ONE]}, {"image": ONE, "images": [ONE]}, {"image": ONE, "colour": 1}, [])
    errors = [item.error or "" for item in asked.items]
    said = ('the line must hold "image"', "unknown key 'images'", "unknown key 'colour'", "must be a JSON object")
    assert all(one in error for one, error in zip(said, errors, strict=True))


def test_lines_are_at_least_one_and_at_most_256() -> None:
    """Counted before any of them is read."""
    assert len(lines(*[{"image": ""}] * 256).items) == 256
    for body in (b"\n" * 25_000_000 + b"{}", b"{}\n" * 257):
        assert "more than 256 lines" in refused(400, body, content_type="application/jsonlines")
    assert "empty" in refused(400, b" \r\n\n", content_type="application/jsonlines")


def test_thresholds_come_from_the_header_and_the_body_outranks_it() -> None:
    """What is said closest to the image counts."""
    asked = read(
        {"image": "", "confidence": 0.6, "max_detections": 7}, attributes="confidence=0.3, iou=0.5, masks=none"
    )
    assert asked.items[0] == Item(b"", "encoded", Thresholds(0.6, 0.5, None, 7), masks="none")


def test_the_header_counts_for_every_kind_of_body() -> None:
    """A batch job's pictures have no other place to say it."""
    array, wanted = npy(np.ones((2, 4, 6, 3), np.uint8)), replace(DEFAULTS, classes=(1,))
    for content_type, body in (("image/png", b"x"), ("application/x-npy", array), ("application/jsonlines", b"{}")):
        asked = read(body, attributes="classes=cap nut", content_type=content_type)
        assert {item.thresholds for item in asked.items} == {wanted}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "must be a JSON object"),
        ("image", "must be a JSON object"),
        ({}, 'either "image" or "images"'),
        ({"image": "", "images": []}, 'either "image" or "images"'),
        ({"images": []}, "1 to 32"),
        ({"images": [""] * 33}, "1 to 32"),
        ({"images": "abc"}, "1 to 32"),
        ({"images": ["", 7]}, r"images[1] = 7: must be a picture in base64"),
        ({"image": None}, "must be a picture in base64"),
        ({"image": "£"}, "must be a picture in base64"),
        ({"image": "a"}, "must be a picture in base64"),
        ({"image": "YQ==\n"}, "without line breaks"),
        ({"image": "data:image/png;base64,YQ=="}, 'without line breaks or "data:'),
        ({"image": "", "colour": 1}, "unknown key 'colour': allowed are image, images, confidence, iou, classes"),
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON: Expecting property name"),
        (b'{"image": "\xff"}', "byte 11 is not UTF-8"),
        (b'{"image": "", "image": ""}', "the key 'image' is given twice"),
        (b'{"image": "", "iou": NaN}', "NaN is no number in JSON"),
        (b'{"image": "", "iou": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"image": "", "iou": ' + b"1" * 5000 + b"}", "too many digits"),
        (b'{"image": ' + b"[" * 100_000, "nested too deep"),
        (b'{"image": [' + b"{}," * 10_001 + b"0]}", "more than 10000 commas"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_makes_no_sense_is_refused(body: object, said: str) -> None:
    """Status 400 and a short message that names what is wrong and what is allowed."""
    told = refused(400, body)
    assert said in told
    assert len(told) < 300


def test_a_value_nested_as_deep_as_can_be_read_is_refused_all_the_same() -> None:
    """What JSON's reader still takes, a message that shows it could fail on."""
    for depth in range(700, 1000):
        refused(400, b'{"image": "", "iou": ' + b"[" * depth + b"]" * depth + b"}")


def test_json_of_other_programs_is_understood() -> None:
    """With a byte-order mark, and with escapes where UTF-8 would do."""
    assert read(b'\xef\xbb\xbf{"image": "b25l", "classes": ["gr\\u00f6\\u00dfe"]}').items[0].thresholds.classes == (3,)


@pytest.mark.parametrize("content_type", ["text/csv", "", "image/gif", "application/json+x", "\x00ä" * 400])
def test_another_content_type_is_refused_with_what_is_accepted(content_type: str) -> None:
    """Status 415."""
    told = refused(415, b"", content_type=content_type)
    assert "image/jpeg" in told
    assert "application/jsonlines" in told
    assert len(told) < 300


@pytest.mark.parametrize(
    ("accept", "body", "form"),
    [
        ("text/csv", {"image": ""}, "text/csv"),
        ("image/*", {"image": ""}, "image/jpeg"),
        ("image/jpeg, application/x-npy;q=0.5", {"images": [""]}, "application/x-npy"),
        ("application/jsonlines", {"images": [""]}, "application/jsonlines"),
    ],
    ids=repr,
)
def test_the_form_of_the_answer_is_chosen_by_accept(accept: str, body: object, form: str) -> None:
    """Among the forms that this number of pictures can have."""
    assert read(body, accept=accept).accept == form


@pytest.mark.parametrize(
    ("accept", "body", "content_type", "exists"),
    [
        (
            "image/webp",
            b"",
            "image/png",
            "one picture comes as one of application/json, text/csv, application/x-npy, im",
        ),
        ("image/jpeg", b'{"images": [""]}', "application/json", "several pictures comes as one of application/json, t"),
        ("application/json", b"{}", "application/jsonlines", "lines comes as one of application/jsonlines"),
    ],
    ids=repr,
)
def test_a_form_that_does_not_exist_is_refused_with_those_that_do(
    accept: str, body: bytes, content_type: str, exists: str
) -> None:
    """Status 406: a drawing is of one picture, and only lines have a place for the error of a line."""
    assert exists in refused(406, body, accept=accept, content_type=content_type)


def json_texts() -> st.SearchStrategy[bytes]:
    """Bodies that nearly make sense: our keys, any values, and what JSON cannot write."""
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()), st.sampled_from(CLASSES)
    )
    values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
    keys = st.sampled_from(["image", "images", "confidence", "iou", "classes", "max_detections", "masks", "x"])
    documents = st.dictionaries(keys, values | st.just(ONE)).map(json.dumps)
    return st.builds(str.replace, documents, st.sampled_from(["", '"x"', "1"]), st.sampled_from(["1e999", "\n"])).map(
        str.encode
    )


def check_refusal(error: InvocationError) -> None:
    """It is the caller's fault, and what is told is short and can be written anywhere."""
    assert 400 <= error.status < 500
    assert str(error).isprintable()
    assert str(error).encode()
    assert len(str(error)) < 600


HEADERS = st.text(st.characters(), max_size=40)
TYPES = st.sampled_from(["image/jpeg", "application/json", "application/jsonlines", "application/x-npy"])
ATTRIBUTES = st.lists(
    st.tuples(st.sampled_from(["confidence", "iou", "classes", "max_detections", "masks"]), HEADERS | st.just("1"))
).map(lambda pairs: ",".join("=".join(pair) for pair in pairs))


@given(TYPES | HEADERS, st.sampled_from([*OFFERED["one"], "*/*"]) | HEADERS, ATTRIBUTES | HEADERS, json_texts())
@example("application/json", "", "", b'{"image": "", "classes": ["\\ud800"]}')
@example("application/json", "", "", b'{"\\ud800": "", "image": ""}')
@example("application/json", "", "", b'{"image": "", "confidence": 1e999}')
@example("application/json", "", "classes=\ud800", b'{"image": ""}')
def test_whatever_is_sent_is_understood_or_refused(
    content_type: str, accept: str, attributes: str, body: bytes
) -> None:
    """Nothing else is ever raised; what is understood is within bounds, and what is told can be written as JSON."""
    try:
        asked = read_invocation(content_type, accept, attributes, body, Parameters(DEFAULTS), CLASSES)
    except InvocationError as error:
        check_refusal(error)
        return
    assert asked.accept in OFFERED[asked.shape]
    for item in asked.items:
        thresholds = item.thresholds
        assert 0 <= thresholds.confidence <= 1
        assert 0 <= thresholds.iou <= 1
        assert 1 <= thresholds.max_detections <= 300
        assert thresholds.classes is None or {*thresholds.classes} <= {*range(len(CLASSES))}
        assert item.error is None or item.error.isprintable()


@given(TYPES, st.binary(max_size=200) | st.binary(max_size=200).map(b"\x93NUMPY\x01\x00\x40\x00".__add__))
def test_whatever_bytes_are_sent_are_understood_or_refused(content_type: str, body: bytes) -> None:
    """Noise under a name that promises something else."""
    try:
        assert read(body, content_type=content_type).items
    except InvocationError as error:
        check_refusal(error)
