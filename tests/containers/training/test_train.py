"""Training as the job runs it: a process in the training image's environment, on a few tiny pictures."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from containers.training.channel import Channel
from containers.training.progress import LOSSES, METRICS
from containers.training.train import calibration_images
from tests.containers.training.channels import CLASSES
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import (
    MODEL_FILES,
    SETTINGS,
    epochs,
    failure,
    files,
    make_job,
    pairs,
    read_json,
    run,
    run_unbounded,
    write_json,
)
from workflow.contract.architecture import FAMILIES, SIZES, layers_below_head
from workflow.contract.model import TASKS
from workflow.contract.precision_choice import read_choice
from workflow.contract.scores import QUALITY

pytestmark = pytest.mark.training

WEIGHTS = REPOSITORY.parent / "shared" / "weights"
OF_YOLO26 = ("l1_loss", "rle_loss", "sem_loss")
"""Losses that YOLOv8 has not."""


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_trained_told_and_published(training_python: Path, tmp_path: Path, task: str) -> None:
    """Two epochs, two lines with the task's figures, five files that agree, and nothing written elsewhere."""
    job = make_job(tmp_path, task)
    write_json(job / "input/config/resourceconfig.json", {"current_instance_type": "ml.g5.xlarge"})
    before = files(REPOSITORY)
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    assert epochs(ran.stdout) == [1, 2]
    lines = [pairs(line) for line in ran.stdout.splitlines() if line.startswith("epoch=")]
    losses = [name for name in LOSSES[task] if name not in OF_YOLO26]
    shown = [*losses, *METRICS[task], "quality", "lr", "images_per_second", "seconds"]
    assert [list(line) for line in lines] == [["epoch", "epochs", *shown]] * 2
    assert files(job / "model") == MODEL_FILES
    manifest = read_json(job / "model/manifest.json")
    onnx = (job / "model/model.onnx").read_bytes()
    assert manifest["model_digest"] == manifest["files"]["model.onnx"]["sha256"] == hashlib.sha256(onnx).hexdigest()
    assert (manifest["task"], manifest["classes"], manifest["precision"]) == (task, list(CLASSES), "bf16")
    assert manifest.get("keypoints") == ([4, 3] if task == "pose" else None)
    assert manifest["hyperparameters"] == SETTINGS
    assert (manifest["max_detections"], manifest["tiles"]) == (300, "off")
    record = read_json(job / "model/training.json")
    assert [{**epoch, "epochs": 2}.keys() for epoch in record["epochs"]] == [line.keys() for line in lines]
    assert [f"{epoch['quality']:.5f}" for epoch in record["epochs"]] == [line["quality"] for line in lines]
    assert (record["images"], record["instance"]) == (4, "ml.g5.xlarge")
    assert (record["stopped_early"], record["resumed_after"]) == (False, 0)
    assert record["seconds"] == pytest.approx(sum(epoch["seconds"] for epoch in record["epochs"]))
    channel = job / "input/data/training"
    assert (job / "model/dataset.json").read_bytes() == (channel / "dataset.json").read_bytes()
    assert not (job / "output/failure").exists()
    assert files(REPOSITORY) == before


def test_another_family_is_trained_told_and_published(training_python: Path, tmp_path: Path) -> None:
    """YOLO26 by its own losses, and published with the head that gives every candidate."""
    job = make_job(tmp_path, model="yolo26n", epochs="1")
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    (line,) = [pairs(line) for line in ran.stdout.splitlines() if line.startswith("epoch=")]
    losses = [name for name in LOSSES["detect"] if name != "dfl_loss"]
    assert list(line)[2:5] == losses
    assert files(job / "model") == MODEL_FILES
    assert read_json(job / "model/manifest.json")["model"] == "yolo26n"
    assert b"end2end\x12\x05False" in (job / "model/model.onnx").read_bytes()


def test_patience_ends_a_training_early_and_the_record_says_so(training_python: Path, tmp_path: Path) -> None:
    """After one epoch without a better one; a restart after that only exports, and records the same."""
    job = make_job(tmp_path, "classify", epochs="40", patience="1", lr0="0", optimizer="SGD", warmup_epochs="0")
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    record = read_json(job / "model/training.json")
    assert record["stopped_early"] is True
    assert epochs(ran.stdout) == [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]
    again = run(training_python, job)
    assert (again.returncode, epochs(again.stdout)) == (0, [])
    assert read_json(job / "model/training.json") == {**record, "resumed_after": 2}


