"""Keeps what a stopped training needs to go on, so that a crash at any moment leaves a good copy.

Two slots take turns. A slot counts only with its checkpoint.json, which is removed first and written
last and names the digests of the files beside it. Knows no ultralytics.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.training.digest import file_digest

SLOTS = ("first", "second")
STATE, BEST = "state.pt", "best.pt"
SEAL = "checkpoint.json"
VERSION = 2
"""Of checkpoint.json."""


class CheckpointError(RuntimeError):
    """There are checkpoints and none of them is whole."""


@dataclass(frozen=True)
class Progress:
    """How far a training is: the line of every epoch so far, by the names of its figures.

    ``finished`` is true after the last epoch and where training stopped early. ``settings`` names the training.
    """

    settings: str
    epochs: Sequence[Mapping[str, float]]
    finished: bool


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint: how far it is, and the folder with the training's state and the best weights so far."""

    progress: Progress
    folder: Path

    @property
    def epochs_done(self) -> int:
        """The epochs that need not be done again."""
        return len(self.progress.epochs)


def save_checkpoint(
    root: Path, progress: Progress, *, after: Path | None, best: Path, write_state: Callable[[Path], object]
) -> Path:
    """Keep ``best``, and what ``write_state`` writes to the path it gets; the slot they are in.

    ``after`` is the slot of the last whole checkpoint, which stays: a failure, such as a full disk, leaves it, and no
    half-written file, so that there is room to say why.
    """
    slot = root / (SLOTS[1] if after is not None and after.name == SLOTS[0] else SLOTS[0])
    slot.mkdir(parents=True, exist_ok=True)
    (slot / SEAL).unlink(missing_ok=True)
    try:
        for name, write in ((STATE, write_state), (BEST, lambda part: shutil.copyfile(best, part))):
            write(slot / f"{name}.part")
            (slot / f"{name}.part").replace(slot / name)
        document = {
            "version": VERSION,
            "settings": progress.settings,
            "finished": progress.finished,
            "epochs": list(progress.epochs),
            "files": {name: file_digest(slot / name) for name in (STATE, BEST)},
        }
        part = slot / f"{SEAL}.part"
        part.write_text(json.dumps(document), encoding="utf-8")
        part.replace(slot / SEAL)
    except BaseException:
        for part in slot.glob("*.part"):
            part.unlink()
        raise
    return slot


def newest_checkpoint(root: Path, *, settings: str) -> Checkpoint | None:
    """The newest whole checkpoint of these settings; None if there is none, or only of other settings.

    Raises CheckpointError if files are there and all are damaged: to start anew would hide the loss.
    """
    whole: list[Checkpoint] = []
    damaged: list[str] = []
    for seal in (root / slot / SEAL for slot in SLOTS):
        if not seal.is_file():
            continue
        try:
            document = json.loads(seal.read_text(encoding="utf-8"))
            if document["version"] != VERSION or document["settings"] != settings:
                continue
            found = Checkpoint(_parse_progress(document), seal.parent)
            good = all(file_digest(seal.parent / name) == document["files"][name] for name in (STATE, BEST))
        except (ValueError, KeyError, TypeError, OSError) as error:
            damaged.append(f"{seal.parent.name} ({error})")
            continue
        if good:
            whole.append(found)
        else:
            damaged.append(f"{seal.parent.name} (digests differ)")
    if damaged and not whole:
        raise CheckpointError(f"no checkpoint is whole: {', '.join(damaged)}; empty the folder to start anew")
    return max(whole, key=lambda checkpoint: checkpoint.epochs_done, default=None)


def read_progress(seal: Path) -> Progress:
    """What a checkpoint.json says. Raises ValueError, KeyError or TypeError where it is damaged."""
    return _parse_progress(json.loads(seal.read_text(encoding="utf-8")))


def _parse_progress(document: Mapping[str, Any]) -> Progress:
    return Progress(
        document["settings"], tuple(dict(epoch) for epoch in document["epochs"]), bool(document["finished"])
    )
