"""What is drawn on a picture, looked at in the JPEG that is answered."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.containers.serving.answer.draw_pictures import GREY
from tests.containers.serving.conftest import ROOT
from workflow.predictions.drawing import draw as draw_prediction
from workflow.predictions.prediction import Prediction

pytestmark = pytest.mark.serving
Draw = Callable[..., list[Any]]
ORANGE, SKY, GREEN = (230, 159, 0), (86, 180, 233), (0, 158, 115)
COLOURS = 7


def job(*boxes: tuple[float, ...], task: str = "detect", size: tuple[int, int] = (320, 240), **more: Any) -> Any:
    """Boxes of class 0, found in a grey picture."""
    return {"width": size[0], "height": size[1], "boxes": boxes, "task": task, "names": ["bolt"] * 90, **more}


@pytest.fixture(scope="module")
def draw(serving_python: Path) -> Draw:
    """Draw jobs with the real OpenCV: RGB pixels [height, width, 3], or the text of a refusal."""

    def run(*jobs: Any) -> list[Any]:
        program = [str(serving_python), "-m", "tests.containers.serving.answer.draw_pictures"]
        done = subprocess.run(
            program, input=json.dumps(jobs), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return [one if one[0] == "4" else pixels(base64.b64decode(one)) for one in json.loads(done.stdout)]

    return run


def pixels(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"))


def like(picture: np.ndarray, colour: tuple[int, int, int], within: int = 40) -> np.ndarray:
    """Where a picture has a colour, as nearly as a JPEG keeps it."""
    return np.abs(picture.astype(int) - colour).max(axis=2) <= within


def grey(picture: np.ndarray) -> np.ndarray:
    return like(picture, (GREY,) * 3, 12)


def test_a_box_is_drawn_on_its_border_and_its_inside_is_left_alone(draw: Draw) -> None:
    """In the colour of its class, on all four sides, with nothing inside or far outside."""
    (picture,) = draw(job((100, 80, 220, 200)))
    assert picture.shape == (240, 320, 3)
    for row, column in ((80, 200), (200, 160), (140, 100), (140, 220)):
        assert like(picture[row - 1 : row + 2, column - 1 : column + 2], ORANGE).any()
    assert grey(picture[90:190, 110:210]).all()
    assert grey(picture[:55]).all()
    assert grey(picture[:, 232:]).all()


def test_a_turned_box_is_drawn_turned(draw: Draw) -> None:
    """From corner to corner; the upright box around it is not drawn."""
    corners = [[[160, 60], [220, 120], [160, 180], [100, 120]]]
    (picture,) = draw(job((100, 60, 220, 180), task="obb", corners=corners))
    assert like(picture[89:92, 189:192], ORANGE).any()
    assert grey(picture[150:185, 100:115]).all()


def test_a_mask_tints_what_it_covers(draw: Draw) -> None:
    """The picture shows through."""
    (picture,) = draw(job((100, 80, 220, 200), task="segment"))
    inside = picture[100:180, 120:200].reshape(-1, 3).mean(axis=0)
    assert inside[0] > GREY + 20 > GREY - 20 > inside[2]
    assert not like(picture[100:180, 120:200], ORANGE).any()
    assert grey(picture[:, 240:]).all()


def test_keypoints_are_drawn_where_they_are_visible(draw: Draw) -> None:
    """A point that the model is not sure of is left out, and only COCO's seventeen are joined."""
    two, seventeen = [[[130, 120, 0.9], [190, 120, 0.1]]], [[[130 + 60 * (at % 2), 120, 0.9] for at in range(17)]]
    alone, joined = draw(*(job((100, 80, 220, 200), task="pose", keypoints=points) for points in (two, seventeen)))
    for picture, places in ((alone, {130: True, 160: False, 190: False}), (joined, {130: True, 160: True, 190: True})):
        assert {column: bool(like(picture[120:121, column : column + 1], ORANGE).all()) for column in places} == places


def test_a_classifier_s_best_classes_are_listed_in_the_corner(draw: Draw) -> None:
    """The best on top, each in its own colour."""
    (picture,) = draw(job(task="classify", class_scores=[0.2, 0.7, 0.1]))
    tops = [np.nonzero(like(picture, colour).any(axis=1))[0].min() for colour in (SKY, ORANGE, GREEN)]
    assert tops == sorted(tops)
    assert tops[0] <= 2
    assert grey(picture[60:]).all()


