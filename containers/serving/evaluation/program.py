"""Measures the candidate, and the champion beside it, on the held-out images.

Reads a processing job's inputs and writes ``metrics.json``, ``predictions.json``, ``drift-reference.json``, ``smoke/``
and ``report/``. It passes no verdict. Whatever cannot be read ends the job with a reason: a broken champion is never
"no champion".
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from containers.serving.evaluation import smoke
from containers.serving.evaluation.archive import archive_digest, read_about, unpack
from containers.serving.evaluation.champion import ChampionError, read_champion
from containers.serving.evaluation.drift_reference import write_reference
from containers.serving.evaluation.glancing import glance_at
from containers.serving.evaluation.held_out import HeldOut, HeldOutError, read_held_out
from containers.serving.evaluation.measurement import Measurement, measure
from containers.serving.evaluation.own_code import code_digest
from containers.serving.evaluation.page_inputs import PageInputError, PageInputs, read_page_inputs
from containers.serving.evaluation.pictures import report_pictures
from containers.serving.evaluation.predictions import predictions_file
from containers.serving.evaluation.scoring import Standing, compare
from containers.serving.evaluation.summary import gather_evidence
from containers.serving.model.gpu_runtime import TensorRt
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import ConfidenceError, read_confidence
from containers.serving.report.page import Page, write_page
from workflow.contract.champion import Champion
from workflow.contract.precision_choice import PrecisionChoice, read_choice
from workflow.contract.reading import ContractError
from workflow.contract.scores import Metrics, ModelScore
from workflow.contract.stand_in import is_on_stand_in

REASON_LENGTH = 1024
"""SageMaker shows this many characters of a job's exit message."""
Tell = Callable[[dict[str, Any]], None]


class EvaluationError(ValueError):
    """The job's inputs or settings do not allow a fair measurement."""


@dataclass(frozen=True)
class Model:
    """One model ready to run, its sizes and digests, and what its archive says about how it came about."""

    predictor: Predictor
    archive_digest: str
    model_bytes: int
    training: Mapping[str, Any] | None
    dataset: Mapping[str, Any] | None
    choice: PrecisionChoice | None = None

    @property
    def manifest(self) -> Manifest:
        """What is known of the model."""
        return self.predictor.manifest


@dataclass(frozen=True)
class Judged:
    """One model with all it said and what that is worth."""

    model: Model
    measurement: Measurement
    standing: Standing
    score: ModelScore


@dataclass(frozen=True)
class About:
    """The job itself: the name of its run, whether AWS bills it, when it started (by the monotonic clock, seconds)."""

    run: str
    billed: bool
    started: float


def run(environ: Mapping[str, str]) -> int:
    """Evaluate and return the exit status; the reason of a failure also goes to ``output/message``."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    try:
        evaluate(base / "processing", environ)
    except (EvaluationError, ConfidenceError, ChampionError, HeldOutError, ModelError, PageInputError) as error:
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
    started = time.monotonic()
    inputs, output = folder / "input", folder / "output" / "evaluation"
    candidate_archive = inputs / "candidate" / "model.tar.gz"
    confidence = read_confidence(environ, "CONFIDENCE")
    held_out = read_held_out(inputs / "test")
    expected = environ.get("DATASET_DIGEST") or held_out.digest
    if held_out.digest != expected:
        raise EvaluationError(f"the held-out images belong to dataset {held_out.digest}, the run to {expected}")
    known = read_champion(inputs / "champion" / "champion.json")
    output.mkdir(parents=True, exist_ok=True)
    with name_the_model("the candidate"):
        model = load(candidate_archive)
        check_candidate(model.manifest, held_out)
        check_engine(model)
        with predictions_file(output / "predictions.json", model.manifest.model_digest, confidence) as tell:
            candidate = judge(model, held_out, confidence, tell)
    reference_digest = write_reference(output, candidate_archive, held_out, confidence)
    champion, comparison = None, None
    if known is not None:
        with name_the_model("the champion"):
            champion = judge_champion(inputs / "champion" / "model.tar.gz", known, held_out, confidence)
        shared = frozenset(champion.model.manifest.classes) & frozenset(candidate.model.manifest.classes)
        comparison = compare(candidate.standing, champion.standing, held_out, shared)
    metrics = Metrics(
        dataset_digest=held_out.digest,
        images=len(held_out.pictures),
        objects=held_out.objects,
        confidence=confidence,
        candidate=candidate.score,
        champion=None if champion is None else champion.score,
        task=held_out.task,
        comparison=comparison,
        code_digest=code_digest(),
        container=environ.get("CONTAINER", ""),
        drift_reference_digest=reference_digest,
    )
    given = read_page_inputs(inputs)
    about = About(environ.get("RUN", ""), not is_on_stand_in(environ), started)
    write(output, about, held_out, metrics, candidate, champion, given)
    figures = " ".join(f"{name}={value:.5f}" for name, value in candidate.standing.overall(held_out.task).items())
    print(f"images={metrics.images} objects={metrics.objects} {figures}", flush=True)


@contextmanager
def name_the_model(name: str) -> Iterator[None]:
    """Put the model's name in front of the reason why it cannot be measured."""
    try:
        yield
    except (ModelError, EvaluationError, ContractError) as error:
        raise EvaluationError(f"{name}: {error}") from None


