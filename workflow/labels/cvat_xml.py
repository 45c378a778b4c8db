"""Walks CVAT's XML picture by picture, so that no more than one of them is in memory, and says where each lies.

A document type is refused before anything of it is read, and so is what is nested, or as long, as no annotation is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from workflow.labels.alike import compose

CHUNK = 2**20
"""Bytes that are read at a time."""
PIECE = 2**14
"""Bytes that are read at a time of one picture."""
LARGEST = 64 * 2**20
"""Most bytes of one picture's annotations."""
LONGEST = 1000
"""Most letters of a label."""
DEEPEST = 32
"""Most elements that lie in each other."""
_WORDS = ("name", "type", "parent")


class CvatError(ValueError):
    """A file that is not the XML it should be; with the line where that shows."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Element:
    """An element in a picture's: its name, its attributes, its line counted from 1, and the elements in it."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    parts: list[Element] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Label:
    """A label that ``meta`` declares: its type, empty if not said, and the skeleton whose point it is."""

    name: str
    type: str
    parent: str


TakeImage = Callable[[Element, int], None]
"""Takes a picture's element and the offset of its first byte."""


class _EndError(Exception):
    """The one picture that was asked for is read."""


def walk(file: Path, take: TakeImage) -> list[Label]:
    """Hand every picture on, and return the labels that are declared. Raises CvatError for a broken or other file."""
    walker = _Walker(take)
    with file.open("rb") as stream:
        walker.parse(stream, CHUNK)
    if not walker.rooted:
        raise CvatError(1, "holds no annotations of CVAT")
    return walker.labels


def read_image(file: Path, offset: int) -> Element:
    """The picture's element at its place in a file that was walked. Raises CvatError where it changed since."""
    found: list[Element] = []

    def take(image: Element, place: int) -> None:
        found.append(image)
        raise _EndError

    with file.open("rb") as stream:
        stream.seek(offset)
        try:
            _Walker(take, within=("annotations",)).parse(stream, PIECE)
        except _EndError:
            return found[0]
    raise CvatError(1, "holds no picture where one was")


class _Walker:
    def __init__(self, take: TakeImage, within: tuple[str, ...] = ()) -> None:
        self._take = take
        self._path = list(within)
        self._open: list[Element] = []
        self._words: dict[str, str] = {}
        self._start = 0
        self.rooted = False
        self.labels: list[Label] = []
        # CVAT writes UTF-8; whatever else a file says of itself is not believed, so that places are bytes of it.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse

    def parse(self, stream: BinaryIO, size: int) -> None:
        parser, read = self._parser, 0
        try:
            while chunk := stream.read(size):
                parser.Parse(chunk, False)
                read += len(chunk)
                if read - max(parser.CurrentByteIndex, 0) > LARGEST:
                    raise CvatError(parser.CurrentLineNumber, f"holds a word of more than {LARGEST:,} bytes")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise CvatError(error.lineno, f"is not readable XML: {expat.ErrorString(error.code)}") from error

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        parser = self._parser
        if not self._path and name != "annotations":
            raise CvatError(parser.CurrentLineNumber, "holds no annotations of CVAT")
        self.rooted = True
        self._path.append(name)
        if len(self._path) > DEEPEST:
            raise CvatError(parser.CurrentLineNumber, "is nested too deeply")
        if self._path == ["annotations", "track"]:
            message = "holds the tracks of a video: export the task as CVAT for images 1.1, and save its images too"
            raise CvatError(parser.CurrentLineNumber, message)
        if self._path == ["annotations", "image"]:
            self._start = parser.CurrentByteIndex
        elif self._path[:2] != ["annotations", "image"]:
            if self._path[-2:] == ["labels", "label"]:
                self._words = {}
            return
        if parser.CurrentByteIndex - self._start > LARGEST:
            raise CvatError(parser.CurrentLineNumber, f"holds a picture with more than {LARGEST:,} bytes of objects")
        element = Element(name, attributes, parser.CurrentLineNumber)
        if self._open:
            self._open[-1].parts.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._take(element, self._start)
        elif name == "label" and self._path[-1:] == ["labels"] and self._words.get("name", "").strip():
            said = [compose(self._words.get(word, "").strip()) for word in _WORDS]
            self.labels.append(Label(*said))

    def _text(self, data: str) -> None:
        if self._path[-3:-1] == ["labels", "label"] and self._path[-1] in _WORDS:
            self._words[self._path[-1]] = said = self._words.get(self._path[-1], "") + data
            if len(said) > LONGEST:
                raise CvatError(self._parser.CurrentLineNumber, f"declares a label of more than {LONGEST:,} letters")

    def _refuse(self, *_: object) -> None:
        raise CvatError(self._parser.CurrentLineNumber, "declares a document type, which no annotation needs")
