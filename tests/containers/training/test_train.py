"""Training as the job runs it: a process in the training image's environment, on a few tiny pictures."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from containers.training.__main__ import main
from containers.training.channel import Channel
from containers.training.train import calibration_images
from tests.containers.training.conftest import REPOSITORY

pytestmark = pytest.mark.training

WEIGHTS = REPOSITORY.parent / "shared" / "weights"
SETTINGS = {"model": "yolov8n", "epochs": "2", "image_size": "64", "batch": "2", "seed": "0", "mosaic": "0"}


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared training channel of four pictures with a square or a disc in each."""
    root = tmp_path_factory.mktemp("channel")
    dataset = root / "processing" / "input" / "dataset"
    for seed, (split, index) in enumerate((split, index) for split in ("train", "val", "test") for index in range(4)):
        images, labels = dataset / "images" / split, dataset / "labels" / split
        images.mkdir(parents=True, exist_ok=True)
        labels.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        picture = Image.fromarray(rng.integers(90, 130, (64, 64, 3), dtype=np.uint8))
        left, top = (int(edge) for edge in rng.integers(4, 36, 2))
        pen, box = ImageDraw.Draw(picture), (left, top, left + 24, top + 24)
        pen.rectangle(box, fill=(250, 60, 40)) if index % 2 else pen.ellipse(box, fill=(40, 90, 250))
        picture.save(images / f"{index}.png")
        label = f"{index % 2} {(left + 12.5) / 64} {(top + 12.5) / 64} {25 / 64} {25 / 64}\n"
        (labels / f"{index}.txt").write_text(label, encoding="utf-8")
    (dataset / "data.yaml").write_text("names: [disc, square]\n", encoding="utf-8")
    assert main(["prepare"], {"SAGEMAKER_BASE_DIR": str(root)}) == 0
    return root / "processing" / "output" / "training"


@pytest.fixture
def job(tmp_path: Path, channel: Path) -> Path:
    """The folders of a training job from scratch on that channel."""
    root = tmp_path / "ml"
    (root / "input" / "data").mkdir(parents=True)
    (root / "input" / "config").mkdir()
    (root / "input" / "data" / "training").symlink_to(channel)
    write_json(root / "input/config/hyperparameters.json", SETTINGS)
    write_json(root / "input/data/pretrained/pretrained.json", {"version": 1, "source": None})
    return root


def write_json(path: Path, document: Any) -> None:
    """Write a document where the job reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def command(python: Path) -> list[str]:
    """The image's command line for training."""
    return [str(python), "-m", "containers.training", "train"]


def environment(root: Path) -> dict[str, str]:
    """Where the job's folders are, and no proxy to reach anything with."""
    return {**os.environ, "SAGEMAKER_BASE_DIR": str(root), "OMP_NUM_THREADS": "2"}


