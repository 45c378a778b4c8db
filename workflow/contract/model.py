"""What a model may find, and what it may compute in: words that its manifest, a run's input and its scores share.

Imports nothing, for each process of a server starts with it.
"""

from __future__ import annotations

TASKS = ("detect", "pose", "segment", "classify", "obb")
"""What a YOLOv8 network finds: boxes, keypoints in boxes, outlines, a class for the whole picture, turned boxes."""

PRECISIONS = ("f32", "bf16", "int8")
"""What a model may compute in once it serves."""
