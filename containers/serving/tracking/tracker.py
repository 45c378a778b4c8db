"""Follows objects from frame to frame: ByteTrack (Y. Zhang and others, ECCV 2022).

What is seen for sure goes to the tracks first. Those that got nothing may then have what is seen faintly, which is how
an object half behind another one keeps its number; faint things alone begin no track. Matched are boxes with where a
track's motion says that it should be by now. Values are ultralytics' own for this method. Pure: knows no picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Indices, Integers, Reals
from containers.serving.model.detection import Detections
from containers.serving.model.overlap import overlap
from containers.serving.tracking.matching import match
from containers.serving.tracking.motion import Motion

FAINT = 0.1
"""The score from which something that is not sure may carry a track on."""
LEAST, LEAST_OF_FAINT, LEAST_OF_NEW = 0.2, 0.5, 0.3
"""Of an overlap that matches, with what was seen for sure (there the overlap times its score), with what is faint, and
in a track's second frame (times its score)."""
SAME = 0.85
"""Two tracks that overlap by more are of one object."""
LOST_SECONDS = 1.0
"""How long an object may be hidden and still have its number."""
MOST_LOST = 1000
"""Of all that are hidden, the last ones. A video of noise would lose hundreds with every frame."""


@dataclass(frozen=True)
class Tracks:
    """``motion`` of n tracks; ``numbers`` [n], 0 until a second frame has shown that it is one; frames since each was
    ``seen`` [n], and since it ``began`` [n].
    """

    motion: Motion
    numbers: Integers
    seen: Integers
    began: Integers

    @staticmethod
    def begin(boxes: Reals) -> Tracks:
        """Of boxes [n, 4] that no track has."""
        zeros = np.zeros(len(boxes), np.int64)
        return Tracks(Motion.begin(boxes), zeros, zeros.copy(), zeros.copy())

    def keep(self, chosen: Indices | Flags) -> Tracks:
        """The chosen ones."""
        return Tracks(self.motion.keep(chosen), self.numbers[chosen], self.seen[chosen], self.began[chosen])

    def join(self, others: Tracks) -> Tracks:
        """These, and others after them."""
        pairs = (
            (self.numbers, others.numbers),
            (self.seen, others.seen),
            (self.began, others.began),
        )
        return Tracks(self.motion.join(others.motion), *(np.concatenate(pair) for pair in pairs))

    def advance(self) -> Tracks:
        """Where they should be one frame later, before anybody has looked."""
        return Tracks(self.motion.advance(self.seen == 0), self.numbers, self.seen + 1, self.began + 1)


class Tracker:
    """The tracks of one video, frame after frame."""

    def __init__(self, confidence: float, frames_per_second: float) -> None:
        """Follow what scores above ``confidence``; below it, what scores at least ``FAINT`` carries tracks on."""
        self._confidence = confidence
        self._patience = max(1, round(LOST_SECONDS * frames_per_second))
        self._tracks = Tracks.begin(np.zeros((0, 4)))
        self._given = 0
        self._first = True

    def __len__(self) -> int:
        """How many tracks it holds, those of hidden objects among them."""
        return len(self._tracks.numbers)

    def follow(self, found: Detections) -> Integers:
        """The number of each detection's track [n]; 0 of what belongs to none, or to one that is not sure yet.

        Numbers count from 1 in the order in which tracks were sure; none is given twice.
        """
        tracks = self._tracks.advance()
        sure = found.scores > self._confidence
        strong, faint = np.flatnonzero(sure), np.flatnonzero(~sure)
        known, new = np.flatnonzero(tracks.numbers > 0), np.flatnonzero(tracks.numbers == 0)
        alike = overlap(tracks.motion.boxes, found.boxes)
        scored = alike * found.scores

        taken, having = _match(scored, known, strong, LEAST)
        awaited = known[(tracks.seen[known] == 1) & ~np.isin(known, taken)]
        taken_faintly, having_faint = _match(alike, awaited, faint, LEAST_OF_FAINT)
        left = strong[~np.isin(strong, having)]
        taken_anew, having_new = _match(scored, new, left, LEAST_OF_NEW)

        at = np.concatenate((taken, taken_faintly, taken_anew))
        of = np.concatenate((having, having_faint, having_new))
        motion = tracks.motion.correct(at, found.boxes[of])
        numbers, seen = tracks.numbers.copy(), tracks.seen.copy()
        numbers[taken_anew] = self._number(len(taken_anew))
        seen[at] = 0
        begun = left[~np.isin(left, having_new)]
        # In the first frame nothing could have been seen before, so all of it counts.
        fresh = Tracks.begin(found.boxes[begun])
        fresh.numbers[:] = self._number(len(begun)) if self._first else 0
        self._first = False

        answer = np.zeros(len(found), np.int64)
        answer[of], answer[begun] = numbers[at], fresh.numbers
        tracks = Tracks(motion, numbers, seen, tracks.began)
        lasting = np.flatnonzero((seen <= self._patience) & ((numbers > 0) | (seen == 0)))
        latest = np.argsort(seen[lasting], kind="stable")[: len(at) + MOST_LOST]
        self._tracks = _drop_doubles(tracks.keep(lasting[latest]).join(fresh))
        return answer

    def _number(self, count: int) -> Integers:
        self._given += count
        return np.arange(self._given - count + 1, self._given + 1)


def _match(alike: Doubles, tracks: Indices, found: Indices, least: float) -> tuple[Indices, Indices]:
    """Which of the ``tracks`` have which of the ``found``, both as indices into ``alike``."""
    rows, columns = match(alike[np.ix_(tracks, found)] - least)
    return tracks[rows], found[columns]


def _drop_doubles(tracks: Tracks) -> Tracks:
    """Without the younger one of a lost track and one that is seen where the lost one should be."""
    seen, lost = np.flatnonzero(tracks.seen == 0), np.flatnonzero(tracks.seen > 0)
    boxes = tracks.motion.boxes
    rows, columns = np.nonzero(overlap(boxes[seen], boxes[lost]) > SAME)
    there, gone = seen[rows], lost[columns]
    older = tracks.began[there] > tracks.began[gone] - tracks.seen[gone]
    doubles = np.where(older, gone, there)
    return tracks.keep(np.setdiff1d(np.arange(len(tracks.numbers)), doubles))
