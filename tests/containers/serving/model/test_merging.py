"""What was found in overlapping views of a picture becomes one answer: cases worked out by hand.

The picture is 1000 x 600 pixels. Its two tiles of 640 x 600 reach from 0 to 640 and from 360 to 1000: they share the
pixels from 360 to 640.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from containers.serving.model.detection import Detections
from containers.serving.model.mask import Mask, compress
from containers.serving.model.merging import LateError, View, merge
from containers.serving.model.oriented import corners
from containers.serving.model.thresholds import Thresholds
from workflow.contract.tiles import Tile

WHOLE, LEFT, RIGHT = Tile(0, 0, 1000, 600), Tile(0, 0, 640, 600), Tile(360, 0, 640, 600)
Found = tuple[float, list[float]]


def boxes(*found: Found, classes: list[int] | None = None) -> Detections:
    """Scores and boxes."""
    sides = np.array([box for _, box in found], np.float32).reshape(-1, 4)
    named = np.array(classes or [0] * len(found), np.int64)
    return Detections(sides, np.array([score for score, _ in found], np.float32), named)


def joined(whole: Detections, left: Detections, right: Detections, **thresholds: float) -> Detections:
    """The answer of three views."""
    views = [View(WHOLE, whole), View(LEFT, left), View(RIGHT, right)]
    return merge(views, Thresholds(**thresholds), math.inf)  # type: ignore[arg-type]


def answers(found: Detections) -> list[tuple[float, list[float]]]:
    """Scores of two decimals, and boxes."""
    return list(zip(found.scores.astype(float).round(2).tolist(), found.boxes.tolist(), strict=True))


NOTHING = boxes()


def test_an_object_that_both_tiles_show_whole_is_one() -> None:
    """The better one's box; two pixels beside each other are no second object."""
    found = joined(NOTHING, boxes((0.8, [400, 100, 440, 140])), boxes((0.9, [402, 100, 442, 140])))
    assert answers(found) == [(0.9, [402, 100, 442, 140])]


def test_a_tile_says_where_an_object_is_that_the_whole_picture_is_surer_of() -> None:
    """In full resolution the box is finer; the score is the better one."""
    found = joined(boxes((0.9, [398, 96, 446, 144])), boxes((0.6, [400, 100, 440, 140])), NOTHING)
    assert answers(found) == [(0.9, [400, 100, 440, 140])]


def test_an_object_across_a_seam_is_the_one_that_a_tile_shows_whole() -> None:
    """The left tile cuts it off at 640, and is surer of it: the score is its, the box is not."""
    found = joined(NOTHING, boxes((0.9, [600, 100, 640, 140])), boxes((0.7, [600, 100, 660, 140])))
    assert answers(found) == [(0.9, [600, 100, 660, 140])]


def test_an_object_that_every_tile_cuts_is_put_together() -> None:
    """A bar from 100 to 900: either tile shows a part of it, and both are the whole of it."""
    found = joined(NOTHING, boxes((0.6, [100, 200, 640, 260])), boxes((0.8, [360, 204, 900, 262])))
    assert answers(found) == [(0.8, [100, 200, 900, 262])]


def test_an_object_that_only_the_whole_picture_shows_stays_found() -> None:
    """Both tiles take their part of it for the object, and one of them once more: it is one, as the picture has it."""
    parts = boxes((0.9, [50, 50, 639, 590]), (0.5, [300, 300, 640, 560]))
    found = joined(boxes((0.8, [50, 48, 960, 592])), parts, boxes((0.7, [360, 50, 958, 590])))
    assert answers(found) == [(0.9, [50, 48, 960, 592])]


def test_two_neighbours_at_a_seam_stay_two() -> None:
    """Side by side, both in either tile: each finds its own."""
    left = boxes((0.9, [580, 100, 610, 130]), (0.8, [611, 100, 640, 130]))
    right = boxes((0.85, [612, 100, 642, 130]), (0.75, [580, 101, 610, 131]))
    assert answers(joined(NOTHING, left, right)) == [(0.9, [580, 100, 610, 130]), (0.85, [612, 100, 642, 130])]


