"""A Python environment for each image, made from the image's own requirement files.

An image `containers/<name>` is stood for by a virtual environment with exactly what its Dockerfile installs:
`requirements.txt`, then `requirements-any-build.txt`, of which each machine takes its build, then
`requirements-no-deps.txt` without dependencies. pip holds what has hashes to them. An environment is named after the
content of those files, so that a changed requirement makes a new one; one that was interrupted half-way is made again.
`python -m infra.local.environments training serving` makes them ahead of time.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENTS = REPOSITORY / ".greenlight" / "environments"
_PLAIN = "requirements.txt"
_MORE = {"requirements-any-build.txt": (), "requirements-no-deps.txt": ("--no-deps",)}
"""What is installed after that where it is there, in this order, with these options."""
_COMPLETE = "complete"
_SHOWN_LINES_OF_A_FAILURE = 25


class InstallationError(Exception):
    """pip or venv failed; the message ends with what it said."""


def ensure(
    name: str, folder: Path, environments: Path = ENVIRONMENTS, say: Callable[[str], None] = lambda _: None
) -> Path:
    """The Python interpreter for the image in ``folder``; its environment is made when it is not there yet.

    A folder without requirement files gets the running interpreter. Two callers at once make one environment.
    """
    if not (folder / _PLAIN).exists():
        return Path(sys.executable)
    target = environments / f"{name}-{fingerprint(folder)}"
    python = target / "bin" / "python"
    if (target / _COMPLETE).exists():
        return python
    environments.mkdir(parents=True, exist_ok=True)
    with _locked(environments / f"{target.name}.lock"):
        if not (target / _COMPLETE).exists():
            say(f"environment {target.name}: installing what {folder.name} needs")
            shutil.rmtree(target, ignore_errors=True)
            _make(target, folder)
            (target / _COMPLETE).touch()
    return python


def fingerprint(folder: Path) -> str:
    """Twelve hex digits that change with the requirements and with the version of Python."""
    digest = hashlib.sha256(sys.version.encode())
    for file in (_PLAIN, *_MORE):
        path = folder / file
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{file} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _make(target: Path, folder: Path) -> None:
    """Make it with the pip that runs here, and compile nothing: what is imported is compiled then, and kept."""
    _run([sys.executable, "-m", "venv", "--without-pip", str(target)], folder)
    pip = [sys.executable, "-m", "pip", "--python", str(target / "bin" / "python"), "--disable-pip-version-check"]
    pip += ["--no-input", "-q", "install", "--no-compile"]
    _run([*pip, "-r", _PLAIN], folder)
    for file, options in _MORE.items():
        if (folder / file).exists():
            _run([*pip, *options, "-r", file], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_SHOWN_LINES_OF_A_FAILURE:])
        raise InstallationError(f"{' '.join(command[1:])} in {folder} failed:\n{said}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def main(arguments: list[str] | None = None) -> int:
    """Make the environments named on the command line, all at once; one line of output for each."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.environments", description=main.__doc__)
    parser.add_argument("images", nargs="+", help="folders below containers/, such as: training serving")
    folders = {name: REPOSITORY / "containers" / name for name in parser.parse_args(arguments).images}
    for name, folder in folders.items():
        if not folder.is_dir():
            parser.error(f"there is no folder containers/{name}")
    started = time.monotonic()
    with ThreadPoolExecutor(len(folders)) as pool:
        made = {name: pool.submit(ensure, name, folder) for name, folder in folders.items()}
        for name, python in made.items():
            try:
                at = python.result()
                print(f"{name} ready in {time.monotonic() - started:.0f} s ({at})", flush=True)
            except InstallationError as error:
                print(f"{name} failed\n{error}", flush=True)
    return 1 if any(python.exception() for python in made.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
