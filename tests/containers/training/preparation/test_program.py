"""The job on one host: what arrives, what is told, and that nothing of a broken dataset is handed on."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from containers.training.preparation import outputs, program
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.preparation.conftest import SPLITS, Job, Make, plain, texts
from tests.containers.training.preparation.pictures import encoded, png_header, scene
from workflow.contract.dataset_manifest import ManifestHead, read_manifest
from workflow.marks.colours import colour_of

NOTHING: list[str] = []


def rejected(job: Job) -> list[str]:
    """Run a job that must end well, hand on nothing, and say why; its errors."""
    report = job.prepared()
    assert job.handed_on() == {}
    assert not (job.output("report") / "dataset-manifest.jsonl").exists()
    assert report.errors
    return [plain(finding) for finding in report.findings if finding.severity == "error"]


def test_a_sound_dataset_becomes_a_training_channel_and_held_out_pictures(make_job: Make) -> None:
    """All pictures arrive as they are, those held out apart from the others, and every file has its digest."""
    job = make_job()
    report = job.prepared()
    assert (report.errors, report.warnings, report.task, report.format) == (0, 0, "detect", "yolo")
    files = job.handed_on()
    manifest = job.read("training/manifest.json")
    assert {name: manifest[name] for name in ("version", "digest", "task", "classes", "keypoints", "flip")} == {
        "version": 1,
        "digest": report.digest,
        "task": "detect",
        "classes": ["bolt", "nut"],
        "keypoints": None,
        "flip": None,
    }
    listed = {f"training/{name}": digest for name, digest in manifest["files"].items()}
    assert listed == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name.startswith("training/") and not name.endswith("manifest.json")
    }
    assert files["training/images/train/p0.png"] == (job.dataset / "images/train/p0.png").read_bytes()
    assert files["training/labels/validation/p1.txt"] == b"1 0.5 0.5 0.25 0.25\n"
    assert files["test/labels/p2.txt"] == b"0 0.5 0.5 0.25 0.25\n"
    assert sum(name.startswith("test/images/") for name in files) == 3
    shared = {"version": 1, "classes": ["bolt", "nut"], "digest": report.digest}
    assert job.read("test/data.json") == {**shared, "task": "detect", "keypoints": None}
    assert job.read("training/dataset.json") == {**report.document(), "findings": []}
    assert job.read("report/preparation.json")["instances"] == 1


def test_a_manifest_names_every_picture_of_all_three_splits(make_job: Make) -> None:
    """By its path, its bytes, its label as it is handed on and what it shows; one that is left out is not named."""
    job = make_job(policy={"repeated-image": "drop"})
    shutil.copy(job.dataset / "images/train/p0.png", job.dataset / "images/train/again.png")
    (job.dataset / "labels/train/again.txt").write_text("0 0.5 0.5 0.25 0.25\n")
    (job.dataset / "labels/test/p1.txt").write_text("1 0.5 0.5 0.25 0.25\n0 0.2 0.2 0.1 0.1\n1 0.7 0.7 0.1 0.1\n")
    report = job.prepared()
    lines = (job.output("report") / "dataset-manifest.jsonl").read_bytes().splitlines()
    head, pictures = ManifestHead.parse(json.loads(lines[0])), list(read_manifest(lines))
    assert (head.digest, head.task, head.classes, head.pictures) == (report.digest, "detect", ("bolt", "nut"), 12)
    counted = {split: sum(one.split == split for one in pictures) for split in report.splits}
    assert counted == {split: count.images for split, count in report.splits.items()}
    found = next(one for one in pictures if one.name == "images/test/p1.png")
    data, label = (job.output("test") / name for name in ("images/p1.png", "labels/p1.txt"))
    assert found.sha256 == hashlib.sha256(data.read_bytes()).hexdigest()
    assert found.label == hashlib.sha256(label.read_bytes()).hexdigest()
    assert (found.split, found.objects, found.classes) == ("test", 3, {"bolt": 1, "nut": 2})


def test_the_report_counts_classes_sizes_and_objects(make_job: Make) -> None:
    """A box of a quarter of 64 by a quarter of 48 pixels is as large as a square of nearly 14."""
    report = make_job().prepared()
    assert {name: (split.images, split.objects) for name, split in report.splits.items()} == {
        "train": (6, 6),
        "validation": (3, 3),
        "test": (3, 3),
    }
    assert [(one.name, dict(one.objects)) for one in report.class_counts] == [
        ("bolt", {"train": 3, "validation": 2, "test": 2}),
        ("nut", {"train": 3, "validation": 1, "test": 1}),
    ]
    assert report.class_counts[0].median_side == pytest.approx(13.86, abs=0.2)
    assert dict(report.sizes) == {"32x24": 12}


def test_the_contact_sheet_shows_the_pictures_with_their_labels(make_job: Make) -> None:
    """Every sample has a tile, and its box and its name in the colour that the class has in every drawing."""
    job = make_job()
    job.prepared()
    sheet = job.output("report/contact-sheet.jpg")
    with Image.open(sheet) as image:
        assert image.size == (6 * 260, 2 * 260)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    for class_id in (0, 1):
        assert (np.abs(pixels - colour_of(class_id)).max(axis=2) < 40).sum() > 100
    assert sheet.stat().st_size < 600_000


def test_the_contact_sheet_shows_tiffs_upright_and_16_bits_in_their_shades(make_job: Make) -> None:
    """All pictures are grey of 16 bits, dark above and light below once they stand upright."""
    job = make_job()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    levels = np.linspace(10_000, 50_000, 48, dtype=np.uint16).reshape(1, -1).repeat(64, axis=0)
    for number, picture in enumerate(sorted(job.dataset.rglob("*.png"))):
        picture.unlink()
        Image.fromarray(levels + number).save(picture.with_suffix(".tif"), exif=exif)
    for label in job.dataset.rglob("*.txt"):
        label.write_text("", encoding="utf-8")
    job.run()
    with Image.open(job.output("report/contact-sheet.jpg")) as sheet:
        tile = np.asarray(sheet.convert("L"))[:260, :260]
    seen = tile[37:223, 130].astype(int)
    assert np.abs(seen - np.linspace(10_000, 50_000, 190)[2:-2] // 256).max() < 8


BROKEN_ROWS = [
    ("0 nan 0.5 0.1 0.1", "not-a-number"),
    ("0 0.5 inf 0.1 0.1", "not-a-number"),
    ("0 0.5 0.5 0.1", "malformed-row"),
    ("7 0.5 0.5 0.1 0.1", "unknown-class"),
    ("0.7 0.5 0.5 0.1 0.1", "fractional-class"),
    ("0 0.5 0.5 0 0.1", "empty-box"),
    ("0 1.4 0.5 0.1 0.1", "outside-image"),
]


@pytest.mark.parametrize(("row", "kind"), BROKEN_ROWS)
def test_a_broken_row_is_told_with_file_and_line_and_nothing_is_handed_on(make_job: Make, row: str, kind: str) -> None:
    """One row of one label rejects the dataset."""
    job = make_job()
    (job.dataset / "labels/train/p1.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{row}\n", encoding="utf-8")
    [error] = rejected(job)
    assert error.startswith("labels/train/p1.txt:2: ")
    assert dict(job.report.counted) == {kind: 1}


def test_everything_that_is_wrong_is_told_at_once(make_job: Make) -> None:
    """A broken row, a cut picture and a leak in one report."""
    job = make_job()
    (job.dataset / "labels/train/p1.txt").write_text("0 nan 0.5 0.1 0.1\n", encoding="utf-8")
    cut = job.dataset / "images/train/p2.png"
    cut.write_bytes(cut.read_bytes()[:-40])
    shutil.copyfile(job.dataset / "images/train/p3.png", job.dataset / "images/test/p2.png")
    rejected(job)
    assert set(job.report.counted) >= {"not-a-number", "truncated-image", "leaked-image"}


def test_a_cut_jpeg_is_told_and_the_source_stays_as_it_is(make_job: Make) -> None:
    """Nothing is repaired in place."""
    job = make_job()
    picture = job.dataset / "images/train/p0.png"
    picture.unlink()
    cut = encoded(scene())[:-500]
    picture.with_suffix(".jpg").write_bytes(cut)
    assert rejected(job) == ["images/train/p0.jpg: its end is missing"]
    assert picture.with_suffix(".jpg").read_bytes() == cut


def test_a_broken_picture_may_be_left_out_instead(make_job: Make) -> None:
    """The policy drops it with its label, and says so."""
    job = make_job(policy={"truncated-image": "drop"})
    picture = job.dataset / "images/train/p0.png"
    picture.write_bytes(picture.read_bytes()[:-40])
    report = job.prepared()
    assert (report.errors, report.warnings, report.splits["train"].images) == (0, 1, 5)
    assert report.findings[0].action == "dropped"
    assert not any("/p0." in name for name in job.handed_on() if "/train/" in name)


def test_one_picture_in_two_splits_is_an_error_that_names_both(make_job: Make) -> None:
    """The same bytes may not be trained on and measured with."""
    job = make_job()
    shutil.copyfile(job.dataset / "images/train/p2.png", job.dataset / "images/val/p0.png")
    [error] = rejected(job)
    assert error.startswith("images/train/p2.png: the same picture as images/val/p0.png")


def test_a_leak_may_be_dropped_from_training_and_never_from_the_test(make_job: Make) -> None:
    """The copies in the less held-out splits go."""
    job = make_job(policy={"leaked-image": "drop"})
    for copy in ("images/val/p0.png", "images/test/p0.png"):
        shutil.copyfile(job.dataset / "images/train/p2.png", job.dataset / copy)
    report = job.prepared()
    assert [split.images for split in report.splits.values()] == [5, 2, 3]
    assert report.counted["leaked-image"] == 2
    assert report.errors == 0


def test_nearly_the_same_picture_in_two_splits_is_told(make_job: Make) -> None:
    """Another quality of the same scene."""
    job = make_job()
    for place, quality in (("images/train/p0", 95), ("images/test/p0", 60)):
        (job.dataset / f"{place}.png").unlink()
        (job.dataset / f"{place}.jpg").write_bytes(encoded(scene(), quality=quality))
    report = job.prepared()
    [finding] = texts(report, "leaked-near-duplicate")
    assert finding.startswith("images/train/p0.jpg: nearly the same picture as images/test/p0.jpg")
    assert report.errors == 0


def test_one_picture_with_two_labels_is_a_conflict(make_job: Make) -> None:
    """Nobody can know which is right."""
    job = make_job()
    shutil.copyfile(job.dataset / "images/train/p0.png", job.dataset / "images/train/p1.png")
    assert [error.split(": ")[0] for error in rejected(job)] == ["images/train/p1.png"]
    assert dict(job.report.counted) == {"label-conflict": 1, "repeated-image": 1}


def conflicting(make_job: Make, **options: Any) -> Job:
    """Two equal pictures in training, the second labelled as another class."""
    job = make_job(**options)
    shutil.copyfile(job.dataset / "images/train/p0.png", job.dataset / "images/train/p1.png")
    return job


def test_a_conflict_may_be_dropped_as_a_leak_is(make_job: Make) -> None:
    """The picture that is there first stays, with its label."""
    report = conflicting(make_job, policy={"label-conflict": "drop"}).prepared()
    assert (report.errors, report.splits["train"].images) == (0, 5)
    assert [(one.kind, one.action, one.file) for one in report.findings if one.kind == "label-conflict"] == [
        ("label-conflict", "dropped", "images/train/p1.png")
    ]


def test_a_copy_that_goes_anyway_is_no_conflict(make_job: Make) -> None:
    """Its label goes with it, and is nobody's problem."""
    report = conflicting(make_job, policy={"repeated-image": "drop"}).prepared()
    assert dict(report.counted) == {"repeated-image": 1}


