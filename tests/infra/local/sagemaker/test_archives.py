"""Model archives are packed whole and opened with suspicion."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import pytest

from infra.local.sagemaker.archives import ArchiveError, pack, unpack


def archive_of(path: Path, *members: tarfile.TarInfo) -> Path:
    """An archive with just these members."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """One member of an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    info.size = 1 if kind == tarfile.REGTYPE else 0
    return info


def test_a_folder_survives_the_round_trip(tmp_path: Path) -> None:
    """Files and folders come out as they went in, without this machine's user in the archive."""
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights").write_bytes(b"123")
    pack(tmp_path / "model", tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "weights").read_bytes() == b"123"
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        assert {(item.uid, item.uname) for item in tar} == {(0, "root")}


def test_what_was_private_here_is_readable_where_the_archive_goes_and_private_again_where_it_is_opened(
    tmp_path: Path,
) -> None:
    """A container that is not root reads its model on AWS; other users of this machine read none."""
    (tmp_path / "model").mkdir(mode=0o700)
    for name, mode in (("weights", 0o600), ("program", 0o700), ("open", 0o644)):
        (tmp_path / "model" / name).write_bytes(b"123")
        (tmp_path / "model" / name).chmod(mode)
    pack(tmp_path / "model", tmp_path / "model.tar.gz")
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        assert {item.name: item.mode for item in tar} == {"weights": 0o644, "program": 0o755, "open": 0o644}
    unpack(tmp_path / "model.tar.gz", tmp_path / "out")
    opened = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert opened == {"weights": 0o600, "program": 0o700, "open": 0o600}


@pytest.mark.parametrize(
    "bad",
    [
        member("../outside"),
        member("/etc/outside"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", tarfile.LNKTYPE, "good"),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=["parent", "absolute", "symbolic link", "hard link", "pipe"],
)
def test_a_malicious_member_stops_everything(tmp_path: Path, bad: tarfile.TarInfo) -> None:
    """Nothing of such an archive is written, not even its good members, and nothing outside."""
    archive = archive_of(tmp_path / "bad.tar.gz", member("good"), bad)
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "inner" / "out")
    assert list((tmp_path / "inner" / "out").rglob("*")) == []
    assert not (tmp_path / "inner" / "outside").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    """A truncated or wrong file gives the same kind of error."""
    (tmp_path / "model.tar.gz").write_bytes(b"\x1f\x8b\x08 not really")
    with pytest.raises(ArchiveError, match=r"model\.tar\.gz cannot be opened"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "out")
