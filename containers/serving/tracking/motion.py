"""Where boxes will be in the next frame: a Kalman filter of constant velocity for each number of each box.

The numbers are a box's centre, width and height in pixels, as N. Aharon and others have them ("BoT-SORT", 2022), and
how uncertain they are goes with the box's size, as in N. Wojke and others, "Simple online and realtime tracking with a
deep association metric" (2017). Nothing in that model ties one number to another, so that the filter of eight states
is four of two, a place and its velocity, and takes no matrix. One step is one frame. Pure arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Indices, Reals

PLACE, VELOCITY = 1 / 20, 1 / 160
"""Standard deviations of what a place is measured to and changes by, and of what a velocity changes by, a frame; of
the box's side."""


@dataclass(frozen=True)
class Motion:
    """``place`` and ``velocity`` [n, 4] of n boxes: x and y of the centre, width, height, in pixels and pixels a frame.

    Beside them the variance of both, and their covariance ``common``, each [n, 4].
    """

    place: Doubles
    velocity: Doubles
    variance: Doubles
    common: Doubles
    velocity_variance: Doubles

    @staticmethod
    def begin(boxes: Reals) -> Motion:
        """Of boxes [n, 4] (left, top, right, bottom) that are seen for the first time: nobody knows how they move."""
        place = _place(boxes)
        sides = _sides(place)
        still = np.zeros_like(place)
        return Motion(place, still, (2 * PLACE * sides) ** 2, still.copy(), (10 * VELOCITY * sides) ** 2)

    def __len__(self) -> int:
        """How many boxes there are."""
        return len(self.place)

    @property
    def boxes(self) -> Doubles:
        """Where they are [n, 4], as left, top, right, bottom."""
        centre, size = self.place[:, :2], self.place[:, 2:]
        return np.concatenate((centre - size / 2, centre + size / 2), axis=1)

    def advance(self, seen: Flags) -> Motion:
        """One frame on. What was not ``seen`` [n] in the last one moves on and keeps its size."""
        velocity = self.velocity.copy()
        velocity[~seen, 2:] = 0
        sides = _sides(self.place)
        return Motion(
            self.place + velocity,
            velocity,
            self.variance + 2 * self.common + self.velocity_variance + (PLACE * sides) ** 2,
            self.common + self.velocity_variance,
            self.velocity_variance + (VELOCITY * sides) ** 2,
        )

    def correct(self, at: Indices, boxes: Reals) -> Motion:
        """With the ``boxes`` [k, 4] that were seen of those ``at`` k indices."""
        place, variance, common = self.place[at], self.variance[at], self.common[at]
        missed = _place(boxes) - place
        total = variance + (PLACE * _sides(place)) ** 2
        gain, gain_of_velocity = variance / total, common / total
        changed = {
            "place": place + gain * missed,
            "velocity": self.velocity[at] + gain_of_velocity * missed,
            "variance": (1 - gain) * variance,
            "common": (1 - gain) * common,
            "velocity_variance": self.velocity_variance[at] - gain_of_velocity * common,
        }
        kept = {name: getattr(self, name).copy() for name in changed}
        for name, values in changed.items():
            kept[name][at] = values
        return Motion(**kept)

    def keep(self, chosen: Indices | Flags) -> Motion:
        """The chosen ones."""
        return Motion(*(values[chosen] for values in self._all()))

    def join(self, others: Motion) -> Motion:
        """These, and others after them."""
        return Motion(*(np.concatenate(pair) for pair in zip(self._all(), others._all(), strict=True)))

    def _all(self) -> tuple[Doubles, ...]:
        return self.place, self.velocity, self.variance, self.common, self.velocity_variance


def _place(boxes: Reals) -> Doubles:
    corners = boxes.astype(np.float64)
    centre, size = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
    return np.concatenate((centre, size), axis=1)


def _sides(place: Doubles) -> Doubles:
    """Of each number the side that it is along [n, 4]; a box that is no wider than a line would be sure of itself."""
    return np.tile(np.maximum(place[:, 2:], 1.0), 2)
