"""What everyone is measured with: pictures, weights, the exported models, and what ultralytics finds in the pictures.

Without settings all of it comes from this repository: the sample's fasteners, and yolov8n trained on them as the demo
trains it. BENCH_WEIGHTS (a .pt file) and BENCH_IMAGES (a folder of JPEGs) name others. Everything is made once and kept
below .greenlight, in folders named after what they were made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.environments import REPOSITORY, ensure
from tests.bench.serving.agreement import Found
from tests.bench.serving.pictures import draw_pictures
from workflow.demo.sample import SAMPLE_TRAINING, make_sample

KEPT = REPOSITORY / ".greenlight" / "bench"
SIZE = 640
PRECISIONS = ("f32", "bf16", "int8")
TRAINING = REPOSITORY / "containers" / "training"
_SAMPLE = sorted((REPOSITORY / "workflow" / "demo" / "sample").glob("*.py"))
"""What draws the sample and says how it is trained."""


class WorkloadError(RuntimeError):
    """What is to be measured with cannot be had."""


@dataclass(frozen=True)
class Workload:
    """Pictures (JPEG), weights, and a folder of models by precision."""

    about: str
    pictures: tuple[bytes, ...]
    images: Path
    weights: Path
    models: Path
    expected: tuple[tuple[Found, ...], ...]
    """What ultralytics finds in each picture."""

    def model(self, precision: str) -> Path:
        """The folder with ``model.onnx`` and ``manifest.json``."""
        return self.models / precision


def make_workload(environ: Mapping[str, str] = os.environ) -> Workload:
    """Draw, train and export what is not there yet. Raises WorkloadError where a program of this fails."""
    images = Path(environ["BENCH_IMAGES"]) if "BENCH_IMAGES" in environ else _drawn()
    files = sorted(images.rglob("*.jpg"))
    if not files:
        raise WorkloadError(f"there is no .jpg in {images}")
    weights = Path(environ["BENCH_WEIGHTS"]) if "BENCH_WEIGHTS" in environ else _trained()
    programs = [TRAINING / name for name in ("export.py", "graph.py", "quantise.py")]
    name = f"models-{_digest(weights, *programs, Path(__file__).with_name('export.py'), *files)}"
    models = _once(name, lambda folder: _export(weights, images, folder))
    expected = json.loads((models / "expected.json").read_text())
    sizes = sorted({tuple(one["size"]) for one in expected})
    return Workload(
        f"{len(files)} JPEGs of {', '.join(f'{width}×{height}' for width, height in sizes)}; {weights.name} at {SIZE}",
        tuple(file.read_bytes() for file in files),
        images,
        weights,
        models,
        tuple(tuple(Found(tuple(box), score, kind) for box, score, kind in one["found"]) for one in expected),
    )


def python_of(image: str) -> Path:
    """The interpreter of an image's environment: GREENLIGHT_<IMAGE>_PYTHON, or the one made from its requirements."""
    named = os.environ.get(f"GREENLIGHT_{image.upper()}_PYTHON")
    return Path(named) if named else ensure(image, REPOSITORY / "containers" / image, say=_say)


def _drawn() -> Path:
    return _once(f"pictures-{_digest(*_SAMPLE, Path(__file__).with_name('pictures.py'))}", draw_pictures)


def _trained() -> Path:
    return _once(f"weights-{_digest(*_SAMPLE, TRAINING / 'requirements.txt')}", _train) / "fasteners.pt"


def _train(folder: Path) -> None:
    """Prepare the sample and train on it as the two jobs of the flow do."""
    _say("training the sample's model, a minute or two, this time only")
    base = folder / "ml"
    make_sample(base / "processing" / "input" / "dataset")
    reading = {"task": "detect", "format": "yolo", "policy": {}, "group_pattern": "", "seed": 0, "image_size": 640}
    _write(base / "processing" / "input" / "record" / "run.json", {"version": 1, "preparation": reading})
    _container("prepare", base)
    channels = base / "input" / "data"
    channels.mkdir(parents=True)
    (base / "processing" / "output" / "training").rename(channels / "training")
    _write(channels / "pretrained" / "pretrained.json", {"version": 1, "source": None})
    own = {name: value for name, value in SAMPLE_TRAINING.items() if name != "hyperparameters"}
    given = {**own, **SAMPLE_TRAINING["hyperparameters"], "seed": 0}
    _write(base / "input" / "config" / "hyperparameters.json", {name: str(value) for name, value in given.items()})
    _container("train", base)
    shutil.copyfile(base / "model" / "weights.pt", folder / "fasteners.pt")
    shutil.rmtree(base)


def _container(program: str, base: Path) -> None:
    _run([str(python_of("training")), "-m", "containers.training", program], SAGEMAKER_BASE_DIR=str(base))


def _export(weights: Path, images: Path, folder: Path) -> None:
    _say("exporting the models and asking ultralytics what is in the pictures")
    program = [str(python_of("training")), "-m", "tests.bench.serving.export"]
    _run([*program, str(weights.resolve()), str(images.resolve()), str(folder), str(SIZE), *PRECISIONS])


def _run(command: list[str], **environ: str) -> None:
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise WorkloadError(f"{' '.join(command[1:4])} failed:\n{said}")


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name``, made where it is not there; it appears when it is complete."""
    target = KEPT / name
    if not target.exists():
        partial = KEPT / f"{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        make(partial)
        partial.rename(target)
    return target


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:12]


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def _say(line: str) -> None:
    print(line, flush=True)