def test_a_leak_that_is_dropped_is_no_conflict_either(make_job: Make) -> None:
    """Of two labels of one picture the more held-out one stays."""
    job = make_job(policy={"leaked-image": "drop"})
    shutil.copyfile(job.dataset / "images/train/p0.png", job.dataset / "images/val/p1.png")
    assert dict(job.prepared().counted) == {"leaked-image": 1}


def test_labels_that_mean_the_same_are_no_conflict(make_job: Make) -> None:
    """Of one picture that two tools exported: rows in another order, numbers with fewer digits."""
    job = conflicting(make_job)
    labels = job.dataset / "labels/train"
    (labels / "p0.txt").write_text("0 0.503125 0.5 0.25 0.25\n1 0.2 0.2 0.123456 0.1\n", encoding="utf-8")
    (labels / "p1.txt").write_text("1 0.2 0.2 0.1235 0.1\n0 0.5 0.5 0.25 0.25\n", encoding="utf-8")
    report = job.prepared()
    assert (report.errors, report.counted["repeated-image"], "label-conflict" in report.counted) == (0, 1, False)


def test_an_empty_validation_set_is_an_error(make_job: Make) -> None:
    """Objects in the other splits do not help."""
    job = make_job()
    for label in (job.dataset / "labels/val").iterdir():
        label.write_text("", encoding="utf-8")
    assert "images/val: no object is labelled in the validation split" in rejected(job)


