"""Small pictures in every form that the formats we take have, written by Pillow or, where it cannot, by hand."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from tests.containers.serving.conftest import encode

NOISE = np.random.default_rng(7)
COLOUR = Image.fromarray(NOISE.integers(0, 255, (9, 14, 3), np.uint8)).resize((41, 27), Image.Resampling.BICUBIC)
GREY = COLOUR.convert("L")
CLEAR = COLOUR.copy()
CLEAR.putalpha(Image.linear_gradient("L").resize(COLOUR.size))
PALETTE = COLOUR.quantize(13)
TURNED = COLOUR.transpose(Image.Transpose.ROTATE_180)


def exif(orientation: int, order: str = "<") -> bytes:
    """EXIF data with nothing but the orientation, least significant byte first or (``>``) last."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpegs() -> dict[str, bytes]:
    """Baseline, progressive, with restarts, of one, three and four colours."""
    return {
        "baseline JPEG": encode(COLOUR, "JPEG"),
        "full colour JPEG": encode(COLOUR, "JPEG", quality=95, subsampling=0),
        "progressive JPEG": encode(COLOUR, "JPEG", progressive=True),
        "JPEG with restarts": encode(COLOUR, "JPEG", restart_marker_blocks=2),
        "grey JPEG": encode(GREY, "JPEG"),
        "RGB JPEG": encode(COLOUR, "JPEG", keep_rgb=True),
        "CMYK JPEG": encode(COLOUR.convert("CMYK"), "JPEG"),
        "turned JPEG": encode(COLOUR, "JPEG", exif=b"Exif\0\0" + exif(6)),
    }


def pngs() -> dict[str, bytes]:
    """Every colour type, 1 to 16 bits, interlaced, with a palette, turned, with texts, animated."""
    deep = Image.fromarray(np.asarray(GREY, np.uint16) * 257)
    text = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1000))) + png_chunk(b"gAMA", bytes([0, 0, 100, 0]))
    return {
        "RGB PNG": encode(COLOUR),
        "grey PNG": encode(GREY),
        "transparent PNG": encode(CLEAR),
        "grey transparent PNG": encode(CLEAR.convert("LA")),
        "palette PNG": encode(PALETTE),
        "transparent palette PNG": encode(PALETTE, transparency=2),
        "1-bit PNG": encode(COLOUR.convert("1")),
        "16-bit PNG": encode(deep),
        "interlaced PNG": interlaced_png(8, 2),
        "interlaced 16-bit PNG": interlaced_png(16, 6),
        "interlaced 1-bit PNG": interlaced_png(1, 0),
        "turned PNG": encode(COLOUR, exif=exif(6)),
        "PNG with texts": encode(COLOUR).replace(b"\0\0\0\0IEND", text + b"\0\0\0\0IEND"),
        "animated PNG": encode(COLOUR, save_all=True, append_images=[TURNED]),
    }


def webps() -> dict[str, bytes]:
    """VP8, VP8L and VP8X, animated."""
    return {
        "lossy WebP": encode(COLOUR, "WEBP"),
        "lossless WebP": encode(COLOUR, "WEBP", lossless=True),
        "transparent WebP": encode(CLEAR, "WEBP"),
        "lossless transparent WebP": encode(CLEAR, "WEBP", lossless=True, exact=True),
        "turned WebP": encode(COLOUR, "WEBP", exif=exif(6)),
        "animated WebP": encode(COLOUR, "WEBP", save_all=True, append_images=[TURNED]),
        "animated lossless WebP": encode(CLEAR, "WEBP", save_all=True, append_images=[TURNED], lossless=True),
    }


def bmps() -> dict[str, bytes]:
    """Every version of the header, every number of bits, both directions, run lengths, masks."""
    named = {"BMP": encode(COLOUR, "BMP"), "palette BMP": encode(PALETTE, "BMP"), "32-bit BMP": encode(CLEAR, "BMP")}
    for size in (12, 40, 52, 56, 64, 108, 124):
        for bits in (1, 4, 8, 24, 32):
            named[f"BMP of {bits} bits and a header of {size}"] = bmp(bits, header_size=size)
    named["BMP of 16 bits"] = bmp(16)
    named["BMP of 16 bits and masks"] = bmp(16, compression=3, masks=(0xF800, 0x7E0, 0x1F))
    named["BMP of 15 bits and masks"] = bmp(16, compression=3, masks=(0x7C00, 0x3E0, 0x1F))
    named["BMP of 32 bits and masks"] = bmp(32, compression=3, header_size=108, masks=(255, 255 << 8, 255 << 16, 0))
    named["BMP from the top"] = bmp(24, height=-5)
    named["BMP of 4 bits in runs"] = bmp(4, compression=2, pixels=_runs(4))
    named["BMP of 8 bits in runs"] = bmp(8, compression=1, pixels=_runs(8))
    return named


