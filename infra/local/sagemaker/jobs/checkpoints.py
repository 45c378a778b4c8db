"""Keeps a training job's checkpoint folder and its S3 prefix alike: down at the start, up now and then."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from infra.local.sagemaker.storage import Storage


class CheckpointSync:
    """Without an S3 prefix it only makes the folder."""

    def __init__(self, storage: Storage, folder: Path, uri: str | None, seconds_between: float) -> None:
        self._storage = storage
        self._folder = folder
        self._uri = uri.rstrip("/") if uri else None
        self._seconds_between = seconds_between
        self._known: dict[Path, tuple[int, int]] = {}
        self._next = time.monotonic() + seconds_between

    def download(self) -> None:
        """What an earlier job left, so that this one resumes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._uri:
            self._storage.download_prefix(f"{self._uri}/", self._folder)
            self._known = self._state()

    def upload_now_and_then(self) -> None:
        """Upload when it is time again."""
        if self._uri and time.monotonic() >= self._next:
            self.upload()
            self._next = time.monotonic() + self._seconds_between

    def upload(self) -> None:
        """Every file that is new or changed since the last upload."""
        if not self._uri:
            return
        state = self._state()
        for path, stamp in state.items():
            if self._known.get(path) != stamp:
                # A checkpoint may be renamed or removed by the container meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    self._storage.upload_file(path, f"{self._uri}/{path.relative_to(self._folder).as_posix()}")
                    self._known[path] = stamp

    def _state(self) -> dict[Path, tuple[int, int]]:
        found = {}
        for path in self._folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    found[path] = (status.st_mtime_ns, status.st_size)
        return found