def test_a_split_that_lost_all_its_pictures_is_empty_and_not_made_anew(make_job: Make) -> None:
    """Training pictures never stand in for those that somebody chose to hold out."""
    job = make_job(policy={"truncated-image": "drop"})
    for picture in (job.dataset / "images/val").iterdir():
        picture.write_bytes(picture.read_bytes()[:-40])
    assert "bolts: no pictures for the validation split" in rejected(job)


def test_classes_that_cannot_be_learned_or_measured_are_told(make_job: Make) -> None:
    """A class without objects in a split, and one whose objects are a few pixels."""
    job = make_job()
    for label in (job.dataset / "labels/test").iterdir():
        label.write_text("0 0.5 0.5 0.05 0.05\n", encoding="utf-8")
    for label in (job.dataset / "labels/train").iterdir():
        label.write_text("0 0.5 0.5 0.05 0.05\n1 0.2 0.2 0.3 0.3\n", encoding="utf-8")
    report = job.prepared()
    assert texts(report, "absent-class") == ["bolts: nut: no object in test"]
    assert texts(report, "small-objects") == ["bolts: bolt: half of the objects are below 2.8 pixels a side"]


def test_small_objects_on_large_pictures_are_told_with_what_tiles_would_make_of_them(make_job: Make) -> None:
    """Pictures four times as wide as the input, of 64 pixels: a side of 3.2 pixels there is one of 12.8 in a tile.

    Of the twelve pictures two are no larger than the input, so that their objects stay as small in tiles.
    """
    job = make_job()
    for image in sorted(job.dataset.rglob("*.png"))[2:]:
        with Image.open(image) as small:
            small.resize((256, 192)).save(image)
    for label in job.dataset.rglob("labels/*/*.txt"):
        label.write_text("0 0.5 0.5 0.05 0.0666\n", encoding="utf-8")
    half = "bolts: bolt: half of the objects are below 3.2 pixels a side"
    told = f"{half}; 12 of 12 are below 8 and would be 2 with tiles=auto"
    assert texts(job.prepared(), "small-objects") == [told]
    shutil.rmtree(job.output(""))
    job.record(tiles="auto")
    assert texts(job.prepared(), "small-objects") == []


