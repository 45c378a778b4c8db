"""The documents that flow between the states, and the rules for what may be written in them.

Imports the standard library only, because every Lambda and every container carries this file.
It knows no AWS client and no file system: it turns plain JSON into frozen dataclasses and back.
Every document names its ``version``; a reader refuses a version it does not know.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1

MODELS = ("yolov8n", "yolov8s", "yolov8m", "yolov8l", "yolov8x")

PRECISIONS = ("f32", "bf16", "int8")
"""What a model may compute in once it serves."""

JOB_NAME_LENGTH = 63
"""Longest name SageMaker accepts for a job (CreateTrainingJob, TrainingJobName)."""

TUNING_NAME_LENGTH = 32
"""Longest name SageMaker accepts for a search (CreateHyperParameterTuningJob, HyperParameterTuningJobName)."""

SUBJECT_LENGTH = 99
"""Longest subject SNS accepts for an e-mail: less than 100 characters (Publish, Subject)."""


class ContractError(ValueError):
    """A document does not say what it must: names the key, what was found, and what is allowed."""


class InputError(ContractError):
    """The execution input names an unknown key, a wrong type or a value out of range."""


# --- numbers and names -------------------------------------------------------------------------


def finite(value: object) -> float | None:
    """Return a real, finite number as float; None for anything else (NaN, infinity, text, bool, None)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def job_name(run: str, step: str, *, reserve: int = 6, length: int = JOB_NAME_LENGTH) -> str:
    """A valid SageMaker job name for one step of a run, short enough for a suffix of ``reserve`` characters.

    The suffix (``-<redrive>-<retry>``) is added by the state machine, so that a retried or redriven
    state asks for a fresh name. A run name that is too long is cut and told apart by its hash.
    """
    clean = re.sub(r"-+", "-", re.sub(r"[^a-zA-Z0-9]+", "-", run)).strip("-") or "run"
    room = length - reserve - len(step) - 1
    if len(clean) > room:
        mark = hashlib.sha256(run.encode()).hexdigest()[:8]
        clean = f"{clean[: room - 9].rstrip('-')}-{mark}"
    return f"{clean}-{step}"


def subject_line(text: str) -> str:
    """The text as SNS takes a subject: printable ASCII on one line, cut at SUBJECT_LENGTH, never empty."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in ascii_text).split())
    if len(line) > SUBJECT_LENGTH:
        line = line[: SUBJECT_LENGTH - 3].rstrip() + "..."
    return line or "greenlight"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key (the key may be empty). Raises ContractError otherwise."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?", uri, re.DOTALL)
    if match is None:
        raise ContractError(f"{uri!r} is not an S3 address of the form s3://bucket/prefix")
    return match.group(1), match.group(2) or ""


# --- the execution input -----------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What one key of the execution input may hold."""

    kind: type
    about: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    multiple: int = 0

    def allowed(self) -> str:
        """The rule in words, for an error message."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return self.about
        if self.kind is dict:
            return self.about
        word = "a whole number" if self.kind is int else "a number"
        start = f"above {self.above:.10g}" if self.above is not None else f"from {self.low:.10g}"
        steps = f" in steps of {self.multiple}" if self.multiple else ""
        return f"{word} {start} to {self.high:.10g}{steps}"

    def read(self, key: str, value: object) -> Any:
        """Return the value as this rule's type, or raise InputError naming the key and what is allowed."""
        good = self._read(value)
        if good is None:
            raise InputError(f"{key} = {value!r}: must be {self.allowed()}")
        return good

    def _read(self, value: object) -> Any:
        if self.kind in (int, float):
            number = finite(value)
            if number is None or (self.kind is int and number != int(number)):
                return None
            if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
                return None
            if self.above is not None and number <= self.above:
                return None
            if self.multiple and int(number) % self.multiple:
                return None
            return int(number) if self.kind is int else number
        if not isinstance(value, self.kind):
            return None
        if self.choices and value not in self.choices:
            return None
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return None
        return value


_INSTANCE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
# The registry keeps the address with the model, and takes only these characters, 256 at most (CustomerMetadataMap).
_S3 = r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/[A-Za-z0-9 _.:/=+@\-]{0,180})?"

