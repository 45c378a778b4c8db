"""Run by the training environment's Python: how alike ultralytics finds the first 30 and the last 20 of 50 things.

Reads ``boxes`` [50, 4], ``corners`` [50, 4, 2] and ``keypoints<k>`` [50, k, 3] as JSON on stdin and prints a table
of each.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from containers.training.environment import set_up


def main() -> None:
    """Ask ``val``'s own functions."""
    given = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        import numpy as np
        import torch
        from ultralytics.utils.metrics import OKS_SIGMA, batch_probiou, box_iou, kpt_iou
        from ultralytics.utils.ops import xyxy2xywh, xyxyxyxy2xywhr

        boxes = torch.tensor(given.pop("boxes"))
        turned = xyxyxyxy2xywhr(torch.tensor(given.pop("corners")))
        answers = {
            "boxes": box_iou(boxes[:30], boxes[30:]),
            "corners": batch_probiou(turned[30:], turned[:30]).T,
        }
        area = xyxy2xywh(boxes[30:])[:, 2:].prod(1) * 0.53
        for name, values in given.items():
            points = torch.tensor(values)
            count = points.shape[1]
            sigma = OKS_SIGMA if count == 17 else np.ones(count) / count
            answers[name] = kpt_iou(points[30:], points[:30], sigma=sigma, area=area).T
        print(json.dumps({name: table.tolist() for name, table in answers.items()}))


if __name__ == "__main__":
    main()
