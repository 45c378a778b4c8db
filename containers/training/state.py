"""All that a training is made of between two epochs: written to a file, and put back into a new process.

ultralytics' own checkpoint rounds the averaged weights to 16 bits and goes on from these; the weights that were being
trained, the order of the pictures and the random numbers start anew. Here they are kept as they are: where pictures
are loaded by the training process itself, as on a CPU, a training that was interrupted ends with the same weights, bit
for bit, as one that was not. Loader processes (GPU) draw their own random numbers, which start anew.
"""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import numpy as np


def write_state(trainer: Any, file: Path) -> None:
    """Write the state after an epoch; ``trainer`` is ultralytics' own."""
    import torch
    from ultralytics.utils.torch_utils import unwrap_model

    buffer = io.BytesIO()  # written to a full disk, torch's own writer fails with a text that says nothing of it
    torch.save(
        {
            "epochs_done": trainer.epoch + 1,
            "model": unwrap_model(trainer.model).state_dict(),
            "ema": trainer.ema.ema.state_dict(),
            "updates": trainer.ema.updates,
            "optimizer": trainer.optimizer.state_dict(),
            "scaler": trainer.scaler.state_dict(),
            "best_fitness": float(trainer.best_fitness),
            "stopper": {
                "best_fitness": float(trainer.stopper.best_fitness),
                "best_epoch": int(trainer.stopper.best_epoch),
            },
            "buffer": list(getattr(trainer.train_loader.dataset, "buffer", [])),
            "random": _random_numbers(trainer),
        },
        buffer,
    )
    file.write_bytes(buffer.getbuffer())


def restore_state(trainer: Any, file: Path) -> None:
    """Put a state back, once the training is set up and before its first epoch; it goes on after the epochs done."""
    import torch
    from ultralytics.utils.torch_utils import unwrap_model

    state = torch.load(file, map_location="cpu", weights_only=True)
    done = int(state["epochs_done"])
    unwrap_model(trainer.model).load_state_dict(state["model"])
    trainer.ema.ema.load_state_dict(state["ema"])
    trainer.ema.updates = state["updates"]
    for saved, group in zip(state["optimizer"]["param_groups"], trainer.optimizer.param_groups, strict=True):
        saved["fused"] = group.get("fused")  # which kernel computes is this machine's business, not the checkpoint's
    trainer.optimizer.load_state_dict(state["optimizer"])
    trainer.scaler.load_state_dict(state["scaler"])
    trainer.best_fitness = state["best_fitness"]
    trainer.stopper.best_fitness = state["stopper"]["best_fitness"]
    trainer.stopper.best_epoch = state["stopper"]["best_epoch"]
    trainer.start_epoch = done
    trainer.scheduler.last_epoch = done - 1
    _restore_schedule(trainer, done)
    if done > trainer.epochs - trainer.args.close_mosaic:
        # It was closed in an epoch before. Closing again would take one more random number.
        trainer._close_dataloader_mosaic()
        trainer.args.close_mosaic = 0
    if _alone(trainer) and state["random"] is not None:
        for index in state["buffer"]:  # pictures seen last, from which a mosaic picks
            trainer.train_loader.dataset.load_image(index)
        _restore_random_numbers(trainer, state["random"])


def _restore_schedule(trainer: Any, done: int) -> None:
    """Weigh the losses as after ``done`` epochs: YOLO26's move epoch by epoch from one of its two heads to the other.

    As ultralytics does where it goes on itself (``BaseTrainer.resume_training``). A network without such a schedule
    makes its loss when it first needs it.
    """
    from ultralytics.utils.loss import E2ELoss
    from ultralytics.utils.torch_utils import unwrap_model

    network = unwrap_model(trainer.model)
    criterion = network.init_criterion()
    if isinstance(criterion, E2ELoss):
        network.criterion = criterion
        criterion.updates = done - 1
        criterion.update()


def _alone(trainer: Any) -> bool:
    """Whether this process alone draws all random numbers."""
    return bool(trainer.world_size <= 1 and trainer.train_loader.num_workers == 0)


def _random_numbers(trainer: Any) -> dict[str, Any] | None:
    import torch

    if not _alone(trainer):
        return None
    version, numbers, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state()
    return {
        "python": (version, numbers, gauss),
        "numpy": (kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), place, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "order": trainer.train_loader.generator.get_state(),
    }


def _restore_random_numbers(trainer: Any, numbers: dict[str, Any]) -> None:
    import torch

    loader = trainer.train_loader
    if loader.iterator is None:
        # The loader draws a number when it begins, which it did before the state was written.
        loader.iterator = loader._get_iterator()
    version, drawn, gauss = numbers["python"]
    random.setstate((version, tuple(drawn), gauss))
    kind, keys, place, has_gauss, cached = numbers["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), place, has_gauss, cached))
    torch.set_rng_state(numbers["torch"])
    loader.generator.set_state(numbers["order"])
    if len(loader.dataset) % loader.batch_size == 0:
        # After its last picture the sampler draws an order once more, which it does not use (RandomSampler.__iter__).
        # Where the last batch is full, it does so only when the next epoch begins.
        torch.randperm(len(loader.dataset), generator=loader.generator)