def load(archive: Path) -> Model:
    """Unpack and load one model. Raises ModelError."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder)
        unpack(archive, unpacked)
        return Model(
            predictor=Predictor.load(unpacked),
            archive_digest=archive_digest(archive),
            model_bytes=(unpacked / "model.onnx").stat().st_size,
            training=read_about(unpacked, "training.json"),
            dataset=read_about(unpacked, "dataset.json"),
            choice=read_choice(read_about(unpacked, "manifest.json")),
        )


def check_candidate(manifest: Manifest, held_out: HeldOut) -> None:
    """Raise EvaluationError unless the model was made for exactly these data."""
    check_task(manifest, held_out)
    if manifest.classes != held_out.classes:
        raise EvaluationError(
            f"it knows {', '.join(manifest.classes)}; the held-out images show {', '.join(held_out.classes)}"
        )


def check_engine(model: Model) -> None:
    """Raise EvaluationError where a model's engine for a GPU is not what would be measured: it is what is to serve."""
    if model.manifest.engine is not None and not isinstance(model.predictor.runtime, TensorRt):
        raise EvaluationError(
            f"it is to be served by its engine, and this job has {model.predictor.runtime.name}: evaluate it on the "
            f"GPU that serves (processing_instance), {model.manifest.engine.gpu}"
        )


def check_task(manifest: Manifest, held_out: HeldOut) -> None:
    """Raise EvaluationError where the model finds something else than is labelled, so that nothing can be compared."""
    if manifest.task != held_out.task:
        raise EvaluationError(f"its task is {manifest.task}, the held-out images are labelled for {held_out.task}")
    if manifest.keypoints != held_out.keypoints:
        raise EvaluationError(f"its keypoints are {manifest.keypoints}, the labels' {held_out.keypoints}")


def judge(model: Model, held_out: HeldOut, confidence: float, tell: Tell | None) -> Judged:
    """Measure one model; ``tell`` is given its answers."""
    measurement = measure(model.predictor, held_out, confidence, tell)
    standing = Standing.of(measurement.record, len(held_out.pictures))
    figures: dict[str, Any] = standing.overall(held_out.task)
    score = ModelScore(
        **{"map50": None, "map50_95": None, **figures},
        model_digest=model.manifest.model_digest,
        archive_digest=model.archive_digest,
        per_class=standing.class_scores(held_out),
        latency_p50_ms=measurement.percentile(50),
        latency_p99_ms=measurement.percentile(99),
        model_bytes=model.model_bytes,
        intervals=standing.intervals(held_out.task),
        serves_in=model.manifest.precision,
    )
    return Judged(model, measurement, standing, score)


def judge_champion(archive: Path, known: Champion, held_out: HeldOut, confidence: float) -> Judged:
    """Measure the champion, provided that its archive is the very one in production.

    Raises EvaluationError for a champion of another task, without one class of the data, or with a class that the
    candidate would no longer find: that is no successor, and whoever means it says so in the run's input.
    """
    if not archive.is_file():
        raise EvaluationError("model.tar.gz is missing")
    digest = archive_digest(archive)
    if digest != known.archive_digest:
        raise EvaluationError(f"its archive has the digest {digest}, production has {known.archive_digest}")
    model = load(archive)
    if model.manifest.model_digest != known.model_digest:
        raise EvaluationError(
            f"its model has the digest {model.manifest.model_digest}, production has {known.model_digest}"
        )
    check_task(model.manifest, held_out)
    if not set(model.manifest.classes) & set(held_out.classes):
        raise EvaluationError(
            f"it knows {', '.join(model.manifest.classes)}, and none of {', '.join(held_out.classes)}: "
            "what they find cannot be compared; to replace it all the same, start the run with compare = false"
        )
    if lost := sorted(set(model.manifest.classes) - set(held_out.classes)):
        raise EvaluationError(
            f"it also finds {', '.join(lost)}, which this dataset does not name: the candidate would not; "
            "add them, or start the run with compare = false to replace it all the same"
        )
    judged = judge(model, held_out, confidence, None)
    score = replace(judged.score, model_package_arn=known.model_package_arn, package_version=known.package_version)
    return replace(judged, score=score)


def write(
    folder: Path,
    about: About,
    held_out: HeldOut,
    metrics: Metrics,
    candidate: Judged,
    champion: Judged | None,
    given: PageInputs,
) -> None:
    """Write every document; ``metrics.json`` comes last, so that its presence means completeness."""
    predictor, measurement = candidate.model.predictor, candidate.measurement
    smoke.write(folder / "smoke", predictor, smoke.choose(measurement.seen, metrics.confidence), metrics.confidence)
    pictures = report_pictures(predictor, held_out, metrics.confidence, measurement.seen)
    former = None if champion is None else champion.model.predictor
    worst = glance_at(pictures, former, held_out, metrics.confidence)
    beside = None if champion is None else champion.measurement
    page = Page(
        run=about.run,
        evidence=gather_evidence(metrics, held_out, measurement, beside, pictures, worst),
        record=given.record,
        trials=given.trials,
        training=candidate.model.training,
        dataset=given.dataset,
        champion_dataset=None if champion is None else champion.model.dataset,
        contact_sheet=given.contact_sheet,
        preparation=given.preparation,
        evaluation_seconds=time.monotonic() - about.started,
        billed=about.billed,
        choice=candidate.model.choice,
        real=None if champion is None or given.feedback is None else given.feedback.of(champion.score.model_digest),
    )
    write_page(folder / "report", page)
    (folder / "metrics.json").write_text(json.dumps(metrics.document(), indent=1), encoding="utf-8")
