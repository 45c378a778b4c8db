"""Run by the training environment's Python: average precision of given boxes, as ultralytics computes it.

Reads pictures of predicted and true boxes as JSON on stdin, prints AP [classes, 10].
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from containers.training.environment import set_up


def main() -> None:
    """Match and measure with ultralytics' own functions."""
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        import numpy as np
        import torch
        from ultralytics.engine.validator import BaseValidator
        from ultralytics.utils.metrics import ap_per_class, box_iou

        levels = SimpleNamespace(iouv=torch.linspace(0.5, 0.95, 10))
        right, scores, classes, true = [], [], [], []
        for picture in json.load(sys.stdin):
            boxes, true_boxes = (torch.tensor(picture[key]).reshape(-1, 4) for key in ("boxes", "true_boxes"))
            kinds, true_kinds = (torch.tensor(picture[key]) for key in ("classes", "true_classes"))
            found = BaseValidator.match_predictions(levels, kinds, true_kinds, box_iou(true_boxes, boxes))
            right.append(found.numpy())
            scores.extend(picture["scores"])
            classes.extend(picture["classes"])
            true.extend(picture["true_classes"])
        table = ap_per_class(np.concatenate(right), np.array(scores), np.array(classes), np.array(true))[5]
        print(json.dumps(table.tolist()))


if __name__ == "__main__":
    main()
