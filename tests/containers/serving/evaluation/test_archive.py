"""Archives are unpacked without being trusted."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from containers.serving.evaluation.archive import ArchiveError, archive_digest, read_about, unpack
from containers.serving.model.manifest import ModelError
from tests.containers.serving.tiny_onnx import add_engine, archive_model, write_archive, write_model


@pytest.fixture
def good(tmp_path: Path) -> dict[str, bytes]:
    write_model(tmp_path / "good")
    return {path.name: path.read_bytes() for path in (tmp_path / "good").iterdir()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def special(archive: Path, good: dict[str, bytes], **fields: object) -> Path:
    """A good archive with one more entry of a special kind."""
    write_archive(archive.with_suffix(".plain"), good)
    with gzip.open(archive.with_suffix(".plain")) as stream:
        whole = io.BytesIO(stream.read())
    with tarfile.open(fileobj=whole, mode="a") as tar:
        member = tarfile.TarInfo(str(fields.pop("name")))
        for key, value in fields.items():
            setattr(member, key, value)
        tar.addfile(member)
    archive.write_bytes(gzip.compress(whole.getvalue()))
    return archive


def test_a_trainings_archive_gives_its_model_and_manifest(tmp_path: Path, target: Path) -> None:
    """The weights beside them are left where they are."""
    digest = write_model(tmp_path / "model")
    manifest = unpack(archive_model(tmp_path / "model", tmp_path / "model.tar.gz"), target)
    assert manifest.model_digest == digest
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "model.onnx"]


def test_an_engine_comes_with_its_model(tmp_path: Path, target: Path) -> None:
    """Whoever loads it holds it to its digest."""
    write_model(tmp_path / "model")
    add_engine(tmp_path / "model", b"engine")
    manifest = unpack(archive_model(tmp_path / "model", tmp_path / "model.tar.gz"), target)
    assert (target / "model.engine").read_bytes() == b"engine"
    manifest.verify_engine(b"engine")


def test_how_a_model_came_about_is_read_where_the_archive_tells_it(
    tmp_path: Path, good: dict[str, bytes], target: Path
) -> None:
    """Archives of before say nothing of it."""
    unpack(write_archive(tmp_path / "a.tar.gz", {**good, "training.json": b'{"version": 1, "epochs": []}'}), target)
    assert read_about(target, "training.json") == {"version": 1, "epochs": []}
    assert read_about(target, "dataset.json") is None


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_an_archive_says_of_itself_must_be_an_object(
    tmp_path: Path, good: dict[str, bytes], target: Path, text: bytes
) -> None:
    """Anything else is no archive of ours."""
    unpack(write_archive(tmp_path / "a.tar.gz", {**good, "dataset.json": text}), target)
    with pytest.raises(ArchiveError, match=r"dataset\.json"):
        read_about(target, "dataset.json")


def test_names_with_a_leading_dot_are_the_same_names(tmp_path: Path, good: dict[str, bytes], target: Path) -> None:
    """`tar -C model .` writes them so, with an entry for the folder itself."""
    folder = write_archive(tmp_path / "a.tar.gz", {f"./{name}": data for name, data in good.items()})
    assert unpack(folder, target).classes == ("red", "green", "blue")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../escaped"},
        {"name": "/etc/escaped"},
        {"name": "a/../../escaped"},
        {"name": "sub/model.onnx"},
        {"name": "inference.py"},
        {"name": "weights.pt", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"name": "weights.pt", "type": tarfile.LNKTYPE, "linkname": "model.onnx"},
        {"name": "weights.pt", "type": tarfile.FIFOTYPE},
        {"name": "weights.pt", "type": tarfile.CHRTYPE},
        {"name": "weights.pt", "type": tarfile.DIRTYPE},
        {"name": "model.onnx"},
        {"name": "training.json", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"name": "sub/dataset.json"},
    ],
    ids=lambda fields: f"{fields['name']} {fields.get('type', b'').decode()}",
)
def test_anything_unexpected_in_an_archive_is_refused(
    tmp_path: Path, good: dict[str, bytes], target: Path, fields: dict
) -> None:
    """Other names, other places, links, devices, and a second file of the same name."""
    with pytest.raises(ArchiveError):
        unpack(special(tmp_path / "a.tar.gz", good, **fields), target)
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    "after",
    [
        lambda archive: gzip.compress(gzip.decompress(archive)),
        lambda archive: gzip.compress(bytes(1024) + b"x"),
        lambda archive: gzip.compress(bytes(16 << 20)),
        lambda archive: b"no gzip",
    ],
    ids=["another archive", "a byte far behind", "nothing without end", "bytes that are not packed"],
)
def test_an_archive_that_something_follows_is_refused(
    tmp_path: Path, good: dict[str, bytes], target: Path, after: Callable[[bytes], bytes]
) -> None:
    """What is judged is what is in the archive, for whoever unpacks it."""
    archive = write_archive(tmp_path / "a.tar.gz", good)
    unpack(archive, target)
    archive.write_bytes(archive.read_bytes() + after(archive.read_bytes()))
    (tmp_path / "again").mkdir()
    with pytest.raises(ArchiveError, match=r"something follows the end|no readable archive"):
        unpack(archive, tmp_path / "again")


def test_a_file_that_claims_more_than_its_bound_is_refused_before_it_is_read(
    tmp_path: Path, good: dict[str, bytes], target: Path
) -> None:
    """The header alone is enough."""
    member = tarfile.TarInfo("weights.pt")
    member.size = 3 << 30
    bomb = tmp_path / "a.tar.gz"
    bomb.write_bytes(gzip.compress(member.tobuf()))
    with pytest.raises(ArchiveError, match="claims 3221225472 bytes"):
        unpack(bomb, target)


def test_a_header_made_to_fill_the_memory_is_refused(tmp_path: Path, target: Path) -> None:
    """An extended header of 64 MiB, compressed to 64 KiB, would be read whole by tarfile."""
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 64 << 20
    bomb = tmp_path / "a.tar.gz"
    bomb.write_bytes(gzip.compress(member.tobuf() + bytes(member.size)))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ArchiveError, match="header of the archive is larger"):
        unpack(bomb, target)


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx"])
def test_an_archive_that_lacks_a_file_is_refused(
    tmp_path: Path, good: dict[str, bytes], target: Path, name: str
) -> None:
    """Named, so that the reason is readable."""
    del good[name]
    with pytest.raises(ArchiveError, match=f"lacks {name}"):
        unpack(write_archive(tmp_path / "a.tar.gz", good), target)


def test_a_model_of_another_digest_is_refused(tmp_path: Path, good: dict[str, bytes], target: Path) -> None:
    """One changed byte is enough."""
    good["model.onnx"] += b"\0"
    with pytest.raises(ModelError, match="its manifest says"):
        unpack(write_archive(tmp_path / "a.tar.gz", good), target)


def test_damaged_archives_are_refused(tmp_path: Path, good: dict[str, bytes], target: Path) -> None:
    """Cut off, no gzip, no tar, not there: the same error with another reason."""
    whole = write_archive(tmp_path / "a.tar.gz", {**good, "weights.pt": bytes(range(256)) * 99}).read_bytes()
    for data in (whole[: len(whole) // 2], b"nonsense", gzip.compress(b"nonsense"), b"", None):
        path = tmp_path / "damaged.tar.gz"
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
        for left in target.iterdir():
            left.unlink()
        with pytest.raises(ArchiveError):
            unpack(path, target)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("task", "track"),
        ("classes", []),
        ("classes", ["a", "a"]),
        ("image_size", [64]),
        ("image_size", [64, 10**9]),
        ("image_size", [True, 64]),
        ("model_digest", "0" * 64),
        ("files", {}),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    tmp_path: Path, good: dict[str, bytes], target: Path, key: str, value: object
) -> None:
    """Every key that loading depends on is checked."""
    good["manifest.json"] = json.dumps({**json.loads(good["manifest.json"]), key: value}).encode()
    with pytest.raises(ModelError):
        unpack(write_archive(tmp_path / "a.tar.gz", good), target)


def test_the_digest_of_an_archive_is_that_of_its_bytes(tmp_path: Path) -> None:
    """SHA-256 of nothing, known to everyone."""
    (tmp_path / "empty").write_bytes(b"")
    assert archive_digest(tmp_path / "empty").startswith("e3b0c44298fc1c149afbf4c8996fb924")