def test_a_training_measures_which_precision_serves_and_says_so_in_its_archive(
    training_python: Path, tmp_path: Path
) -> None:
    """Whichever it is: the graph that is published, its digest and its precision are those of the choice."""
    job = make_job(tmp_path, "classify", 8, epochs="1", precision="auto")
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    manifest = read_json(job / "model/manifest.json")
    choice = read_choice(manifest)
    assert choice is not None
    assert (choice.figure, choice.pictures, choice.validation) == (QUALITY["classify"], 8, 8)
    # bf16 is no candidate on a processor that has none.
    assert [one.precision for one in choice.tried] in (["f32", "bf16", "int8"], ["f32", "int8"])
    assert manifest["precision"] == choice.chosen
    assert manifest["hyperparameters"]["precision"] == "auto"
    onnx = (job / "model/model.onnx").read_bytes()
    assert manifest["model_digest"] == hashlib.sha256(onnx).hexdigest()
    assert (len(onnx) < 4_000_000) == (choice.chosen == "int8")
    assert files(job / "model") == MODEL_FILES
    assert f"of {choice.validation} validation pictures" in ran.stdout


def test_an_int8_training_leaves_a_smaller_graph_fitted_to_its_training_images(
    training_python: Path, tmp_path: Path
) -> None:
    """From hyperparameter to manifest; 8-bit weights take less than half of the place of floats."""
    job = make_job(tmp_path, epochs="1", precision="int8")
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    manifest = read_json(job / "model/manifest.json")
    assert (manifest["precision"], manifest["hyperparameters"]["precision"]) == ("int8", "int8")
    assert read_choice(manifest) is None
    assert files(job / "model") == MODEL_FILES
    assert manifest["files"]["model.onnx"]["bytes"] < 12_000_000 / 2


def test_only_the_training_split_shapes_an_int8_model(tmp_path: Path) -> None:
    """What validation chooses the epoch by and what the evaluation judges with must not be fitted to."""
    names = ("images/train/b.png", "images/train/a.png", "images/validation/c.png", "labels/train/a.txt")
    channel = Channel("detect", ("disc",), "digest", dict.fromkeys(names, "sha256"))
    assert calibration_images(channel, tmp_path) == [tmp_path / "images/train/a.png", tmp_path / "images/train/b.png"]


@pytest.mark.parametrize(("task", "weight"), [("detect", "box"), ("pose", "pose"), ("obb", "angle")])
def test_a_diverged_training_fails_with_its_reason_and_no_model(
    training_python: Path, tmp_path: Path, task: str, weight: str
) -> None:
    """A loss that is no number is a failure, not a bad model; here its weight makes it overflow."""
    job = make_job(tmp_path, task, **{weight: "1e39"})
    ran = run_unbounded(training_python, job)
    assert ran.returncode == 1
    assert re.search(r"DivergedError: \w+ became (nan|inf) in epoch \d", failure(job))
    assert files(job / "model") == files(job / "checkpoints") == set()


@pytest.mark.parametrize(
    ("task", "given", "said"),
    [
        pytest.param("detect", {"scale": "5"}, "scale = '5': must be a number from 0 to 1", id="out of its range"),
        pytest.param("detect", {"save_dir": "/"}, "save_dir: unknown or decided by the flow", id="reserved"),
        pytest.param("detect", {"single_cls": "true"}, "would merge the dataset's 2 classes", id="merging classes"),
        pytest.param("classify", {"fraction": "0.5"}, "learns from all of its pictures", id="a part of the pictures"),
    ],
)
def test_a_refused_hyperparameter_is_named_in_the_failure(
    training_python: Path, tmp_path: Path, task: str, given: dict[str, str], said: str
) -> None:
    """The failure's text says which one and what is allowed."""
    job = make_job(tmp_path, task, **given)
    assert run(training_python, job).returncode == 1
    assert said in failure(job)


def pretrained(job: Path, weights: Path, **noted: str) -> Path:
    """Let the job start from these weights."""
    document = {"version": 1, "source": "s3://bucket/weights.pt", "sha256": None, **noted}
    write_json(job / "input/data/pretrained/pretrained.json", document)
    (job / "input/data/pretrained/weights.pt").symlink_to(weights)
    return job


@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="real weights are not on this machine")
@pytest.mark.parametrize(
    ("task", "name", "said"),
    [
        pytest.param("detect", "yolov8n-coco.pt", None, id="a detector"),
        pytest.param("pose", "yolov8n-pose-coco.pt", None, id="a pose model"),
        pytest.param(
            "pose",
            "yolov8n-coco.pt",
            "the pretrained weights find boxes (detect), the dataset asks for keypoints (pose)",
            id="a detector for poses",
        ),
        pytest.param(
            "detect",
            "yolov8n-pose-coco.pt",
            "the pretrained weights find keypoints (pose), the dataset asks for boxes (detect)",
            id="a pose model for boxes",
        ),
    ],
)
def test_real_weights_are_fine_tuned_if_they_find_what_the_dataset_asks_for(
    training_python: Path, tmp_path: Path, task: str, name: str, said: str | None
) -> None:
    """Other classes and another number of keypoints are no hindrance; another task is, and both are named."""
    job = pretrained(make_job(tmp_path, task, epochs="1"), WEIGHTS / name)
    ran = run(training_python, job)
    assert ran.returncode == (0 if said is None else 1), ran.stderr
    if said is not None:
        assert said in failure(job)


