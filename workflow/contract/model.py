"""What a model may find, compute in and be shown, for everything that makes, measures, serves or asks one.

Imports nothing, for each process of a server starts with it.
"""

from __future__ import annotations

TASKS = ("detect", "pose", "segment", "classify", "obb")
"""What a network finds: boxes, keypoints in boxes, outlines, a class for the whole picture, turned boxes."""

HALF = "f16"
PRECISIONS = ("f32", "bf16", "int8", HALF)
"""What a model may compute in once it serves, a processor's with the most exact first. f16 is a GPU's alone, by the
engine that its training builds for it."""

AUTO = "auto"
"""Asks for the one of a processor's PRECISIONS that is measured to serve best, when the model is made."""

MAXIMUM_CLASSES = 10_000
"""Of a dataset. COCO has 80, Open Images 601, LVIS 1,203; what the evaluation counts grows with their square."""

USUAL_DETECTIONS, MAXIMUM_DETECTIONS = 300, 3000
"""Of one picture: the most that a model finds unless its run says otherwise, and the most that a run may say."""

MAXIMUM_PIXELS = 50_000_000
"""Of a picture. A larger one is neither learnt from, nor measured, nor answered."""

BORDER_GREY = 114
"""Value of the border that makes a picture as wide and high as the model's input, in training and in serving."""