def run(python: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """Train to the end."""
    return subprocess.run(
        command(python), cwd=REPOSITORY, env=environment(root), capture_output=True, text=True, check=False
    )


def epochs(text: str) -> list[int]:
    """The epochs that were told, in order."""
    return [int(number) for number in re.findall(r"^epoch=(\d+) epochs=\d+ box_loss=", text, re.MULTILINE)]


def files(folder: Path) -> set[str]:
    """The names in a folder that may be missing."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_a_training_tells_each_epoch_once_and_leaves_a_model_that_names_itself(
    training_python: Path, job: Path
) -> None:
    """Two epochs, two lines, three files, digests that match, and nothing written elsewhere."""
    before = files(REPOSITORY)
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    assert epochs(ran.stdout) == [1, 2]
    assert files(job / "model") == {"model.onnx", "weights.pt", "manifest.json"}
    manifest = json.loads((job / "model/manifest.json").read_text(encoding="utf-8"))
    onnx = (job / "model/model.onnx").read_bytes()
    assert manifest["model_digest"] == manifest["files"]["model.onnx"]["sha256"] == hashlib.sha256(onnx).hexdigest()
    assert manifest["files"]["model.onnx"]["bytes"] == len(onnx)
    assert (manifest["classes"], manifest["image_size"], manifest["stride"]) == (["disc", "square"], [64, 64], 32)
    assert (manifest["task"], manifest["precision"]) == ("detect", "bf16")
    assert manifest["hyperparameters"] == SETTINGS
    assert not (job / "output/failure").exists()
    assert files(REPOSITORY) == before


@pytest.fixture
def stopped(training_python: Path, job: Path) -> subprocess.CompletedProcess[str]:
    """A training of 60 epochs that got SIGTERM after its second."""
    write_json(job / "input/config/hyperparameters.json", {**SETTINGS, "epochs": "60"})
    with subprocess.Popen(
        command(training_python),
        cwd=REPOSITORY,
        env=environment(job),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if line.startswith("epoch=2 "):
                process.send_signal(signal.SIGTERM)
                break
        rest, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, told + rest, errors)


def test_a_stopped_training_leaves_no_model_and_goes_on_after_a_restart(
    training_python: Path, job: Path, stopped: subprocess.CompletedProcess[str]
) -> None:
    """SIGTERM ends it at once; the restart begins after the last epoch that was kept."""
    assert stopped.returncode == 143, stopped.stderr
    assert files(job / "model") == set()
    kept = [json.loads(seal.read_text(encoding="utf-8")) for seal in job.glob("checkpoints/*/checkpoint.json")]
    done = max(document["epochs_done"] for document in kept)
    assert done >= 2

    with subprocess.Popen(
        command(training_python), cwd=REPOSITORY, env=environment(job), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [line for line, _ in zip(process.stdout, range(2), strict=False)]
        process.terminate()
        process.communicate(timeout=60)
    assert lines[0].startswith(f"found a checkpoint: {done} of 60 epochs are done")
    assert epochs(lines[1]) == [done + 1]


def test_a_training_whose_epochs_are_all_done_only_exports(training_python: Path, job: Path) -> None:
    """A restart after the last epoch trains nothing more and never falls back to other data."""
    assert run(training_python, job).returncode == 0
    for path in (job / "model").iterdir():
        path.unlink()
    again = run(training_python, job)
    assert again.returncode == 0, again.stderr
    assert epochs(again.stdout) == []
    assert "manifest.json" in files(job / "model")


def test_an_int8_training_leaves_a_smaller_graph_fitted_to_its_training_images(
    training_python: Path, job: Path
) -> None:
    """From hyperparameter to manifest; 8-bit weights take less than half of the place of floats."""
    write_json(job / "input/config/hyperparameters.json", {**SETTINGS, "epochs": "1", "precision": "int8"})
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads((job / "model/manifest.json").read_text(encoding="utf-8"))
    assert (manifest["precision"], manifest["hyperparameters"]["precision"]) == ("int8", "int8")
    assert files(job / "model") == {"model.onnx", "weights.pt", "manifest.json"}
    assert manifest["files"]["model.onnx"]["bytes"] < 12_000_000 / 2


def test_only_the_training_split_shapes_an_int8_model(tmp_path: Path) -> None:
    """What validation chooses the epoch by and what the evaluation judges with must not be fitted to."""
    names = ("images/train/b.png", "images/train/a.png", "images/validation/c.png", "labels/train/a.txt")
    channel = Channel(("disc",), "digest", dict.fromkeys(names, "sha256"))
    found = calibration_images(channel, tmp_path / "data.yaml")
    assert found == [tmp_path / "images/train/a.png", tmp_path / "images/train/b.png"]


def test_a_diverged_training_fails_with_its_reason_and_no_model(training_python: Path, job: Path) -> None:
    """A loss that is no number is a failure, not a bad model; here its weight makes it overflow."""
    write_json(job / "input/config/hyperparameters.json", {**SETTINGS, "box": "1e39"})
    ran = run(training_python, job)
    assert ran.returncode == 1
    assert re.search(r"DivergedError: \w+ became (nan|inf) in epoch \d", (job / "output/failure").read_text("utf-8"))
    assert files(job / "model") == set()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"lr0": "5"}, "lr0=5.0", id="out of ultralytics' range"),
        pytest.param({"save_dir": "/"}, "save_dir: unknown or decided by the flow", id="reserved"),
    ],
)
def test_a_refused_hyperparameter_is_named_in_the_failure(
    training_python: Path, job: Path, given: dict[str, str], said: str
) -> None:
    """The failure's text says which one and what is allowed."""
    write_json(job / "input/config/hyperparameters.json", {**SETTINGS, **given})
    assert run(training_python, job).returncode == 1
    assert said in (job / "output/failure").read_text(encoding="utf-8")


@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="real weights are not on this machine")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("yolov8n-coco.pt", None, id="a detector"),
        pytest.param("yolov8n-pose-coco.pt", "refused, because loading it would use", id="a pose model"),
    ],
)
def test_pretrained_weights_are_fine_tuned_if_they_are_a_detectors(
    training_python: Path, job: Path, name: str, said: str | None
) -> None:
    """Real weights start a training; those of another task are refused before they are loaded."""
    write_json(job / "input/data/pretrained/pretrained.json", {"version": 1, "source": "s3://bucket/weights.pt"})
    (job / "input/data/pretrained/weights.pt").symlink_to(WEIGHTS / name)
    write_json(job / "input/config/hyperparameters.json", {**SETTINGS, "epochs": "1"})
    ran = run(training_python, job)
    assert ran.returncode == (0 if said is None else 1), ran.stderr
    if said is not None:
        assert said in (job / "output/failure").read_text(encoding="utf-8")


def test_every_allowed_argument_is_one_of_ultralytics(training_python: Path) -> None:
    """The list of allowed names and kinds agrees with the pinned version's own."""
    code = (
        "import tempfile, pathlib\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "from ultralytics.cfg import CFG_BOOL_KEYS, CFG_FLOAT_KEYS, CFG_FRACTION_KEYS, CFG_INT_KEYS, DEFAULT_CFG_DICT\n"
        "from containers.training.hyperparameters import KINDS\n"
        "numbers = CFG_FLOAT_KEYS | CFG_FRACTION_KEYS | {'scale'}\n"
        "kinds = {'int': CFG_INT_KEYS | {'freeze'}, 'bool': CFG_BOOL_KEYS | {'cls_remap'}, 'float': numbers}\n"
        "print(sorted(key for key in KINDS if key not in DEFAULT_CFG_DICT))\n"
        "print(sorted(key for key, kind in KINDS.items() if kind in kinds and key not in kinds[kind]))\n"
    )
    ran = subprocess.run([str(training_python), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", "[]"]


def test_the_stand_in_for_suppression_keeps_the_boxes_that_torchvision_would(training_python: Path) -> None:
    """Compared with ultralytics' own slow implementation on random boxes."""
    code = (
        "import tempfile, pathlib\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "import torch\n"
        "from ultralytics.utils.nms import TorchNMS\n"
        "from containers.training.suppression import suppress\n"
        "torch.manual_seed(0)\n"
        "for count in (0, 1, 300):\n"
        "    corner, side = torch.rand(count, 2) * 60, torch.rand(count, 2) * 40\n"
        "    boxes, scores = torch.cat((corner, corner + side), 1), torch.rand(count) + 0.001\n"
        "    print(suppress(boxes, scores, 0.5).tolist() == TorchNMS.nms(boxes, scores, 0.5).tolist())\n"
    )
    ran = subprocess.run([str(training_python), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["True"] * 3