RULES: dict[str, Rule] = {
    "dataset": Rule(
        str, "an S3 address s3://bucket/prefix of labelled images, of letters, digits, blanks and _.:/=+@-", pattern=_S3
    ),
    "model": Rule(str, "the architecture", choices=MODELS),
    "weights": Rule(str, "empty, or the S3 address of pretrained weights (.pt)", pattern=rf"|{_S3}\.pt"),
    "epochs": Rule(int, "passes over the training images", low=1, high=1000),
    "image_size": Rule(int, "longer side in pixels", low=32, high=1280, multiple=32),
    "precision": Rule(
        str,
        "what the model computes in once it serves: 32-bit floats, 16-bit floats where the processor has them "
        "(else 32-bit), or 8-bit integers fitted to training images",
        choices=PRECISIONS,
    ),
    "batch": Rule(int, "images a step", low=1, high=512),
    "seed": Rule(int, "seed of every random choice", low=0, high=2**31 - 1),
    "hyperparameters": Rule(dict, "further training arguments of ultralytics, name to number, text or true/false"),
    "tune": Rule(bool, "search for hyperparameters instead of one training"),
    "tuning_jobs": Rule(int, "trainings a search may start", low=1, high=50),
    "tuning_parallel": Rule(int, "trainings of a search at one time", low=1, high=10),
    "confidence": Rule(float, "score below which a detection is not shown", low=0.01, high=0.99),
    "minimum_map50": Rule(float, "floor of mAP50", low=0, high=1),
    "minimum_map50_95": Rule(float, "floor of mAP50-95", low=0, high=1),
    "minimum_class_map50": Rule(float, "floor of every class's mAP50", low=0, high=1),
    "minimum_images": Rule(int, "held-out images the gate asks for", low=1, high=1_000_000),
    "maximum_regression": Rule(float, "mAP50-95 the candidate may lose against production", low=0, high=1),
    "training_instance": Rule(str, "a SageMaker instance type such as ml.g5.xlarge", pattern=_INSTANCE),
    "processing_instance": Rule(str, "a SageMaker instance type such as ml.m7i.xlarge", pattern=_INSTANCE),
    "endpoint_instance": Rule(str, "a SageMaker instance type such as ml.c7i.xlarge", pattern=_INSTANCE),
    "ask_before_production": Rule(bool, "ask once more between staging and production"),
    "approval_hours": Rule(float, "hours an approval request waits", above=0, high=24 * 30),
    "force": Rule(bool, "build even when nothing changed"),
    "started_by": Rule(str, "up to 80 characters naming who or what started the run", pattern=r"[^\r\n]{0,80}"),
}
"""Every key the execution input of Build may have. All are optional: the stack's defaults fill the rest."""


@dataclass(frozen=True)
class RunInput:
    """The execution input of Build, complete and checked. Units: pixels, hours, fractions of 1."""

    dataset: str
    model: str = "yolov8n"
    weights: str = ""
    epochs: int = 50
    image_size: int = 640
    precision: str = "bf16"
    batch: int = 16
    seed: int = 0
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    tune: bool = False
    tuning_jobs: int = 6
    tuning_parallel: int = 2
    confidence: float = 0.25
    minimum_map50: float = 0.5
    minimum_map50_95: float = 0.0
    minimum_class_map50: float = 0.0
    minimum_images: int = 1
    maximum_regression: float = 0.02
    training_instance: str = "ml.g5.xlarge"
    processing_instance: str = "ml.m7i.xlarge"
    endpoint_instance: str = "ml.c7i.xlarge"
    ask_before_production: bool = False
    approval_hours: float = 72.0
    force: bool = False
    started_by: str = ""

    @staticmethod
    def parse(given: object, defaults: Mapping[str, Any]) -> RunInput:
        """Read an execution input over the stack's defaults. Raises InputError with key and allowed values.

        Keys that start with ``AWS_STEP_FUNCTIONS`` are Step Functions' own and are left out.
        """
        if not isinstance(given, Mapping):
            raise InputError(f"the execution input is {type(given).__name__}: must be a JSON object, {{}} at least")
        own = {key: value for key, value in given.items() if not str(key).startswith("AWS_STEP_FUNCTIONS")}
        merged = {**defaults, **own}
        for key in merged:
            if key not in RULES:
                raise InputError(f"{key}: unknown key; allowed are {', '.join(sorted(RULES))}")
        if "dataset" not in merged:
            raise InputError(f"dataset: missing, and the stack names none; must be {RULES['dataset'].allowed()}")
        values = {key: RULES[key].read(key, value) for key, value in merged.items()}
        for name, value in values.get("hyperparameters", {}).items():
            if not isinstance(name, str) or not isinstance(value, (str, int, float, bool)):
                raise InputError(f"hyperparameters.{name} = {value!r}: must be a number, a text, true or false")
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"hyperparameters.{name} = {value!r}: must be a finite number")
        return RunInput(**values)


