"""How long the jobs of the run took, what they cost, and the digests and definitions behind the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from containers.page.table import table
from containers.page.words import code, count
from containers.serving.report.words import NOTHING, duration, money
from workflow.contract.cost import PRICED, SOURCE, Job, total
from workflow.contract.cost_section import END, START
from workflow.contract.reading import finite
from workflow.contract.scores import Metrics

Document = Mapping[str, Any]

DEFINITIONS: Mapping[str, str] = {
    "detect": "A detection is right when its class is and its box overlaps the labelled one by at least half.",
    "obb": "A detection is right when its class is and its turned box overlaps the labelled one by at least half.",
    "pose": "A detection is right when its class is and its box overlaps the labelled one by at least half. Key points "
    "are compared by their distance from the labelled ones, measured by the size of the object (OKS); the keypoint "
    "figures are mean average precisions at similarities instead of overlaps.",
    "segment": "A detection is right when its class is and its box overlaps the labelled one by at least half. The "
    "mask figures are mean average precisions at overlaps of the outlines instead of the boxes.",
    "classify": "Top-1 is the share of pictures whose best class is the labelled one, top-5 the share where it is "
    "among the best five. Precision, recall and F1 look at the best class, and are means over the classes.",
}


def jobs(
    record: Document | None,
    history: Document | None,
    trials: Sequence[Document],
    preparation: Document | None,
    evaluation_seconds: float,
) -> tuple[Job, ...]:
    """The jobs whose time is known, in their order."""
    instances = (record or {}).get("instances") or {}
    asked = (record or {}).get("training") or {}
    processing = str(instances.get("processing") or "")
    known = []
    prepared = finite((preparation or {}).get("seconds"))
    if preparation and prepared is not None:
        prepared += finite(preparation.get("inspected_seconds")) or 0.0
        known.append(Job("Preparation", prepared, processing, int(finite(preparation.get("instances")) or 1)))
    machine = str((history or {}).get("instance") or asked.get("instance") or instances.get("training") or "")
    searched = [seconds for trial in trials if (seconds := _seconds(trial)) is not None]
    trained = finite((history or {}).get("seconds"))
    # What was asked for goes for the first instance type; another took its place when capacity was short.
    spot = bool(asked.get("spot")) and machine == asked.get("instance")
    if searched:
        known.append(Job(f"Search, {count(len(searched), 'training')}", sum(searched), machine, spot=spot))
    elif trained is not None:
        known.append(Job("Training", trained, machine, spot=spot))
    return (*known, Job("Evaluation", evaluation_seconds, processing))


def cost(known: Sequence[Job], billed: bool = True) -> str:
    """The time of every job and about what it costs by list price; the gate puts what is billed in its place.

    Where nothing is ``billed``, as on the stand-in, only the times: an instance type there is but a name.
    """
    if not billed:
        rows = [[job.name, duration(job.seconds)] for job in known]
        rows.append(["Together", f"<b>{duration(sum(job.seconds for job in known))}</b>"])
        shown = table("Time of each job", ["Job", "Time"], rows)
        note = "The jobs ran on one machine, which nobody bills."
        return f'{START}\n<h2>Time and cost</h2>\n{shown}<p class="quiet">{note}</p>\n{END}\n'
    rows = [[_job(job), duration(job.seconds), _price(job.dollars, job.spot)] for job in known]
    whole, seconds = total(known), sum(job.seconds for job in known)
    spot = any(job.spot for job in known)
    rows.append(["Together", f"<b>{duration(seconds)}</b>", f"<b>{_price(whole, spot)}</b>"])
    notes = []
    if any(job.dollars is not None for job in known):
        notes.append(f"Estimated from list prices on demand in us-east-1, {PRICED} ({SOURCE}); yours may differ.")
    notes.append("Times are those of the programs; AWS also bills a few minutes for an instance's start and end.")
    if spot:
        notes.append("Spot capacity was asked for, which costs less than this.")
    if whole is None:
        notes.append("Where there is no price, the type of instance is not known or not in the list.")
    shown = table("Time and cost of each job", ["Job", "Time", "Cost, about"], rows)
    return f'{START}\n<h2>Time and cost</h2>\n{shown}<p class="quiet">{" ".join(notes)}</p>\n{END}\n'


def numbers(metrics: Metrics, record: Document | None) -> str:
    """Digests, settings and how the figures are defined."""
    champion = metrics.champion
    rows = [
        ("Dataset digest", code(metrics.dataset_digest)),
        ("Model digest", code(metrics.candidate.model_digest)),
        ("Archive digest", code(metrics.candidate.archive_digest)),
        ("Model in production", code(champion.model_digest) if champion else ""),
        ("Digest of the evaluating program", code(metrics.code_digest) if metrics.code_digest else ""),
        ("Container image", code(metrics.container) if metrics.container else ""),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value)
    return (
        f"<section>\n<h2>The numbers behind this</h2>\n<dl>{listed}</dl>\n{_settings(record)}"
        f'<p class="quiet">{DEFINITIONS[metrics.task]} {_averages(metrics)}'
        "Times are from the bytes of a picture to the answer, on the machine of the evaluation. Brackets hold the "
        "middle 95 % of a figure over draws of the same pictures, which says how much of it may be due to chance.</p>\n"
        "</section>\n"
    )


def _averages(metrics: Metrics) -> str:
    """What the means of a task that finds objects are taken over."""
    if metrics.task == "classify":
        return ""
    return (
        "mAP50 is the mean average precision at an overlap of 0.5, mAP50-95 the mean over overlaps from 0.50 to 0.95; "
        "both look at every score and average over the classes that have objects. Precision, recall, F1 and pictures "
        f"are those of boxes that are served: scores above {metrics.confidence:g}. "
    )


def _settings(record: Document | None) -> str:
    groups = {
        "Training": ((record or {}).get("training") or {}).get("hyperparameters") or {},
        "Gate": (record or {}).get("thresholds") or {},
    }
    parts = [f"<dt>{name}</dt><dd>{_values(group)}</dd>" for name, group in groups.items() if group]
    return f"<details><summary>Settings of the run</summary><dl>{''.join(parts)}</dl></details>\n" if parts else ""


def _values(group: Mapping[str, Any]) -> str:
    """Names with their values, an inner group in brackets."""
    return ", ".join(
        f"{escape(str(name))} {f'({_values(value)})' if isinstance(value, Mapping) else escape(str(value)) or NOTHING}"
        for name, value in group.items()
    )


def _job(job: Job) -> str:
    """Its name, and below it where it ran."""
    if not job.instance:
        return job.name
    times = f"{job.instances} × " if job.instances > 1 else ""
    return f"{job.name} <small>{times}{escape(job.instance)}{', spot' if job.spot else ''}</small>"


def _price(dollars: float | None, spot: bool) -> str:
    """Spot capacity has no list price but a ceiling."""
    return f"up to {money(dollars)}" if spot and dollars is not None and dollars >= 0.01 else money(dollars)


def _seconds(trial: Document) -> float | None:
    """How long a trial trained, None where a time is missing or unreadable."""
    try:
        start, end = (datetime.fromisoformat(str(trial[key])) for key in ("TrainingStartTime", "TrainingEndTime"))
        return (end - start).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
