"""An endpoint is asked about pictures: what is sent, what comes back, and what becomes of a picture that fails."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflow.cloud import Answer, ScriptedCloud
from workflow.errors import GreenlightError, PictureError, ServiceError, UsageError
from workflow.predictions.ask import LARGEST_BODY, Failure, Wanted, ask, predict, reason_of, require_endpoint
from workflow.predictions.prediction import Prediction

NUT = {
    "class_id": 1,
    "class": "nut",
    "score": 0.912,
    "box": [40.0, 30.0, 160.0, 110.0],
    "box_normalised": [0.2, 0.2, 0.8, 0.73333],
}
SIZE = {"model_digest": "abc", "width": 200, "height": 150}


def picture(path: Path, size: tuple[int, int] = (200, 150)) -> Path:
    """A grey picture."""
    Image.new("RGB", size, (128, 128, 128)).save(path)
    return path


def endpoint(body: bytes | None = None, **found: Any) -> ScriptedCloud:
    """An endpoint that sees one nut in everything, or what it is told to."""
    said = json.dumps({**SIZE, **(found or {"detections": [NUT]}), "timings_ms": {"inference": 2.5}}).encode()
    return ScriptedCloud({"invoke_endpoint": lambda _: {"Body": io.BytesIO(said if body is None else body)}})


def refusing(error: Exception) -> ScriptedCloud:
    """An endpoint that refuses every picture."""
    return ScriptedCloud({"invoke_endpoint": error})


def test_a_picture_is_sent_as_it_is(tmp_path: Path) -> None:
    """The bytes of the file and its type; nothing beside it where nothing is asked for."""
    cloud, file = endpoint(), picture(tmp_path / "a.png")
    prediction = ask(cloud, "greenlight-production", file)
    sent = cloud.asked[0][1]
    assert (sent["Body"], sent["ContentType"], sent["EndpointName"]) == (
        file.read_bytes(),
        "image/png",
        "greenlight-production",
    )
    assert not {"CustomAttributes", "InferenceComponentName"} & sent.keys()
    assert prediction.milliseconds > 0


def test_the_component_of_a_shared_endpoint_is_asked_by_its_name(tmp_path: Path) -> None:
    """Such an endpoint answers nobody who names none; and whether it is there is asked of the component."""
    cloud, file = endpoint(), picture(tmp_path / "a.png")
    (_,) = predict(cloud, "vision-shared", [file], component="greenlight-production")
    assert cloud.asked[0][1]["InferenceComponentName"] == "greenlight-production"
    missing = ScriptedCloud({"describe_inference_component": ServiceError("ValidationException", "Could not find it")})
    with pytest.raises(UsageError, match="no component greenlight-production on the shared endpoint vision-shared"):
        require_endpoint(missing, "vision-shared", "production", "greenlight-production")


@pytest.mark.parametrize(
    ("suffix", "kind"), [("jpg", "jpeg"), ("png", "png"), ("webp", "webp"), ("bmp", "bmp"), ("tif", "tiff")]
)
def test_the_first_bytes_tell_the_type_and_not_the_name(tmp_path: Path, suffix: str, kind: str) -> None:
    """A PNG called .jpg is common."""
    cloud = endpoint()
    file = picture(tmp_path / f"a.{suffix}").rename(tmp_path / "a.jpg")
    ask(cloud, "e", file)
    assert cloud.asked[0][1]["ContentType"] == f"image/{kind}"
    assert cloud.asked[0][1]["Body"] == file.read_bytes()


def test_a_picture_in_another_format_is_sent_as_jpeg(tmp_path: Path) -> None:
    """An endpoint knows JPEG, PNG, WebP, BMP and TIFF."""
    Image.new("RGB", (200, 100)).save(tmp_path / "a.gif")
    cloud = endpoint()
    ask(cloud, "e", tmp_path / "a.gif")
    assert cloud.asked[0][1]["ContentType"] == "image/jpeg"
    assert Image.open(io.BytesIO(cloud.asked[0][1]["Body"])).size == (200, 100)


def test_everything_asked_for_is_in_one_header(tmp_path: Path) -> None:
    """As the serving image reads it."""
    cloud = endpoint()
    ask(cloud, "e", picture(tmp_path / "a.png"), Wanted(0.4, 0.6, ("cap nut", "3"), 10))
    assert cloud.asked[0][1]["CustomAttributes"] == "confidence=0.4,iou=0.6,classes=cap nut;3,max_detections=10"


@pytest.mark.parametrize("name", ["Schlüssel", "a;b", "a\nb"])
def test_a_class_that_no_header_can_carry_is_refused(name: str) -> None:
    """Its number says the same."""
    with pytest.raises(UsageError, match="give its number instead"):
        Wanted(classes=(name,)).attributes()


def test_a_prediction_keeps_all_the_endpoint_said(tmp_path: Path) -> None:
    """As JSON for a program, as words for a person."""
    file = picture(tmp_path / "a.png")
    prediction = ask(endpoint(), "e", file)
    document = prediction.document()
    assert document.pop("request_ms") >= 0
    named = {"file": str(file), "inference_id": ""}
    assert document == {**named, **SIZE, "detections": [NUT], "timings_ms": {"inference": 2.5}}
    assert (prediction.text(), dict(prediction.counts)) == ("1 nut", {"nut": 1})


def test_a_sorted_picture_has_its_best_classes(tmp_path: Path) -> None:
    """A model that sorts pictures answers no boxes."""
    best = [{"class_id": n, "class": f"c{n}", "score": 0.9 - n / 5} for n in range(4)]
    prediction = ask(endpoint(classification=best), "e", picture(tmp_path / "a.png"))
    assert prediction.text() == "c0 0.90, c1 0.70, c2 0.50"
    assert prediction.document()["classification"] == best
    assert "detections" not in prediction.document()
    assert dict(prediction.counts) == {"c0": 1}


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"[]", b'{"error": "x"}', json.dumps({**SIZE, "detections": [{"class": "nut"}]}).encode()],
)
def test_an_answer_without_detections_is_no_prediction(tmp_path: Path, answer: bytes) -> None:
    """An endpoint of something else is told apart from one that sees nothing, and not asked on."""
    with pytest.raises(GreenlightError, match="something else than detections"):
        list(predict(endpoint(answer), "e", [picture(tmp_path / "a.jpg")]))


def test_a_picture_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """With its size and the limit; the picture of just that size is sent."""
    cloud, large, small = endpoint(), tmp_path / "large.jpg", tmp_path / "small.jpg"
    large.write_bytes(b"\xff\xd8\xff" + bytes(LARGEST_BODY - 2))
    small.write_bytes(b"\xff\xd8\xff" + bytes(LARGEST_BODY - 3))
    failure, prediction = predict(cloud, "e", [large, small])
    assert failure == Failure(
        large, "is 6,291,457 bytes, and an endpoint like this accepts at most 6,291,456: make the picture smaller"
    )
    assert isinstance(prediction, Prediction)
    assert len(cloud.asked) == 1


def test_an_endpoint_without_instances_takes_smaller_pictures(tmp_path: Path) -> None:
    """Four megabytes; which one it is, its description says."""
    shown = {"EndpointStatus": "InService", "ProductionVariants": [{"CurrentServerlessConfig": {}}]}
    largest = require_endpoint(ScriptedCloud({"describe_endpoint": shown}), "e", "production")
    file = tmp_path / "large.jpg"
    file.write_bytes(b"\xff\xd8\xff" + bytes(largest - 2))
    cloud = endpoint()
    (failure,) = predict(cloud, "e", [file], largest=largest)
    assert isinstance(failure, Failure)
    assert "is 4,194,305 bytes, and an endpoint like this accepts at most 4,194,304" in failure.reason
    assert not cloud.asked
    shown["ProductionVariants"] = [{"CurrentInstanceCount": 1}]
    assert require_endpoint(ScriptedCloud({"describe_endpoint": shown}), "e", "production") == LARGEST_BODY


def test_who_is_throttled_asks_again_a_little_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for ever: a picture that finds no room is told, and the others go on."""
    waited: list[float] = []
    monkeypatch.setattr("workflow.predictions.ask.time.sleep", waited.append)
    throttled = ServiceError("ThrottlingException", "too many at one time")
    cloud, busy = endpoint(), iter([throttled, throttled])

    def answer(asked: dict[str, Any]) -> Mapping[str, Any]:
        for error in busy:
            raise error
        return cloud.call("", "invoke_endpoint", **asked)

    file = picture(tmp_path / "a.png")
    assert isinstance(ask(ScriptedCloud({"invoke_endpoint": answer}), "e", file), Prediction)
    assert waited == [1.0, 2.0]
    (failure,) = predict(refusing(throttled), "e", [file])
    assert failure == Failure(file, "too many at one time")


