"""The execution input of Build: its keys, what each may hold, and how it is read over the stack's defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflow.contract.dataset_report import FINDINGS
from workflow.contract.hyperparameters import OWN, HyperparameterError, read_argument
from workflow.contract.model import PRECISIONS, TASKS
from workflow.contract.reading import ContractError, finite

MODELS = ("yolov8n", "yolov8s", "yolov8m", "yolov8l", "yolov8x")

FORMATS = ("auto", "yolo", "coco", "voc", "ground-truth")
"""How the labels of a dataset may be written; ``auto`` finds out."""


class InputError(ContractError):
    """The execution input names an unknown key, a wrong type or a value out of range."""


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
        if self.kind in (str, dict, list):
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
        texts = value if isinstance(value, list) else [value]
        if self.pattern and not all(isinstance(text, str) and re.fullmatch(self.pattern, text) for text in texts):
            return None
        return value


_INSTANCE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
# The registry keeps the address with the model, and takes only these characters, 256 at most (CustomerMetadataMap).
_S3 = r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/[A-Za-z0-9 _.:/=+@\-]{0,180})?"

RULES: dict[str, Rule] = {
    # The data and how it is read.
    "dataset": Rule(
        str, "an S3 address s3://bucket/prefix of labelled images, of letters, digits, blanks and _.:/=+@-", pattern=_S3
    ),
    "task": Rule(str, "what the model shall find; auto takes what the labels are made for", choices=("auto", *TASKS)),
    "format": Rule(str, "how the labels are written", choices=FORMATS),
    "policy": Rule(dict, "kinds of findings, each with what is done about it, such as {'outside-image': 'repair'}"),
    "group_pattern": Rule(
        str,
        "empty, or a regular expression whose one group is what pictures of a series share in their names",
        pattern=r".{0,200}",
    ),
    "prepare_instances": Rule(int, "instances that share the preparation", low=1, high=20),
    # The training.
    "model": Rule(str, "the architecture", choices=MODELS),
    "weights": Rule(str, "empty, or the S3 address of pretrained weights (.pt)", pattern=rf"|{_S3}\.pt"),
    "weights_sha256": Rule(
        str, "empty, or the SHA-256 of the weights, 64 hexadecimal digits", pattern=r"|[0-9a-f]{64}"
    ),
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
    "spot": Rule(bool, "train on spot capacity where the instance has a GPU"),
    "tune": Rule(bool, "search for hyperparameters instead of one training"),
    "tuning_jobs": Rule(int, "trainings a search may start", low=1, high=50),
    "tuning_parallel": Rule(int, "trainings of a search at one time", low=1, high=10),
    "tuning_strategy": Rule(str, "how a search picks what it tries", choices=("Bayesian", "Random")),
    "tuning_ranges": Rule(
        dict,
        "what a search varies: a training argument to {'min': …, 'max': …, 'scaling': 'Linear' or 'Logarithmic'} or "
        "{'values': […]}; empty for the learning rate, the weight decay and mosaic",
    ),
    # The gate. A figure equal to its threshold passes.
    "confidence": Rule(float, "score below which a detection is not shown", low=0.01, high=0.99),
    "minimum_map50": Rule(float, "floor of mAP50", low=0, high=1),
    "minimum_map50_95": Rule(float, "floor of mAP50-95", low=0, high=1),
    "minimum_keypoint_map50_95": Rule(float, "floor of pose's keypoint mAP50-95", low=0, high=1),
    "minimum_mask_map50_95": Rule(float, "floor of segment's mask mAP50-95", low=0, high=1),
    "minimum_top1": Rule(float, "floor of classify's top-1 accuracy", low=0, high=1),
    "minimum_class_map50": Rule(float, "floor of every class's mAP50 (classify: recall)", low=0, high=1),
    "class_floors": Rule(dict, "class names, each with the floor of its mAP50 (classify: recall) from 0 to 1"),
    "minimum_images": Rule(int, "held-out images the gate asks for", low=1, high=1_000_000),
    "minimum_class_objects": Rule(int, "held-out objects of every class the gate asks for", low=0, high=1_000_000),
    "maximum_regression": Rule(float, "what the candidate may lose against production", low=0, high=1),
    "maximum_class_regression": Rule(float, "what one class may lose against production", low=0, high=1),
    "maximum_latency_ms": Rule(float, "ceiling of the median time for a picture, 0 for none", low=0, high=60_000),
    "maximum_model_mb": Rule(float, "ceiling of the model's size in megabytes, 0 for none", low=0, high=10_000),
    "compare": Rule(bool, "judge against production's model; false replaces one that finds something else"),
    # Where it runs, who is asked, and the rest.
    "training_instance": Rule(str, "a SageMaker instance type such as ml.g5.xlarge", pattern=_INSTANCE),
    "fallback_instances": Rule(
        list, "a list of instance types to train on when capacity is short, in this order", pattern=_INSTANCE
    ),
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
    task: str = "auto"
    format: str = "auto"
    policy: Mapping[str, str] = field(default_factory=dict)
    group_pattern: str = ""
    prepare_instances: int = 1
    model: str = "yolov8n"
    weights: str = ""
    weights_sha256: str = ""
    epochs: int = 50
    image_size: int = 640
    precision: str = "bf16"
    batch: int = 16
    seed: int = 0
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    spot: bool = True
    tune: bool = False
    tuning_jobs: int = 6
    tuning_parallel: int = 2
    tuning_strategy: str = "Bayesian"
    tuning_ranges: Mapping[str, Any] = field(default_factory=dict)
    confidence: float = 0.25
    minimum_map50: float = 0.5
    minimum_map50_95: float = 0.0
    minimum_keypoint_map50_95: float = 0.0
    minimum_mask_map50_95: float = 0.0
    minimum_top1: float = 0.5
    minimum_class_map50: float = 0.0
    class_floors: Mapping[str, float] = field(default_factory=dict)
    minimum_images: int = 1
    minimum_class_objects: int = 1
    maximum_regression: float = 0.02
    maximum_class_regression: float = 0.1
    maximum_latency_ms: float = 0.0
    maximum_model_mb: float = 0.0
    compare: bool = True
    training_instance: str = "ml.g5.xlarge"
    fallback_instances: Sequence[str] = ()
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
        check_hyperparameters(values.get("hyperparameters", {}))
        check_policy(values.get("policy", {}))
        check_floors(values.get("class_floors", {}))
        check_pattern(values.get("group_pattern", ""))
        return RunInput(**values)


def check_hyperparameters(given: Mapping[Any, Any]) -> None:
    """Raise InputError for an argument that ultralytics' training would not take, before anything is started."""
    for name, value in given.items():
        if name in OWN:
            raise InputError(f"hyperparameters.{name}: give it as the input's own key {name}")
        if not isinstance(name, str) or not isinstance(value, (str, int, float, bool)):
            raise InputError(f"hyperparameters.{name} = {value!r}: must be a number, a text, true or false")
        try:
            read_argument(name, as_text(value))
        except HyperparameterError as error:
            raise InputError(str(error).replace("hyperparameter ", "hyperparameters.", 1)) from error


