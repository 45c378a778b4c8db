"""What the header of a video says, and how it is refused: what each reader of a kind has in common with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VideoKind = Literal["MP4", "Matroska", "AVI"]


class VideoError(ValueError):
    """The bytes are no video that is followed; the message is fit for whoever sent them."""


class TruncatedVideoError(VideoError):
    """The video is not all there."""

    def __init__(self, kind: VideoKind, what: str) -> None:
        """Say what is missing."""
        super().__init__(f"the {kind} video is truncated or damaged: {what}")


@dataclass(frozen=True)
class VideoHeader:
    """Size in pixels as stored, and how many frames and seconds it has, None where its header does not say."""

    kind: VideoKind
    width: int
    height: int
    frames: int | None
    seconds: float | None
