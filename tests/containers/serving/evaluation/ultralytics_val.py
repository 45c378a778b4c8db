"""Run by the training environment's Python: ``yolo val`` of WEIGHTS on DATA at SIZE, ``square|served|usual``.

Prints its results as JSON. Pictures lie in a square, in the input that our predictor gives each of them, or as ``val``
does by itself, with a border of 16 pixels and more around whole strides.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from containers.training.environment import set_up


def main() -> None:
    """Validate with the settings that ``val`` has by itself, one picture at a time."""
    weights, data, size, shape = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        from ultralytics import YOLO

        if shape == "served":
            use_served_shapes(int(size))
        options = {"workers": 0, "plots": False, "verbose": False, "project": folder}
        result = YOLO(weights).val(data=data, imgsz=int(size), rect=shape != "square", batch=1, **options)
        print(json.dumps({name: float(value) for name, value in result.results_dict.items()}))


def use_served_shapes(size: int) -> None:
    """Let the dataset give each picture the input that the predictor gives it."""
    import cv2
    import numpy as np
    from ultralytics.data.base import BaseDataset

    from containers.serving.model.predictor import smallest_input

    usual = BaseDataset.set_rectangle

    def set_rectangle(dataset: Any) -> None:
        usual(dataset)
        pictures = [cv2.imread(path) for path in dataset.im_files]
        dataset.batch_shapes = np.array([smallest_input(one.shape[1], one.shape[0], size) for one in pictures])

    BaseDataset.set_rectangle = set_rectangle


if __name__ == "__main__":
    main()