@pytest.fixture(scope="module")
def own_weights(training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of each task as ultralytics saves them, and one of another generation."""
    folder = tmp_path_factory.mktemp("weights")
    code = (
        "import pathlib, sys, tempfile\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "from ultralytics import YOLO\n"
        "for name in ('yolov8n-seg', 'yolov8n-cls', 'yolov8n-obb', 'yolov8s', 'yolo11n'):\n"
        "    YOLO(name + '.yaml').save(sys.argv[1] + '/' + name + '.pt')\n"
    )
    subprocess.run([str(training_python), "-c", code, str(folder)], cwd=REPOSITORY, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("task", "name", "said"),
    [
        ("segment", "yolov8n-seg", None),
        ("classify", "yolov8n-cls", None),
        ("obb", "yolov8n-obb", None),
        ("detect", "yolov8s", "are of scale 's', and model is yolov8n"),
        ("detect", "yolo11n", "are of yolo11n.yaml, and model is yolov8n"),
    ],
)
def test_weights_are_those_of_the_model_that_was_asked_for(
    training_python: Path, tmp_path: Path, own_weights: Path, task: str, name: str, said: str | None
) -> None:
    """Another size or another generation is refused by name, before anything is trained."""
    job = pretrained(make_job(tmp_path, task, epochs="1"), own_weights / f"{name}.pt")
    ran = run(training_python, job)
    assert ran.returncode == (0 if said is None else 1), ran.stderr
    if said is not None:
        assert said in failure(job)


def test_weights_that_changed_since_the_run_was_planned_are_refused(training_python: Path, tmp_path: Path) -> None:
    """Their digest is compared before anything reads them."""
    (tmp_path / "other.pt").write_bytes(b"other weights")
    job = pretrained(make_job(tmp_path / "ml"), tmp_path / "other.pt", sha256="0" * 64)
    assert run(training_python, job).returncode == 1
    assert f"and {'0' * 64} is expected: s3://bucket/weights.pt has changed" in failure(job)


def test_every_allowed_argument_is_one_of_ultralytics(training_python: Path) -> None:
    """The names and kinds that the contract allows agree with the pinned version's own."""
    code = (
        "import tempfile, pathlib\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "from ultralytics.cfg import CFG_BOOL_KEYS, CFG_FLOAT_KEYS, CFG_FRACTION_KEYS, CFG_INT_KEYS, DEFAULT_CFG_DICT\n"
        "from workflow.contract.hyperparameters import SETTINGS\n"
        "numbers = CFG_FLOAT_KEYS | CFG_FRACTION_KEYS | {'scale'}\n"
        "whole = CFG_INT_KEYS | {'freeze'}\n"
        "kinds = {'count': whole, 'positive': whole, 'bool': CFG_BOOL_KEYS | {'cls_remap'}, 'amount': numbers,\n"
        "         'fraction': numbers}\n"
        "print(sorted(key for key in SETTINGS if key not in DEFAULT_CFG_DICT))\n"
        "print(sorted(key for key, kind in SETTINGS.items() if kind in kinds and key not in kinds[kind]))\n"
    )
    ran = subprocess.run([str(training_python), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", "[]"]


def test_every_family_is_one_of_ultralytics_with_all_sizes_tasks_and_layers(training_python: Path) -> None:
    """Its own descriptions, of which nothing is built: sizes, and layers below the head."""
    code = (
        "import json, pathlib, tempfile\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "from ultralytics.nn.tasks import yaml_model_load\n"
        "from workflow.contract.architecture import FAMILIES, SIZES\n"
        "from workflow.contract.weights import SUFFIXES\n"
        "found = {}\n"
        "for family in FAMILIES:\n"
        "    for task, suffix in SUFFIXES.items():\n"
        "        described = yaml_model_load(f'{family}{SIZES[0]}{suffix}.yaml')\n"
        "        layers = len(described['backbone']) + len(described['head']) - 1\n"
        "        found[f'{family} {task}'] = [layers, sorted(described['scales'])]\n"
        "print(json.dumps(found))\n"
    )
    ran = subprocess.run([str(training_python), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    wanted = {
        f"{family} {task}": [layers_below_head(f"{family}n", task), sorted(SIZES)]
        for family in FAMILIES
        for task in TASKS
    }
    assert json.loads(ran.stdout.splitlines()[-1]) == wanted


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
