"""The training's log lines become a bar, figures with a trend, and the time left."""

from __future__ import annotations

import json

import pytest

from workflow.runs.progress import (
    draw_bar,
    draw_curve,
    draw_curves,
    draw_trend,
    parse_epoch,
    parse_epochs,
    progress_line,
    seconds_left,
    summary_line,
)

LINE = (
    "epoch=9 epochs=15 box_loss=1.92000 cls_loss=1.1 dfl_loss=1.0 precision=0.7 recall=0.6 "
    "map50=0.81000 map50_95=0.55000 quality=0.55000 lr=0.002 seconds=1.8"
)


def line(number: int, map50: float = 0.5, seconds: float = 2.0) -> str:
    """A log line of one epoch of ten."""
    return f"epoch={number} epochs=10 box_loss={3 - number / 10} map50={map50} seconds={seconds}"


def test_a_line_of_an_epoch_is_read() -> None:
    """Every figure under its own name, and as JSON."""
    epoch = parse_epoch(LINE)
    assert epoch is not None
    assert (epoch.number, epoch.of, epoch.seconds) == (9, 15, 1.8)
    assert epoch.figures["quality"] == epoch.figures["map50_95"] == 0.55
    document = json.loads(json.dumps(epoch.document()))
    assert (document["number"], document["of"], document["map50"], document["box_loss"]) == (9, 15, 0.81, 1.92)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("epoch=1 epochs=2 loss=0.7 top1=0.9 top5=1 quality=0.9", "epoch 1/2 ▇▁  top-1 accuracy 0.900    loss 0.700"),
        (
            "epoch=1 epochs=2 box_loss=1 map50=0.5 keypoint_map50=0.4",
            "epoch 1/2 ▇▁  keypoint mAP50 0.400    box loss 1.000",
        ),
        ("epoch=1 epochs=2 seg_loss=1 map50=0.5 mask_map50=0.3", "epoch 1/2 ▇▁  mask mAP50 0.300"),
        ("epoch=1 epochs=2 box_loss=nan map50=oops", "epoch 1/2 ▇▁"),
        ("epoch=1 epochs=2", "epoch 1/2 ▇▁"),
    ],
)
def test_every_task_has_its_figure_and_a_missing_one_is_left_out(line: str, said: str) -> None:
    """A line holds what its task has, and a figure that is no number is none."""
    assert progress_line(parse_epochs([line])) == said


def test_any_other_line_is_passed_over() -> None:
    """Warnings, half lines and lines of another program are none of an epoch."""
    for other in ("", "loading", "epoch=x epochs=3 map50=1 box_loss=1", "epoch=1", "my epoch=1 of map50=2"):
        assert parse_epoch(other) is None


def test_a_curve_has_a_fixed_scale_from_0() -> None:
    """So that what it has shown does not change while it grows, and low figures do not look like high ones."""
    assert draw_curve([0, 1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7, 1]) == "▁▂▃▄▅▆▇█"
    growing = [0.002, 0.008, 0.3, 0.7]
    assert [draw_curve(growing[:count]) for count in (1, 2, 3, 4)] == ["▁", "▁▁", "▁▁▃", "▁▁▃▆"]
    assert draw_curve([3.0, 1.5], highest=3.0) == "█▅"
    assert draw_curve([0.0], highest=0.0) == "▁"


def test_many_values_share_the_blocks_of_a_curve() -> None:
    """Never more than the width, and nothing is drawn of none."""
    assert draw_curve([]) == ""
    assert len(draw_curve([n / 1000 for n in range(1000)], 40)) == 40
    assert draw_curve([n // 100 for n in range(400)], 4, highest=3) == "▁▃▆█"


def test_quality_and_every_loss_have_a_curve() -> None:
    """In columns, quality first, with the latest value."""
    lines = [f"epoch={n} epochs=3 box_loss={4 - n} seg_loss=2 map50=0.5 quality=0.{n} lr=1" for n in (1, 2, 3)]
    assert draw_curves(parse_epochs(lines)) == [
        "quality   ▂▂▃  0.300",
        "box loss  █▆▃  1.000",
        "seg loss  ███  2.000",
    ]
    assert draw_curves([]) == []


def test_a_finished_training_is_summed_up_in_a_line() -> None:
    """Its last figures, whatever the task."""
    assert (
        summary_line(parse_epochs(["epoch=1 epochs=1 loss=0.7 top1=0.9"]))
        == "1 epoch  top-1 accuracy 0.900  loss 0.700"
    )
    assert summary_line([]) == ""


def test_a_repeated_epoch_of_a_resumed_training_counts_once() -> None:
    """The later line holds."""
    epochs = parse_epochs([line(1), line(2, 0.1), "resumed", line(2, 0.3), line(3)])
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[1].figures["map50"] == 0.3


def test_the_bar_is_as_full_as_the_training_is_far() -> None:
    """Empty at the start, full at the end, never longer than the epochs."""
    assert draw_bar(0, 10) == "▁" * 10
    assert draw_bar(30, 60) == "▇" * 8 + "▁" * 7
    assert draw_bar(2, 2) == "▇▇"


def test_the_trend_points_where_the_figure_goes() -> None:
    """Against the mean of the few before it, so that one step back is no change of direction."""
    assert draw_trend([0.5]) == " "
    assert draw_trend([0.1, 0.2, 0.3]) == "↗"
    assert draw_trend([0.3, 0.2]) == "↘"
    assert draw_trend([0.5, 0.5, 0.5]) == "→"


def test_the_time_left_follows_the_last_epochs() -> None:
    """A slow first epoch does not count for ever."""
    epochs = parse_epochs([line(1, seconds=60), line(2), line(3), line(4)])
    assert seconds_left(epochs) == 12
    assert seconds_left([]) == 0


def test_the_line_holds_epoch_bar_and_figures() -> None:
    """What a person sees while it trains."""
    text = progress_line(parse_epochs([line(1, 0.2), line(2, 0.4)]))
    assert text == "about 16 s left  epoch 2/10 ▇▇▁▁▁▁▁▁▁▁  mAP50 0.400 ↗  box loss 2.800 ↘"
    assert progress_line([]) == ""
