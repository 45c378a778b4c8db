"""Runs one predictor over the held-out images and keeps what the figures, the page and the smoke test need of it.

Two readings of one inference: every class at nearly any score, which average precision needs, and the answer that is
served at the chosen confidence. Of a picture only flags and scores are kept, so that thousands of pictures with
hundreds of masks each fit the memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from containers.serving.answer.answer import describe, describe_classes
from containers.serving.evaluation.average_precision import OVERLAPS, Matches
from containers.serving.evaluation.figures import Found, Named, Record
from containers.serving.evaluation.held_out import HeldOut, HeldOutError, Picture
from containers.serving.evaluation.judging import Judge, Pairs, Truth
from containers.serving.model.arrays import Doubles, Flags, Integers
from containers.serving.model.classification import class_scores
from containers.serving.model.detection import Detections
from containers.serving.model.image import decode_image, read_as_sent
from containers.serving.model.image_header import ImageError
from containers.serving.model.predictor import Predictor
from containers.serving.model.sight import Inference, Sight
from containers.serving.model.thresholds import Thresholds

LOWEST_CONFIDENCE = {"detect": 0.001, "pose": 0.001, "segment": 0.001, "obb": 0.01}
"""Average precision looks at nearly everything a model says: from these scores on, as ultralytics' ``val`` does."""
TOP_FIVE = 5
"""Best classes among which the figure ``top5`` looks for the true one."""
UNKNOWN = -1
"""A class that the held-out data does not have."""
PROGRESS_SECONDS = 30.0


@dataclass(frozen=True)
class Seen:
    """What is kept of one picture, at the served confidence and overlap 0.5.

    ``classes`` are the ids that were answered; ``certainty`` is the lowest score answered, 1 where nothing was.
    """

    picture: Picture
    classes: frozenset[int]
    certainty: float
    missed: int
    wrong: int

    @property
    def mistakes(self) -> int:
        """Objects missed plus detections that are wrong."""
        return self.missed + self.wrong


@dataclass(frozen=True)
class Measurement:
    """All a model said of the held-out images, in the class order of the held-out data; times in milliseconds [n].

    ``mixed`` counts what is true [row] and was answered [column]; where objects are found, the last of both is nothing.
    """

    seen: tuple[Seen, ...]
    record: Record
    mixed: Integers
    milliseconds: Doubles

    @property
    def missed(self) -> int:
        """True objects that nothing finds, on all pictures."""
        return sum(one.missed for one in self.seen)

    @property
    def wrong(self) -> int:
        """Detections that find none, on all pictures; of a classifier, pictures that it names wrongly."""
        return sum(one.wrong for one in self.seen)

    def percentile(self, percent: float) -> float:
        """Milliseconds within which this share of the pictures was answered."""
        return round(float(np.percentile(self.milliseconds, percent)), 3) if len(self.milliseconds) else 0.0


class Observer(Protocol):
    """Looks at one picture after the other and remembers what the figures need."""

    mixed: Integers

    def look(self, picture: Picture, tell: Callable[[dict[str, Any]], None] | None) -> tuple[Seen, float]:
        """What is kept of a picture, and the milliseconds from its bytes to the answer, which goes to ``tell``."""

    def record(self) -> Record:
        """All that was looked at."""


