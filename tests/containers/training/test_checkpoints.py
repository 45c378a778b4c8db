"""What a restart finds after a crash at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.training.checkpoints import CheckpointError, newest_checkpoint, save_checkpoint


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder of weights as ultralytics writes it."""
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


def save(root: Path, weights: Path, epochs_done: int, settings: str = "these") -> None:
    """Keep an epoch whose weights are named after it."""
    for name in ("last.pt", "best.pt"):
        (weights / name).write_text(f"{name} of {epochs_done}", encoding="utf-8")
    save_checkpoint(root, weights, epochs_done=epochs_done, settings=settings)


def test_nothing_is_found_in_an_empty_or_missing_folder(tmp_path: Path) -> None:
    """The first start begins anew."""
    assert newest_checkpoint(tmp_path / "none", settings="these") is None


def test_the_newest_epoch_is_found(tmp_path: Path, weights: Path) -> None:
    """Later epochs replace earlier ones."""
    for epoch in (1, 2, 3):
        save(tmp_path / "kept", weights, epoch)
    found = newest_checkpoint(tmp_path / "kept", settings="these")
    assert found is not None
    assert found.epochs_done == 3
    assert (found.folder / "last.pt").read_text(encoding="utf-8") == "last.pt of 3"


@pytest.mark.parametrize("name", ["last.pt", "best.pt"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, weights: Path, name: str) -> None:
    """A file whose digest differs does not count."""
    for epoch in (1, 2):
        save(tmp_path / "kept", weights, epoch)
    (tmp_path / "kept" / "even" / name).write_text("cut", encoding="utf-8")
    found = newest_checkpoint(tmp_path / "kept", settings="these")
    assert found is not None
    assert found.epochs_done == 1


def test_a_crash_between_two_files_leaves_the_checkpoint_before(tmp_path: Path, weights: Path) -> None:
    """The seal is written last, so half a checkpoint has none."""
    for epoch in (1, 2):
        save(tmp_path / "kept", weights, epoch)
    (tmp_path / "kept" / "even" / "checkpoint.json").unlink()
    found = newest_checkpoint(tmp_path / "kept", settings="these")
    assert found is not None
    assert found.epochs_done == 1


def test_only_damaged_checkpoints_are_a_clear_failure(tmp_path: Path, weights: Path) -> None:
    """Training never silently starts anew over what it should go on from."""
    save(tmp_path / "kept", weights, 1)
    (tmp_path / "kept" / "odd" / "checkpoint.json").write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match="no checkpoint is whole: odd"):
        newest_checkpoint(tmp_path / "kept", settings="these")


def test_a_checkpoint_of_other_settings_is_left_alone(tmp_path: Path, weights: Path) -> None:
    """Other data or other hyperparameters never go on from these weights."""
    save(tmp_path / "kept", weights, 1, settings="those")
    assert newest_checkpoint(tmp_path / "kept", settings="these") is None