def test_pictures_of_too_many_tiles_are_told_before_training(make_job: Make) -> None:
    """No endpoint would answer them, and no evaluation could measure them."""
    job = make_job(tiles="auto")
    Image.new("RGB", (1000, 1000)).save(job.dataset / "images/test/p2.png")
    said = "images/test/p2.png: 1000x1000 pixels are 361 tiles of 64, and at most 256 are looked at"
    assert rejected(job) == [said]
    job.record(tiles="off")
    assert job.prepared().errors == 0


def test_a_rare_class_is_told(make_job: Make) -> None:
    """Fewer than one for fifty of the most frequent."""
    job = make_job()
    rows = "".join(f"0 0.{number} 0.{at} 0.1 0.1\n" for number in range(2, 8) for at in range(10, 30))
    (job.dataset / "labels/train/p0.txt").write_text(rows, encoding="utf-8")
    for number in (1, 3):
        (job.dataset / f"labels/train/p{number}.txt").write_text("", encoding="utf-8")
    [finding] = texts(job.prepared(), "imbalance")
    assert finding.startswith("bolts: nut: 1 objects to train on, fewer than 1 for 50 of bolt")


def test_the_digest_follows_the_content_and_not_the_names(make_job: Make) -> None:
    """Renaming changes nothing; a label edited to the same length, another class name or split does."""
    job = make_job()
    before = job.prepared().digest
    for folder, suffix in (("images", "png"), ("labels", "txt")):
        (job.dataset / f"{folder}/train/p0.{suffix}").rename(job.dataset / f"{folder}/train/z.{suffix}")
    assert again(job).digest == before
    label = job.dataset / "labels/train/z.txt"
    text = label.read_text(encoding="utf-8")
    label.write_text(text.replace("0.25", "0.26"), encoding="utf-8")
    edited = again(job).digest
    label.write_text(text, encoding="utf-8")
    (job.dataset / "data.yaml").write_text("names: [bolt, screw]\n", encoding="utf-8")
    assert len({before, edited, again(job).digest}) == 3


