"""An archive is unpacked to its folder and nowhere else, and never to more than it should."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from workflow.labels import archive
from workflow.labels.archive import ArchiveError, the_archive, unpack_zip
from workflow.labels.files import Files
from workflow.labels.recognition import open_source


def zipped(path: Path, **members: bytes) -> Path:
    """An archive of members by their names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to unpack, two folders down."""
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    return folder


def test_an_export_is_unpacked_as_it_was_packed(tmp_path: Path, target: Path) -> None:
    """Folders and bytes."""
    unpack_zip(zipped(tmp_path / "a.zip", **{"train/images/a.jpg": b"x", "data.yaml": b"names: [a]"}), target)
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == [
        "data.yaml",
        "train/images/a.jpg",
    ]


def test_names_of_a_windows_machine_are_folders(tmp_path: Path, target: Path) -> None:
    """Some tools pack with backslashes."""
    unpack_zip(zipped(tmp_path / "a.zip", **{"train\\": b"", "train\\a.jpg": b"x"}), target)
    assert (target / "train" / "a.jpg").is_file()


@pytest.mark.parametrize("name", ["../a.jpg", "/tmp/a.jpg", "a/../../../a.jpg", "..\\a.jpg", "C:\\a.jpg", "C:a.jpg"])
def test_a_name_that_leads_outside_is_refused_before_anything_is_written(
    tmp_path: Path, target: Path, name: str
) -> None:
    """Not even the members before it."""
    packed = zipped(tmp_path / "a.zip", **{"first.jpg": b"x", name: b"x"})
    with pytest.raises(ArchiveError, match="outside of its folder"):
        unpack_zip(packed, target)
    assert list(target.iterdir()) == []


def test_a_link_is_refused(tmp_path: Path, target: Path) -> None:
    """What it points to is not of the archive."""
    link = zipfile.ZipInfo("a.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="is a link"):
        unpack_zip(tmp_path / "a.zip", target)


def test_a_bomb_is_refused_by_what_it_says(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousandfold is no picture."""
    monkeypatch.setattr(archive, "SLACK", 1000)
    with pytest.raises(ArchiveError, match="unpacks to more than"):
        unpack_zip(zipped(tmp_path / "a.zip", **{"a.jpg": bytes(10**6)}), target)


def test_a_bomb_that_lies_about_its_size_is_stopped(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes out is counted, whatever the archive says."""
    monkeypatch.setattr(archive, "SLACK", 1000)
    packed = zipped(tmp_path / "a.zip", **{"a.jpg": bytes(10**6)})
    said = (10**6).to_bytes(4, "little")
    packed.write_bytes(packed.read_bytes().replace(said, (10).to_bytes(4, "little")))
    with pytest.raises(ArchiveError):
        unpack_zip(packed, target)
    assert sum(path.stat().st_size for path in target.rglob("*")) <= 1000


def test_too_many_files_are_refused(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs a place on the disk, however small."""
    monkeypatch.setattr(archive, "MEMBERS", 2)
    with pytest.raises(ArchiveError, match="3 files"):
        unpack_zip(zipped(tmp_path / "a.zip", a=b"", b=b"", c=b""), target)


def test_what_is_no_zip_or_a_broken_one_is_refused(tmp_path: Path, target: Path) -> None:
    """With a message."""
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack_zip(tmp_path / "a.zip", target)
    whole = io.BytesIO(zipped(tmp_path / "b.zip", **{"a.jpg": b"content" * 100}).read_bytes()).getvalue()
    (tmp_path / "b.zip").write_bytes(whole.replace(whole[40:44], b"\0\0\0\0", 1))
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack_zip(tmp_path / "b.zip", target)


def test_a_broken_member_of_another_compression_is_refused(tmp_path: Path, target: Path) -> None:
    """Each compression has errors of its own."""
    for name, compression in (("lzma", zipfile.ZIP_LZMA), ("bzip2", zipfile.ZIP_BZIP2)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w", compression) as out:
            out.writestr("a.jpg", b"some picture" * 1000)
        raw = bytearray((tmp_path / f"{name}.zip").read_bytes())
        raw[39:60] = b"\xff" * 21
        (tmp_path / f"{name}.zip").write_bytes(raw)
        with pytest.raises(ArchiveError, match="cannot be unpacked"):
            unpack_zip(tmp_path / f"{name}.zip", target)
        (target / "a.jpg").unlink(missing_ok=True)


def test_a_member_twice_is_refused(tmp_path: Path, target: Path) -> None:
    """Which one is meant, nobody knows."""
    packed = zipped(tmp_path / "a.zip", **{"a.jpg": b"x", "b.jpg": b"y"})
    packed.write_bytes(packed.read_bytes().replace(b"b.jpg", b"a.jpg"))
    with pytest.raises(ArchiveError, match="want the same place"):
        unpack_zip(tmp_path / "a.zip", target)


def test_a_single_zip_is_told_from_one_among_other_files(tmp_path: Path) -> None:
    """Beside other files it is one of them; a hidden file is none."""
    zipped(tmp_path / "a.zip", **{"a.jpg": b"x"})
    (tmp_path / ".DS_Store").write_text("x")
    assert the_archive(Files(tmp_path)) == "a.zip"
    assert "unpack it first" in open_source(tmp_path).problems[0].message
    (tmp_path / "a.jpg").write_text("x")
    assert the_archive(Files(tmp_path)) == ""
