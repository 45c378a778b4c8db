"""Who is measured, how each is started, and how its answer is read.

A peer is set up as its documentation advises for a processor, with the two settings that compete there: a process a
core with one thread each, or one process whose inference takes all cores. Its answers count in the better one, its
memory with a process a core, as everybody's: of two settings that are equally fast one takes a third of the other's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.environments import REPOSITORY, ensure
from tests.bench.serving.agreement import Found
from tests.bench.serving.load import HOST
from tests.bench.serving.program import Launch
from tests.bench.serving.workload import Workload, python_of

PEERS = Path(__file__).parents[1] / "serving_peers"
_MODULES = "tests.bench.serving_peers"


class LeftOutError(RuntimeError):
    """A contestant cannot run here; the message says why."""


@dataclass(frozen=True)
class Setting:
    """One way to spread the work: processes with a model each, and the threads of one inference."""

    workers: int
    threads: int

    def __str__(self) -> str:
        processes = "1 process" if self.workers == 1 else f"{self.workers} processes"
        return f"{processes} × {self.threads} thread{'' if self.threads == 1 else 's'}"


@dataclass(frozen=True)
class Contestant:
    """One that answers pictures over HTTP. ``packages`` are those whose versions are told."""

    name: str
    kind: str
    """ours, torch or onnx: with what it is compared."""
    about: str
    packages: tuple[str, ...]
    requirements: Path
    settings: tuple[Setting, ...]
    launch: Callable[[Workload, Setting, int, Path], Launch]
    read: Callable[[bytes], list[Found]]
    precision: str = ""
    """Of ours: what the model computes in, and the loop that it is measured in turns with."""

    @property
    def versions(self) -> dict[str, str]:
        """The pinned versions of its packages."""
        text = "".join(file.read_text() for file in sorted(self.requirements.glob("requirements*.txt")))
        pinned = dict(re.findall(r"^([\w.\-]+)==(\S+)", text, re.MULTILINE))
        return {name: pinned[name] for name in self.packages if name in pinned}


def contestants(cores: int) -> list[Contestant]:
    """All of them, ours first."""
    spread = (Setting(cores, 1), Setting(1, cores)) if cores > 1 else (Setting(1, 1),)
    return [*(ours(precision) for precision in ("bf16", "f32", "int8")), *_peers(spread)]


def ours(precision: str) -> Contestant:
    """Our server with a model of this precision."""

    def launch(workload: Workload, _: Setting, port: int, folder: Path) -> Launch:
        base = folder / "ml"
        base.mkdir(parents=True, exist_ok=True)
        model = base / "model"
        model.unlink(missing_ok=True)
        model.symlink_to(workload.model(precision))
        environ = {
            "PATH": os.environ["PATH"],
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "GREENLIGHT_BIND_HOST": HOST,
        }
        command = (str(python_of("serving")), "-m", "containers.serving", "serve")
        return Launch(command, environ, REPOSITORY, "/ping", "/invocations")

    about = f"python -m containers.serving serve, a model of precision {precision}"
    folder = REPOSITORY / "containers" / "serving"
    packages = ("openvino", "tensorrt_lean_cu12_libs", "uvicorn")
    own = (Setting(1, 1),)
    return Contestant(f"ours-{precision}", "ours", about, packages, folder, own, launch, read_ours, precision)


def read_ours(answer: bytes) -> list[Found]:
    """What our server found."""
    detections = json.loads(answer)["detections"]
    return [Found(tuple(one["box"]), one["score"], one["class_id"]) for one in detections]


def read_peer(answer: bytes) -> list[Found]:
    """What one of the peers found; all are written to answer alike."""
    told = json.loads(answer)
    return [
        Found(tuple(box), score, class_id)
        for box, score, class_id in zip(told["boxes"], told["scores"], told["classes"], strict=True)
    ]


def _peers(spread: tuple[Setting, ...]) -> list[Contestant]:
    def peer(
        folder: str, kind: str, about: str, packages: tuple[str, ...], launch: Callable[..., Launch]
    ) -> Contestant:
        name = folder.replace("_", "-")
        return Contestant(name, kind, about, packages, PEERS / folder, spread, launch, read_peer)

    return [
        peer(
            "fastapi_ultralytics",
            "torch",
            "ultralytics' predict in a def endpoint of FastAPI, uvicorn with uvloop and httptools, no access log",
            ("torch", "ultralytics", "fastapi", "uvicorn"),
            _fastapi,
        ),
        peer(
            "sagemaker_ultralytics",
            "torch",
            "handler of the public SageMaker samples, PyTorch inference toolkit on TorchServe with its own settings",
            ("torch", "ultralytics", "sagemaker-pytorch-inference", "torchserve"),
            _sagemaker,
        ),
        peer(
            "litserve_ultralytics",
            "torch",
            "ultralytics' predict in a LitAPI, fast queue",
            ("torch", "ultralytics", "litserve"),
            _litserve("litserve_ultralytics"),
        ),
        peer(
            "litserve_onnx",
            "onnx",
            "ONNX Runtime f32 on the smallest rectangle, vectorised boxes, in a LitAPI, fast queue",
            ("onnxruntime", "litserve"),
            _litserve("litserve_onnx"),
        ),
        peer(
            "bentoml_onnx",
            "onnx",
            "ONNX Runtime f32 on the smallest rectangle, vectorised boxes, in a BentoML service, no access log",
            ("onnxruntime", "bentoml"),
            _bentoml,
        ),
    ]


def _environment(folder: str) -> Path:
    name = f"peer-{folder.replace('_', '-')}"
    return ensure(name, PEERS / folder, say=lambda line: print(line, flush=True))


def _environ(workload: Workload, setting: Setting, port: int, folder: Path, **more: str) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # Threads of every library, not only of the one that the peer sets.
        "OMP_NUM_THREADS": str(setting.threads),
        "PEER_WEIGHTS": str(workload.weights),
        "PEER_ONNX": str(workload.model("f32") / "model.onnx"),
        "PEER_PORT": str(port),
        "PEER_WORKERS": str(setting.workers),
        "PEER_THREADS": str(setting.threads),
        **more,
    }


def _fastapi(workload: Workload, setting: Setting, port: int, folder: Path) -> Launch:
    python = _environment("fastapi_ultralytics")
    application = f"{_MODULES}.fastapi_ultralytics.app:app"
    options = ("--host", HOST, "--port", str(port), "--workers", str(setting.workers), "--no-access-log")
    command = (str(python), "-m", "uvicorn", application, *options)
    return Launch(command, _environ(workload, setting, port, folder), folder, "/health", "/predict")


def _litserve(peer: str) -> Callable[[Workload, Setting, int, Path], Launch]:
    def launch(workload: Workload, setting: Setting, port: int, folder: Path) -> Launch:
        command = (str(_environment(peer)), "-m", f"{_MODULES}.{peer}.server")
        return Launch(command, _environ(workload, setting, port, folder), folder, "/health", "/predict")

    return launch


def _bentoml(workload: Workload, setting: Setting, port: int, folder: Path) -> Launch:
    python = _environment("bentoml_onnx")
    service = f"{_MODULES}.bentoml_onnx.service:Detector"
    command = (str(python), "-m", "bentoml", "serve", service, "--host", HOST, "--port", str(port))
    own = {"BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "1"}
    return Launch(command, _environ(workload, setting, port, folder, **own), folder, "/readyz", "/predict")


def _sagemaker(workload: Workload, setting: Setting, port: int, folder: Path) -> Launch:
    if shutil.which("java") is None:
        raise LeftOutError("TorchServe is a Java program, and java is not here")
    python = _environment("sagemaker_ultralytics")
    code = folder / "model" / "code"
    code.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(workload.weights, folder / "model" / "yolov8n.pt")
    shutil.copyfile(PEERS / "sagemaker_ultralytics" / "inference.py", code / "inference.py")
    own = {
        # The toolkit calls torchserve by name.
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "TEMP": str(folder),
        "SAGEMAKER_BASE_DIR": str(folder),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(setting.workers),
    }
    command = (str(python), "-m", f"{_MODULES}.sagemaker_ultralytics.serve")
    environ: dict[str, Any] = {**_environ(workload, setting, port, folder), **own}
    return Launch(command, environ, folder, "/ping", "/invocations")
