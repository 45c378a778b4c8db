"""Keeps what a stopped training needs to go on, so that a crash at any moment leaves a good copy.

Two slots take turns. A slot counts only with its checkpoint.json, which is removed first and written
last and names the digests of the files beside it. Knows no ultralytics.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from containers.training.images import file_digest

SLOTS = ("even", "odd")
FILES = ("last.pt", "best.pt")


class CheckpointError(RuntimeError):
    """There are checkpoints and none of them is whole."""


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint: the epochs that are done and the folder with last.pt and best.pt."""

    epochs_done: int
    folder: Path


def save_checkpoint(root: Path, weights: Path, *, epochs_done: int, settings: str) -> None:
    """Copy last.pt and best.pt of this epoch; ``settings`` names the training that may go on from them."""
    slot = root / SLOTS[epochs_done % 2]
    slot.mkdir(parents=True, exist_ok=True)
    seal = slot / "checkpoint.json"
    seal.unlink(missing_ok=True)
    for name in FILES:
        shutil.copyfile(weights / name, slot / f"{name}.part")
        (slot / f"{name}.part").replace(slot / name)
    document = {
        "version": 1,
        "epochs_done": epochs_done,
        "settings": settings,
        "files": {name: file_digest(slot / name) for name in FILES},
    }
    part = slot / "checkpoint.json.part"
    part.write_text(json.dumps(document), encoding="utf-8")
    part.replace(seal)


def newest_checkpoint(root: Path, *, settings: str) -> Checkpoint | None:
    """The newest whole checkpoint of these settings; None if there is none, or only of other settings.

    Raises CheckpointError if files are there and all are damaged: to start anew would hide the loss.
    """
    sealed = [root / slot / "checkpoint.json" for slot in SLOTS if (root / slot / "checkpoint.json").is_file()]
    whole: list[Checkpoint] = []
    damaged: list[str] = []
    for seal in sealed:
        try:
            document = json.loads(seal.read_text(encoding="utf-8"))
            same = document["settings"] == settings
            good = all(file_digest(seal.parent / name) == digest for name, digest in document["files"].items())
            found = Checkpoint(int(document["epochs_done"]), seal.parent)
        except (ValueError, KeyError, TypeError, OSError) as error:
            damaged.append(f"{seal.parent.name} ({error})")
            continue
        if not good:
            damaged.append(f"{seal.parent.name} (digests differ)")
        elif same:
            whole.append(found)
    if damaged and not whole:
        raise CheckpointError(f"no checkpoint is whole: {', '.join(damaged)}; empty the folder to start anew")
    return max(whole, key=lambda checkpoint: checkpoint.epochs_done, default=None)
