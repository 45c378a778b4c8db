"""Which weights files are loaded at all."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from containers.training.network import pretrained_weights
from containers.training.weights import check_weights
from workflow.contract.weights import WeightsError

REAL = Path(__file__).parents[4] / "shared" / "weights"


class RunsACommand:
    """Unpickling this runs a command."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """What the pickle tells its reader to call."""
        return os.system, ("touch /tmp/never",)


def weights_file(folder: Path, pickled: bytes, name: str = "archive/data.pkl") -> Path:
    """An archive shaped like PyTorch's, with this pickle."""
    path = folder / "weights.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, pickled)
    return path


def test_a_pickle_that_runs_a_command_is_refused_by_name(tmp_path: Path) -> None:
    """The refusal says what loading would have used."""
    with pytest.raises(WeightsError, match=r"refused, because loading it would use posix\.system"):
        check_weights(weights_file(tmp_path, pickle.dumps(RunsACommand(), protocol=2)))


def test_a_training_starts_from_no_weights_that_are_refused(tmp_path: Path) -> None:
    """They are looked into where it finds them, before anything is made of them."""
    weights_file(tmp_path, pickle.dumps(RunsACommand(), protocol=2))
    noted = {"version": 1, "source": "s3://bucket/weights.pt", "sha256": None}
    (tmp_path / "pretrained.json").write_text(json.dumps(noted))
    with pytest.raises(WeightsError, match=r"refused, because loading it would use posix\.system"):
        pretrained_weights(tmp_path)


def test_a_pickle_that_computes_what_it_imports_is_refused(tmp_path: Path) -> None:
    """Newer pickle protocols could hide a name; PyTorch writes none."""
    with pytest.raises(WeightsError, match="STACK_GLOBAL"):
        check_weights(weights_file(tmp_path, pickle.dumps(RunsACommand(), protocol=4)))


def test_plain_data_passes(tmp_path: Path) -> None:
    """What names no code is no danger."""
    check_weights(weights_file(tmp_path, pickle.dumps({"epoch": 3, "names": ["bolt"]}, protocol=2)))


@pytest.mark.parametrize("inside", ["code.pkl", "archive/constants.pkl"])
def test_another_archive_is_refused(tmp_path: Path, inside: str) -> None:
    """A TorchScript archive or any zip is no weights file."""
    with pytest.raises(WeightsError, match=r"no single data\.pkl"):
        check_weights(weights_file(tmp_path, b"", inside))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """No archive, no weights."""
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights\.pt: damaged, or not a weights file"):
        check_weights(path)


def test_a_damaged_pickle_is_refused(tmp_path: Path) -> None:
    """Bytes that are no pickle are told as such."""
    with pytest.raises(WeightsError, match="damaged"):
        check_weights(weights_file(tmp_path, b"\x80\x02}q\x00(X"))


@pytest.mark.skipif(not REAL.is_dir(), reason="real weights are not on this machine")
@pytest.mark.parametrize("name", ["yolov8n-coco.pt", "yolov8n-pose-coco.pt"])
def test_real_weights_pass(name: str) -> None:
    """The list of allowed names covers what ultralytics writes."""
    check_weights(REAL / name)


@pytest.mark.parametrize(
    "name",
    [
        "ultralytics.nn.tasks.torch_safe_load",
        "ultralytics.nn.tasks.WorldModel",
        "torchvision.transforms.transforms.Lambda",
        "torchvision.transforms.functional.to_tensor",
        "torch.load",
        "builtins.eval",
    ],
)
def test_what_the_five_tasks_never_need_is_refused(tmp_path: Path, name: str) -> None:
    """Neighbours of what is allowed: functions, other models, transforms that call anything."""
    module, _, attribute = name.rpartition(".")
    pickled = b"\x80\x02c" + f"{module}\n{attribute}\n.".encode()
    with pytest.raises(WeightsError, match=rf"loading it would use {name}"):
        check_weights(weights_file(tmp_path, pickled))


def rewritten(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """The same file with other bytes."""
    path.write_bytes(change(path.read_bytes()))
    return path


HARMLESS = pickle.dumps({"epoch": 3}, protocol=2)


@pytest.mark.parametrize(
    "change",
    [
        lambda harmless: pickle.dumps(RunsACommand(), protocol=2) + harmless,
        lambda harmless: b"PK\x03\x04" + harmless,
        lambda harmless: harmless + b"\0",
        lambda harmless: harmless[:-2] + b"\x05\x00after",
        lambda harmless: harmless + harmless,
    ],
    ids=["a pickle before it", "another beginning before it", "a byte after it", "a comment", "an archive before it"],
)
def test_a_harmless_archive_in_a_file_that_holds_more_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """Zipfile looks for an archive at a file's end, PyTorch at its start: they would not see the same pickle."""
    with pytest.raises(WeightsError, match="damaged, or not a weights file of PyTorch: "):
        check_weights(rewritten(weights_file(tmp_path, HARMLESS), change))


def test_a_list_of_members_that_lies_elsewhere_than_it_says_is_refused(tmp_path: Path) -> None:
    """Zipfile takes the one before the end, PyTorch the one at the place that is named."""
    path = weights_file(tmp_path, HARMLESS)
    end = path.read_bytes()[-6:-2]
    moved = (int.from_bytes(end, "little") + 4).to_bytes(4, "little")
    with pytest.raises(WeightsError, match="its list of members does not lie where it says"):
        check_weights(rewritten(path, lambda data: data[:-6] + moved + data[-2:]))


def test_a_second_pickle_is_seen_whatever_its_letters(tmp_path: Path) -> None:
    """PyTorch finds archive/data.pkl in capitals as well."""
    path = weights_file(tmp_path, HARMLESS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/DATA.PKL", pickle.dumps(RunsACommand(), protocol=2))
    with pytest.raises(WeightsError, match=r"no single data\.pkl"):
        check_weights(path)
