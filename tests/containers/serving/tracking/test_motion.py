"""The filter is that of the textbooks, worked out with matrices, and finds a speed that nobody told it."""

from __future__ import annotations

import numpy as np

from containers.serving.tracking.motion import PLACE, VELOCITY, Motion

BOX = np.array([[10.0, 20, 30, 60]])
SEEN, UNSEEN = np.array([True]), np.array([False])


def test_a_step_and_a_correction_are_those_of_the_filter_in_matrices() -> None:
    """Of the centre's x of a box of 20 x 40 pixels, seen 4 pixels further right in each of three frames."""
    step, sight, side = np.array([[1.0, 1], [0, 1]]), np.array([[1.0, 0]]), 20.0
    state, spread = np.array([20.0, 0]), np.diag([(2 * PLACE * side) ** 2, (10 * VELOCITY * side) ** 2])
    motion = Motion.begin(BOX)
    for frame in range(1, 4):
        noise = np.diag([(PLACE * side) ** 2, (VELOCITY * side) ** 2])
        state, spread = step @ state, step @ spread @ step.T + noise
        motion = motion.advance(SEEN)
        total = sight @ spread @ sight.T + (PLACE * side) ** 2
        gain = spread @ sight.T / total
        state = state + gain[:, 0] * (20 + 4 * frame - state[0])
        spread = (np.eye(2) - gain @ sight) @ spread
        motion = motion.correct(np.array([0]), BOX + np.array([4 * frame, 0, 4 * frame, 0]))
        assert np.allclose((motion.place[0, 0], motion.velocity[0, 0]), state)
        assert np.allclose(
            (motion.variance[0, 0], motion.common[0, 0], motion.velocity_variance[0, 0]), [*spread[0], spread[1, 1]]
        )


def test_what_is_hidden_moves_on_and_keeps_its_size() -> None:
    """A box that grew while it was seen would be the whole picture after a second."""
    motion = Motion.begin(BOX)
    for frame in range(1, 30):
        grown = BOX + np.array([6 * frame, 0, 7 * frame, 0])
        motion = motion.advance(SEEN).correct(np.array([0]), grown)
    hidden = motion
    for _ in range(10):
        hidden = hidden.advance(UNSEEN)
    assert np.allclose(hidden.place[:, 2:], motion.place[:, 2:])
    assert abs(hidden.place[0, 0] - motion.place[0, 0] - 65) < 5
