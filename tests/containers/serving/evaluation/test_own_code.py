"""The digest of the evaluating program changes with whatever it is made of, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.serving.evaluation.own_code import FOLDERS, ROOT, code_digest


def put(root: Path, name: str, text: str) -> None:
    """One file of a program."""
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("code/program.py", True),
        ("code/inner/deeper.py", True),
        ("code/new.py", True),
        ("code/requirements.txt", True),
        ("code/page.css", False),
        ("code/__pycache__/program.pyc", False),
    ],
)
def test_the_digest_is_of_every_source_in_any_folder(tmp_path: Path, name: str, counts: bool) -> None:
    """Sources and requirements count; what is derived from them, or only looks nice, does not."""
    for known in ("code/program.py", "code/inner/deeper.py", "code/requirements.txt", "code/page.css"):
        put(tmp_path, known, "before")
    before = code_digest(tmp_path, ("code",))
    put(tmp_path, name, "after")
    assert (code_digest(tmp_path, ("code",)) != before) is counts


def test_the_program_itself_lies_in_the_folders_that_are_looked_at() -> None:
    """In the image as here."""
    assert Path(__file__).parents[4] == ROOT
    assert all((ROOT / folder / "__init__.py").is_file() for folder in FOLDERS)
    assert (ROOT / FOLDERS[0] / "evaluation" / "own_code.py").is_file()
