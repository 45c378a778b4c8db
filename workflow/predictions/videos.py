"""Sends a video to an endpoint, whole: at once where it answers at once, by way of its queue where it has one.

Nothing is decoded here, so that this machine needs no decoder. Knows no run and no stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workflow.clients import Cloud
from workflow.contract.asynchronous import LARGEST_BODY as LARGEST_QUEUED_BODY
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.predictions.ask import Wanted, raise_for_all, reason_of, send
from workflow.predictions.queued import Queue

LINES = "application/jsonlines"
"""A line of JSON for each frame."""
DRAWN = {".webm": "video/webm", ".mp4": "video/mp4"}
"""The media types of drawn videos, by how a file's name ends."""
_HEAD_BYTES = 12
_MOVIE = b"qt  "
_PICTURES = (b"hei", b"hev", b"mif1", b"msf1", b"avif", b"avis")
"""What the brands of pictures begin with that are stored as an MP4 is."""


@dataclass(frozen=True)
class Video:
    """A file that is a video by its first bytes."""

    path: Path
    kind: str
    """Its media type."""
    size: int
    """In bytes."""

    @staticmethod
    def find(path: Path) -> Video:
        """Look at a file. Raises UsageError for one that is none."""
        try:
            with path.open("rb") as opened:
                kind = media_type(opened.read(_HEAD_BYTES))
            size = path.stat().st_size
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}).") from error
        if kind is None:
            raise UsageError(
                f"{path}: is no MP4, MOV, WebM, Matroska or AVI video. Convert it (ffmpeg -i {path} video.mp4); "
                "of pictures, ask 'greenlight predict'."
            )
        return Video(path, kind, size)


def media_type(head: bytes) -> str | None:
    """The media type that a video's first bytes tell, None for anything else."""
    if head[4:8] == b"ftyp" and not head[8:].startswith(_PICTURES):
        return "video/quicktime" if head[8:12] == _MOVIE else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    return None


@dataclass(frozen=True)
class Follower:
    """An endpoint, or a component of a shared one, that follows what is in videos.

    ``largest`` is how many bytes it accepts where it answers at once; ``queue`` is its own where it does not.
    """

    cloud: Cloud
    endpoint: str
    largest: int
    component: str = ""
    queue: Queue | None = None

    def follow(self, video: Video, accept: str, wanted: Wanted) -> bytes:
        """What the endpoint says of a video, in the form of ``accept``.

        Raises UsageError for a video that is too large for it or where there is no such endpoint, GreenlightError with
        the reason where there is no answer.
        """
        largest = LARGEST_QUEUED_BODY if self.queue else self.largest
        if video.size > largest:
            raise UsageError(self._too_large(video, largest))
        body = video.path.read_bytes()
        try:
            if self.queue:
                return self.queue.send(self.cloud, body, video.kind, accept, wanted)
            return send(self.cloud, self.endpoint, body, video.kind, accept, wanted, self.component)
        except ServiceError as error:
            raise_for_all(error, self.endpoint)
            raise GreenlightError(f"{video.path}: {reason_of(error)}") from error

    def _too_large(self, video: Video, largest: int) -> str:
        said = f"{video.path}: is {video.size:,} bytes, and {self.endpoint} accepts at most {largest:,}.\n"
        smaller = f"  ffmpeg -i {video.path} -vf scale=640:-2 -crf 30 smaller.mp4   makes it smaller"
        if self.queue:
            return f"{said}{smaller}"
        return (
            f"{said}{smaller}\n"
            "  --endpoint NAME                                  asks one that answers asynchronously (serve=async, or\n"
            "                                                   staging_serve=async), which takes larger ones"
        )
