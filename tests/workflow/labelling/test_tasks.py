"""A task goes out to every tool and comes back as the dataset's next version, for every task that the tool draws."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflow.labelling.bucket import BucketCloud
from workflow.commands.cli import run
from workflow.contract.capture import Captured
from workflow.labelling.forms import cvat, ground_truth, label_studio
from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.forms.tools import TOOLS
from workflow.labelling.objects import Drawn, Pictured
from workflow.labels.recognition import open_source

NOW = datetime.now(UTC)
DAY = f"captured/kept/{NOW:%Y/%m/%d}/"
CLASSES = ("bolt", "nut")
WIDE, HIGH = 200, 100
BOXES = ((20.0, 10.0, 120.0, 60.0), (130.0, 50.0, 180.0, 90.0))
CORNERS = [[60.0, 10.0], [110.0, 40.0], [95.0, 65.0], [45.0, 35.0]]
OUTLINE = [[[10.0, 10.0], [90.0, 12.0], [60.0, 80.0]]]
PAIRS = [(tool, task) for tool, each in TOOLS.items() for task in each.tasks]


@pytest.fixture
def cloud() -> BucketCloud:
    return BucketCloud()


def picture(shade: int, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (WIDE, HIGH), (shade, 255 - shade, shade // 2)).save(stream, kind)
    return stream.getvalue()


def answer(task: str, score: float) -> dict[str, Any]:
    """What an endpoint answers, as containers/serving/answer writes it."""
    if task == "classify":
        said: dict[str, Any] = {"classification": [{"class": "nut", "score": score}, {"class": "bolt", "score": 0.1}]}
    else:
        drawn: dict[str, dict[str, Any]] = {
            "segment": {"polygons": OUTLINE},
            "obb": {"corners": CORNERS, "angle": 0.5},
        }
        extra = drawn.get(task, {})
        objects = [{"class_id": 1, "class": "nut", "score": score, "box": list(BOXES[0]), **extra}]
        if task == "detect":
            objects.append({"class_id": 0, "class": "bolt", "score": 0.9, "box": list(BOXES[1])})
        said = {"detections": objects}
    return {"model_digest": "d" * 64, "width": WIDE, "height": HIGH, **said, "timings_ms": {}}


def keep(cloud: BucketCloud, task: str, count: int) -> list[str]:
    """So many pictures that production kept, each less sure than the one before."""
    ids = [f"{at:08d}-aaaa" for at in range(count)]
    for at, identity in enumerate(ids):
        key = f"{DAY}{identity}.jpg"
        cloud.objects[key] = picture(at * 20)
        told = Captured(
            identity, "production", "main", NOW.isoformat(), key, "image/jpeg", "d" * 64, answer(task, 0.9 - at * 0.05)
        )
        cloud.objects[f"{DAY}{identity}.json"] = json.dumps(told.document()).encode()
    return ids


def dataset(cloud: BucketCloud, task: str, splits: bool = True) -> None:
    """A dataset of YOLO, or of class folders."""
    row = {
        "detect": "0 0.5 0.5 0.2 0.2",
        "segment": "0 0.1 0.1 0.5 0.1 0.5 0.6",
        "obb": "0 0.1 0.1 0.4 0.1 0.4 0.3 0.1 0.3",
    }
    for split in ("train", "val", "test") if splits else ("",):
        for at, name in enumerate(CLASSES):
            if task == "classify":
                cloud.objects[f"datasets/things/{f'{split}/' if split else ''}{name}/old-{at}.jpg"] = picture(at)
                continue
            folder = f"{split}/" if split else ""
            cloud.objects[f"datasets/things/images/{folder}old-{at}.jpg"] = picture(at)
            cloud.objects[f"datasets/things/labels/{folder}old-{at}.txt"] = f"{row[task]}\n1{row[task][1:]}\n".encode()
    if task != "classify":
        cloud.objects["datasets/things/data.yaml"] = b"names: [bolt, nut]\n"


def stored(cloud: BucketCloud, prefix: str = "datasets/things/") -> dict[str, bytes]:
    return {key[len(prefix) :]: body for key, body in cloud.objects.items() if key.startswith(prefix)}


def fetch(cloud: BucketCloud, folder: Path) -> Path:
    """The dataset as a run would read it."""
    for key, body in stored(cloud).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    return folder


def pick(cloud: BucketCloud, folder: Path, tool: str, *options: str) -> int:
    return run(["label", "pick", "--count", "3", "--for", tool, "--to", str(folder), *options], cloud)


def accept_in_label_studio(task: Path, out: Path) -> Path:
    """What Label Studio exports once somebody has submitted every suggestion, as its task format is documented."""
    tasks = json.loads((task / "tasks.json").read_text())
    for one in tasks:
        said = one.pop("predictions")[0]["result"]
        one["annotations"] = [{"id": one["id"], "result": said, "was_cancelled": False, "updated_at": "2026-12-01"}]
        one["predictions"] = []
    (out / "project.json").write_text(json.dumps(tasks))
    return out / "project.json"


def adjust_in_ground_truth(task: Path, out: Path) -> Path:
    """What a job that adjusts labels puts out: the lines it was given, with another attribute and its date."""
    lines = [json.loads(line) for line in (task / "input.manifest").read_text().splitlines()]
    for line in lines:
        line["adjusted"] = line["suggested"]
        made = {"human-annotated": "yes", "creation-date": "2099-01-01T00:00:00", "adjustment-status": "unadjusted"}
        line["adjusted-metadata"] = {**line["suggested-metadata"], **made, "job-name": "labeling-job/adjusted"}
    (out / "output.manifest").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out / "output.manifest"


def export_from_cvat(task: Path, out: Path) -> Path:
    """CVAT for images 1.1 with its pictures, as a zip."""
    with zipfile.ZipFile(out / "export.zip", "w") as archive:
        archive.write(task / "annotations.xml", "annotations.xml")
        for file in (task / "images").iterdir():
            archive.write(file, f"images/{file.name}")
    return out / "export.zip"


EXPORTS: Mapping[str, Callable[[Path, Path], Path]] = {
    "cvat": export_from_cvat,
    "label-studio": accept_in_label_studio,
    "ground-truth": adjust_in_ground_truth,
}


@pytest.mark.parametrize(("tool", "task"), PAIRS)
def test_what_is_suggested_comes_back_as_it_was_and_is_what_a_run_reads(
    tool: str, task: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, task)
    ids = keep(cloud, task, 5)
    handed = tmp_path / "handed"
    assert pick(cloud, handed, tool, "--json") == 0, capsys.readouterr().err
    chosen = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert len(chosen) == 3
    assert set(chosen) < {f"{one}.jpg" for one in ids}
    export = [str(EXPORTS[tool](handed, tmp_path))] if tool != "yolo" else []
    before = stored(cloud)
    assert run(["label", "take", str(handed), *export], cloud) == 2
    assert "Did somebody look?" in capsys.readouterr().err
    assert stored(cloud) == before
    assert run(["label", "take", str(handed), *export, "--yes"], cloud) == 0, capsys.readouterr().err

    after = stored(cloud)
    assert {key: after[key] for key in before} == before
    assert ".ready" in after
    root = fetch(cloud, tmp_path / "whole")
    opened = open_source(root)
    assert [one for one in opened.problems if one.action == "rejected"] == []
    assert (opened.task, opened.classes) == (task, CLASSES)
    new = {Path(entry.image).name: entry for entry in opened.entries if Path(entry.image).name in chosen}
    assert set(new) == set(chosen)
    for name, entry in new.items():
        assert (root / entry.image).read_bytes() == stored(cloud, DAY)[name]
        assert entry.split == "train"
        rows = opened.labels(entry, WIDE, HIGH).rows
        assert [row.class_id for row in rows] == ([1, 0] if task == "detect" else [1])
        check_numbers(task, rows[0].numbers)


def check_numbers(task: str, numbers: tuple[float, ...]) -> None:
    """The row that the first object of an answer is, within a pixel; turned boxes may begin at another corner."""
    if task == "detect":
        left, top, right, bottom = BOXES[0]
        wanted = [(left + right) / 2 / WIDE, (top + bottom) / 2 / HIGH, (right - left) / WIDE, (bottom - top) / HIGH]
        assert numbers == pytest.approx(wanted, abs=0.006)
    elif task == "obb":
        points = {(round(x * WIDE), round(y * HIGH)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)}
        assert all(any(abs(x - a) <= 2 and abs(y - b) <= 2 for a, b in points) for x, y in CORNERS), points
    elif task == "segment":
        flat = [
            value / (HIGH if at % 2 else WIDE)
            for at, value in enumerate(value for pair in OUTLINE[0] for value in pair)
        ]
        assert numbers == pytest.approx(flat, abs=0.001)


def test_a_second_pick_leaves_out_what_the_dataset_has_by_now(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, "detect")
    ids = keep(cloud, "detect", 4)
    assert pick(cloud, tmp_path / "one", "yolo", "--json") == 0
    first = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert run(["label", "take", str(tmp_path / "one"), "--yes"], cloud) == 0
    capsys.readouterr()
    assert pick(cloud, tmp_path / "two", "yolo", "--json") == 0
    second = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert sorted(first + second) == [f"{one}.jpg" for one in ids]


def test_feedback_and_drift_bring_a_picture_to_the_front(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Against the model's own certainty. What somebody found right is not handed over."""
    dataset(cloud, "detect")
    ids = keep(cloud, "detect", 6)
    cloud.objects["feedback/2026/12/01/a.json"] = json.dumps({"inference_id": ids[0], "verdict": "wrong"}).encode()
    cloud.objects["feedback/2026/12/01/b.json"] = json.dumps({"inference_id": ids[5], "verdict": "right"}).encode()
    cloud.objects["feedback/2026/12/01/c.json"] = b"no object"
    boxes = [{"class": "bolt", "box": list(BOXES[1])}]
    told = {"inference_id": ids[0], "verdict": "wrong", "boxes": boxes}
    cloud.objects[f"feedback/2026/12/01/{ids[0]}/ada.json"] = json.dumps(told).encode()
    (tmp_path / "drift.json").write_text(json.dumps({ids[3]: 9.0}))
    assert pick(cloud, tmp_path / "task", "yolo", "--json", "--drift", str(tmp_path / "drift.json")) == 0
    told = {one["name"]: one["why"] for one in json.loads(capsys.readouterr().out)["pictures"]}
    assert told[f"{ids[0]}.jpg"] == "somebody said that the answer is wrong"
    assert "drift 9" in told[f"{ids[3]}.jpg"]
    assert f"{ids[5]}.jpg" not in told
    # What the person drew is suggested in the place of what the model saw.
    assert (tmp_path / "task" / "labels" / f"{ids[0]}.txt").read_text() == "0 0.775000 0.700000 0.250000 0.400000\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda task: (task / "labels" / "stranger.txt").write_text("0 2 2 9 9\n"), ""),
        (lambda task: first_label(task).write_text("7 0.5 0.5 0.2 0.2\n"), "unknown-class"),
        (lambda task: first_label(task).write_text("0 0.5 0.5 1.9 1.9\n"), "outside-image"),
        (lambda task: (task / "data.yaml").write_text("names: [bolt, screw]\n"), "screw: no class of the dataset"),
        (lambda task: shutil.copyfile(first_image(task), task / "images" / "own.jpg"), "is no picture of this task"),
        (lambda task: first_image(task).write_bytes(picture(9)[:400]), "cannot be read as a picture"),
        (lambda task: rename(task, "../elsewhere.jpg"), "pictures[0].name: must be the name of a file"),
        (lambda task: rename(task, "/etc/elsewhere.jpg"), "pictures[0].name: must be the name of a file"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_and_nothing_is_sent(
    change: Callable[[Path], Any], said: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, "detect")
    keep(cloud, "detect", 3)
    task, before = tmp_path / "task", stored(cloud)
    assert pick(cloud, task, "yolo") == 0
    change(task)
    capsys.readouterr()
    code = run(["label", "take", str(task), "--yes"], cloud)
    told = capsys.readouterr().err
    if said:
        assert (code, stored(cloud)) == (2, before)
    assert said in re.sub(r"\s+", " ", told)


def rename(task: Path, name: str) -> None:
    """Call a picture otherwise in the note, which has been with whoever labelled."""
    note = json.loads((task / "task.json").read_text())
    note["pictures"][0]["name"] = name
    (task / "task.json").write_text(json.dumps(note))


def first_label(task: Path) -> Path:
    return min((task / "labels").iterdir())


def first_image(task: Path) -> Path:
    return min((task / "images").iterdir())


def test_a_picture_without_a_label_is_left_for_later(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one whose label says that nothing is on it is none of those."""
    dataset(cloud, "detect")
    keep(cloud, "detect", 3)
    task = tmp_path / "task"
    assert pick(cloud, task, "yolo") == 0
    missing, empty, _ = sorted((task / "labels").iterdir())
    missing.unlink()
    empty.write_text("")
    capsys.readouterr()
    assert run(["label", "take", str(task), "--json"], cloud) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unlabelled"], len(told["pictures"])) == ([f"{missing.stem}.jpg"], 2)
    after = stored(cloud)
    assert f"images/train/{missing.stem}.jpg" not in after
    assert after[f"labels/train/{empty.stem}.txt"] == b""


def test_a_dataset_without_splits_takes_new_pictures_beside_its_own(cloud: BucketCloud, tmp_path: Path) -> None:
    dataset(cloud, "detect", splits=False)
    ids = keep(cloud, "detect", 3)
    assert pick(cloud, tmp_path / "task", "yolo") == 0
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 0
    assert f"images/{ids[0]}.jpg" in stored(cloud)
    assert {entry.split for entry in open_source(fetch(cloud, tmp_path / "whole")).entries} == {""}


@pytest.mark.parametrize("tool", ["cvat", "label-studio", "ground-truth"])
@pytest.mark.parametrize("splits", [True, False])
def test_a_dataset_of_a_tool_takes_new_pictures_in_a_file_of_their_own(
    tool: str, splits: bool, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each split, its old list stays as it is."""
    write = {
        "cvat": (cvat.write_file, "annotations.xml"),
        "label-studio": (label_studio.write_file, "project.json"),
        "ground-truth": (ground_truth.write_file, "output.manifest"),
    }[tool]
    objects = tuple(Drawn(name, box) for name, box in zip(CLASSES, BOXES, strict=True))
    for split in ("train", "val", "test") if splits else ("",):
        names = [f"{split}-old-{at}.jpg" for at in range(2)]
        sheet = Sheet(
            "detect", CLASSES, [Pictured(name, WIDE, HIGH, objects) for name in names], "me", "2026-01-01", drawn=True
        )
        folder = f"{split}/" if split else ""
        write[0](sheet, tmp_path / "list")
        cloud.objects[f"datasets/things/{folder}{write[1]}"] = (tmp_path / "list").read_bytes()
        for name in names:
            cloud.objects[f"datasets/things/{folder}{name}"] = picture(3)
    keep(cloud, "detect", 3)
    before = stored(cloud)
    assert pick(cloud, tmp_path / "task", "yolo") == 0, capsys.readouterr().err
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 0, capsys.readouterr().err
    after = stored(cloud)
    assert {key: after[key] for key in before} == before
    opened = open_source(fetch(cloud, tmp_path / "whole"))
    assert [one for one in opened.problems if one.action == "rejected"] == []
    new = [entry for entry in opened.entries if "aaaa" in entry.image]
    assert [entry.split for entry in new] == ["train" if splits else ""] * 3
    check_numbers("detect", opened.labels(new[0], WIDE, HIGH).rows[0].numbers)


def test_a_dataset_that_cannot_take_them_is_left_alone(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists of pictures are its splits: a new one would be in none of them."""
    dataset(cloud, "detect", splits=False)
    for split, at in (("train", 0), ("val", 1)):
        cloud.objects[f"datasets/things/{split}.txt"] = f"images/old-{at}.jpg\n".encode()
    cloud.objects["datasets/things/data.yaml"] = b"train: train.txt\nval: val.txt\nnames: [bolt, nut]\n"
    keep(cloud, "detect", 3)
    before = stored(cloud)
    assert pick(cloud, tmp_path / "task", "yolo") == 0, capsys.readouterr().err
    capsys.readouterr()
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 2
    assert "nothing was sent" in capsys.readouterr().err
    assert stored(cloud) == before