# --- what a model scored -----------------------------------------------------------------------


@dataclass(frozen=True)
class ClassScore:
    """Figures of one class on the held-out images; fractions of 1, ``objects`` is the number of true boxes."""

    name: str
    objects: int
    map50: float
    map50_95: float
    precision: float
    recall: float


@dataclass(frozen=True)
class ModelScore:
    """Figures of one model on the held-out images; fractions of 1, latencies in milliseconds, size in bytes."""

    model_digest: str
    archive_digest: str
    map50: float
    map50_95: float
    precision: float
    recall: float
    per_class: tuple[ClassScore, ...]
    latency_p50_ms: float
    latency_p99_ms: float
    model_bytes: int
    model_package_arn: str = ""
    package_version: int = 0


@dataclass(frozen=True)
class Metrics:
    """``metrics.json``: candidate and champion measured on the same held-out images."""

    dataset_digest: str
    images: int
    objects: int
    confidence: float
    candidate: ModelScore
    champion: ModelScore | None

    @staticmethod
    def parse(document: object) -> Metrics:
        """Read ``metrics.json``. Raises ContractError on another version, a missing key, NaN or a wrong type."""
        top = _object(document, "metrics.json")
        _version(top, "metrics.json")
        data = _object(top.get("data"), "data")
        champion = top.get("champion", "missing")
        if champion == "missing":
            raise ContractError("champion: missing; must be null or an object")
        return Metrics(
            dataset_digest=_text(data, "digest", "data"),
            images=_count(data, "images", "data"),
            objects=_count(data, "objects", "data"),
            confidence=_number(top, "confidence", ""),
            candidate=_score(top.get("candidate"), "candidate"),
            champion=None if champion is None else _score(champion, "champion"),
        )

    def document(self) -> dict[str, Any]:
        """The document as it is written to ``metrics.json``."""
        return {
            "version": VERSION,
            "data": {"digest": self.dataset_digest, "images": self.images, "objects": self.objects},
            "confidence": self.confidence,
            "candidate": asdict(self.candidate),
            "champion": None if self.champion is None else asdict(self.champion),
        }


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ContractError(f"{where}: must be a JSON object, found {type(value).__name__}")
    return value


def _version(document: Mapping[str, Any], where: str) -> None:
    if document.get("version") != VERSION:
        raise ContractError(f"{where}: version {document.get('version')!r} is not {VERSION}")


def _number(holder: Mapping[str, Any], key: str, where: str) -> float:
    number = finite(holder.get(key))
    if number is None:
        raise ContractError(f"{where}.{key}: must be a finite number, found {holder.get(key)!r}".lstrip("."))
    return number


def _count(holder: Mapping[str, Any], key: str, where: str) -> int:
    number = _number(holder, key, where)
    if number < 0 or number != int(number):
        raise ContractError(f"{where}.{key}: must be a whole number of at least 0, found {holder.get(key)!r}")
    return int(number)


def _fraction(holder: Mapping[str, Any], key: str, where: str) -> float:
    number = _number(holder, key, where)
    if not 0 <= number <= 1:
        raise ContractError(f"{where}.{key}: must be from 0 to 1, found {number!r}")
    return number


