"""The training's log lines become a bar, figures with a trend, and the time left."""

from __future__ import annotations

from workflow.progress import Epoch, bar, epoch_of, epochs_of, progress_line, seconds_left, trend

LINE = (
    "epoch=9 epochs=15 box_loss=1.92000 cls_loss=1.1 dfl_loss=1.0 precision=0.7 recall=0.6 "
    "map50=0.81000 map50_95=0.55000 lr=0.002 seconds=1.8"
)


def line(number: int, map50: float = 0.5, seconds: float = 2.0) -> str:
    """A log line of one epoch of ten."""
    return f"epoch={number} epochs=10 box_loss={3 - number / 10} map50={map50} seconds={seconds}"


def test_a_line_of_an_epoch_is_read() -> None:
    """The figures the view shows."""
    assert epoch_of(LINE) == Epoch(number=9, of=15, map50=0.81, box_loss=1.92, seconds=1.8)


def test_any_other_line_is_passed_over() -> None:
    """Warnings, half lines and lines of another program are none of an epoch."""
    for other in ("", "loading", "epoch=x epochs=3 map50=1 box_loss=1", "epoch=1", "my epoch=1 of map50=2"):
        assert epoch_of(other) is None


def test_a_repeated_epoch_of_a_resumed_training_counts_once() -> None:
    """The later line holds."""
    epochs = epochs_of([line(1), line(2, 0.1), "resumed", line(2, 0.3), line(3)])
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[1].map50 == 0.3


def test_the_bar_is_as_full_as_the_training_is_far() -> None:
    """Empty at the start, full at the end, never longer than the epochs."""
    assert bar(0, 10) == "▁" * 10
    assert bar(30, 60) == "▇" * 8 + "▁" * 7
    assert bar(2, 2) == "▇▇"


def test_the_trend_points_where_the_figure_goes() -> None:
    """Against the mean of the few before it, so that one step back is no change of direction."""
    assert trend([0.5]) == " "
    assert trend([0.1, 0.2, 0.3]) == "↗"
    assert trend([0.3, 0.2]) == "↘"
    assert trend([0.5, 0.5, 0.5]) == "→"


def test_the_time_left_follows_the_last_epochs() -> None:
    """A slow first epoch does not count for ever."""
    epochs = epochs_of([line(1, seconds=60), line(2), line(3), line(4)])
    assert seconds_left(epochs) == 12
    assert seconds_left([]) == 0


def test_the_line_holds_epoch_bar_and_figures() -> None:
    """What a person sees while it trains."""
    text = progress_line(epochs_of([line(1, 0.2), line(2, 0.4)]))
    assert text == "epoch 2/10 ▇▇▁▁▁▁▁▁▁▁  mAP50 0.40 ↗  box loss 2.80 ↘"
    assert progress_line([]) == ""
