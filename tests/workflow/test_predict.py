"""An endpoint is asked about pictures, and its answer is drawn on them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import GreenlightError, UsageError
from workflow.predict import Prediction, draw, find_pictures, predict, targets

BOX = {"class_id": 1, "class": "nut", "score": 0.912, "box": [40, 30, 160, 110]}
GREY = (128, 128, 128)


def picture(path: Path, size: tuple[int, int] = (200, 150)) -> Path:
    """A grey picture."""
    Image.new("RGB", size, GREY).save(path)
    return path


def endpoint(answer: bytes | None = None) -> ScriptedCloud:
    """An endpoint that sees one nut in everything."""
    said = json.dumps({"model_digest": "abc", "width": 200, "height": 150, "detections": [BOX]}).encode()
    return ScriptedCloud({"invoke_endpoint": lambda _: {"Body": io.BytesIO(said if answer is None else answer)}})


def test_a_picture_is_sent_as_it_is(tmp_path: Path) -> None:
    """The bytes of the file, its type and the wanted confidence."""
    cloud, file = endpoint(), picture(tmp_path / "a.png")
    (prediction,) = predict(cloud, "greenlight-production", [file], confidence=0.4)
    sent = cloud.asked[0][1]
    assert (sent["Body"], sent["ContentType"]) == (file.read_bytes(), "image/png")
    assert (sent["EndpointName"], sent["CustomAttributes"]) == ("greenlight-production", "confidence=0.4")
    assert prediction.document()["detections"] == [{"class": "nut", "score": 0.912, "box": [40, 30, 160, 110]}]
    assert prediction.text() == f"{file}  1 nut"


def test_a_picture_in_another_format_is_sent_as_jpeg(tmp_path: Path) -> None:
    """The endpoint knows JPEG and PNG."""
    cloud = endpoint()
    list(predict(cloud, "e", [picture(tmp_path / "a.bmp")]))
    assert cloud.asked[0][1]["ContentType"] == "image/jpeg"
    assert Image.open(io.BytesIO(cloud.asked[0][1]["Body"])).size == (200, 150)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    """Before anything is sent."""
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UsageError, match=r"a\.txt: is no picture"):
        list(predict(endpoint(), "e", [tmp_path / "a.txt"]))


def test_a_picture_too_large_for_an_endpoint_is_refused_with_its_size(tmp_path: Path) -> None:
    """SageMaker takes 6 MB; the person learns it here and not from an HTTP error."""
    (tmp_path / "a.jpg").write_bytes(b"x" * (7 * 1024 * 1024))
    with pytest.raises(UsageError, match=r"7\.0 MB, and an endpoint accepts at most 6 MB"):
        list(predict(endpoint(), "e", [tmp_path / "a.jpg"]))


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"error": "x"}'])
def test_an_answer_without_detections_is_no_prediction(tmp_path: Path, answer: bytes) -> None:
    """An endpoint of something else is told apart from one that sees nothing."""
    with pytest.raises(GreenlightError, match="something else than detections"):
        list(predict(endpoint(answer), "e", [picture(tmp_path / "a.jpg")]))


def test_boxes_are_drawn_where_they_are(tmp_path: Path) -> None:
    """The frame is coloured on the box's edge; inside and far outside the picture stays as it was."""
    prediction = Prediction(picture(tmp_path / "a.png"), "abc", 200, 150, (BOX,))
    draw(prediction, tmp_path / "out" / "a.png")
    drawn: Any = Image.open(tmp_path / "out" / "a.png").convert("RGB")
    assert drawn.size == (200, 150)
    for edge in ((40, 70), (160, 70), (100, 30), (100, 110)):
        assert drawn.getpixel(edge) != GREY
    assert drawn.getpixel((100, 70)) == GREY
    assert drawn.getpixel((190, 140)) == GREY


def test_a_picture_turned_by_its_camera_is_drawn_upright(tmp_path: Path) -> None:
    """Boxes are in pixels of the picture as it is shown."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (200, 100), GREY).save(tmp_path / "a.jpg", exif=exif)
    draw(Prediction(tmp_path / "a.jpg", "abc", 100, 200, ()), tmp_path / "b.png")
    assert Image.open(tmp_path / "b.png").size == (100, 200)


def test_files_folders_and_patterns_name_pictures(tmp_path: Path) -> None:
    """Each picture once, however often it is named."""
    (tmp_path / "more").mkdir()
    a, b = picture(tmp_path / "a.png"), picture(tmp_path / "more" / "b.png")
    (tmp_path / "note.txt").write_text("")
    assert find_pictures((str(tmp_path), f"{tmp_path}/*.png", str(b))) == [a, b]


def test_a_path_that_names_no_picture_is_told(tmp_path: Path) -> None:
    """A missing file, an empty folder and a pattern without a match."""
    for given in (f"{tmp_path}/a.jpg", str(tmp_path), f"{tmp_path}/*.jpg"):
        with pytest.raises(UsageError, match="there is no such picture"):
            find_pictures((given,))


def test_no_drawing_covers_another() -> None:
    """Two pictures of one name from two folders are numbered."""
    found = targets([Path("a/x.jpg"), Path("b/x.png"), Path("y.jpg")], Path("out"))
    assert [str(path) for path in found] == ["out/x.jpg", "out/x-2.jpg", "out/y.jpg"]
