"""The execution input of Build: its keys, each declared once, and how it is read over the stack's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflow.contract.dataset_report import FINDINGS, FORMAT_NAMES
from workflow.contract.execution import own_keys
from workflow.contract.group_pattern import check_pattern
from workflow.contract.hyperparameters import OwnHyperparameters, check_hyperparameters
from workflow.contract.model import TASKS
from workflow.contract.policy import DEMANDED, Loosened, OfFindings, find_loosened
from workflow.contract.rule import (
    InputError,
    Name,
    Number,
    OneOf,
    Pattern,
    Patterns,
    Rule,
    Switch,
    Table,
    Whole,
    among,
    key,
    rules_of,
)
from workflow.contract.serving import Serving, ServingInput
from workflow.contract.starter import STARTED_BY_LENGTH
from workflow.contract.thresholds import Thresholds, check_floors

FORMATS = ("auto", *FORMAT_NAMES)
"""How the labels of a dataset may be written; ``auto`` finds out."""

QUEUE, REFUSE, BESIDE = "queue", "refuse", "beside"
WHEN_BUSY = (QUEUE, REFUSE, BESIDE)
"""What a run may do while another one is under way to the same endpoint."""

LARGEST_VOLUME_GB = 16384
"""The largest volume that SageMaker gives a job."""

_INSTANCE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
INFERENCE_AMI = r"|al2[a-z0-9]*-ami-sagemaker-inference-gpu-[0-9-]+"
INFERENCE_AMI_WORDS = (
    "empty for the newest driver that is known for endpoint_instance, or SageMaker's name of another one such as "
    "al2-ami-sagemaker-inference-gpu-3-1; where endpoint_instance has no GPU it says nothing"
)
# The registry keeps the address with the model, and takes only these characters, 256 at most (CustomerMetadataMap).
_S3 = r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/[A-Za-z0-9 _.:/=+@\-]{0,180})?"


@dataclass(frozen=True)
class DataInput:
    """The data and how it is read."""

    dataset: str = field(
        metadata={
            "rule": Pattern(
                "an S3 address s3://bucket/prefix of labelled images, of letters, digits, blanks and _.:/=+@-", _S3
            )
        }
    )
    dataset_version: str = key(
        Pattern(
            "empty, or the digest of a version of the data, or as many of its first digits as tell it, which the run "
            "then has once more, whatever dataset holds by now",
            r"|[0-9a-f]{4,64}",
        ),
        "",
    )
    task: str = key(
        OneOf("what the model shall find; auto takes what the labels are made for", ("auto", *TASKS)), "auto"
    )
    format: str = key(OneOf("how the labels are written", FORMATS), "auto")
    policy: Mapping[str, str] = key(
        Table('kinds of findings, each with what is done about it, such as {"outside-image": "repair"}'),
        {},
        OfFindings("a run may only make it stricter, as reject is stricter than drop, repair and note in turn"),
    )
    group_pattern: str = key(
        Pattern(
            "empty, or a regular expression whose one group is what pictures of a series share in their names",
            r".{0,200}",
        ),
        "",
    )
    prepare_instances: int = key(Whole("instances that share the preparation", 1, 20), 1)


@dataclass(frozen=True)
class TrainingInput(OwnHyperparameters):
    """The training: what it starts from, what it is told, and what a search varies."""

    weights: str = key(Pattern("empty, or the S3 address of pretrained weights (.pt)", rf"|{_S3}\.pt"), "")
    weights_sha256: str = key(
        Pattern("empty, or the SHA-256 of the weights, 64 hexadecimal digits", r"|[0-9a-f]{64}"), ""
    )
    hyperparameters: Mapping[str, Any] = key(
        Table("further training arguments of ultralytics, name to number, text or true/false"), {}
    )
    spot: bool = key(
        Switch("train on spot capacity where the instance has a GPU; the last try is on demand all the same"), True
    )
    spot_wait_hours: float = key(
        Number(
            "hours that a training may wait for spot capacity, and be without it once it was interrupted", 0, 24 * 7
        ),
        1.0,
    )
    tune: bool = key(Switch("search for hyperparameters instead of one training"), False)
    tuning_jobs: int = key(Whole("trainings a search may start", 1, 50), 6)
    tuning_parallel: int = key(Whole("trainings of a search at one time", 1, 10), 2)
    tuning_hours: float = key(Number("hours a search may take", 0.1, 24 * 28), 24.0)
    tuning_instance_hours: float = key(
        Number(
            "hours of all instances of a search together: ends it early, by the number of parallel trainings", 0.1, 1e5
        ),
        48.0,
    )
    tuning_strategy: str = key(OneOf("how a search picks what it tries", ("Bayesian", "Random")), "Bayesian")
    tuning_ranges: Mapping[str, Any] = key(
        Table(
            'what a search varies: a training argument to {"min": …, "max": …, "scaling": "Linear" or "Logarithmic"} '
            'or {"values": […]}; empty for the learning rate, the weight decay and mosaic'
        ),
        {},
    )


@dataclass(frozen=True)
class EvaluationInput:
    """What the evaluation measures."""

    confidence: float = key(Number("score below which a detection is not shown", 0.01, 0.99), 0.25)
    compare: bool = key(
        Switch("judge against production's model; false replaces one that finds something else"), True, DEMANDED
    )


@dataclass(frozen=True)
class InstanceInput:
    """Where the work is done."""

    training_instance: str = key(Pattern("a SageMaker instance type such as ml.g5.xlarge", _INSTANCE), "ml.g5.xlarge")
    fallback_instances: Sequence[str] = key(
        Patterns("a list of instance types to train on when capacity is short, in this order", _INSTANCE), ()
    )
    processing_instance: str = key(
        Pattern("a SageMaker instance type such as ml.m7i.xlarge", _INSTANCE), "ml.m7i.xlarge"
    )
    endpoint_instance: str = key(Pattern("a SageMaker instance type such as ml.c7i.xlarge", _INSTANCE), "ml.c7i.xlarge")
    training_hours: float = key(Number("hours a training may take, on whichever instance", 0.1, 24 * 28), 24.0)
    processing_hours: float = key(Number("hours the preparation and the evaluation may take, each", 0.1, 24 * 5), 4.0)
    volume_gb: int = key(
        Whole(
            "GB of each job's volume, 0 for what the data asks for; an instance with disks of its own uses those",
            0,
            LARGEST_VOLUME_GB,
        ),
        0,
    )
    inference_ami: str = key(Pattern(INFERENCE_AMI_WORDS, INFERENCE_AMI), "")


# A dataclass takes the fields of its last base first, and its own at the end.
@dataclass(frozen=True)
class RunInput(ServingInput, InstanceInput, Thresholds, EvaluationInput, TrainingInput, DataInput):
    """The execution input of Build, complete and checked. Units: pixels, hours, fractions of 1.

    All keys are optional: the stack's defaults fill the rest, and name the dataset.
    """

    ask_before_production: bool = key(Switch("ask once more between staging and production"), False, DEMANDED)
    approval_hours: float = key(Number("hours an approval request waits", 0, 24 * 30, above=True), 72.0)
    force: bool = key(Switch("build even what was built before, or is built at this moment"), False)
    when_busy: str = key(
        OneOf(
            "where another run of the project is under way to the same endpoint: wait for its end, be refused, or go "
            "on beside it, where the one that is released second is refused by its release",
            WHEN_BUSY,
        ),
        QUEUE,
    )
    queue_hours: float = key(Number("hours after its start in which a run that waits must have its turn", 0, 72), 24.0)
    started_by: str = key(Name("who or what started the run", STARTED_BY_LENGTH), "")

    @staticmethod
    def parse(given: object, defaults: Mapping[str, Any]) -> RunInput:
        """Read an execution input over the stack's defaults. Raises InputError with key and allowed values.

        Keys that are Step Functions' own are left out.
        """
        if not isinstance(given, Mapping):
            raise InputError(f"the execution input is {type(given).__name__}: must be a JSON object, {{}} at least")
        merged = {**defaults, **own_keys(given)}
        for name in merged:
            if name not in RULES:
                raise InputError(f"{name}: unknown key{among(name, sorted(RULES))}")
        if "dataset" not in merged:
            raise InputError(f"dataset: missing, and the stack names none; must be {RULES['dataset'].allowed()}")
        values = {name: RULES[name].read(name, value) for name, value in merged.items()}
        check_hyperparameters(values.get("hyperparameters", {}))
        check_policy(values.get("policy", {}))
        check_floors(values.get("class_floors", {}))
        check_pattern(values.get("group_pattern", ""))
        given_input = RunInput(**values)
        Serving.of(given_input)
        return given_input

    def preparation(self) -> dict[str, Any]:
        """How the labelled images are read: what decides the prepared dataset beside the files themselves."""
        return {
            "task": self.task,
            "format": self.format,
            "policy": dict(self.policy),
            "group_pattern": self.group_pattern,
            "seed": self.seed,
            "image_size": self.image_size,
            "max_detections": self.max_detections,
            "tiles": self.tiles,
        }

    def loosened(self, defaults: Mapping[str, Any]) -> tuple[Loosened, ...]:
        """What this input asks less of than the stack whose defaults it was read over."""
        return find_loosened(RunInput.parse({}, {"dataset": self.dataset, **defaults}), self)


RULES: Mapping[str, Rule[Any]] = rules_of(RunInput)
"""Every key the execution input of Build may have."""


def check_policy(given: Mapping[Any, Any]) -> None:
    """Raise InputError for a kind of finding that does not exist, or a policy that makes no sense for it."""
    for kind, policy in given.items():
        if kind not in FINDINGS:
            raise InputError(f"policy.{kind}: unknown kind of finding{among(kind, FINDINGS, 'known are')}")
        if policy not in FINDINGS[kind].allowed:
            raise InputError(f"policy.{kind} = {policy!r}: must be one of {', '.join(FINDINGS[kind].allowed)}")
