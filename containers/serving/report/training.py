"""How training went: the figure that decides and the losses by epoch, and what a search tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from containers.page.table import Row, folded
from containers.page.words import code, count
from containers.serving.report.chart import Axis, Chart, Line, Mark, Points, upwards
from containers.serving.report.words import NOTHING, duration, fraction
from workflow.contract.reading import finite
from workflow.contract.scores import FIGURE_NAMES, QUALITY

Document = Mapping[str, Any]


def training(history: Document | None, record: Document | None, trials: Sequence[Document], task: str) -> str:
    """The curves of ``training.json`` and the trials of a search; nothing where neither is known."""
    curves = "" if history is None else _curves(history, record, task)
    searched = _trials(trials, task)
    return f"<section>\n<h2>Training</h2>\n{curves}{searched}</section>\n" if curves or searched else ""


def _curves(history: Document, record: Document | None, task: str) -> str:
    lines = history.get("epochs")
    epochs = [epoch for epoch in lines if isinstance(epoch, Mapping)] if isinstance(lines, list) else []
    losses = dict.fromkeys(name for epoch in epochs for name in epoch if str(name).endswith("loss"))
    charts = [_chart(history, epochs, "quality", f"{FIGURE_NAMES[QUALITY[task]]} on the validation pictures")]
    charts += [_chart(history, epochs, name, str(name).replace("_", " ")) for name in losses]
    shown = "".join(charts)
    if not shown:
        return ""
    return f'<p>{_summarise(history, record, len(epochs))}</p>\n<div class="multiples">\n{shown}</div>\n'


def _summarise(history: Document, record: Document | None, epochs: int) -> str:
    planned = ((record or {}).get("training") or {}).get("hyperparameters", {}).get("epochs")
    of_planned = f" of {escape(str(planned))}" if planned is not None and str(planned) != str(epochs) else ""
    parts = [f"{count(epochs, 'epoch')}{of_planned}"]
    pictures, seconds = finite(history.get("images")), finite(history.get("seconds"))
    if pictures:
        parts[0] += f" over {count(int(pictures), 'picture')}"
    if seconds:
        parts[0] += f" in {duration(seconds)}"
    if history.get("stopped_early"):
        parts.append("Stopped early: nothing got better any more")
    if history.get("resumed_after"):
        parts.append(f"Interrupted, and resumed after epoch {escape(str(history['resumed_after']))}")
    return ". ".join(parts) + "."


def _chart(history: Document, epochs: list[Document], name: str, title: str) -> str:
    """One small chart: a figure by epoch, its last value in words; of the quality the best epoch is marked."""
    points = _series(epochs, name)
    if not points:
        return ""
    first, last = points[0][0], points[-1][0]
    highest = max(points, key=lambda point: point[1])
    best = name == "quality"
    ticks = tuple((at, f"{at:g}") for at in dict.fromkeys((first, last)))
    end = f"best {fraction(highest[1])} in epoch {highest[0]:g}" if best else f"{points[-1][1]:.3f} at the end"
    dots = (highest,) if best else (points[0],) if len(points) == 1 else ()
    chart = Chart(
        f"{title} by epoch, {end}",
        260,
        160,
        Axis(first, last, ticks, "epoch"),
        upwards(highest[1]),
        (Line(points, "line all"),),
        _marks(history, first, last),
        dots,
    )
    return f"<figure><figcaption>{escape(title)}<span>{end}</span></figcaption>{chart.svg()}</figure>\n"


def _series(epochs: list[Document], name: str) -> Points:
    pairs = [(finite(epoch.get("epoch")), finite(epoch.get(name))) for epoch in epochs]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _marks(history: Document, first: float, last: float) -> tuple[Mark, ...]:
    marks = []
    resumed = finite(history.get("resumed_after"))
    if resumed and first <= resumed <= last:
        marks.append(Mark(resumed, "resumed"))
    if history.get("stopped_early"):
        marks.append(Mark(last, "stopped early"))
    return tuple(marks)


def _trials(trials: Sequence[Document], task: str) -> str:
    if not trials:
        return ""
    ranked = sorted(trials, key=_rank)
    names = list(dict.fromkeys(name for trial in ranked for name in trial.get("TunedHyperParameters") or {}))
    head = ["Trial", *map(code, names), FIGURE_NAMES[QUALITY[task]], "Status"]
    rows = [_trial(trial, names, best=at == 0) for at, trial in enumerate(ranked)]
    return (
        f"<h3>{count(len(trials), 'training')} of the search, best first</h3>\n"
        f"{folded('Trials of the search, best first', head, rows, 'trials')}"
        '<p class="quiet">The figure is that of the validation pictures, by which the search chose.</p>\n'
    )


def _trial(trial: Document, names: list[str], *, best: bool) -> Row:
    tuned, objective = trial.get("TunedHyperParameters") or {}, _objective(trial)
    # SageMaker names a trial after its search, with a number and a few letters more.
    name = code("-".join(str(trial.get("TrainingJobName", "")).rsplit("-", 2)[-2:]))
    star = "<br><b>★ best</b>" if best and objective is not None and _completed(trial) else ""
    values = [escape(_short(tuned[name])) if name in tuned else NOTHING for name in names]
    return [f"{name}{star}", *values, fraction(objective), escape(str(trial.get("TrainingJobStatus", NOTHING)))]


def _rank(trial: Document) -> tuple[bool, bool, float]:
    """Best first; those without a figure last, and before them those that did not end, of which none goes on."""
    objective = _objective(trial)
    return objective is None, not _completed(trial), -(objective or 0.0)


def _completed(trial: Document) -> bool:
    return trial.get("TrainingJobStatus") == "Completed"


def _objective(trial: Document) -> float | None:
    return finite((trial.get("FinalHyperParameterTuningJobObjectiveMetric") or {}).get("Value"))


def _short(value: object) -> str:
    """A tuned value; SageMaker writes numbers with up to 20 digits, of which four tell enough."""
    text = str(value).strip('"')
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text
