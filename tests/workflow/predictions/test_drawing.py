"""What an endpoint saw is drawn on the picture, whatever kind of model answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from workflow.errors import PictureError
from workflow.predictions.drawing import draw, open_picture
from workflow.predictions.prediction import Prediction

GREY = (128, 128, 128)
NUT: dict[str, Any] = {"class_id": 1, "class": "nut", "score": 0.912, "box": [40, 30, 160, 110]}
INSIDE, OUTSIDE = (100, 70), (190, 140)


def drawn(folder: Path, *detections: dict[str, Any], **more: Any) -> Any:
    """A grey picture with this drawn on it."""
    Image.new("RGB", (200, 150), GREY).save(folder / "a.png")
    draw(Prediction(folder / "a.png", "abc", 200, 150, detections, **more), folder / "out/deep/a.png")
    return Image.open(folder / "out/deep/a.png").convert("RGB")


def test_boxes_are_drawn_where_they_are(tmp_path: Path) -> None:
    """The frame is coloured on the box's edge; inside and far outside the picture stays as it was."""
    picture = drawn(tmp_path, NUT)
    assert picture.size == (200, 150)
    for edge in ((40, 70), (160, 70), (100, 30), (100, 110)):
        assert picture.getpixel(edge) != GREY
    assert picture.getpixel(INSIDE) == GREY
    assert picture.getpixel(OUTSIDE) == GREY


def test_outlines_are_filled_so_that_the_picture_shows_through(tmp_path: Path) -> None:
    """The inside is veiled in the colour of the outline."""
    picture = drawn(tmp_path, {**NUT, "polygons": [[[80, 50], [120, 50], [120, 90], [80, 90]]]})
    assert picture.getpixel(INSIDE) not in {GREY, picture.getpixel((80, 70))}
    assert picture.getpixel((60, 70)) == GREY, "inside the box, outside the outline"


def test_visible_key_points_are_dots(tmp_path: Path) -> None:
    """One that is hidden is left out."""
    picture = drawn(tmp_path, {**NUT, "keypoints": [[100, 70, 0.9], [60, 90, 0.1]]})
    assert picture.getpixel(INSIDE) != GREY
    assert picture.getpixel((60, 90)) == GREY


def test_a_turned_box_is_drawn_by_its_corners(tmp_path: Path) -> None:
    """And not as the upright box around it."""
    picture = drawn(tmp_path, {**NUT, "corners": [[100, 30], [160, 70], [100, 110], [40, 70]], "angle": 0.5})
    assert picture.getpixel((160, 70)) != GREY
    assert picture.getpixel((155, 105)) == GREY, "a corner of the upright box"


def test_a_sorted_picture_names_its_best_classes(tmp_path: Path) -> None:
    """One below the other, from the upper left; more of them take more room."""
    best = tuple({"class_id": n, "class": f"class {n}", "score": 0.5} for n in range(3))
    boxes = []
    for count in (1, 3):
        picture = drawn(tmp_path, classification=best[:count])
        boxes.append(ImageChops.difference(picture, Image.new("RGB", picture.size, GREY)).getbbox())
    one, three = boxes
    assert one is not None
    assert three is not None
    assert one[:2] == three[:2] == (0, 0)
    assert three[3] > 2 * one[3]


def test_classes_have_colours_of_their_own(tmp_path: Path) -> None:
    """By number, so that a class has the same one in every picture."""
    bolt = {**NUT, "class_id": 0, "class": "bolt"}
    assert drawn(tmp_path, NUT).getpixel((40, 70)) != drawn(tmp_path, bolt).getpixel((40, 70))


def test_a_picture_turned_by_its_camera_is_drawn_upright(tmp_path: Path) -> None:
    """Boxes are in pixels of the picture as it is shown."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (200, 100), GREY).save(tmp_path / "a.jpg", exif=exif)
    draw(Prediction(tmp_path / "a.jpg", "abc", 100, 200), tmp_path / "b.png")
    assert Image.open(tmp_path / "b.png").size == (100, 200)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_of_16_bits_is_shown_in_its_shades(tmp_path: Path, name: str, order: str) -> None:
    """Its upper 8 bits, as an endpoint sees it, and not white from 256 on."""
    levels = np.arange(0, 65_536, 655, dtype=order).reshape(1, -1).repeat(20, axis=0)
    Image.fromarray(levels if name.endswith("tif") else levels.astype("<u2")).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    shown = np.asarray(open_picture(tmp_path / name, content).convert("L"))
    assert np.array_equal(shown, levels >> 8)


def test_a_turned_tiff_is_drawn_upright(tmp_path: Path) -> None:
    """Once, though Pillow turns it by itself."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    for mode in ("RGB", "L", "P", "CMYK"):
        Image.new(mode, (200, 100)).save(tmp_path / "a.tif", exif=exif)
        draw(Prediction(tmp_path / "a.tif", "abc", 100, 200), tmp_path / "b.png")
        assert Image.open(tmp_path / "b.png").size == (100, 200)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".webp", ".bmp"])
def test_a_drawing_is_written_in_the_format_of_its_name(tmp_path: Path, suffix: str) -> None:
    """Whatever the picture was."""
    Image.new("RGB", (20, 20), GREY).save(tmp_path / "a.png")
    draw(Prediction(tmp_path / "a.png", "abc", 20, 20), tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as found:
        assert found.format == {".jpg": "JPEG", ".jpeg": "JPEG"}.get(suffix, suffix[1:].upper())


def test_a_picture_that_cannot_be_read_is_an_error_of_that_picture(tmp_path: Path) -> None:
    """An endpoint may read what Pillow does not."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff broken")
    with pytest.raises(PictureError, match=r"a\.jpg is no picture that can be read"):
        draw(Prediction(tmp_path / "a.jpg", "abc", 20, 20), tmp_path / "b.jpg")