def as_text(value: str | int | float | bool) -> str:
    """A value as SageMaker wants it: text as it is, everything else as JSON (``true``, ``0.002``)."""
    return value if isinstance(value, str) else json.dumps(value)


def check_policy(given: Mapping[Any, Any]) -> None:
    """Raise InputError for a kind of finding that does not exist, or a policy that makes no sense for it."""
    for kind, policy in given.items():
        if kind not in FINDINGS:
            raise InputError(f"policy.{kind}: unknown kind of finding; known are {', '.join(FINDINGS)}")
        if policy not in FINDINGS[kind].allowed:
            raise InputError(f"policy.{kind} = {policy!r}: must be one of {', '.join(FINDINGS[kind].allowed)}")


def check_floors(given: Mapping[Any, Any]) -> None:
    """Raise InputError for a floor that is no fraction of 1."""
    for name, floor in given.items():
        value = finite(floor)
        if not isinstance(name, str) or value is None or not 0 <= value <= 1:
            raise InputError(f"class_floors.{name} = {floor!r}: must be a number from 0 to 1")


def check_pattern(given: str) -> None:
    """Raise InputError unless the text is empty or a regular expression with one group."""
    if not given:
        return
    try:
        groups = re.compile(given).groups
    except (re.error, OverflowError) as error:
        raise InputError(f"group_pattern = {given!r}: no regular expression ({error})") from error
    if groups != 1:
        raise InputError(f"group_pattern = {given!r}: must have exactly one group in (…), found {groups}")
