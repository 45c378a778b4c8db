"""The training job: a prepared dataset and hyperparameters in, a model that serves out.

Reads from top to bottom what happens: settings, data, environment, checkpoint, training, export. What
ultralytics calls while it trains is in ``watch``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from containers.training.channel import Channel, lay_out, read_channel
from containers.training.checkpoints import Checkpoint, newest_checkpoint
from containers.training.environment import set_up
from containers.training.export import publish
from containers.training.folders import Folders
from containers.training.hyperparameters import HyperparameterError, Settings, read_settings
from containers.training.images import file_digest
from containers.training.stopping import stop_on_request
from containers.training.watch import Watch
from containers.training.weights import WeightsError, check_weights


class NoModelError(RuntimeError):
    """Training ended and left no weights."""


def train(folders: Folders) -> None:
    """Train as the hyperparameters say, go on from a checkpoint if there is one, and publish the model."""
    stop_on_request()
    given = json.loads(folders.hyperparameters.read_text(encoding="utf-8"))
    settings = read_settings(given)
    channel = read_channel(folders.channel("training"))
    pretrained = pretrained_weights(folders.channel("pretrained"))
    identity = name_of(given, channel.digest, pretrained)
    checkpoint = newest_checkpoint(folders.checkpoints, settings=identity)
    with tempfile.TemporaryDirectory(prefix="training-") as name:
        work = Path(name)
        cores = set_up(work / "configuration")
        data = lay_out(channel, folders.channel("training"), work / "data")
        watch = Watch(channel, folders.checkpoints, identity, cores)
        best = run(settings, data, work / "run", pretrained, checkpoint, watch)
        _say("exporting the best epoch")
        about = {"model": settings.model, "dataset_digest": channel.digest, "hyperparameters": given}
        publish(
            best,
            folders.model,
            image_size=settings.image_size,
            classes=channel.classes,
            about=about,
            precision=settings.precision,
            calibration=calibration_images(channel, data),
        )
    _say(f"model written: {', '.join(sorted(path.name for path in folders.model.iterdir()))}")


def run(
    settings: Settings, data: Path, folder: Path, pretrained: Path | None, checkpoint: Checkpoint | None, watch: Watch
) -> Path:
    """Train, or what is left of it; the weights of the best epoch."""
    weights = folder / "weights"
    weights.mkdir(parents=True)
    if checkpoint is not None:
        for file in ("last.pt", "best.pt"):
            check_weights(checkpoint.folder / file)
            shutil.copyfile(checkpoint.folder / file, weights / file)
        _say(f"found a checkpoint: {checkpoint.epochs_done} of {settings.epochs} epochs are done")
        if checkpoint.epochs_done >= settings.epochs:
            return weights / "best.pt"
    arguments = training_arguments(settings, data, folder)
    if checkpoint is not None:
        detector = _detector(weights / "last.pt")
        arguments["resume"] = str(weights / "last.pt")
    else:
        detector = _from_scratch(settings) if pretrained is None else _fine_tuned(pretrained, settings)
    for event, call in watch.callbacks().items():
        detector.add_callback(event, call)
    detector.train(**arguments)
    best = weights / "best.pt"
    if not best.is_file():
        raise NoModelError("training ended without best.pt")
    return best


def training_arguments(settings: Settings, data: Path, folder: Path) -> dict[str, Any]:
    """All arguments of ultralytics for one training. Raises HyperparameterError on a value out of its range."""
    import torch
    from ultralytics.cfg import check_cfg

    bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    arguments = {
        "workers": min(8, os.cpu_count() or 1),
        # fp16 would first check itself against weights that it downloads.
        "amp": "bf16" if bf16 else "fp32",
        **settings.arguments,
        "epochs": settings.epochs,
        "imgsz": settings.image_size,
        "batch": settings.batch,
        "seed": settings.seed,
        "data": str(data),
        "save_dir": str(folder),
        "exist_ok": True,
        "plots": False,
        "verbose": False,
    }
    try:
        check_cfg(dict(arguments))
    except (TypeError, ValueError) as error:
        raise HyperparameterError(f"hyperparameter {error}") from error
    return arguments


def calibration_images(channel: Channel, data: Path) -> list[Path]:
    """The images of the training split, laid out beside ``data``: what judges a model must not have shaped it."""
    return [data.parent / name for name in channel.images("train")]


def pretrained_weights(folder: Path) -> Path | None:
    """The weights to start from, looked through for anything but weights; None to start from scratch."""
    if not (folder / "pretrained.json").is_file():
        return None
    source = json.loads((folder / "pretrained.json").read_text(encoding="utf-8")).get("source")
    if source is None:
        return None
    weights = folder / "weights.pt"
    if not weights.is_file():
        raise WeightsError(f"pretrained.json names {source}, but weights.pt is not there")
    check_weights(weights)
    return weights


def name_of(given: dict[str, str], dataset_digest: str, pretrained: Path | None) -> str:
    """A digest that two trainings share only if one may go on from the other's checkpoint."""
    parts = [given, dataset_digest, None if pretrained is None else file_digest(pretrained)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _from_scratch(settings: Settings) -> Any:
    return _detector(f"{settings.model}.yaml")


def _fine_tuned(pretrained: Path, settings: Settings) -> Any:
    detector = _detector(pretrained)
    scale = detector.model.yaml.get("scale")
    if scale != settings.model[-1]:
        raise WeightsError(f"the pretrained weights are of scale {scale!r}, and model is {settings.model}")
    return detector


def _detector(source: Path | str) -> Any:
    from ultralytics import YOLO

    return YOLO(str(source), task="detect")


def _say(line: str) -> None:
    print(line, flush=True)
