"""The first examples of a kind of finding, each with its picture: decoded anew, made small and drawn on.

As few as are shown, so that a page costs about as much for a million pictures as for a hundred.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

from containers.page.document import embed
from containers.training.data_page.drawing import LONG, Shape, draw, lies_beyond, shape_of
from containers.training.data_page.words import place, shown
from containers.training.preparation.catalogue import UNSPLIT, Catalogue
from containers.training.preparation.findings import Sample
from containers.training.preparation.thumbnails import read_small
from workflow.contract.dataset_report import SPLITS
from workflow.labels.files import is_image
from workflow.labels.source import Source

OF_A_KIND = 3
"""Examples of a kind."""
PICTURES = 100
"""Pictures on a page."""
SHAPES = 300
"""Objects that are drawn on one picture."""
_QUALITY = 80


class Album:
    """Draws samples, ``PICTURES`` pictures at most."""

    def __init__(self, source: Source, catalogue: Catalogue, root: Path, samples: Sequence[Sample]) -> None:
        """The pictures lie below ``root``, of which a host has only its share; any of ``samples`` may be drawn."""
        self._source, self._catalogue, self._root, self._samples = source, catalogue, root, samples
        wanted = {image for sample in samples for image in _pictures_of(sample)}
        self._places = {entry.image: at for at, entry in enumerate(catalogue.entries) if entry.image in wanted}
        self._left = PICTURES

    def figures(self, kind: str) -> list[str]:
        """The first samples of a kind as figures, HTML each; none where there is nothing to see of any."""
        found = [sample for sample in self._samples if sample.finding.kind == kind]
        seen = [(sample, pictures) for sample in found if (pictures := _pictures_of(sample))]
        # Those first that this host has.
        seen.sort(key=lambda one: not self._is_here(one[1][0]))
        return [self._figure(sample, pictures) for sample, pictures in _spread(seen)[:OF_A_KIND]]

    def _is_here(self, image: str) -> bool:
        return (self._root / image).is_file()

    def _figure(self, sample: Sample, pictures: Sequence[str]) -> str:
        finding = sample.finding
        wrong = shape_of(sample.numbers, self._source.keypoints, wrong=True)
        drawn = "".join(self._picture(image, wrong if at == 0 else None, sample) for at, image in enumerate(pictures))
        beside = ' class="beside"' if len(pictures) > 1 else ""
        far = "<span>It lies far beyond the picture.</span>" if wrong and lies_beyond(wrong) else ""
        return (
            f"<figure{beside}><div>{drawn}</div><figcaption><code>{place(finding.file, finding.line)}</code> "
            f"{shown(finding.message)}{far}</figcaption></figure>\n"
        )

    def _picture(self, image: str, wrong: Shape | None, sample: Sample) -> str:
        at = self._places.get(image)
        below = f"<p>{self._about(image, at)}</p>"
        address, size, why = self._decode(image)
        if not address:
            # What was found in the picture says more than its decoder.
            why = why or (sample.finding.message if image == sample.finding.file else "it cannot be decoded")
            return f'<div><div class="nothing"><p>no picture: {shown(why)}</p></div>{below}</div>'
        shapes = self._labels(at) + ([wrong] if wrong else [])
        said = f"{image} with {len(shapes)} object{'' if len(shapes) == 1 else 's'} drawn"
        return f"<div>{draw(address, size, shapes, said)}{below}</div>"

    def _about(self, image: str, at: int | None) -> str:
        """Which picture it is, and of which split and class."""
        said = [shown(image)]
        if at is not None and self._catalogue.rows["split"][at] != UNSPLIT:
            said.append(SPLITS[self._catalogue.rows["split"][at]])
        if at is not None and self._source.task == "classify":
            names = [self._source.classes[int(line)] for line in self._catalogue.label(at).decode().split()]
            said.append(f"labelled {shown(', '.join(names))}")
        return " · ".join(said)

    def _labels(self, at: int | None) -> list[Shape]:
        """The objects of a picture as they are handed on."""
        if at is None or self._source.task == "classify":
            return []
        found = []
        for line in self._catalogue.label(at).decode().splitlines()[:SHAPES]:
            number, *numbers = line.split()
            name = self._source.classes[int(number)]
            if shape := shape_of([float(one) for one in numbers], self._source.keypoints, name):
                found.append(shape)
        return found

    def _decode(self, image: str) -> tuple[str, tuple[int, int], str]:
        """A picture's address and size; or why there is none, empty where the picture cannot be decoded."""
        if not self._is_here(image):
            return "", (0, 0), "this picture lies on another instance"
        if not self._left:
            return "", (0, 0), f"a page shows {PICTURES} pictures at most"
        self._left -= 1
        stream = io.BytesIO()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                small = read_small(self._root / image, int(LONG))
            small.save(stream, "JPEG", quality=_QUALITY)
        except Exception:
            # These are pictures that something is wrong with, and a damaged one may raise anything.
            return "", (0, 0), ""
        return embed(stream.getvalue()), small.size, ""


def _pictures_of(sample: Sample) -> tuple[str, ...]:
    """What there is to see of a finding; a file that is itself a picture, where nothing else is told."""
    return sample.pictures or ((sample.finding.file,) if is_image(sample.finding.file) else ())


def _spread(seen: Sequence[tuple[Sample, tuple[str, ...]]]) -> list[tuple[Sample, tuple[str, ...]]]:
    """The samples so that those come first which show a picture that no sample before them shows."""
    first: list[tuple[Sample, tuple[str, ...]]] = []
    again: list[tuple[Sample, tuple[str, ...]]] = []
    known: set[tuple[str, ...]] = set()
    for one in seen:
        (again if one[1] in known else first).append(one)
        known.add(one[1])
    return first + again
