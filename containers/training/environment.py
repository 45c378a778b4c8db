"""Sets ultralytics up before its first import: offline, restricted in what it loads, on all cores.

ultralytics reads its variables when it is imported, so ``set_up`` comes first. Knows nothing of
training itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import MutableMapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from containers.training.suppression import complete_torchvision

FONT = "Arial.ttf"
"""The font that ultralytics would fetch from the network if its own folder lacked it."""


def processors() -> int:
    """Processors this process may use; where the system cannot tell (macOS), all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def variables(configuration: Path, cores: int) -> dict[str, str]:
    """The environment variables that ultralytics and torch are imported with."""
    return {
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(configuration),
        # Weights are rebuilt from known classes, instead of running whatever their pickle names.
        "ULTRALYTICS_SAFE_LOAD": "1",
        "OMP_NUM_THREADS": str(cores),
        # Threads that wait for one another spin for a moment only, then sleep: spinning on, as is usual, makes an epoch
        # twenty times longer beside another busy program; sleeping at once, nearly twice as long on an idle machine.
        "GOMP_SPINCOUNT": "5000",
    }


def set_up(configuration: Path, environ: MutableMapping[str, str] = os.environ) -> int:
    """Make this process ready to import ultralytics, its settings in a fresh folder; the threads to use."""
    cores = int(environ.get("OMP_NUM_THREADS") or processors())
    environ.update(variables(configuration, cores))
    home = configuration / "Ultralytics"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_font(), home / FONT)
    complete_torchvision()
    from ultralytics import settings

    settings.update(sync=False, clearml=False, comet=False, dvc=False, mlflow=False, raytune=False)
    settings.update({f"{name}_dir": str(configuration / name) for name in ("datasets", "runs", "weights")})
    return cores


def versions() -> dict[str, str]:
    """The versions that decide what a model file holds."""
    return {name: metadata.version(name) for name in ("ultralytics", "torch")}


def _font() -> Path:
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ImportError("matplotlib is not installed, whose font training uses")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
