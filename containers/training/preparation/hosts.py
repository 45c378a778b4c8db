"""What the hosts of a job tell each other: which one this is, and what each found out about its pictures."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.training.preparation.pictures import Picture, read_picture
from containers.training.preparation.processes import map_in_order
from containers.training.preparation.survey import Progress, Say
from workflow.contract.reading import VERSION
from workflow.labels.archive import the_archive
from workflow.labels.files import Files


class HostsError(RuntimeError):
    """What the hosts found out does not add up, or cannot be shared between hosts."""


@dataclass(frozen=True)
class Hosts:
    """The hosts of a processing job, and which of them this is."""

    current: str
    names: tuple[str, ...]

    @property
    def first(self) -> bool:
        """Whether this host writes what all share."""
        return self.current == self.names[0]


def read_hosts(file: Path) -> Hosts:
    """Read SageMaker's ``resourceconfig.json``; without one there is one host."""
    if not file.is_file():
        return Hosts("algo-1", ("algo-1",))
    document = json.loads(file.read_text(encoding="utf-8"))
    return Hosts(document["current_host"], tuple(sorted(document["hosts"])))


def write_inspected(root: Path, target: Path, host: str, say: Say) -> None:
    """Look at this host's share of the pictures and copy the files that are no pictures, for all hosts to read.

    Raises HostsError for a zip, which is one file and cannot be shared.
    """
    files = Files(root)
    archive = the_archive(files)
    if archive:
        raise HostsError(f"{archive}: hosts cannot share a zip; upload the files in it, or set prepare_instances to 1")
    target.mkdir(parents=True, exist_ok=True)
    pictures = set(files.images)
    for name in files.all:
        if name not in pictures:
            place = target / "files" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, place)
    progress = Progress("inspected", len(files.images), say)
    names = files.images

    def look(part: range) -> list[str]:
        return [_write_line(names[at], read_picture(root / names[at])) for at in part]

    with (target / f"pictures-{host}.jsonl").open("w", encoding="utf-8") as stream:
        for lines in map_in_order(look, len(names)):
            stream.writelines(lines)
            progress.add(len(lines))


class Inspected(Mapping[str, Picture]):
    """What all hosts found out, by the pictures' paths. It stays in its files, and is read from there in any process.

    ``parts`` are the files that ``write_inspected`` left.
    """

    def __init__(self, parts: Sequence[Path]) -> None:
        self._files = [part.open("rb") for part in parts]
        self._lines: dict[str, tuple[int, int, int]] = {}
        for which, file in enumerate(self._files):
            at = 0
            for line in file:
                self._lines[json.loads(line)["image"]] = (which, at, len(line))
                at += len(line)

    def __getitem__(self, image: str) -> Picture:
        """What was found out about one picture."""
        which, at, length = self._lines[image]
        return _parse(json.loads(os.pread(self._files[which].fileno(), length, at)))

    def __iter__(self) -> Iterator[str]:
        """The pictures' paths."""
        return iter(self._lines)

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self._lines)


def read_inspected(folder: Path) -> Inspected | None:
    """What all hosts found out; None where nothing was inspected before.

    Raises HostsError where a host's part is missing.
    """
    file = folder / "inspection.json"
    document = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"version": VERSION, "instances": 1}
    if document.get("version") != VERSION:
        raise HostsError(f"inspection.json: version {document.get('version')!r} is not {VERSION}")
    if document["instances"] == 1:
        return None
    parts = sorted(folder.glob("pictures-*.jsonl"))
    if len(parts) != document["instances"]:
        raise HostsError(f"{len(parts)} of {document['instances']} hosts have inspected their pictures")
    return Inspected(parts)


def inspected_seconds(folder: Path) -> float:
    """How long the slowest host looked at its pictures; 0 where none did before."""
    times = (json.loads(file.read_text(encoding="utf-8"))["seconds"] for file in folder.glob("time-*.json"))
    return max(times, default=0.0)


def _write_line(image: str, picture: Picture) -> str:
    fields = {
        "image": image,
        "digest": picture.digest.hex(),
        "width": picture.width,
        "height": picture.height,
        "rotated": picture.rotated,
        "look": picture.look.hex(),
        "thumbnail": base64.b64encode(picture.thumbnail).decode(),
        "defect": picture.defect,
        "message": picture.message,
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _parse(fields: Mapping[str, str | int | bool]) -> Picture:
    return Picture(
        bytes.fromhex(str(fields["digest"])),
        int(fields["width"]),
        int(fields["height"]),
        bool(fields["rotated"]),
        bytes.fromhex(str(fields["look"])),
        base64.b64decode(str(fields["thumbnail"])),
        str(fields["defect"]),
        str(fields["message"]),
    )