def _text(holder: Mapping[str, Any], key: str, where: str) -> str:
    value = holder.get(key)
    if not isinstance(value, str):
        raise ContractError(f"{where}.{key}: must be a text, found {value!r}".lstrip("."))
    return value


def _score(value: object, where: str) -> ModelScore:
    score = _object(value, where)
    classes = score.get("per_class")
    if not isinstance(classes, (list, tuple)):
        raise ContractError(f"{where}.per_class: must be a list, found {classes!r}")
    return ModelScore(
        model_digest=_text(score, "model_digest", where),
        archive_digest=_text(score, "archive_digest", where),
        map50=_fraction(score, "map50", where),
        map50_95=_fraction(score, "map50_95", where),
        precision=_fraction(score, "precision", where),
        recall=_fraction(score, "recall", where),
        per_class=tuple(_class_score(item, f"{where}.per_class[{at}]") for at, item in enumerate(classes)),
        latency_p50_ms=_number(score, "latency_p50_ms", where),
        latency_p99_ms=_number(score, "latency_p99_ms", where),
        model_bytes=_count(score, "model_bytes", where),
        model_package_arn=_text({"model_package_arn": "", **score}, "model_package_arn", where),
        package_version=_count({"package_version": 0, **score}, "package_version", where),
    )


def _class_score(value: object, where: str) -> ClassScore:
    score = _object(value, where)
    return ClassScore(
        name=_text(score, "name", where),
        objects=_count(score, "objects", where),
        map50=_fraction(score, "map50", where),
        map50_95=_fraction(score, "map50_95", where),
        precision=_fraction(score, "precision", where),
        recall=_fraction(score, "recall", where),
    )


# --- what is known of a dataset ----------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing the preparation noticed. ``file`` is relative to the dataset; ``line`` counts from 1, 0 if none."""

    severity: str
    file: str
    line: int
    message: str

    def text(self) -> str:
        """The finding on one line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class SplitCount:
    """How much one split holds."""

    images: int
    objects: int


@dataclass(frozen=True)
class DatasetReport:
    """``dataset-report.json``: what was found in images and labels. ``errors`` counts all, ``findings`` shows some."""

    digest: str
    classes: tuple[str, ...]
    splits: Mapping[str, SplitCount]
    errors: int
    warnings: int
    findings: tuple[Finding, ...]

    @staticmethod
    def parse(document: object) -> DatasetReport:
        """Read ``dataset-report.json``. Raises ContractError on another version, a missing key or a wrong type."""
        top = _object(document, "dataset-report.json")
        _version(top, "dataset-report.json")
        splits = _object(top.get("splits"), "splits")
        classes, findings = top.get("classes"), top.get("findings")
        if not isinstance(classes, (list, tuple)) or not all(isinstance(name, str) for name in classes):
            raise ContractError(f"classes: must be a list of names, found {classes!r}")
        if not isinstance(findings, (list, tuple)):
            raise ContractError(f"findings: must be a list, found {findings!r}")
        return DatasetReport(
            digest=_text(top, "digest", ""),
            classes=tuple(classes),
            splits={
                name: SplitCount(
                    images=_count(_object(split, name), "images", f"splits.{name}"),
                    objects=_count(_object(split, name), "objects", f"splits.{name}"),
                )
                for name, split in splits.items()
            },
            errors=_count(top, "errors", "dataset-report.json"),
            warnings=_count(top, "warnings", "dataset-report.json"),
            findings=tuple(
                Finding(
                    severity=_text(_object(item, "finding"), "severity", "finding"),
                    file=_text(item, "file", "finding"),
                    line=_count(item, "line", "finding"),
                    message=_text(item, "message", "finding"),
                )
                for item in findings
            ),
        )

    def document(self) -> dict[str, Any]:
        """The document as it is written to ``dataset-report.json``."""
        return {
            "version": VERSION,
            "digest": self.digest,
            "classes": list(self.classes),
            "splits": {name: asdict(split) for name, split in self.splits.items()},
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [asdict(finding) for finding in self.findings],
        }
