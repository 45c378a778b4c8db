"""The sample dataset that a first run trains on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from workflow.contract.run_input import RunInput
from workflow.demo.sample import SAMPLE_TRAINING, make_sample, rows
from workflow.demo.sample.evening import DAY, EVENING, take_pictures
from workflow.demo.sample.fasteners import CLASSES, Lamp, draw
from workflow.demo.sample.photograph import SIDE, photograph, shade

COUNTS = {"train": 3, "validation": 2, "test": 2}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample."""
    folder = tmp_path_factory.mktemp("sample")
    make_sample(folder, **COUNTS)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    """A second run on the same data has nothing to do only if the data is the same."""
    make_sample(tmp_path, **COUNTS)
    assert digests(tmp_path) == digests(sample)


def test_another_seed_gives_other_pictures(sample: Path, tmp_path: Path) -> None:
    """No picture is shared between seeds."""
    make_sample(tmp_path, seed=8, **COUNTS)
    pictures = {digest for name, digest in digests(sample).items() if name.endswith(".jpg")}
    assert pictures.isdisjoint(digests(tmp_path).values())


def test_more_pictures_of_one_split_leave_the_others_as_they_are(sample: Path, tmp_path: Path) -> None:
    """Every picture has a generator of its own."""
    make_sample(tmp_path, **{**COUNTS, "train": 4})
    assert digests(sample).items() <= digests(tmp_path).items()
    assert len(digests(tmp_path)) == len(digests(sample)) + 2


def test_no_two_pictures_are_the_same(sample: Path) -> None:
    """Splits never share an image."""
    pictures = [digest for name, digest in digests(sample).items() if name.endswith(".jpg")]
    assert len(set(pictures)) == len(pictures) == sum(COUNTS.values())


def test_every_picture_holds_one_to_five_objects_inside_it(sample: Path) -> None:
    """Every label row is a box of a known class within the picture."""
    for label in sample.glob("labels/*/*.txt"):
        rows = [[float(column) for column in row.split()] for row in label.read_text(encoding="utf-8").splitlines()]
        assert 1 <= len(rows) <= 5
        for class_id, x, y, width, height in rows:
            assert class_id in range(len(CLASSES))
            assert 0 <= x - width / 2 < x + width / 2 <= 1 + 1e-6
            assert 0 <= y - height / 2 < y + height / 2 <= 1 + 1e-6
            assert min(width, height) * SIDE > 20


@pytest.mark.parametrize("radius", [1, 2.4, 3.49, 3.51, 8.3])
@pytest.mark.parametrize("offset", [(150, 200), (-3, -2), (SIDE - 62, 1), (40, SIDE - 38)])
def test_a_shadow_is_what_it_is_when_the_whole_picture_is_blurred(offset: tuple[int, int], radius: float) -> None:
    """Darkening only as far as a shadow reaches changes no pixel, in the middle of a picture and at its edges."""
    rng = np.random.default_rng([4, 2])
    scene = rng.random((SIDE, SIDE, 3))
    solid = Image.fromarray(rng.integers(0, 256, (41, 64), dtype=np.uint8))
    whole = Image.new("L", (SIDE, SIDE))
    whole.paste(solid, offset)
    blurred = np.asarray(whole.filter(ImageFilter.GaussianBlur(radius)), dtype=float) / 255
    expected = scene * (1 - 0.5 * blurred)[..., None]
    shade(scene, solid, offset, radius, 0.5)
    assert np.array_equal(scene, expected)


def test_boxes_frame_what_is_drawn() -> None:
    """With the bench subtracted, the pixels inside the boxes differ far more than those outside."""
    rng = np.random.default_rng([1, 2, 3])
    picture, labelled = photograph(rng)
    grey = np.asarray(picture.convert("L"), dtype=float)
    inside = np.zeros(grey.shape, dtype=bool)
    for item in labelled:
        left, top, right, bottom = (int(edge) for edge in item.box)
        inside[top:bottom, left:right] = True
    detail = np.hypot(*np.gradient(grey))
    assert detail[inside].mean() > 1.5 * detail[~inside].mean()


@pytest.mark.parametrize("kind", CLASSES)
def test_a_fastener_has_the_size_it_is_asked_for(kind: str) -> None:
    """The drawn shape spans about the given number of pixels."""
    stamp = draw(kind, 100, 0.0, Lamp(0.5, 0.4, 0.77), np.random.default_rng(0))
    columns = np.flatnonzero(stamp.coverage.max(axis=0) > 0.5)
    assert 85 <= columns[-1] - columns[0] + 1 <= 102
    assert 0 <= stamp.colour.min() <= stamp.colour.max() <= 1


@pytest.mark.parametrize(("kind", "covered"), [("nut", 0.0), ("washer", 0.0), ("bolt", 1.0)])
def test_nuts_and_washers_have_a_hole(kind: str, covered: float) -> None:
    """The bench shows through the middle of a nut and a washer, and not through a bolt."""
    stamp = draw(kind, 100, 0.3, Lamp(0.5, 0.4, 0.77), np.random.default_rng(0))
    middle = stamp.coverage.shape[0] // 2
    assert stamp.coverage[middle, middle] == covered


def test_pictures_open_as_photographs(sample: Path) -> None:
    """JPEG, square, in colour."""
    with Image.open(sample / "images/test/bench-test-000.jpg") as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (SIDE, SIDE), "RGB")


def test_the_settings_for_the_sample_are_a_valid_execution_input() -> None:
    """The demo can put them into an execution as they are."""
    assert RunInput.parse({"dataset": "s3://bucket/sample/", **SAMPLE_TRAINING}, {}).epochs == SAMPLE_TRAINING["epochs"]


def test_another_light_changes_the_picture_and_not_what_is_on_it(tmp_path: Path) -> None:
    """The same benches are drawn in both, so that a box says of one what it says of the other."""
    truth = take_pictures(tmp_path / "both", 3, {DAY: 1, EVENING: 1})
    assert [file.stem for file in truth] == ["day-000", "evening-000"]
    picture, labelled = photograph(np.random.default_rng([3, 1, 0]))
    assert truth[tmp_path / "both" / "evening-000.jpg"] == rows(labelled)
    with Image.open(tmp_path / "both" / "evening-000.jpg") as evening:
        assert np.asarray(evening).mean() < 0.6 * np.asarray(picture).mean()
