"""What an image built on this one adds to a training: augmentations of its own, without a line of this one changed.

``GREENLIGHT_EXTENSION`` names a module whose function ``transforms(steps, task)`` is given what every training picture
goes through and returns what it shall go through. Pictures that judge a model never do. Knows no augmentation.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

VARIABLE = "GREENLIGHT_EXTENSION"

Transforms = Callable[[list[Any], str], list[Any]]
"""``steps`` are ultralytics' transforms in their order, of the task ``classify`` torchvision's."""


class ExtensionError(ValueError):
    """The module that the image names cannot be used."""


def read_extension(environ: Mapping[str, str]) -> Transforms | None:
    """The function of the module that is named; None where none is. Raises ExtensionError."""
    name = environ.get(VARIABLE, "")
    if not name:
        return None
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise ExtensionError(f"{VARIABLE} names the module {name}, which cannot be imported: {error}") from error
    found = getattr(module, "transforms", None)
    if not callable(found):
        raise ExtensionError(f"{VARIABLE} names the module {name}, which has no function transforms(steps, task)")
    transforms: Transforms = found
    return transforms


def extend(transforms: Transforms, task: str) -> None:
    """From now on every training picture of this process goes through what ``transforms`` makes of the usual steps."""
    from ultralytics.data.dataset import ClassificationDataset, YOLODataset

    build, begin = YOLODataset.build_transforms, ClassificationDataset.__init__

    def build_transforms(self: Any, hyp: Any = None) -> Any:
        # Asked for again when the last epochs do without mosaic.
        made = build(self, hyp)
        if self.augment:
            made.transforms = list(transforms(list(made.transforms), task))
        return made

    def __init__(self: Any, root: str, args: Any, augment: bool = False, *more: Any, **named: Any) -> None:
        begin(self, root, args, augment, *more, **named)
        if augment:
            self.torch_transforms.transforms = list(transforms(list(self.torch_transforms.transforms), task))

    YOLODataset.build_transforms = build_transforms
    ClassificationDataset.__init__ = __init__
