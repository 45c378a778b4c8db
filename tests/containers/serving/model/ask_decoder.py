"""Run by the serving environment's Python: decodes what each line of stdin holds and says on stdout what came out.

A line is a word and bytes in hex; the answer is JSON: a list of pictures, or an error.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from containers.serving.model.array_header import read_array_header, split_stack
from containers.serving.model.image import decode_array, decode_image, make_lighter, make_thumbnail, read_as_sent
from containers.serving.model.image_header import ImageError

SHOWN_PIXELS = 100_000


def main() -> None:
    """Answer until stdin ends."""
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            word, _, text = line.rstrip("\n").rpartition(" ")
            print(json.dumps(_answer(word, bytes.fromhex(text), Path(folder, "picture"))), flush=True)


def _answer(word: str, data: bytes, path: Path) -> Any:
    path.write_bytes(data)
    decode: dict[str, Callable[[], list[np.ndarray]]] = {
        "image": lambda: [decode_image(data)],
        "array": lambda: [decode_array(one) for one in _single(data)],
        "as training reads": lambda: [cv2.imread(str(path), cv2.IMREAD_COLOR)],
        "as sent": lambda: [decode_image(read_as_sent(path))],
        "lighter": lambda: [decode_image(make_lighter(data, 4_000))],
        "thumbnail": lambda: [decode_image(make_thumbnail(data, 32, 90))],
    }
    try:
        return [_shown(pixels) for pixels in decode[word]()]
    except ImageError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"fault": f"{type(error).__name__}: {error}"}


def _single(data: bytes) -> list[bytes]:
    """The pictures of an array, each for itself, as the server takes a stack apart."""
    header = read_array_header(data)
    return split_stack(data, header) if len(header.shape) == 4 else [data]


def _shown(pixels: np.ndarray) -> dict[str, Any]:
    small = pixels.shape[0] * pixels.shape[1] <= SHOWN_PIXELS
    return {"shape": pixels.shape, "type": str(pixels.dtype), "pixels": pixels.tobytes().hex() if small else None}


if __name__ == "__main__":
    main()
