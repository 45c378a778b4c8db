"""Lets torchvision be imported beside a torch that its compiled operators do not fit.

A torch for the CPU alone, or for another CUDA than the torchvision that package registries hold, has none of its
operators; the import fails on the first that is missing. Does nothing where the operators load.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

_libraries: list[Any] = []
"""An operator lives as long as the library object that defines it."""


def complete_torchvision() -> bool:
    """Stand in for torchvision's non-maximum suppression if its operators are missing; True if so."""
    import torch

    if _operators_load():
        return False
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        # The import asks for these two by name; calls take the function below.
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)
    import torchvision

    torchvision.ops.nms = suppress
    return True


def suppress(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """The indices of the boxes to keep, best first: ``boxes`` (n, 4) as corners, ``scores`` (n,), on any device."""
    import cv2
    import torch

    corners = boxes.detach().cpu().double().numpy()
    sides = corners.copy()
    sides[:, 2:] -= sides[:, :2]
    # Every box of a score above 0 takes part: ultralytics has left out the weak ones already.
    kept = cv2.dnn.NMSBoxes(sides, scores.detach().cpu().float().numpy(), 0.0, iou_threshold)
    return torch.as_tensor(kept, dtype=torch.long, device=boxes.device).reshape(-1)


def _operators_load() -> bool:
    import torch

    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ImportError("torchvision is not installed; see requirements-no-deps.txt")
    try:
        for library in Path(spec.origin).parent.glob("_C*.so"):
            torch.ops.load_library(str(library))
    except OSError:
        return False
    return True