def test_pictures_that_fail_leave_the_others_alone(tmp_path: Path) -> None:
    """No picture, a missing file, a drawing that cannot be made: each is told in its turn."""
    text, good = tmp_path / "a.txt", picture(tmp_path / "b.jpg")
    text.write_text("hello")

    def then(prediction: Prediction) -> None:
        raise PictureError(prediction.file, "cannot be drawn")

    first, second, third = predict(endpoint(), "e", [text, tmp_path / "gone.jpg", good], then=then, at_once=3)
    assert isinstance(first, Failure)
    assert first.reason.startswith("is no picture")
    assert second == Failure(tmp_path / "gone.jpg", "cannot be read (No such file or directory)")
    assert third == Failure(good, "cannot be drawn")


def test_a_refusal_of_the_models_server_is_told_in_its_own_words(tmp_path: Path) -> None:
    """And not in SageMaker's, which surround them."""
    said = json.dumps({"error": "confidence = 2: must be a number from 0 to 1"})
    around = f'Received client error (400) from primary with message "{said}". See https://x for more information.'
    error = ServiceError("ModelError", f"sagemaker-runtime:invoke_endpoint: ModelError: {around}")
    (failure,) = predict(refusing(error), "e", [picture(tmp_path / "a.jpg")])
    assert failure == Failure(tmp_path / "a.jpg", "confidence = 2: must be a number from 0 to 1")
    assert reason_of(ServiceError("ServiceUnavailable", "busy")) == "busy"


