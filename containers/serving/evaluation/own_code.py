"""Which program this is: a digest over the sources it is made of, so that two figures are known to be comparable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workflow.contract.digest import sha256_of

ROOT = Path(__file__).parents[3]
FOLDERS = ("containers/serving", "workflow/contract")


def code_digest(root: Path = ROOT, folders: tuple[str, ...] = FOLDERS) -> str:
    """SHA-256 in hex over names and contents of every ``.py`` file and list of requirements in the folders."""
    return sha256_of(_pieces(root, folders))


def _pieces(root: Path, folders: tuple[str, ...]) -> Iterator[bytes]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix == ".py" or path.name.startswith("requirements"):
                content = path.read_bytes()
                yield f"{path.relative_to(root).as_posix()}\n{len(content)}\n".encode()
                yield content