def again(job: Job) -> Any:
    """Prepare once more, into empty folders."""
    shutil.rmtree(job.output(""))
    return job.prepared()


def test_missing_splits_are_made_and_copies_and_groups_stay_together(make_job: Make) -> None:
    """A heap of pictures: none is lost, equal ones and those of a series land in one split."""
    job = make_job({"images": 30}, group_pattern=r"(s\d)_")
    for number in range(12):
        for folder, suffix in (("images", "png"), ("labels", "txt")):
            file = job.dataset / f"{folder}/p{number}.{suffix}"
            file.rename(file.with_name(f"s{number // 3}_{number}.{suffix}"))
    for folder, suffix in (("images", "png"), ("labels", "txt")):
        shutil.copyfile(job.dataset / f"{folder}/p20.{suffix}", job.dataset / f"{folder}/copy.{suffix}")
    report = job.prepared()
    assert report.errors == 0
    assert sum(split.images for split in report.splits.values()) == 31
    assert all(3 <= report.splits[name].images <= 7 for name in ("validation", "test"))
    places = {
        Path(name).stem: "test" if name.startswith("test") else name.split("/")[2]
        for name in job.handed_on()
        if "/images/" in name
    }
    assert places["copy"] == places["p20"]
    for series in range(4):
        assert len({places[f"s{series}_{number}"] for number in range(3 * series, 3 * series + 3)}) == 1


def test_made_splits_do_not_depend_on_names(make_job: Make) -> None:
    """The content decides, so the digest stays."""
    job = make_job({"images": 30})
    before = job.prepared().digest
    for number in range(30):
        for folder, suffix in (("images", "png"), ("labels", "txt")):
            file = job.dataset / f"{folder}/p{number}.{suffix}"
            file.rename(file.with_name(f"{number * 37 % 91:03}x.{suffix}"))
    assert again(job).digest == before
    job.record(seed=1)
    assert again(job).digest != before


def test_a_zip_is_prepared_as_its_files_are(make_job: Make, tmp_path: Path) -> None:
    """One host may be given an archive."""
    job = make_job()
    before = job.prepared()
    files = job.handed_on()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(job.dataset.rglob("*")):
            archive.write(path, path.relative_to(job.dataset))
    shutil.rmtree(job.dataset)
    job.dataset.mkdir()
    (tmp_path / "all.zip").rename(job.dataset / "all.zip")
    assert again(job) == before
    assert job.handed_on() == files


def test_copies_are_files_of_their_own(make_job: Make) -> None:
    """Whoever changes an output does not change the source."""
    job = make_job()
    job.prepared()
    assert not os.path.samefile(  # noqa: PTH121
        job.dataset / "images/train/p0.png", job.output("training/images/train/p0.png")
    )