def test_an_endpoint_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    """In plain words, and a thousand pictures are not tried."""
    error = ServiceError("ValidationError", "Endpoint e of account 0 not found.")
    with pytest.raises(UsageError, match="there is no endpoint e, so nothing was asked"):
        list(predict(refusing(error), "e", [picture(tmp_path / "a.jpg"), picture(tmp_path / "b.jpg")]))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ServiceError("ValidationException", "none"), "production serves no model yet: there is no endpoint e"),
        ({"EndpointStatus": "Creating"}, "production answers nothing now: the endpoint e is Creating"),
    ],
)
def test_a_stage_that_cannot_answer_is_told_before_it_is_asked(answer: Answer, said: str) -> None:
    """With what would make it answer, where there is no endpoint yet."""
    with pytest.raises(UsageError, match=said):
        require_endpoint(ScriptedCloud({"describe_endpoint": answer}), "e", "production")


def test_who_may_not_look_at_an_endpoint_may_still_ask_it() -> None:
    """Rights to ask are given apart."""
    for answer in (ServiceError("AccessDeniedException", "not yours"), {"EndpointStatus": "Updating"}):
        require_endpoint(ScriptedCloud({"describe_endpoint": answer}), "e", "production")


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("AccessDeniedException", "not yours"),
        GreenlightError("nothing answers"),
        UsageError("no credentials"),
    ],
)
def test_what_would_fail_for_every_picture_ends_it(tmp_path: Path, error: GreenlightError) -> None:
    """A thousand pictures are not tried where there is no endpoint."""
    file = picture(tmp_path / "a.jpg")
    cloud = refusing(error)
    with pytest.raises(type(error), match=str(error)):
        list(predict(cloud, "e", [file] * 1000, at_once=2))
    assert len(cloud.asked) < 1000


def test_several_pictures_are_asked_about_at_once_and_answered_in_their_order(tmp_path: Path) -> None:
    """The first is answered only when the second has been asked."""
    files = [picture(tmp_path / f"{n}.jpg", (8 + n, 8)) for n in range(2)]
    second_came = threading.Event()

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["Body"] == files[1].read_bytes():
            second_came.set()
        else:
            assert second_came.wait(10)
        return {"Body": io.BytesIO(json.dumps({**SIZE, "detections": []}).encode())}

    answers: dict[str, Answer] = {"invoke_endpoint": answer}
    outcomes = list(predict(ScriptedCloud(answers), "e", files, at_once=2))
    assert [outcome.file for outcome in outcomes] == files
    assert all(isinstance(outcome, Prediction) for outcome in outcomes)
