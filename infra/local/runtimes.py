"""What functions run on: the Python that their runtime names, and the packages that AWS's runtime brings.

Knows no engine.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.local.whole_folders import make_whole

PROVIDED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
"""What functions get beside the standard library and their zip: boto3, and what that needs."""
_FOLDERS = Path(__file__).resolve().parents[2] / ".greenlight" / "provided"


@functools.cache
def find_python(runtime: str) -> str | None:
    """The program that runs `python3.12`: on the PATH or, where nothing is there, of pyenv. None without one."""
    for program in _candidates(runtime):
        # What a version manager lays on the PATH is there also where it would start nothing; a system's smallest Python
        # lacks what every client of AWS needs.
        said = subprocess.run(
            [program, "-I", "-c", "import ssl, sys, zlib; print('python%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.stdout.strip() == runtime:
            return program
    return None


def _candidates(runtime: str) -> Iterator[str]:
    found = shutil.which(runtime)
    if found:
        yield found
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for program in sorted(versions.glob(f"{runtime.removeprefix('python')}.*/bin/{runtime}")):
        yield str(program)


@functools.cache
def find_provided() -> list[Path]:
    """Where those packages lie in the stand-in's own environment: folders, and modules of one file.

    Raises:
        RuntimeError: the environment lacks one of them.
    """
    specs = {name: importlib.util.find_spec(name) for name in PROVIDED}
    missing = [name for name, spec in specs.items() if spec is None or spec.origin is None]
    if missing:
        raise RuntimeError(f"this environment lacks {', '.join(missing)}, which functions need")
    origins = [Path(str(spec.origin)) for spec in specs.values() if spec is not None]
    return [origin.parent if origin.name == "__init__.py" else origin for origin in origins]


@functools.cache
def provide() -> Path:
    """A folder of those packages alone, by links, made where it is not there yet. Raises as ``find_provided`` does."""
    places = find_provided()
    folder = _FOLDERS / hashlib.sha256(repr(places).encode()).hexdigest()[:16]
    if not folder.is_dir():
        make_whole(folder, lambda made: _link(made, places))
    return folder


def _link(folder: Path, places: list[Path]) -> None:
    for place in places:
        (folder / place.name).symlink_to(place)