def tiffs() -> dict[str, bytes]:
    """Every number of channels and bits, the usual compressions, both orders of bytes, pages, tiles, turned."""
    turned = Image.Exif()
    turned[274] = 6
    deep = np.asarray(GREY, np.uint16) * 251
    named = {
        "TIFF": encode(COLOUR, "TIFF"),
        "grey TIFF": encode(GREY, "TIFF"),
        "transparent TIFF": encode(CLEAR, "TIFF"),
        "palette TIFF": encode(PALETTE, "TIFF"),
        "1-bit TIFF": encode(COLOUR.convert("1"), "TIFF"),
        "CMYK TIFF": encode(COLOUR.convert("CMYK"), "TIFF"),
        "16-bit TIFF": encode(Image.fromarray(deep), "TIFF"),
        "16-bit TIFF from the other end": encode(Image.fromarray(deep.astype(">u2")), "TIFF"),
        "fax TIFF": encode(COLOUR.convert("1"), "TIFF", compression="group4"),
        "JPEG TIFF": encode(COLOUR, "TIFF", compression="jpeg"),
        "TIFF of two pages": encode(COLOUR, "TIFF", save_all=True, append_images=[TURNED]),
        "turned TIFF": encode(COLOUR, "TIFF", exif=turned),
        "turned LZW TIFF": encode(COLOUR, "TIFF", compression="tiff_lzw", exif=turned),
    }
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        named[f"{compression} TIFF"] = encode(COLOUR, "TIFF", compression=compression)
    for order in "<>":
        named[f"16-bit colour TIFF {order}"] = tiff(16, 3, order=order)
        named[f"tiled TIFF {order}"] = tiff(8, 3, order=order, tile=32, width=50)
    return named


def tiff(bits: int, channels: int, *, order: str = "<", tile: int = 0, width: int = 13, height: int = 11) -> bytes:
    """A TIFF of noise without compression, in one strip or in square tiles."""
    across, down = (-(-width // tile), -(-height // tile)) if tile else (1, 1)
    length = (tile or width) * (tile or height) * channels * bits // 8
    pieces = across * down
    places = {322: tile, 323: tile, 324: None, 325: length} if tile else {273: None, 278: height, 279: length}
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 2 if channels > 2 else 1, 277: channels, **places}
    start = 8 + 2 + 12 * len(tags) + 4
    more, entries = b"", b""
    for tag, value in sorted(tags.items()):
        repeated = channels if tag == 258 else pieces if tag in (273, 279, 324, 325) else 1
        # Behind the directory stand the longer values, and behind all of them, at a place known beforehand, the pixels.
        pixels = start + 12 * channels + 24 * pieces
        values = [pixels + at * length for at in range(pieces)] if value is None else [value] * repeated
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            entries += struct.pack(f"{order}HHII", tag, 4, len(values), start + len(more))
            more += packed
        else:
            entries += struct.pack(f"{order}HHI", tag, 4, 1) + packed
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(tags))
    return (head + entries + bytes(4) + more).ljust(pixels, b"\0") + NOISE.bytes(length * pieces)


def npy(array: np.ndarray) -> bytes:
    """The array as NumPy writes it."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, rows: bytes, *, bits: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    """A PNG of rows that each begin with their filter."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def interlaced_png(bits: int, colour: int, width: int = 13, height: int = 11) -> bytes:
    """A PNG of noise in the seven passes of Adam7, which Pillow reads and does not write."""
    channels, rows = {0: 1, 2: 3, 6: 4}[colour], b""
    for left, top, right, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8)),
        *((2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        row = -(-len(range(left, width, right)) * channels * bits // 8)
        rows += b"".join(bytes([at % 5]) + NOISE.bytes(row) for at in range(len(range(top, height, down))))
    return png(width, height, rows, bits=bits, colour=colour, interlaced=1)


def bmp(
    bits: int,
    *,
    width: int = 7,
    height: int = 5,
    header_size: int = 40,
    compression: int = 0,
    masks: tuple[int, ...] = (),
    pixels: bytes = b"",
) -> bytes:
    """A BMP of noise or of the ``pixels`` given, with a palette of noise up to 8 bits."""
    pixels = pixels or NOISE.bytes(-(-width * bits // 32) * 4 * abs(height))
    packed = struct.pack(f"<{len(masks)}I", *masks)
    if header_size == 12:
        header, entry = struct.pack("<IHHHH", 12, width, height, 1, bits), 3
    else:
        words = (header_size, width, height, 1, bits, compression, len(pixels), 0, 0, 0, 0)
        header, entry = (struct.pack("<IiiHHIIiiII", *words) + packed).ljust(header_size, b"\0"), 4
    colours = b"".join(NOISE.bytes(3) + bytes(entry - 3) for _ in range(1 << bits if bits <= 8 else 0))
    start = 14 + len(header) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + colours + pixels


def _runs(bits: int) -> bytes:
    """Five rows of seven pixels: a run of four and three pixels one by one, then the end of the picture."""
    single = b"\x12\x30" if bits == 4 else b"\x09\x08\x07\0"
    return b"".join(b"\x04" + bytes([17 * row]) + b"\0\x03" + single + b"\0\0" for row in range(5)) + b"\0\x01"
