"""What happens beside training: threads are set, every epoch is logged and kept, a diverged loss ends it.

Holds the functions that ultralytics calls with its trainer, and nothing else of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from containers.training.channel import ChannelError
from containers.training.checkpoints import SEAL, STATE, Progress, read_progress, save_checkpoint
from containers.training.order import Order
from containers.training.progress import epoch_line, figures, require_finite
from containers.training.state import restore_state, write_state

SHARE = 0.01
"""Of a training's time, what keeping checkpoints may take beside the first and the last; small epochs are not all kept.
An interruption then costs about a hundred times what a checkpoint does: seconds for yolov8n, minutes for yolov8x."""


class Watch:
    """Follows one process of a training. Only the first of several writes and logs."""

    def __init__(self, order: Order, cores: int) -> None:
        """Nothing is touched until training calls."""
        self._order = order
        self._cores = cores
        self._slot = None if order.checkpoint is None else Path(order.checkpoint)
        self._epochs = [] if self._slot is None else list(read_progress(self._slot / SEAL).epochs)
        self._began = self._trained = 0.0
        self._started = 0.0
        self._last_cost = self._spent = 0.0

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """The functions by the event that calls them. ``on_model_save`` comes once an epoch, in one process only."""
        return {
            "on_train_start": self.start,
            "on_train_epoch_start": self.begin_epoch,
            "on_train_epoch_end": self.end_epoch,
            "on_model_save": self.record,
        }

    def start(self, trainer: Any) -> None:
        """Use every core, and refuse to train on fewer images than there are: ultralytics only logs what it drops."""
        import torch

        torch.set_num_threads(self._cores)
        for split, loader in (("train", trainer.train_loader), ("validation", trainer.test_loader)):
            used, there = len(loader.dataset), self._order.images[split]
            if used != there and not (split == "train" and trainer.args.fraction < 1):
                raise ChannelError(f"ultralytics takes {used} of the {there} images of the {split} split")
        # The best weights are judged on held-out images later; nobody would see what they show here once more.
        trainer.final_eval = _nothing
        if self._slot is not None:
            restore_state(trainer, self._slot / STATE)
        self._started = time.monotonic()

    def begin_epoch(self, trainer: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def end_epoch(self, trainer: Any) -> None:
        """Stop the clock of training, and end a training that has diverged before anything of it is kept."""
        self._trained = time.monotonic() - self._began
        require_finite(_losses(trainer), trainer.epoch + 1)

    def record(self, trainer: Any) -> None:
        """Keep the epoch for a restart if it is time for that, then log it."""
        metrics = {key: float(value) for key, value in trainer.metrics.items()}
        epoch = {
            "epoch": trainer.epoch + 1,
            **figures(self._order.task, _losses(trainer), metrics),
            "lr": float(min(trainer.lr.values())),  # MuSGD gives the layers of the scores three times as much
            "images_per_second": round(len(trainer.train_loader.dataset) / self._trained, 2),
            "seconds": round(time.monotonic() - self._began, 3),
        }
        self._epochs.append(epoch)
        if trainer.stop or self._spent + self._last_cost <= SHARE * (time.monotonic() - self._started):
            self._keep(trainer)
        print(epoch_line(epoch, trainer.epochs), flush=True)

    def _keep(self, trainer: Any) -> None:
        began = time.monotonic()
        self._slot = save_checkpoint(
            Path(self._order.checkpoints),
            Progress(self._order.identity, tuple(self._epochs), finished=bool(trainer.stop)),
            after=self._slot,
            best=trainer.best,
            write_state=lambda file: write_state(trainer, file),
        )
        self._last_cost = time.monotonic() - began
        self._spent += self._last_cost


def _nothing() -> None:
    """In place of what is left out."""


def _losses(trainer: Any) -> Mapping[str, float]:
    return {key: float(value) for key, value in (trainer.tloss or {}).items()}
