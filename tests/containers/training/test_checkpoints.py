"""What a restart finds after a crash at any moment."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from containers.training.checkpoints import (
    CheckpointError,
    Progress,
    newest_checkpoint,
    read_progress,
    save_checkpoint,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where checkpoints are kept."""
    return tmp_path / "kept"


def save(root: Path, done: int, after: Path | None = None, settings: str = "these", finished: bool = False) -> Path:
    """Keep a training whose files are named after its epochs."""
    best = root.parent / "best.pt"
    best.write_text(f"best of {done}", encoding="utf-8")
    state = root.parent / "state.pt"
    state.write_text(f"state of {done}", encoding="utf-8")
    epochs = tuple({"epoch": float(number + 1)} for number in range(done))
    return save_checkpoint(
        root,
        Progress(settings, epochs, finished),
        after=after,
        best=best,
        write_state=lambda file: shutil.copyfile(state, file),
    )


def found(root: Path, settings: str = "these") -> int | None:
    """The epochs of the newest whole checkpoint."""
    newest = newest_checkpoint(root, settings=settings)
    return None if newest is None else newest.epochs_done


def test_nothing_is_found_in_an_empty_or_missing_folder(root: Path) -> None:
    """The first start begins anew."""
    assert found(root) is None


def test_the_newest_is_found_with_all_that_was_noted(root: Path) -> None:
    """Later checkpoints replace earlier ones, two at a time."""
    slot = None
    for done in (1, 4, 9):
        slot = save(root, done, slot, finished=done == 9)
    newest = newest_checkpoint(root, settings="these")
    assert newest is not None
    assert (newest.epochs_done, newest.progress.finished) == (9, True)
    assert newest.progress == read_progress(newest.folder / "checkpoint.json")
    assert (newest.folder / "state.pt").read_text(encoding="utf-8") == "state of 9"
    assert (newest.folder / "best.pt").read_text(encoding="utf-8") == "best of 9"
    assert sorted(path.name for path in root.rglob("*.pt")) == ["best.pt", "best.pt", "state.pt", "state.pt"]


@pytest.mark.parametrize("name", ["state.pt", "best.pt", "checkpoint.json"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(root: Path, name: str) -> None:
    """A file whose digest differs does not count, nor does a document that cannot be read."""
    newest = save(root, 2, save(root, 1))
    (newest / name).write_text("cut", encoding="utf-8")
    assert found(root) == 1


def test_what_goes_on_from_the_older_one_never_writes_over_it(root: Path) -> None:
    """After a damaged checkpoint there is only one left to lose."""
    older = save(root, 1)
    damaged = save(root, 2, older)
    (damaged / "state.pt").write_text("cut", encoding="utf-8")
    assert save(root, 2, after=older) == damaged


def test_a_crash_between_two_files_leaves_the_checkpoint_before(root: Path) -> None:
    """The seal is written last, so half a checkpoint has none."""
    newest = save(root, 2, save(root, 1))
    (newest / "checkpoint.json").unlink()
    assert found(root) == 1


def test_a_full_disk_leaves_the_checkpoint_before_and_no_half_a_file(root: Path) -> None:
    """There must be room to say why the job failed."""
    first = save(root, 1)

    def fill(file: Path) -> None:
        file.write_text("half of it", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(root, Progress("these", (), False), after=first, best=root, write_state=fill)
    assert found(root) == 1
    assert not list(root.rglob("*.part"))


def test_only_damaged_checkpoints_are_a_clear_failure(root: Path) -> None:
    """Training never silently starts anew over what it should go on from."""
    (save(root, 1) / "checkpoint.json").write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match="no checkpoint is whole: first"):
        newest_checkpoint(root, settings="these")


def test_a_checkpoint_of_other_settings_is_left_alone(root: Path) -> None:
    """Other data or other hyperparameters never go on from these weights."""
    save(root, 1, settings="those")
    assert found(root) is None
