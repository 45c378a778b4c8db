"""How a training channel is read, and laid out for ultralytics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from containers.training.channel import ChannelError, lay_out, read_channel
from tests.containers.training.channels import CLASSES, FLIP, digests, write_channel


def test_the_task_comes_with_the_data(tmp_path: Path) -> None:
    """Task, classes and keypoints are the preparation's to say."""
    channel = read_channel(write_channel(tmp_path, "pose"))
    assert (channel.task, channel.classes, channel.keypoints, channel.flip) == ("pose", CLASSES, (4, 3), FLIP)
    assert channel.images("validation") == [f"images/validation/{index}.png" for index in range(4)]


def rewrite(folder: Path, **change: Any) -> Path:
    """Replace keys of a channel's manifest."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, **change}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"version": 2}, "version 2 is not 1", id="another version"),
        pytest.param({"task": "depth"}, "task 'depth' is none of detect", id="an unknown task"),
        pytest.param({"keypoints": [4, 3]}, "do not fit the task detect", id="keypoints of boxes"),
        pytest.param({"task": "pose"}, "keypoints None do not fit the task pose", id="pose without keypoints"),
        pytest.param({"files": {}}, "names no dataset.json", id="no facts about the dataset"),
        pytest.param({"files": {"gone.txt": "0"}}, "gone.txt of the training channel is missing", id="a missing file"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """The message names the document and what is wrong."""
    with pytest.raises(ChannelError, match=said):
        read_channel(rewrite(write_channel(tmp_path, "detect"), **change))


def test_a_file_that_changed_is_named(tmp_path: Path) -> None:
    """Every file is compared with the digest that the preparation noted."""
    write_channel(tmp_path, "detect")
    (tmp_path / "labels/train/2.txt").write_text("1 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(ChannelError, match=r"labels/train/2\.txt of the training channel is not the file"):
        read_channel(tmp_path)


def test_keypoints_are_told_to_ultralytics(tmp_path: Path) -> None:
    """Their number, and which one takes whose place in a mirrored picture."""
    channel = read_channel(write_channel(tmp_path / "channel", "pose"))
    document = yaml.safe_load(lay_out(channel, tmp_path / "channel", tmp_path / "data").read_text(encoding="utf-8"))
    assert (document["kpt_shape"], document["flip_idx"]) == ([4, 3], list(FLIP))
    assert document["path"] == str(tmp_path / "data")


def test_boxes_have_no_keypoints(tmp_path: Path) -> None:
    """Given one, ultralytics would take a kpt_shape for the task."""
    channel = read_channel(write_channel(tmp_path / "channel", "detect"))
    document = yaml.safe_load(lay_out(channel, tmp_path / "channel", tmp_path / "data").read_text(encoding="utf-8"))
    assert set(document) == {"path", "train", "val", "names"}


def test_pictures_of_a_class_are_linked_into_its_folder_by_number(tmp_path: Path) -> None:
    """A class without a picture keeps its number, and any name is a name."""
    folder = write_channel(tmp_path / "channel", "classify", classes=("disc", "square", "a/b"))
    data = lay_out(read_channel(folder), folder, tmp_path / "data")
    links = sorted(path for path in data.rglob("*.png"))
    assert [str(link.relative_to(data)) for link in links] == [
        *("train/0/0.png", "train/0/2.png", "train/1/1.png", "train/1/3.png"),
        *("val/0/0.png", "val/0/2.png", "val/1/1.png", "val/1/3.png"),
    ]
    assert links[0].resolve() == folder / "images/train/0.png"
    names = yaml.safe_load((data / ".ndjson.yaml").read_text(encoding="utf-8"))["names"]
    assert names == {0: "disc", 1: "square", 2: "a/b"}


@pytest.mark.parametrize("text", ["2", "-1", "disc", "", "0 1"])
def test_a_label_that_is_no_class_is_named(tmp_path: Path, text: str) -> None:
    """File, line, what stands there and what may."""
    folder = write_channel(tmp_path / "channel", "classify")
    (folder / "labels/train/1.txt").write_text(text, encoding="utf-8")
    rewrite(folder, files=digests(folder))
    with pytest.raises(ChannelError, match=rf"labels/train/1\.txt:1: '{text}' is no class from 0 to 1"):
        lay_out(read_channel(folder), folder, tmp_path / "data")