def test_two_long_neighbours_that_every_tile_cuts_stay_two() -> None:
    """Two thirds of either lie in the other's box; each tile tells them apart, and each goes on as itself."""
    left = boxes((0.9, [100, 200, 640, 260]), (0.8, [120, 220, 640, 280]))
    right = boxes((0.7, [360, 200, 900, 260]), (0.6, [360, 220, 880, 280]))
    assert answers(joined(NOTHING, left, right)) == [(0.9, [100, 200, 900, 260]), (0.8, [120, 220, 880, 280])]


def test_a_small_one_in_front_of_a_large_one_stays() -> None:
    """Its whole area lies in the large one's box, and every view tells them apart; a part of the large one is its."""
    left = boxes((0.9, [380, 100, 640, 300]), (0.8, [450, 150, 480, 180]))
    right = boxes((0.7, [380, 100, 700, 300]), (0.6, [450, 150, 480, 180]))
    assert answers(joined(NOTHING, left, right)) == [(0.9, [380, 100, 700, 300]), (0.8, [450, 150, 480, 180])]


def test_a_whole_one_does_not_vanish_in_a_part_of_another() -> None:
    """The left tile shows a part of a large one, the right one a small one alone, which lies on that: two objects."""
    found = joined(NOTHING, boxes((0.9, [100, 100, 640, 300])), boxes((0.8, [450, 150, 480, 180])))
    assert answers(found) == [(0.9, [100, 100, 640, 300]), (0.8, [450, 150, 480, 180])]


def test_what_is_of_another_class_is_another_object() -> None:
    """However well they lie on each other."""
    found = joined(NOTHING, boxes((0.9, [400, 100, 440, 140])), boxes((0.8, [400, 100, 440, 140]), classes=[1]))
    assert found.classes.tolist() == [0, 1]


def test_the_picture_s_own_edge_cuts_nothing_off() -> None:
    """A box in its corner is as whole as there is: not a part of the larger one around it."""
    right = joined(boxes((0.9, [500, 0, 1000, 600])), NOTHING, boxes((0.8, [900, 500, 1000, 600])))
    left = joined(boxes((0.9, [0, 0, 500, 600])), boxes((0.8, [0, 0, 100, 100])), NOTHING)
    assert (len(left), len(right)) == (2, 2)


def test_less_overlap_makes_one_of_two_where_it_is_asked_for() -> None:
    """Two that share a third of what they cover, each seen by one tile."""
    views = (NOTHING, boxes((0.9, [400, 100, 440, 140])), boxes((0.8, [420, 100, 460, 140])))
    assert len(joined(*views)) == 2
    assert len(joined(*views, iou=0.3)) == 1


def test_no_more_are_answered_than_are_asked_for() -> None:
    """The best of all views."""
    found = joined(
        boxes((0.3, [0, 0, 9, 9])), boxes((0.5, [50, 0, 60, 9])), boxes((0.4, [800, 0, 810, 9])), max_detections=2
    )
    assert answers(found) == [(0.5, [50, 0, 60, 9]), (0.4, [800, 0, 810, 9])]


def test_masks_of_parts_are_joined_to_the_pixel() -> None:
    """A bar of which each tile shows its part, the right one all but six columns of it: what either covers."""

    def part(left: int, top: int, width: int, height: int, first: float = 1) -> Detections:
        # From one logit to the next are ten pixels: of -1 and 1 the first six are outside.
        logits = np.array([[first, 1], [first, 1]], np.float32)
        mask = Mask(left, top, width, height, logits, (0.0, 0.0), (0.1, 0.1))
        sides = np.array([[left, top, left + width, top + height]], np.float32)
        return Detections(sides, np.ones(1, np.float32), np.zeros(1, np.int64), masks=(mask,))

    nothing = part(0, 0, 1, 1).keep(np.zeros(0, np.intp))
    found = joined(nothing, part(100, 200, 540, 60), part(360, 210, 540, 60, -1))
    (mask,) = found.masks or ()
    assert (mask.left, mask.top, mask.width, mask.height) == (100, 200, 800, 70)
    expected = np.zeros((70, 800), bool)
    expected[:60, :540] = expected[10:, 266:] = True
    assert (mask.pixels == expected).all()
    drawn = np.zeros((600, 1000), bool)
    drawn[200:270, 100:900] = expected
    counts = np.diff(np.flatnonzero(np.diff(drawn.T.ravel(), prepend=False, append=False)), prepend=0)
    assert mask.rle(1000, 600)["counts"] == compress(np.append(counts, drawn.size - counts.sum()))


