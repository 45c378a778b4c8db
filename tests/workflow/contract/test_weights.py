"""What weights say of themselves, without anything of them being run."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from workflow.contract.weights import Pretrained, WeightsError, read_pretrained, require_fit

REAL = Path(__file__).parents[4] / "shared" / "weights"


def pickled(network: str = "DetectionModel", yaml_file: str = "yolov8n.yaml", scale: str = "n") -> bytes:
    """The instructions of a pickle that names a network and describes it, as PyTorch writes them."""

    def text(value: str) -> bytes:
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    described = text("yaml_file") + text(yaml_file) + text("scale") + text(scale)
    return b"\x80\x02cultralytics.nn.tasks\n" + network.encode() + b"\n}(" + described + b"u\x86."


def weights(content: bytes | None = None) -> bytes:
    """A file of weights with this pickle."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("best/data.pkl", pickled() if content is None else content)
    return stream.getvalue()


def read(content: bytes) -> Pretrained:
    """What a file of weights with this pickle is."""
    return read_pretrained(io.BytesIO(weights(content)))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (pickled(), Pretrained("detect", "yolov8n")),
        (pickled("PoseModel", "/home/me/yolov8-pose.yaml", "x"), Pretrained("pose", "yolov8x")),
        (pickled("OBBModel", "yolo11n-obb.yaml", "n"), Pretrained("obb", "yolo11n")),
        (pickled("SegmentationModel", "mine.yaml"), Pretrained("segment", "")),
    ],
)
def test_task_and_architecture_are_read(content: bytes, found: Pretrained) -> None:
    """An architecture that nobody named is empty."""
    assert read(content) == found


@pytest.mark.parametrize(("name", "task"), [("yolov8n-coco.pt", "detect"), ("yolov8n-pose-coco.pt", "pose")])
def test_published_weights_are_known(name: str, task: str) -> None:
    """As ultralytics wrote them, with texts that are named once and recalled."""
    if not (REAL / name).is_file():
        pytest.skip("needs the published weights in ../shared/weights")
    assert read_pretrained(REAL / name) == Pretrained(task, "yolov8n")


@pytest.mark.parametrize("content", [b"", b"\x80\x02}.", b"\x80\x02cposix\nsystem\n."])
def test_what_holds_no_network_is_none(content: bytes) -> None:
    """Nor is anything of it run."""
    with pytest.raises(WeightsError):
        read(content)
    with pytest.raises(WeightsError, match="damaged"):
        read_pretrained(io.BytesIO(os.urandom(100)))


def test_weights_that_do_not_fit_are_refused_with_what_to_do() -> None:
    """Another task, another size, another architecture."""
    found = Pretrained("detect", "yolov8n")
    require_fit(found, task="auto", model="yolov8n")
    require_fit(Pretrained("detect", ""), task="detect", model="yolov8x")
    with pytest.raises(WeightsError, match=r"find boxes \(detect\).* keypoints \(pose\): give .* yolov8n-pose\.pt, or"):
        require_fit(found, task="pose")
    with pytest.raises(WeightsError, match="of yolov8n, and model is yolov8s: set model=yolov8n, or give weights"):
        require_fit(found, model="yolov8s")
    with pytest.raises(WeightsError, match="of yolo26s, and model is yolov8n: set model=yolo26s, or give weights of"):
        require_fit(Pretrained("detect", "yolo26s"), model="yolov8n")
    with pytest.raises(WeightsError, match="of yolov9c, and model is yolov8n: give weights of yolov8n"):
        require_fit(Pretrained("detect", "yolov9c"), model="yolov8n")
