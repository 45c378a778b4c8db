"""Walks a large JSON file item by item and says where each lies, so that none of them has to stay in memory.

ijson reads item by item as well but does not tell their places: every outline of a set would stay in memory, or the
whole file be read again. Here an item is 16 bytes of index, and is read again when its picture's turn comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

CHUNK = 4 * 2**20
"""Bytes that are read at a time."""
LARGEST = 256 * 2**20
"""Most bytes of one item."""

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()

Taker = Callable[[Any, int, int], None]
"""Takes an item of a list, the offset of its first byte and how many bytes it has."""


class JsonError(ValueError):
    """A file that is not the JSON it should be; the message says at which byte."""


class _FirstError(Exception):
    """The first item is read."""


def walk(file: Path, takers: Mapping[str, Taker]) -> None:
    """Hand every item of the lists under the top-level keys of ``takers`` on. Raises JsonError for broken JSON.

    Everything else is read and dropped.
    """
    with file.open("rb") as stream:
        try:
            _Walker(stream).walk(takers)
        except RecursionError as error:
            raise JsonError("is nested too deeply") from error


def walk_list(file: Path, take: Taker) -> None:
    """Hand every item of the list that a file is on. Raises JsonError for broken JSON, and for what is no list."""
    with file.open("rb") as stream:
        try:
            _Walker(stream).walk_list(take)
        except RecursionError as error:
            raise JsonError("is nested too deeply") from error


def read_first(file: Path) -> Any:
    """The first item of the list that a file is. Raises JsonError for broken JSON, and for what is no list."""
    first: list[Any] = []

    def take(item: Any, place: int, length: int) -> None:
        first.append(item)
        raise _FirstError

    try:
        walk_list(file, take)
    except _FirstError:
        return first[0]
    raise JsonError("is an empty list")


def read_item(raw: bytes) -> Any:
    """An item from the bytes at its place."""
    return json.loads(raw)


class _Walker:
    """A window on the file. Latin-1 makes a character of each byte, so that places in the text are places in the file;
    words that are not ASCII are decoded again.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._text = ""
        self._start = 0
        self._at = 0
        self._ended = False

    def walk(self, takers: Mapping[str, Taker]) -> None:
        self._begin("{")
        for _ in self._items("}"):
            key, _, _ = self._value()
            if not isinstance(key, str):
                raise self._error("a key must be a text")
            self._expect(":")
            if key in takers and self._peek() == "[":
                self._at += 1
                for _ in self._items("]"):
                    takers[key](*self._value())
            else:
                self._value()
        self._finish()

    def walk_list(self, take: Taker) -> None:
        self._begin("[")
        for _ in self._items("]"):
            take(*self._value())
        self._finish()

    def _begin(self, mark: str) -> None:
        if self._peek() == "\xef":
            self._at += 3  # a byte order mark
        self._expect(mark)

    def _finish(self) -> None:
        if self._peek():
            raise self._error("something follows the end")

    def _items(self, end: str) -> Iterator[None]:
        """One step for each item up to ``end``, minding the commas."""
        if self._peek() == end:
            self._at += 1
            return
        while True:
            yield
            mark = self._peek()
            self._at += 1
            if mark == end:
                return
            if mark != ",":
                self._at -= 1
                raise self._error(f"expected , or {end}")

    def _value(self) -> tuple[Any, int, int]:
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                place = self._start + error.pos
                if not self._read():
                    raise JsonError(f"is not readable JSON at byte {place}: {error.msg}") from error
                continue
            except ValueError as error:
                raise self._error(str(error)) from error  # a number of thousands of digits
            # A number may go on in the next chunk, also after a point or an exponent that is not read as its part.
            if not self._text[end : end + 4].strip(".eE+-") and end + 4 > len(self._text) and self._read():
                continue
            break
        place, length, written = self._start + self._at, end - self._at, self._text[self._at : end]
        self._at = end
        if not written.isascii():
            try:
                value = json.loads(written.encode("latin-1"))
            except ValueError as error:
                raise self._error(str(error)) from error
        return value, place, length

    def _peek(self) -> str:
        """The next character that is no space, empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read():
                return ""

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._error(f"expected {mark}")
        self._at += 1

    def _read(self) -> bool:
        """Widen the window by what follows, and leave behind what was taken."""
        if self._ended or len(self._text) - self._at > LARGEST:
            return False
        raw = self._stream.read(max(CHUNK, len(self._text) - self._at))
        self._ended = not raw
        self._text = self._text[self._at :] + raw.decode("latin-1")
        self._start += self._at
        self._at = 0
        return bool(raw)

    def _error(self, reason: str) -> JsonError:
        return JsonError(f"is not readable JSON at byte {self._start + self._at}: {reason}")
