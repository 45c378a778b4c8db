"""One of two processes that train together on a processor, as those of ``ranks`` do on GPUs.

ultralytics shares a training between GPUs alone. What it asks of them is replaced here: the device, how processes find
one another (gloo instead of NCCL), and how the network is wrapped. All else is the real program.
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from containers.training import environment, ranks

PROCESSES = 2


def set_up(configuration: Path, environ: MutableMapping[str, str] = os.environ) -> int:
    """What a rank does first, and then the replacements."""
    cores = environment.set_up(configuration, environ)
    import torch
    from ultralytics.engine.trainer import BaseTrainer

    from containers.training import fit

    arguments, train = fit.training_arguments, BaseTrainer._do_train
    wrapped = torch.nn.parallel.DistributedDataParallel

    class OnProcessor(wrapped):  # type: ignore[misc, valid-type]
        """Knows no device."""

        def __init__(self, network: Any, device_ids: Any, **options: Any) -> None:
            super().__init__(network, **options)

    def do_train(trainer: Any) -> None:
        trainer.world_size = PROCESSES
        train(trainer)

    torch.nn.parallel.DistributedDataParallel = OnProcessor
    BaseTrainer._setup_ddp = lambda trainer: torch.distributed.init_process_group("gloo")
    BaseTrainer._do_train = do_train
    fit.training_arguments = lambda order: {**arguments(order), "device": "cpu"}
    return cores


if __name__ == "__main__":
    ranks.set_up = set_up  # type: ignore[attr-defined]
    sys.exit(ranks.main(Path(sys.argv[1])))