def test_neighbouring_classes_differ_and_their_labels_can_be_read(draw: Draw) -> None:
    """Seven colours; the letters on each stand out by 4.5 to 1, which WCAG asks of text."""
    seen = []
    for picture in draw(*(job((10, 100, 300, 230), classes=[at], size=(1280, 960)) for at in range(COLOURS + 1))):
        colour = tuple(np.median(picture[102 - 20 : 102 - 10, 10:16].reshape(-1, 3), axis=0).astype(int))
        label = picture[102 - 20 : 102 - 10, 10:100].reshape(-1, 3)
        assert max(contrast(colour, tuple(letter)) for letter in label) >= 4.5
        seen.append(colour)
    apart = [np.abs(np.subtract(one, other)).max() for at, one in enumerate(seen) for other in seen[:at]]
    assert sorted(apart)[0] <= 4, "the eighth class has the first colour again"
    assert sorted(apart)[1] >= 40


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """WCAG 2's contrast ratio of two colours."""
    lights = []
    for colour in (one, other):
        parts = np.array(colour) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        lights.append(float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
    return max(lights) / min(lights)


def test_lines_and_letters_grow_with_the_picture(draw: Draw) -> None:
    """What is drawn takes the same share of a small and of a large picture."""
    shares = []
    for side in (640, 2400):
        (picture,) = draw(job(tuple(part * side for part in (0.3, 0.3, 0.7, 0.6)), size=(side, side * 3 // 4)))
        shares.append(1 - grey(picture).mean())
    assert shares[1] == pytest.approx(shares[0], rel=0.3)


def test_a_label_at_an_edge_is_as_large_as_any(draw: Draw) -> None:
    """Boxes of no size in the middle and in the four corners: what is seen is the label, never cut off."""
    corners = [(x, y, x, y) for x in (0, 320) for y in (0, 240)]
    middle, *others = (like(one, ORANGE).sum() for one in draw(job((160, 120, 160, 120)), *map(job, corners)))
    assert middle > 400
    assert all(count == pytest.approx(middle, rel=0.03) for count in others)


@pytest.mark.parametrize(
    ("name", "alike"),
    [("🔧", "U+1F527"), ("a\nb", "a b"), ("nut" * 20, "nutnutnutnutnutnutnutnu…")],
)
def test_a_name_that_cannot_be_drawn_is_drawn_as_another(draw: Draw, name: str, alike: str) -> None:
    """What no font has by its number, on one line, and shortened."""
    first, second, bolt = draw(*(job((60, 80, 220, 200), names=[one]) for one in (name, alike, "bolt")))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, bolt)


def test_names_of_every_script_are_drawn_in_their_own_letters(draw: Draw) -> None:
    """Nine names, nine pictures: none is left out or stands for another."""
    names = ("tête", "tete", "βίδα", "гайка", "ברג", "برغي", "बोल्ट", "น็อต", "螺栓")
    drawn = draw(*(job((60, 80, 220, 200), names=[name]) for name in names))
    assert len({picture.tobytes() for picture in drawn}) == len(names)


def test_the_command_draws_what_the_endpoint_draws(draw: Draw, tmp_path: Path) -> None:
    """The same label, in the same colour, at the same place: whoever compares the two is not misled."""
    (theirs,) = draw(job((100, 80, 220, 200), classes=[4], names=["гайка"] * 5))
    Image.new("RGB", (320, 240), (GREY,) * 3).save(tmp_path / "a.png")
    found = {"class_id": 4, "class": "гайка", "score": 0.93, "box": [100, 80, 220, 200]}
    draw_prediction(Prediction(tmp_path / "a.png", "abc", 320, 240, (found,)), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as ours:
        apart = np.abs(np.asarray(ours.convert("RGB")).astype(int) - theirs)[55:78, 95:200]
    assert apart.mean() < 6, "but for what a JPEG loses"


def test_any_size_of_picture_can_be_drawn_on(draw: Draw) -> None:
    """From one pixel to the longest JPEG; beyond that the caller is told to ask for another form."""
    sizes = [(1, 1), (2, 300), (300, 2), (65_500, 3), (3, 65_500)]
    jobs = [job((0, 0, *size), size=size, task=task) for size in sizes for task in ("detect", "segment")]
    jobs += [job(size=size, task="classify", class_scores=[0.5, 0.5]) for size in sizes]
    for asked, picture in zip(jobs, draw(*jobs), strict=True):
        assert picture.shape == (asked["height"], asked["width"], 3)
    (told,) = draw(job(size=(65_501, 1)))
    assert told.startswith("406 image/jpeg holds no picture of 65501 x 1 pixels")


def test_three_hundred_boxes_are_drawn_as_well(draw: Draw) -> None:
    """Also where all of them lie in one place."""
    (picture,) = draw(job(*[(100, 80, 220, 200)] * 300, classes=list(range(80)) * 3 + [0] * 60))
    assert like(picture, ORANGE).any()