def test_keypoints_come_from_the_view_that_sees_them() -> None:
    """The left tile's second point lies on its edge, the right one's first does: of each the other's is right."""

    def part(box: list[float], points: list[list[float]]) -> Detections:
        found = boxes((0.8, box))
        return Detections(found.boxes, found.scores, found.classes, keypoints=np.array([points], np.float32))

    nothing = part([0, 0, 1, 1], [[0, 0, 0], [0, 0, 0]]).keep(np.zeros(0, np.intp))
    left = part([100, 200, 640, 260], [[120, 230, 0.9], [640, 231, 0.95]])
    right = part([360, 200, 900, 260], [[360, 229, 0.95], [880, 230, 0.7]])
    found = joined(nothing, left, right)
    assert found.boxes.tolist() == [[100, 200, 900, 260]]
    assert found.keypoints is not None
    assert np.allclose(found.keypoints, [[[120, 230, 0.9], [880, 230, 0.7]]])


def turned(*rectangles: tuple[float, ...], score: float = 0.8) -> Detections:
    """Turned boxes from centre, sides and angle, with the upright box around each, cut off by nothing."""
    table = np.array(rectangles, np.float32).reshape(-1, 5)
    around = corners(table)
    sides = np.concatenate((around.min(axis=1), around.max(axis=1)), axis=1).reshape(-1, 4)
    scores = np.full(len(table), score, np.float32)
    return Detections(sides, scores, np.zeros(len(table), np.int64), corners=around, angles=table[:, 4])


def within(found: Detections, tile: Tile) -> Detections:
    """The upright boxes end where their tile does."""
    left, top, width, height = tile
    limits = np.array([left, top, left + width, top + height], np.float32)
    found.boxes[:] = np.concatenate((found.boxes[:, :2].clip(limits[:2]), found.boxes[:, 2:].clip(None, limits[2:])), 1)
    return found


def test_turned_boxes_across_a_seam_are_one() -> None:
    """A bar of 900 x 20 pixels, a little turned: of either tile the part it shows, put together as turned."""
    bar, turn = np.array([500.0, 300.0]), 0.1
    along = np.array([np.cos(turn), np.sin(turn)])
    left, right = bar - along * 155, bar + along * 155
    found = joined(
        turned(),
        within(turned((*left, 590, 20, turn)), LEFT),
        within(turned((*right, 590, 20, turn), score=0.9), RIGHT),
    )
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.corners is not None
    assert np.allclose(found.corners[0], corners(np.array([[*bar, 900, 20, turn]]))[0], atol=0.01)
    assert found.angles is not None
    assert found.angles.tolist() == pytest.approx([turn])


def test_turned_neighbours_stay_two_though_their_upright_boxes_are_nearly_one() -> None:
    """Two thin ones side by side, at 45 degrees; both tiles see both of them whole, or either sees one."""
    pair = ((500, 300, 150, 10, np.pi / 4), (514, 286, 150, 10, np.pi / 4))
    assert len(joined(turned(), turned(*pair), turned(*pair, score=0.7))) == 2
    assert len(joined(turned(), turned(pair[0]), turned(pair[1]))) == 2


def test_turned_parts_of_neighbours_do_not_go_together() -> None:
    """The left tile cuts one off, the right one shows its neighbour whole; their upright boxes share nearly all."""
    one = within(turned((560, 300, 230, 10, np.pi / 4)), LEFT)
    assert len(joined(turned(), one, turned((575, 285, 230, 10, np.pi / 4)))) == 2
    assert len(joined(turned(), one, turned((561, 301, 230, 10, np.pi / 4)))) == 1


def test_merging_ends_where_the_time_is_over() -> None:
    """A picture full of findings takes no longer than its request may."""
    views = [View(WHOLE, NOTHING), View(LEFT, boxes((0.9, [400, 100, 440, 140]))), View(RIGHT, NOTHING)]
    with pytest.raises(LateError, match="before what 2 tiles show was one answer"):
        merge(views, Thresholds(), 0.0)


def test_nothing_found_is_nothing_answered() -> None:
    """In every view."""
    assert len(joined(NOTHING, NOTHING, NOTHING)) == 0