def measure(
    predictor: Predictor,
    held_out: HeldOut,
    confidence: float,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> Measurement:
    """Run every held-out image through the predictor. Raises HeldOutError for an image that cannot be read.

    Classes are matched by name, so a champion trained on other classes is judged on those it shares. ``tell`` is given
    each picture's answer as it stands in ``predictions.json``.
    """
    observer = observe(predictor, held_out, confidence)
    seen, milliseconds = [], []
    last_line = time.monotonic()
    for picture in held_out.pictures:
        one, spent = observer.look(picture, tell)
        seen.append(one)
        milliseconds.append(spent)
        if time.monotonic() - last_line > PROGRESS_SECONDS:
            last_line = time.monotonic()
            print(f"measured {len(seen)} of {len(held_out.pictures)} pictures", flush=True)
    return Measurement(tuple(seen), observer.record(), observer.mixed, np.array(milliseconds))


def observe(predictor: Predictor, held_out: HeldOut, confidence: float) -> Observer:
    """The observer of a model of the held-out pictures' task, which has looked at nothing yet."""
    kind = Namer if held_out.task == "classify" else Finder
    observer: Observer = kind(predictor, held_out, confidence)
    return observer


@contextmanager
def name_the_picture(picture: Picture) -> Iterator[None]:
    """Raise HeldOutError, with the picture's name, where it cannot be looked at."""
    try:
        yield
    except ImageError as error:
        raise HeldOutError(f"{picture.name}: {error}") from None


def map_classes(predictor: Predictor, held_out: HeldOut) -> NDArray[np.int64]:
    """For each class of the model its id in the held-out data, UNKNOWN for one that is not there."""
    ids = {name: at for at, name in enumerate(held_out.classes)}
    return np.array([ids.get(name, UNKNOWN) for name in predictor.manifest.classes])


class Finder:
    """The observer of a model that finds objects."""

    def __init__(self, predictor: Predictor, held_out: HeldOut, confidence: float) -> None:
        """Nothing is looked at yet."""
        self._predictor, self._held_out = predictor, held_out
        most = predictor.manifest.max_detections
        self._served = Thresholds.usual(held_out.task, confidence, most)
        self._lowest = Thresholds(LOWEST_CONFIDENCE[held_out.task], max_detections=most, every_class=True)
        self._judge = Judge.of(held_out)
        self._ids = map_classes(predictor, held_out)
        self._everything: list[tuple[Detections, Flags]] = []
        self._shapes: list[Flags] = []
        self._answered: list[tuple[Detections, Flags]] = []
        self.mixed: Integers = np.zeros((len(held_out.classes) + 1,) * 2, np.int64)

    def look(self, picture: Picture, tell: Callable[[dict[str, Any]], None] | None) -> tuple[Seen, float]:
        """See ``Observer``."""
        started = time.perf_counter()
        sight = self._look(picture, self._served, self._lowest)
        answer, everything = sight.found
        # What nobody is answered costs nobody time.
        spent = (time.perf_counter() - started) * 1000 - sight.boxes_ms[1]
        width, height = sight.width, sight.height
        if tell is not None:
            detections = describe(answer, width, height, self._predictor.manifest.classes, "rle")
            tell({"file": picture.name, "width": width, "height": height, "detections": detections})
        truth = Truth.of(picture, sight)
        found = self._rename_classes(everything)
        by_place, by_shape = self._judge.right(found, truth)
        self._everything.append((_drop_extras(found), by_place))
        if by_shape is not None:
            self._shapes.append(by_shape)
        served = self._rename_classes(answer)
        pairs = self._judge.pairs(served, truth)
        self._answered.append((_drop_extras(served), np.repeat(pairs.right[:, None], len(OVERLAPS), axis=1)))
        self._count(served, pairs, truth)
        certainty = float(served.scores.min()) if len(served) else 1.0
        missed, wrong = int(pairs.missed.sum()), int((~pairs.right).sum())
        return Seen(picture, frozenset(served.classes.tolist()), certainty, missed, wrong), spent

    def find(self, picture: Picture) -> tuple[Detections, Pairs, Truth]:
        """What is served for a picture, judged; not remembered."""
        sight = self._look(picture, self._served)
        truth = Truth.of(picture, sight)
        served = self._rename_classes(sight.found[0])
        return served, self._judge.pairs(served, truth), truth

    def record(self) -> Found:
        """See ``Observer``."""
        everything = self._collect(self._everything)
        right = [np.zeros((0, len(OVERLAPS)), bool), *self._shapes]
        shapes = (
            replace(everything, right=np.concatenate(right)) if self._held_out.task in ("pose", "segment") else None
        )
        served = self._collect(self._answered)
        return Found(self._held_out.task, len(self._held_out.classes), everything, shapes, served)

    def _look(self, picture: Picture, *asked: Thresholds) -> Sight:
        """As a client's picture is looked at, in tiles where the model does so by itself."""
        with name_the_picture(picture):
            return self._predictor.look(decode_image(read_as_sent(picture.path)), asked, check=True)

    def _rename_classes(self, found: Detections) -> Detections:
        named = replace(found, classes=self._ids[found.classes])
        return named.keep(named.classes != UNKNOWN)

    def _count(self, served: Detections, pairs: Pairs, truth: Truth) -> None:
        nothing = len(self._held_out.classes)
        for answered, finds, mistaken in zip(served.classes, pairs.finds, pairs.mistakes, strict=True):
            lies_on = max(finds, mistaken)
            self.mixed[truth.classes[lies_on] if lies_on >= 0 else nothing, answered] += 1
        for class_id in truth.classes[np.setdiff1d(np.flatnonzero(pairs.missed), pairs.mistakes)]:
            self.mixed[class_id, nothing] += 1

    def _collect(self, rows: list[tuple[Detections, Flags]]) -> Matches:
        pictures = self._held_out.pictures
        return Matches(
            right=np.concatenate([np.zeros((0, len(OVERLAPS)), bool), *(right for _, right in rows)]),
            scores=_concatenate([found.scores for found, _ in rows], np.float32),
            classes=_concatenate([found.classes for found, _ in rows], np.int64),
            pictures=np.repeat(np.arange(len(rows)), [len(found) for found, _ in rows]),
            true_classes=_concatenate([picture.classes for picture in pictures], np.int64),
            true_pictures=np.repeat(np.arange(len(pictures)), [len(picture.classes) for picture in pictures]),
        )


class Namer:
    """The observer of a classifier."""

    def __init__(self, predictor: Predictor, held_out: HeldOut, confidence: float) -> None:
        """Nothing is looked at yet."""
        self._predictor, self._held_out = predictor, held_out
        self._served = Thresholds.usual(held_out.task, confidence)
        self._ids = map_classes(predictor, held_out)
        self._rows: list[tuple[int, int, bool]] = []
        self.mixed: Integers = np.zeros((len(held_out.classes),) * 2, np.int64)

    def look(self, picture: Picture, tell: Callable[[dict[str, Any]], None] | None) -> tuple[Seen, float]:
        """See ``Observer``."""
        started = time.perf_counter()
        inference = self._infer(picture)
        scores = class_scores(inference.outputs)
        best = describe_classes(scores, self._served, self._predictor.manifest.classes)
        spent = (time.perf_counter() - started) * 1000
        if tell is not None:
            size = {"width": inference.width, "height": inference.height}
            tell({"file": picture.name, **size, "classification": best})
        true, given = int(picture.classes[0]), int(self._ids[best[0]["class_id"]])
        five = self._ids[np.argsort(-scores, kind="stable")[:TOP_FIVE]]
        self._rows.append((true, given, true in five))
        if given != UNKNOWN:
            self.mixed[true, given] += 1
        return Seen(picture, frozenset({given}), best[0]["score"], 0, int(given != true)), spent

    def name(self, picture: Picture) -> tuple[Inference, dict[str, Any]]:
        """What a picture is served as, the best class of its answer; not remembered."""
        inference = self._infer(picture)
        scores = class_scores(inference.outputs)
        return inference, describe_classes(scores, self._served, self._predictor.manifest.classes)[0]

    def _infer(self, picture: Picture) -> Inference:
        with name_the_picture(picture):
            return self._predictor.infer(read_as_sent(picture.path))

    def record(self) -> Named:
        """See ``Observer``."""
        table = np.array(self._rows, np.int64).reshape(-1, 3)
        return Named(len(self._held_out.classes), table[:, 0], table[:, 1], table[:, 2] == 1)


def _drop_extras(found: Detections) -> Detections:
    """Without what only a task adds, which holds a hundred times the memory of the rest."""
    return Detections(found.boxes, found.scores, found.classes)


def _concatenate(parts: list[Any], kind: type) -> Any:
    return np.concatenate([np.zeros(0, kind), *parts])