def test_a_file_that_changes_meanwhile_ends_the_job(make_job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the file's name, and without the documents that would make a dataset of what is there."""
    job = make_job()
    copy = outputs.copy_pictures

    def later(*arguments: Any) -> None:
        (job.dataset / "images/val/p1.png").write_bytes(encoded(scene(99), "PNG"))
        copy(*arguments)

    monkeypatch.setattr(program, "copy_pictures", later)
    assert job.run() == 1
    reason = (job.base / "output/message").read_text(encoding="utf-8")
    assert reason == "CopyError: images/val/p1.png changed while the dataset was prepared: start the run again"
    assert not [name for name in job.handed_on() if name.endswith((".json", ".yaml"))]
    assert not job.output("report/dataset-report.json").exists()


def test_a_full_disk_ends_the_job(make_job: Make) -> None:
    """With the reason and the file, and without the documents: here no file may be larger than 300 kB."""
    job = make_job()
    (job.dataset / "images/train/p0.png").write_bytes(encoded(scene(size=(640, 480)), "BMP"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        assert job.run() == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    reason = (job.base / "output/message").read_text(encoding="utf-8")
    assert "File too large" in reason
    assert reason.endswith("training/images/train/p0.png'")
    assert not [name for name in job.handed_on() if name.endswith((".json", ".yaml"))]


def test_a_missing_record_is_a_failure(make_job: Make) -> None:
    """Nobody prepares by guesswork."""
    job = make_job()
    (job.base / "processing/input/record/run.json").unlink()
    assert job.run() == 1
    assert "run.json: missing" in (job.base / "output/message").read_text(encoding="utf-8")


def run_program(job: Job, *, limit: int = 0) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, with at most so many bytes of memory for each process."""

    def bound() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    environ = {**os.environ, "SAGEMAKER_BASE_DIR": str(job.base)}
    command = [sys.executable, "-m", "containers.training", "prepare"]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=True, preexec_fn=bound
    )  # fmt: skip


def test_the_entry_point_prepares_in_a_process_of_its_own(make_job: Make) -> None:
    """Progress first, a summary last."""
    said = run_program(make_job()).stdout.splitlines()
    assert said[0].startswith("inspected 12 of 12 images · ")
    assert "train: 6 images, 6 objects" in said
    assert said[-1].startswith("0 errors, 0 warnings, digest ")


def test_a_picture_of_two_hundred_megapixels_is_rejected_in_bounded_memory(make_job: Make) -> None:
    """Decoded it would take 600 MB; no process may take as much."""
    job = make_job()
    whole = encoded(Image.new("RGB", (20_000, 10_000)), "PNG")
    (job.dataset / "images/train/p0.png").write_bytes(whole)
    (job.dataset / "images/train/p1.png").write_bytes(png_header(60_000, 60_000))
    run_program(job, limit=600_000_000)
    assert job.report.counted["enormous-image"] == 2
    assert job.handed_on() == {}


def test_pictures_with_more_objects_than_a_model_finds_are_told_before_training(make_job: Make) -> None:
    """What is above the limit would be measured as missed: the message has the figure that is enough."""
    job = make_job(max_detections=2)
    (job.dataset / "labels/test/p2.txt").write_text("".join(f"0 0.{at} 0.5 0.1 0.1\n" for at in range(1, 6)))
    said = "images/test/p2.png: 5 objects are labelled, and a model finds 2 at most: set max_detections=5"
    assert rejected(job) == [said]
    job.record(max_detections=5)
    assert job.prepared().errors == 0


def test_objects_left_out_of_what_a_model_is_measured_with_are_told(make_job: Make) -> None:
    """They are there: what finds them is no mistake, and would be measured as one. In training nobody is misled."""
    job = make_job(policy={"empty-box": "drop"})
    for label in ("test/p2", "train/p0"):
        with (job.dataset / f"labels/{label}.txt").open("a") as stream:
            stream.write("0 0.5 0.5 0 0\n0 0.6 0.5 0 0\n")
    said = "bolts: 2 objects are left out of 1 test pictures: a model that finds them there is measured as mistaken"
    assert texts(job.prepared(), "lost-objects") == [said]


def test_every_finding_is_written_where_the_report_lists_some(make_job: Make) -> None:
    """A line of JSON for each."""
    job = make_job()
    (job.dataset / "labels/train/p0.txt").write_text("7 0.5 0.5 0.1 0.1\n" * 500)
    report = job.prepared()
    lines = [json.loads(line) for line in (job.output("report") / "findings.jsonl").read_text().splitlines()]
    assert len(lines) == report.errors + report.warnings >= 500
    assert [line["line"] for line in lines if line["kind"] == "unknown-class"] == list(range(1, 501))
    assert len([one for one in report.findings if one.kind == "unknown-class"]) == 20


def test_usage_names_all_programs(capsys: pytest.CaptureFixture[str], make_job: Make) -> None:
    """An unknown one is an error."""
    assert make_job(SPLITS).run("serve") == 2
    assert "train|inspect|prepare" in capsys.readouterr().err
