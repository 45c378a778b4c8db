"""Measures the candidate, and the champion beside it, on the held-out images.

Reads a processing job's inputs and writes ``metrics.json``, ``predictions.json``, ``smoke/`` and ``report/``.
It passes no verdict. Whatever cannot be read ends the job with a reason: a broken champion is never "no champion".
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from containers.serving import pictures, smoke
from containers.serving.answer import describe
from containers.serving.archive import archive_digest, unpack
from containers.serving.champion import Champion, ChampionError, read_champion
from containers.serving.held_out import HeldOut, HeldOutError, read_held_out
from containers.serving.interval import map50_95_intervals
from containers.serving.manifest import ModelError
from containers.serving.measurement import Measurement, measure
from containers.serving.predictor import SERVED, Predictor
from containers.serving.report import Report
from workflow.contract import Metrics, ModelScore

VERSION = 1
REASON_LENGTH = 1024
"""SageMaker shows this many characters of a job's exit message."""


class EvaluationError(ValueError):
    """The job's inputs or settings do not allow a fair measurement."""


@dataclass(frozen=True)
class Judged:
    """One model with all it said and what that is worth."""

    predictor: Predictor
    measurement: Measurement
    score: ModelScore


def run(environ: Mapping[str, str]) -> int:
    """Evaluate and return the exit status; the reason of a failure also goes to ``output/message``."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    try:
        evaluate(base / "processing", environ)
    except (EvaluationError, ChampionError, HeldOutError, ModelError) as error:
        reason = f"Evaluation: {error}"
    except Exception as error:
        traceback.print_exc()
        reason = f"Evaluation: {type(error).__name__}: {error}"
    else:
        return 0
    print(reason, file=sys.stderr, flush=True)
    message = base / "output" / "message"
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(reason[:REASON_LENGTH], encoding="utf-8")
    return 1


def evaluate(folder: Path, environ: Mapping[str, str]) -> None:
    """Measure everything below ``folder``/input and write everything below ``folder``/output."""
    confidence = read_confidence(environ.get("CONFIDENCE", str(SERVED.confidence)))
    held_out = read_held_out(folder / "input" / "test")
    expected = environ.get("DATASET_DIGEST") or held_out.digest
    if held_out.digest != expected:
        raise EvaluationError(f"the held-out images belong to dataset {held_out.digest}, the run to {expected}")
    known = read_champion(folder / "input" / "champion" / "champion.json")
    candidate = judge(folder / "input" / "candidate" / "model.tar.gz", held_out, confidence, "the candidate")
    if candidate.predictor.manifest.classes != held_out.classes:
        raise EvaluationError(
            f"the candidate knows {', '.join(candidate.predictor.manifest.classes)}; "
            f"the held-out images show {', '.join(held_out.classes)}"
        )
    champion = None if known is None else judge_champion(folder / "input" / "champion", known, held_out, confidence)
    metrics = Metrics(
        dataset_digest=held_out.digest,
        images=len(held_out.pictures),
        objects=held_out.objects,
        confidence=confidence,
        candidate=candidate.score,
        champion=champion.score if champion else None,
    )
    write(folder / "output" / "evaluation", environ.get("RUN", ""), held_out, metrics, candidate, champion)
    print(
        f"images={metrics.images} objects={metrics.objects} map50={metrics.candidate.map50:.5f} "
        f"map50_95={metrics.candidate.map50_95:.5f} precision={metrics.candidate.precision:.5f} "
        f"recall={metrics.candidate.recall:.5f}",
        flush=True,
    )


def read_confidence(text: str) -> float:
    """The confidence at which the model will serve. Raises EvaluationError unless it is above 0 and below 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise EvaluationError(f"CONFIDENCE = {text!r}: must be a number above 0 and below 1")
    return value


def judge(archive: Path, held_out: HeldOut, confidence: float, name: str) -> Judged:
    """Unpack, load and measure one model. Raises EvaluationError with its name in front of the reason."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            manifest = unpack(archive, Path(folder))
            size = (Path(folder) / "model.onnx").stat().st_size
            predictor = Predictor.load(Path(folder))
        measurement = measure(predictor, held_out, confidence)
    except ModelError as error:
        raise EvaluationError(f"{name}: {error}") from None
    score = measurement.score(held_out, manifest.model_digest, archive_digest(archive), size)
    return Judged(predictor, measurement, score)


def judge_champion(folder: Path, known: Champion, held_out: HeldOut, confidence: float) -> Judged:
    """Measure the champion, provided that its archive is the very one in production."""
    archive = folder / "model.tar.gz"
    if not archive.is_file():
        raise EvaluationError("the champion: model.tar.gz is missing")
    digest = archive_digest(archive)
    if digest != known.archive_digest:
        raise EvaluationError(
            f"the champion: its archive has the digest {digest}, production has {known.archive_digest}"
        )
    judged = judge(archive, held_out, confidence, "the champion")
    if judged.score.model_digest != known.model_digest:
        raise EvaluationError(
            f"the champion: its model has the digest {judged.score.model_digest}, production has {known.model_digest}"
        )
    score = replace(judged.score, model_package_arn=known.model_package_arn, package_version=known.package_version)
    return replace(judged, score=score)


def write(
    folder: Path, run_name: str, held_out: HeldOut, metrics: Metrics, candidate: Judged, champion: Judged | None
) -> None:
    """Write every document; ``metrics.json`` comes last, so that its presence means completeness."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = candidate.measurement.seen
    predictions = {
        "version": VERSION,
        "model_digest": metrics.candidate.model_digest,
        "confidence": metrics.confidence,
        "images": [
            {
                "file": one.picture.name,
                "width": one.width,
                "height": one.height,
                "detections": describe(one.detections, one.width, one.height, candidate.predictor.manifest.classes),
            }
            for one in seen
        ],
    }
    (folder / "predictions.json").write_text(json.dumps(predictions), encoding="utf-8")
    smoke.write(folder / "smoke", candidate.predictor, smoke.choose(seen, metrics.confidence), metrics.confidence)
    interval, lead = map50_95_intervals(
        candidate.measurement.everything,
        champion.measurement.everything if champion else None,
        len(held_out.classes),
        len(held_out.pictures),
    )
    report = Report(
        run=run_name,
        metrics=metrics,
        missed=sum(int(one.missed.sum()) for one in seen),
        wrong=sum(int((~one.right).sum()) for one in seen),
        interval=interval,
        lead=lead,
        pictures=tuple(pictures.report_picture(one, held_out.classes) for one in pictures.worst_first(seen)),
    )
    (folder / "report").mkdir(exist_ok=True)
    (folder / "report" / "index.html").write_text(report.html(), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics.document(), indent=1), encoding="utf-8")
