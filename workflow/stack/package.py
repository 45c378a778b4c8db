"""Packs each Lambda function into a zip whose bytes depend on its content and on the version of Python alone.

A function is a folder of ``lambdas/`` with a ``handler.py``. Its zip holds that folder, ``workflow/contract/`` and
the dependencies of ``lambdas/requirements.txt``, each at the path it has in the repository; and byte code of all that
where the Python that packs is of the functions' version. Knows no AWS.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow.errors import GreenlightError
from workflow.stack.bytecode import compile_all, compiles_for
from workflow.stack.definitions import render_definitions

ROOT = Path(__file__).resolve().parents[2]
"""The repository: sources are read from here and what is built lies below its ``.greenlight``."""

RUNTIME = "3.12"
"""Python of the functions' runtime; dependencies are chosen for it, not for the interpreter that packs."""

SHARED = ("lambdas/__init__.py", "workflow/__init__.py")
CONTRACT = "workflow/contract"
"""The package that every function and every image holds beside its own folder."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold, given to every entry."""

_UNWANTED = {"__pycache__", "bin", "wrapt-stubs"}
_UNREAD = {".pyc", ".c", ".pyi"}
"""Endings of files that no function reads."""
_POWERTOOLS = "aws_lambda_powertools"
_UTILITIES = {"__init__.py", "jmespath_utils", "serialization.py", "typing"}
"""What the functions, and what they use of Powertools, need of its utilities: the others are a third of a zip."""


@dataclass(frozen=True)
class Archive:
    """One function's zip. ``name`` is its folder, ``digest`` the SHA-256 of the file in hexadecimal."""

    name: str
    path: Path
    digest: str


def pack(root: Path = ROOT) -> tuple[dict[str, Archive], str, dict[str, bytes]]:
    """Pack every function; return the archives by name, the prefix that names them and the definitions, and these.

    The prefix changes when, and only when, a function or a machine's definition changes.
    """
    shared = collect_shared(root, install(root))
    target = root / ".greenlight" / "lambdas"
    target.mkdir(parents=True, exist_ok=True)
    sources = {name: {**shared, **collect_own(root, name)} for name in find_functions(root)}
    archives = {name: write_zip(name, target / f"{name}.zip", content) for name, content in sources.items()}
    # Of the sources: who deploys from another version of Python changes nothing.
    marks = [f"{name} {digest_of(content)}" for name, content in sources.items()]
    definitions = render_definitions(root)
    for file, content in definitions.items():
        marks.append(f"{file} {hashlib.sha256(content).hexdigest()}")
    return archives, "code/" + hashlib.sha256("\n".join(sorted(marks)).encode()).hexdigest()[:16], definitions


def find_functions(root: Path = ROOT) -> list[str]:
    """Names of the functions: folders of ``lambdas/`` that hold a ``handler.py``."""
    return sorted(path.parent.name for path in (root / "lambdas").glob("*/handler.py"))


def install(root: Path = ROOT) -> Path:
    """Install the functions' dependencies once and return their folder, named by the requirements' content."""
    requirements = root / "lambdas" / "requirements.txt"
    mark = hashlib.sha256(requirements.read_bytes() + RUNTIME.encode()).hexdigest()[:12]
    folder = root / ".greenlight" / f"lambda-dependencies-{mark}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        # Only wheels for any platform: a compiled one would tie the zips to the machine that packs.
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--no-deps", "--no-compile", "--only-binary", ":all:"),
            *("--python-version", RUNTIME, "--implementation", "py", "--abi", "none", "--platform", "any"),
            *("--target", f"{scratch}/packages", "--requirement", str(requirements)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GreenlightError(f"the dependencies of the functions could not be installed:\n{done.stderr.strip()}")
        try:
            Path(scratch, "packages").rename(folder)
        except OSError:
            # Another process was faster; what it installed is the same.
            if not folder.is_dir():
                raise
    return folder


def collect_shared(root: Path, dependencies: Path) -> dict[str, bytes]:
    """What every function's zip holds: path inside it, and content."""
    found = {relative: (root / relative).read_bytes() for relative in SHARED}
    found.update(walk_files(root / CONTRACT, f"{CONTRACT}/"))
    found.update((path, content) for path, content in walk_files(dependencies, "") if is_needed(path))
    return found


def collect_own(root: Path, name: str) -> dict[str, bytes]:
    """What the zip of one function holds beside that."""
    return dict(walk_files(root / "lambdas" / name, f"lambdas/{name}/"))


def is_needed(path: str) -> bool:
    """Whether a file of the dependencies belongs in a zip.

    >>> [is_needed(f"aws_lambda_powertools/{path}") for path in ("utilities/typing/models.py", "event_handler/api.py")]
    [True, False]
    """
    package, folder, part, *_ = (*path.split("/"), "", "")
    if package != _POWERTOOLS:
        return True
    return folder != "event_handler" and (folder != "utilities" or part in _UTILITIES)


def walk_files(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a folder, without what no function reads: compiled files, scripts, package metadata."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        unwanted = any(part in _UNWANTED or part.endswith(".dist-info") for part in parts)
        if path.is_file() and not unwanted and path.suffix not in _UNREAD:
            yield prefix + "/".join(parts), path.read_bytes()


def digest_of(sources: Mapping[str, bytes]) -> str:
    """A SHA-256 of files by their paths, in hexadecimal."""
    lines = [f"{path} {hashlib.sha256(sources[path]).hexdigest()}" for path in sorted(sources)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_zip(name: str, path: Path, sources: Mapping[str, bytes]) -> Archive:
    """Write a zip: sorted entries, one fixed time, the same rights for every file. One that is there already stays."""
    compiles = compiles_for(RUNTIME)
    if holds(path, sources, compiled=compiles):
        return Archive(name=name, path=path, digest=hashlib.sha256(path.read_bytes()).hexdigest())
    content = {**sources, **(compile_all(sources) if compiles else {})}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for key in sorted(content):
            entry = zipfile.ZipInfo(key, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content[key])
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(packed.getvalue())
    part.replace(path)
    return Archive(name=name, path=path, digest=hashlib.sha256(packed.getvalue()).hexdigest())


def holds(path: Path, sources: Mapping[str, bytes], *, compiled: bool) -> bool:
    """Whether the zip at a path was written of these sources, by the sizes and checksums that it lists.

    And with their byte code, or without any, as ``compiled`` says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            listed = {entry.filename: (entry.file_size, entry.CRC) for entry in archive.infolist()}
    except (OSError, zipfile.BadZipFile):
        return False
    byte_code = [name for name in listed if name.endswith(".pyc")]
    for name in byte_code:
        del listed[name]
    return bool(byte_code) == compiled and listed == {
        path: (len(source), zlib.crc32(source)) for path, source in sources.items()
    }
