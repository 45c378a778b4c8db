"""Files, folders and patterns name pictures, and each picture has a place for its drawing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from workflow.errors import UsageError
from workflow.predictions.pictures import SUFFIXES, content_type, find_pictures, place_drawings


def file(path: Path) -> Path:
    """A file of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_files_folders_and_patterns_name_pictures(tmp_path: Path) -> None:
    """Each picture once, however often it is named; folders with all below them."""
    a, b, c = file(tmp_path / "a.png"), file(tmp_path / "more/b.JPG"), file(tmp_path / "more/deep/c.webp")
    file(tmp_path / "note.txt")
    assert find_pictures((str(tmp_path), f"{tmp_path}/*.png", str(b))) == [a, b, c]
    assert find_pictures((f"{tmp_path}/*",)) == [a, b, c], "a pattern may name folders too"
    assert find_pictures((f"{tmp_path}/**/*.webp", str(a))) == [c, a]


def test_patterns_work_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are typed."""
    file(tmp_path / "more/b.bmp")
    monkeypatch.chdir(tmp_path)
    assert find_pictures(("more/*.bmp",)) == [Path("more/b.bmp")]
    assert find_pictures((".",)) == [Path("more/b.bmp")]


def test_a_file_that_is_named_itself_is_taken_whatever_its_name(tmp_path: Path) -> None:
    """Its bytes will tell; of a folder only what its name or its bytes say."""
    odd = file(tmp_path / "photo")
    assert find_pictures((str(odd),)) == [odd]
    with pytest.raises(UsageError):
        find_pictures((str(tmp_path),))


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jfif"), ("JPEG", "b.jpe"), ("PNG", "c"), ("WEBP", "d.image"), ("TIFF", "e.1")]
)
def test_a_folder_gives_every_picture_that_an_endpoint_takes(tmp_path: Path, kind: str, name: str) -> None:
    """Whatever it is called; a text that begins like a BMP, and an empty file, are none."""
    Image.new("RGB", (4, 4)).save(tmp_path / name, kind)
    (tmp_path / "notes").write_text("BM and more")
    (tmp_path / "empty").touch()
    assert find_pictures((str(tmp_path),)) == [tmp_path / name]


def test_a_path_that_names_no_picture_is_told(tmp_path: Path) -> None:
    """A missing file, an empty folder and a pattern without a match."""
    for given in (f"{tmp_path}/a.jpg", str(tmp_path), f"{tmp_path}/*.jpg"):
        with pytest.raises(UsageError, match="there is no such picture"):
            find_pictures((given,))


def test_what_some_system_put_there_and_what_was_drawn_before_is_passed_over(tmp_path: Path) -> None:
    """Otherwise the second call would ask about the drawings of the first."""
    a, _, drawn = file(tmp_path / "a.jpg"), file(tmp_path / "._a.jpg"), file(tmp_path / "seen/a.jpg")
    assert find_pictures((str(tmp_path),), tmp_path / "seen") == [a]
    assert find_pictures((f"{tmp_path}/*",), tmp_path / "seen") == [a]
    assert find_pictures((str(drawn),), tmp_path / "seen") == [drawn], "unless it is named itself"
    assert drawn in find_pictures((str(tmp_path),))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_is_known_by_its_first_bytes(tmp_path: Path, suffix: str) -> None:
    """As Pillow writes them."""
    Image.new("RGB", (9, 9)).save(tmp_path / f"a{suffix}")
    kind = {".jpg": "jpeg", ".tif": "tiff"}.get(suffix, suffix[1:])
    assert content_type((tmp_path / f"a{suffix}").read_bytes()[:12]) == f"image/{kind}"


@pytest.mark.parametrize("head", [b"", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"II+\0"])
def test_other_formats_are_not_known(head: bytes) -> None:
    """Sound in the same container, another picture format, nothing."""
    assert content_type(head) is None


def test_drawings_lie_as_the_pictures_do(tmp_path: Path) -> None:
    """Equal names in different folders stay apart, and so do equal names with different suffixes."""
    names = ("in/a/x.jpg", "in/b/x.jpg", "in/b/x.png", "in/y", "in/z.tif")
    found = place_drawings([tmp_path / name for name in names], Path("seen"))
    drawn = ["seen/a/x.jpg", "seen/b/x.jpg", "seen/b/x.png", "seen/y.jpg", "seen/z.tif.jpg"]
    assert [str(path) for path in found.values()] == drawn, "no browser shows a TIFF"


def test_one_picture_is_drawn_right_into_the_folder() -> None:
    """Wherever it lies."""
    assert place_drawings([Path("../far/x.jpg")], Path("seen")) == {Path("../far/x.jpg"): Path("seen/x.jpg")}


def test_no_drawing_replaces_a_picture(tmp_path: Path) -> None:
    """Drawn into its own folder it would."""
    with pytest.raises(UsageError, match="its drawing would replace it"):
        place_drawings([tmp_path / "a.jpg"], tmp_path)
