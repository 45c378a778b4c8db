"""What happens beside training: threads are set, every epoch is told and kept, a diverged loss ends it.

Holds the functions that ultralytics calls with its trainer, and nothing else of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from containers.training.channel import Channel, ChannelError
from containers.training.checkpoints import save_checkpoint
from containers.training.progress import epoch_line, require_finite


class Watch:
    """Follows one training; ``settings`` names it in its checkpoints."""

    def __init__(self, channel: Channel, checkpoints: Path, settings: str, cores: int) -> None:
        """Nothing is touched until training calls."""
        self._channel = channel
        self._checkpoints = checkpoints
        self._settings = settings
        self._cores = cores
        self._started = 0.0
        self._open = False

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """The functions by the event that calls them."""
        return {
            "on_train_start": self.start,
            "on_train_epoch_start": self.begin_epoch,
            "on_train_epoch_end": self.check_epoch,
            "on_model_save": self.keep,
            "on_fit_epoch_end": self.tell,
        }

    def start(self, trainer: Any) -> None:
        """Use every core, and refuse to train on fewer images than there are: ultralytics only logs what it drops."""
        import torch

        torch.set_num_threads(self._cores)
        for split, loader in (("train", trainer.train_loader), ("validation", trainer.test_loader)):
            used, there = len(loader.dataset), len(self._channel.images(split))
            if used != there and not (split == "train" and trainer.args.fraction < 1):
                raise ChannelError(f"ultralytics takes {used} of the {there} images of the {split} split")

    def begin_epoch(self, trainer: Any) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def check_epoch(self, trainer: Any) -> None:
        """End a training that has diverged, before anything of it is kept."""
        require_finite(_losses(trainer), trainer.epoch + 1)
        self._open = True

    def keep(self, trainer: Any) -> None:
        """Keep the epoch's weights for a restart."""
        save_checkpoint(self._checkpoints, trainer.wdir, epochs_done=trainer.epoch + 1, settings=self._settings)

    def tell(self, trainer: Any) -> None:
        """Print the epoch's line; the same event after the final evaluation is no epoch and gives none."""
        if not self._open:
            return
        self._open = False
        metrics = {key: float(value) for key, value in trainer.metrics.items()}
        lr = float(next(iter(trainer.lr.values())))
        seconds = time.monotonic() - self._started
        line = epoch_line(trainer.epoch + 1, trainer.epochs, _losses(trainer), metrics, lr, seconds)
        print(line, flush=True)


def _losses(trainer: Any) -> Mapping[str, float]:
    return {key: float(value) for key, value in (trainer.tloss or {}).items()}
