"""What the judgement of a whole dataset says."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from containers.training.dataset import Dataset, judge
from tests.containers.training.conftest import Write

SPLITS = {"images/train": 4, "images/val": 2, "images/test": 2}


def errors(dataset: Dataset) -> list[str]:
    """The errors of a report as text."""
    return [finding.text() for finding in dataset.report.findings if finding.severity == "error"]


def test_a_sound_dataset_has_no_findings(write_dataset: Write) -> None:
    """Counts, classes and a digest; nothing to complain of."""
    report = judge(write_dataset(SPLITS), seed="0").report
    assert (report.errors, report.warnings, report.findings) == (0, 0, ())
    assert report.splits["train"].images == 4
    assert report.splits["test"].objects == 2
    assert len(report.digest) == 64


def test_a_broken_row_is_told_with_file_and_line_and_nothing_is_handed_on(write_dataset: Write) -> None:
    """A NaN in the second line of one label rejects the dataset."""
    root = write_dataset(SPLITS)
    (root / "labels/train/p1.txt").write_text("0 0.5 0.5 0.1 0.1\n1 nan 0.5 0.1 0.1\n", encoding="utf-8")
    dataset = judge(root, seed="0")
    assert errors(dataset) == ["labels/train/p1.txt:2: 'nan' is not a finite number"]
    assert dataset.splits == {}


def test_a_truncated_image_is_told_and_stays_as_it_is(write_dataset: Write, write_image: Write) -> None:
    """The source is never repaired in place."""
    root = write_dataset(SPLITS)
    whole = write_image("images/train/p9.jpg", seed=50, size=(200, 200)).read_bytes()
    (root / "labels/train/p9.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    cut = whole[: len(whole) // 2]
    (root / "images/train/p9.jpg").write_bytes(cut)
    [error] = errors(judge(root, seed="0"))
    assert error.startswith("images/train/p9.jpg: cannot be read as an image")
    assert (root / "images/train/p9.jpg").read_bytes() == cut


@pytest.mark.parametrize("side", [10_001, 20_000])
def test_an_image_of_too_many_pixels_is_rejected_from_its_header(write_dataset: Write, side: int) -> None:
    """A file of a few bytes that claims 100 megapixels or more is never decoded."""
    root = write_dataset(SPLITS)
    (root / "images/train/p0.png").write_bytes(png_header(side, side))
    [error] = errors(judge(root, seed="0"))
    assert "more than 50,000,000 pixels" in error


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises this size and holds no pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IDAT"


def test_one_image_in_two_splits_is_an_error_that_names_both(write_dataset: Write) -> None:
    """The same bytes may not be trained on and measured with."""
    root = write_dataset(SPLITS)
    (root / "images/test/p0.png").write_bytes((root / "images/train/p2.png").read_bytes())
    [error] = errors(judge(root, seed="0"))
    assert error.startswith("images/test/p0.png: the same image as images/train/p2.png")


def test_a_missing_label_is_a_warning_and_an_image_without_objects(write_dataset: Write) -> None:
    """Background is allowed, but said."""
    root = write_dataset(SPLITS)
    (root / "labels/train/p0.txt").unlink()
    report = judge(root, seed="0").report
    assert (report.errors, report.warnings) == (0, 1)
    assert report.findings[0].text().startswith("images/train/p0.png: no label labels/train/p0.txt")
    assert report.splits["train"].objects == 3


@pytest.mark.parametrize("empty", ["images/train", "images/val"])
def test_an_empty_split_is_an_error(write_dataset: Write, empty: str) -> None:
    """A folder without images is no split."""
    root = write_dataset({**SPLITS, empty: 0})
    assert any("holds no images" in error for error in errors(judge(root, seed="0")))


def test_missing_splits_are_made_from_the_training_images(write_dataset: Write) -> None:
    """A dataset of training images alone gets a validation and a test split, and loses no image."""
    dataset = judge(write_dataset({"images/train": 20}), seed="0")
    assert {name: len(samples) for name, samples in dataset.splits.items()} == {
        "train": 14,
        "validation": 3,
        "test": 3,
    }


def test_copies_of_an_image_stay_in_one_split(write_dataset: Write) -> None:
    """Made splits never leak, even when the heap holds an image twice."""
    root = write_dataset({"images": 10})
    for index in range(5):
        (root / f"images/copy{index}.png").write_bytes((root / f"images/p{index}.png").read_bytes())
        (root / f"labels/copy{index}.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    dataset = judge(root, seed="0")
    assert errors(dataset) == []
    digests = [{sample.image_digest for sample in samples} for samples in dataset.splits.values()]
    assert sum(map(len, digests)) == len(set().union(*digests)) == 10


def test_the_digest_follows_the_content_and_not_the_names(write_dataset: Write) -> None:
    """Renaming changes nothing; a label edited to the same length changes the digest."""
    root = write_dataset(SPLITS)
    before = judge(root, seed="0").report.digest
    (root / "images/train/p0.png").rename(root / "images/train/z.png")
    (root / "labels/train/p0.txt").rename(root / "labels/train/z.txt")
    assert judge(root, seed="0").report.digest == before
    label = root / "labels/train/z.txt"
    label.write_text(label.read_text(encoding="utf-8").replace("0.25", "0.26"), encoding="utf-8")
    assert judge(root, seed="0").report.digest != before


def test_class_names_are_part_of_the_digest(write_dataset: Write) -> None:
    """Swapped names are another dataset."""
    before = judge(write_dataset(SPLITS), seed="0").report.digest
    assert judge(write_dataset(SPLITS, "names: [nut, bolt]\n"), seed="0").report.digest != before


def test_many_findings_are_counted_and_some_are_shown(write_dataset: Write) -> None:
    """The report stays short; errors come before warnings."""
    root = write_dataset(SPLITS)
    (root / "labels/train/p0.txt").write_text("9 0 0 0 0\n" * 500, encoding="utf-8")
    (root / "labels/train/p1.txt").unlink()
    report = judge(root, seed="0").report
    assert (report.errors, report.warnings, len(report.findings)) == (500, 1, 200)


def test_a_label_that_is_not_text_is_an_error(write_dataset: Write) -> None:
    """Bytes that are no UTF-8 are told with their place."""
    root = write_dataset(SPLITS)
    (root / "labels/val/p0.txt").write_bytes(b"0 0.5 0.5 0.1 0.1\xff")
    assert any("labels/val/p0.txt: not text in UTF-8" in error for error in errors(judge(root, seed="0")))


def test_no_source_file_is_changed(write_dataset: Write) -> None:
    """Judging reads only."""
    root = write_dataset(SPLITS)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(root)}
    judge(root, seed="0")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(root)} == before


def files(root: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in root.rglob("*") if path.is_file())
