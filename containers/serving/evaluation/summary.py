"""From a measurement to the evidence that the page shows beside the figures."""

from __future__ import annotations

import numpy as np

from containers.serving.evaluation.average_precision import RECALLS, mean_over_present, precision_curves
from containers.serving.evaluation.figures import Found
from containers.serving.evaluation.held_out import HeldOut
from containers.serving.evaluation.measurement import Measurement
from containers.serving.model.arrays import Doubles
from containers.serving.report.evidence import Confusion, Curve, Evidence, ReportPicture, count_right
from workflow.contract.glance import GlancePicture
from workflow.contract.scores import Metrics


def gather_evidence(
    metrics: Metrics,
    held_out: HeldOut,
    measurement: Measurement,
    champion: Measurement | None,
    pictures: tuple[ReportPicture, ...],
    worst: tuple[GlancePicture, ...],
) -> Evidence:
    """All the page shows of the candidate's measurement, and what production's model, ``champion``, did beside it."""
    return Evidence(
        metrics=metrics,
        missed=measurement.missed,
        wrong=measurement.wrong,
        production=None if champion is None else count_right(metrics, champion.missed, champion.wrong),
        worst=worst,
        curves=curves(measurement, held_out),
        confusion=Confusion(held_out.classes, tuple(tuple(row) for row in measurement.mixed.tolist())),
        pictures=pictures,
    )


def curves(measurement: Measurement, held_out: HeldOut) -> tuple[Curve, ...]:
    """Of boxes at overlap 0.5: the mean over the classes that have objects, then theirs; none of a classifier."""
    record = measurement.record
    if not isinstance(record, Found) or not held_out.objects:
        return ()
    table = precision_curves(record.everything, record.classes, len(held_out.pictures))
    objects = np.bincount(record.everything.true_classes, minlength=record.classes)
    named = [(name, table[at]) for at, name in enumerate(held_out.classes) if objects[at]]
    everything = mean_over_present(table, np.repeat(objects[:, None], len(RECALLS), axis=1))
    return tuple(Curve(name, tuple(RECALLS.tolist()), _round(row)) for name, row in [("all", everything), *named])


def _round(precision: Doubles) -> tuple[float, ...]:
    return tuple(precision.round(5).tolist())
