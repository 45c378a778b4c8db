"""Trains as an order says, in this process, which may be one of several that share the work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from containers.training.checkpoints import BEST
from containers.training.extension import extend, read_extension
from containers.training.network import load_pretrained, make_untrained
from containers.training.order import Order
from containers.training.precision import check_offline, choose
from containers.training.watch import Watch
from containers.training.weights import check_weights
from workflow.contract.hyperparameters import HyperparameterError


def fit(order: Order, cores: int) -> None:
    """Train, or what is left of it: best.pt in the order's folder, and a finished checkpoint."""
    weights = Path(order.folder) / "weights"
    settings = order.settings
    arguments = training_arguments(order)
    if order.checkpoint is not None:
        weights.mkdir(parents=True, exist_ok=True)
        check_weights(Path(order.checkpoint) / BEST)
        shutil.copyfile(Path(order.checkpoint) / BEST, weights / BEST)
    # Of a network that goes on from a checkpoint, only the layers matter; all of its numbers are put back later.
    if order.pretrained is None:
        network = make_untrained(settings.model, order.task)
    else:
        network = load_pretrained(Path(order.pretrained), settings.model, order.task)
    for event, call in Watch(order, cores).callbacks().items():
        network.add_callback(event, call)
    check_offline()
    extension = read_extension(os.environ)
    if extension is not None:
        extend(extension, order.task)
    network.train(**arguments)


def training_arguments(order: Order) -> dict[str, Any]:
    """All arguments of ultralytics for one training. Raises HyperparameterError on a value out of its range."""
    settings = order.settings
    arguments = {
        "workers": min(8, (os.cpu_count() or 1) // order.processes),
        **settings.arguments,
        "amp": choose(settings.arguments.get("amp")),
        "epochs": settings.epochs,
        "imgsz": settings.image_size,
        "batch": settings.batch,
        "seed": settings.seed,
        "max_det": settings.max_detections,
        "nms": None,  # YOLO26 has two heads: each epoch is judged by the one that is exported (see export_onnx)
        "data": order.data,
        "save_dir": order.folder,
        "exist_ok": True,
        "plots": False,
        "verbose": False,
    }
    if order.processes > 1:
        arguments["device"] = ",".join(map(str, range(order.processes)))
    check_ranges(arguments)
    return arguments


def check_ranges(arguments: dict[str, Any]) -> None:
    """Raise HyperparameterError on a value that ultralytics would not take."""
    from ultralytics.cfg import check_cfg

    try:
        check_cfg(dict(arguments))
    except (TypeError, ValueError) as error:
        raise HyperparameterError(f"hyperparameter {error}") from error
