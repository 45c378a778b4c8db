"""What a video is, is told from its bytes; what is not all there, or too much, is refused before it is decoded."""

from __future__ import annotations

import struct

import pytest

from containers.serving.tracking.video_header import VideoError, VideoHeader
from containers.serving.tracking.video_kinds import read_video_header


def box(name: str, *inside: bytes) -> bytes:
    """A box of an MP4."""
    content = b"".join(inside)
    return struct.pack(">I4s", 8 + len(content), name.encode()) + content


def mp4(*, width: int = 640, height: int = 360, frames: int = 50, kind: str = "vide", scale: int = 1000) -> bytes:
    """An MP4 of one track, at 25 frames a second, as small as one can be."""
    entry = bytes(8 + 24) + struct.pack(">HH", width, height) + bytes(50)
    table = box(
        "stbl",
        box("stsd", struct.pack(">II", 0, 1), box("mp4v", entry[8:])),
        box("stts", struct.pack(">IIII", 0, 1, frames, 40)),
    )
    media = box(
        "mdia",
        box("mdhd", struct.pack(">IIIII", 0, 0, 0, scale, frames * 40), bytes(4)),
        box("hdlr", bytes(8), kind.encode(), bytes(13)),
        box("minf", table),
    )
    return box("ftyp", b"isom", bytes(4)) + box("mdat", bytes(10)) + box("moov", box("trak", media))


def element(name: int, content: bytes) -> bytes:
    """An element of a Matroska file, its size in two bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8) + (0x4000 | len(content)).to_bytes(2) + content


def matroska(*, width: int = 640, height: int = 360, seconds: float = 2.0) -> bytes:
    """A WebM of one track."""
    sides = element(0xB0, width.to_bytes(2)) + element(0xBA, height.to_bytes(2))
    info = element(0x1549A966, element(0x4489, struct.pack(">d", seconds * 1000)))
    tracks = element(0x1654AE6B, element(0xAE, element(0x83, b"\1") + element(0xE0, sides)))
    return element(0x1A45DFA3, b"") + element(0x18538067, info + tracks + element(0x1F43B675, bytes(20)))


def avi(*, width: int = 640, height: int = 360, frames: int = 50) -> bytes:
    """An AVI that is all header."""
    main = struct.pack("<10I", 40_000, 0, 0, 0, frames, 0, 1, 0, width, height) + bytes(16)
    inside = b"AVI LIST" + struct.pack("<I", 200) + b"hdrlavih" + struct.pack("<I", 56) + main
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (mp4(), VideoHeader("MP4", 640, 360, 50, 2.0)),
        (matroska(), VideoHeader("Matroska", 640, 360, None, 2.0)),
        (avi(), VideoHeader("AVI", 640, 360, 50, 2.0)),
    ],
)
def test_each_kind_says_what_it_is(data: bytes, header: VideoHeader) -> None:
    """Size, frames and seconds, where the kind says them; a byte less, and it is refused as not all there."""
    assert read_video_header(data) == header
    for length in (len(data) - 1, len(data) // 2, 24):
        with pytest.raises(VideoError, match="truncated or damaged"):
            read_video_header(data[:length])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"#EXTM3U\nhttp://169.254.169.254/", "no known kind; MP4, MOV, WebM, Matroska and AVI"),
        (b"\xff\xd8\xff\xe0 a picture", "no known kind"),
        (mp4(width=5000, height=4000), "5000 x 4000 pixels"),
        (matroska(width=0), "0 x 360 pixels"),
        (mp4(frames=108_001), "more than 108000 frames"),
        (matroska(seconds=3601), "longer than 3600 seconds"),
        (mp4(kind="soun"), "holds no video"),
        (box("ftyp", b"isom") + box("moov"), "it holds no frames"),
        (box("ftyp", b"isom") + box("mdat") + box("moov", box("trak")), "a track has no mdia"),
        (matroska(seconds=float("nan")), "its duration is no number"),
        (element(0x1A45DFA3, b"") + element(0x18538067, b""), "it holds no frames"),
        (box("ftyp", b"isom") + struct.pack(">I4s", 4, b"mdat"), "the end of its box"),
        (box("ftyp", b"isom") + box("free") * 70_000, "more than 65536 boxes"),
    ],
)
def test_what_is_no_video_or_too_much_is_refused_by_its_header(data: bytes, reason: str) -> None:
    """In the words of what is wrong."""
    with pytest.raises(VideoError, match=reason):
        read_video_header(data)


def test_a_length_that_is_not_told_is_no_fault() -> None:
    """A recording in fragments counts its frames in each of them; one that was streamed has a segment of any size."""
    assert read_video_header(mp4(frames=0)).frames is None
    whole = matroska()
    streamed = whole[:10] + b"\x01" + b"\xff" * 7 + whole[12:]
    assert whole[6:10] == b"\x18\x53\x80\x67"
    assert read_video_header(streamed).width == 640
