"""The training job: a prepared dataset and hyperparameters in, a model that serves out.

Reads from top to bottom what happens: settings, data, environment, checkpoint, training, export. The training itself
is in ``fit``; what is called while it goes on, in ``watch``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.training.channel import DATASET, Channel, lay_out, read_channel
from containers.training.checkpoints import BEST, Checkpoint, newest_checkpoint
from containers.training.choosing import Chooser, serving_instance
from containers.training.digest import file_digest
from containers.training.disk import say_where_it_is_full
from containers.training.engine import require_builder
from containers.training.environment import set_up
from containers.training.export import publish
from containers.training.folders import Folders
from containers.training.gpu import WITHOUT_GPU, instance_of, require_gpu
from containers.training.hyperparameters import Settings, read_settings, require_fit
from containers.training.network import pretrained_weights
from containers.training.order import Order
from containers.training.stopping import stop_on_request
from containers.training.weights import check_weights
from workflow.contract.model import HALF
from workflow.contract.reading import VERSION


class NoModelError(RuntimeError):
    """Training ended and left no weights."""


def train(folders: Folders) -> None:
    """Train as the hyperparameters say, go on from a checkpoint if there is one, and publish the model."""
    stop_on_request()
    given = json.loads(folders.hyperparameters.read_text(encoding="utf-8"))
    settings = read_settings(given)
    channel = read_channel(folders.channel("training"))
    require_fit(settings, channel.task, len(channel.classes))
    pretrained = pretrained_weights(folders.channel("pretrained"))
    identity = identify(given, channel.digest, pretrained)
    found = newest_checkpoint(folders.checkpoints, settings=identity)
    if found is not None:
        _say(f"found a checkpoint: {found.epochs_done} of {settings.epochs} epochs are done")
    with tempfile.TemporaryDirectory(prefix="training-") as name:
        work = Path(name)
        with say_where_it_is_full(work, folders.checkpoints, folders.model):
            cores = set_up(work / "configuration")
            require_gpu(instance_of(folders), os.environ)
            if settings.precision == HALF and os.environ.get(WITHOUT_GPU) != "allow":
                require_builder()
            data = lay_out(channel, folders.channel("training"), work / "data")
            order = Order(
                settings=settings,
                task=channel.task,
                data=str(data),
                folder=str(work / "run"),
                pretrained=None if pretrained is None else str(pretrained),
                checkpoints=str(folders.checkpoints),
                checkpoint=None if found is None else str(found.folder),
                identity=identity,
                images={split: len(channel.images(split)) for split in ("train", "validation")},
                processes=min(gpus(), settings.batch),
            )
            if found is None or not found.progress.finished:
                _fit(order, work, cores)
            best, finished = read_finished(folders.checkpoints, identity, work)
            # A search goes by the last value of its objective, and what is published is the best epoch.
            _say(f"exporting the best epoch quality={max(epoch['quality'] for epoch in finished.progress.epochs):.5f}")
            publish(
                best,
                folders.model,
                image_size=settings.image_size,
                classes=channel.classes,
                about={
                    "model": settings.model,
                    "dataset_digest": channel.digest,
                    "hyperparameters": given,
                    "max_detections": settings.max_detections,
                    "tiles": settings.tiles,
                },
                precision=settings.precision,
                calibration=calibration_images(channel, folders.channel("training")),
                choose=Chooser(
                    channel,
                    folders.channel("training"),
                    work / "choosing",
                    instance=instance_of(folders),
                    endpoint=serving_instance(os.environ),
                ),
                beside={
                    "training.json": json.dumps(record(finished, found, settings, order.images["train"], folders)),
                    DATASET: (folders.channel("training") / DATASET).read_text(encoding="utf-8"),
                },
            )
    _say(f"model written: {', '.join(sorted(path.name for path in folders.model.iterdir()))}")


def _fit(order: Order, work: Path, cores: int) -> None:
    if order.processes > 1:
        from containers.training.ranks import fit_together

        _say(f"training on {order.processes} GPUs")
        fit_together(order, work)
    else:
        from containers.training.fit import fit

        fit(order, cores)


def gpus() -> int:
    """How many GPUs this machine has; 1 where it has none, as the processor then does the work."""
    import torch

    return max(1, int(torch.cuda.device_count()))


def read_finished(checkpoints: Path, identity: str, work: Path) -> tuple[Path, Checkpoint]:
    """The best weights, without what only training needs, and the checkpoint of the last epoch.

    Taken from the checkpoint whether training has just ended or had ended before a restart: both publish the same.
    Raises NoModelError where training ended before its end.
    """
    from ultralytics.utils.torch_utils import strip_optimizer

    found = newest_checkpoint(checkpoints, settings=identity)
    if found is None or not found.progress.finished:
        raise NoModelError("training ended without a finished checkpoint")
    check_weights(found.folder / BEST)
    best = work / BEST
    shutil.copyfile(found.folder / BEST, best)
    strip_optimizer(best)
    return best, found


def record(
    finished: Checkpoint, resumed: Checkpoint | None, settings: Settings, images: int, folders: Folders
) -> dict[str, Any]:
    """``training.json``: the figures of every epoch, those before an interruption included.

    ``seconds`` is what all epochs took, ``resumed_after`` how many were done when this job began.
    """
    epochs = finished.progress.epochs
    return {
        "version": VERSION,
        "epochs": [dict(epoch) for epoch in epochs],
        "seconds": round(sum(epoch["seconds"] for epoch in epochs), 3),
        "instance": instance_of(folders),
        "images": images,
        "stopped_early": len(epochs) < settings.epochs,
        "resumed_after": 0 if resumed is None else resumed.epochs_done,
    }


def calibration_images(channel: Channel, folder: Path) -> list[Path]:
    """The images of the training split: what judges a model must not have shaped it."""
    return [folder / name for name in channel.images("train")]


def identify(given: Mapping[str, str], dataset_digest: str, pretrained: Path | None) -> str:
    """A digest that two trainings share only if one may go on from the other's checkpoint."""
    parts = [dict(given), dataset_digest, None if pretrained is None else file_digest(pretrained)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _say(line: str) -> None:
    print(line, flush=True)
