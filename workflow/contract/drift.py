"""The execution input of Drift, its plan, and what came of it: which pictures are held against which reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from workflow.contract.document import (
    Address,
    AtLeast,
    Digest,
    Document,
    Folder,
    Matching,
    PackageArn,
    PackageVersion,
    Seconds,
    Text,
)
from workflow.contract.own_input import read_own
from workflow.contract.reading import ContractError
from workflow.contract.starter import StartedBy

REFERENCE = "drift-reference.json"
"""What the evaluation writes beside its figures: what the version saw on held-out pictures."""
REPORT = "drift.json"
"""What the job writes: the figures, which of them drifted, and in one line what that comes to."""
PAGE = "index.html"
PICTURES = "pictures.jsonl"
"""A line for each picture of the window: its key, its figures, and how far it is from the reference."""

DRIFT = "drift/"
"""Below which a stack's bucket holds what the watches were given and found, each in a folder of its run."""

DRIFT_NAMESPACE = "Greenlight/Drift"
"""Of CloudWatch's figures, by project: whether a window drifted, and by how many figures."""

FEWEST = 30
"""Pictures of a window, or of a reference, below which neither is judged."""
MOST_PICTURES = 10_000
"""Of a window; of more, so many are drawn."""
MOST_HOURS = 90 * 24

NOTHING, MAIL, RUN = "nothing", "mail", "run"
ON_DRIFT = (NOTHING, MAIL, RUN)
"""What a drift has as its consequence beside the alarm: none, a mail, or a mail and a build."""


@dataclass(frozen=True)
class DriftInput:
    """What a watch is started with: the hours before it that it looks at, and what a drift has as its consequence.

    ``on_drift`` is one of ON_DRIFT. It is empty, and ``window_hours`` 0, for what the stack says.
    """

    window_hours: Annotated[int, AtLeast(0)] = 0
    on_drift: Annotated[str, Matching(f"|{'|'.join(ON_DRIFT)}", f"empty, or one of {', '.join(ON_DRIFT)}")] = ""
    started_by: StartedBy = ""

    @staticmethod
    def parse(given: object) -> DriftInput:
        """Read an execution input. Raises ContractError naming the key and what is allowed.

        Keys that are Step Functions' own are left out.
        """
        found = read_own(DriftInput, given)
        if found.window_hours > MOST_HOURS:
            raise ContractError(f"input.window_hours: must be at most {MOST_HOURS}, found {found.window_hours}")
        return found


@dataclass(frozen=True)
class DriftJobs:
    """The name of the job, short enough for what a retry or a redrive adds."""

    drift: Text


@dataclass(frozen=True)
class DriftPlaces:
    """Where the job reads and writes: the model's archive, its reference, the list of pictures, what it found."""

    archive: Address
    reference: Address
    window: Address
    found: Folder


@dataclass(frozen=True)
class DriftLimits:
    """What the job is held to: its own seconds and its state's."""

    processing_seconds: Seconds
    processing_wait_seconds: Seconds


@dataclass(frozen=True)
class DriftPlan(Document):
    """The whole plan of a watch.

    ``since`` and ``until`` are the window, in ISO 8601; ``captured`` is how many requests were kept in it, ``count``
    how many of them the job looks at, and ``enough`` whether those are as many as are judged.
    """

    run: Text
    execution_arn: Text
    started_by: str
    on_drift: Text
    model_package_arn: PackageArn
    package_version: PackageVersion
    dataset_name: str
    model_digest: Digest
    archive_digest: Digest
    reference_digest: Digest
    image: Text
    since: Text
    until: Text
    captured: Annotated[int, AtLeast(0)]
    count: Annotated[int, AtLeast(0)]
    enough: bool
    jobs: DriftJobs
    uris: DriftPlaces
    cluster: Mapping[str, Any]
    limits: DriftLimits
    tags: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class DriftFigure:
    """One figure of both sets: its ``name``, what ``became`` of it in words, and whether that is a drift.

    ``distance`` is from 0 to 1, ``large`` from which on it is a drift, ``chance`` the probability that a window like
    the reference is as far by any figure. ``reference`` and ``window`` are what is usual in each: the tenth, the
    middle and the ninetieth of a hundred pictures; empty for what is no number.
    """

    name: Text
    became: str
    drifted: bool
    distance: float
    large: float
    chance: float
    reference: tuple[float, ...]
    window: tuple[float, ...]


@dataclass(frozen=True)
class DriftReport(Document):
    """``drift.json``. ``judged`` is false where there are too few pictures; then there are no figures.

    ``unreadable`` are files of the window without a picture. ``line`` is all of it in a sentence.
    """

    run: Text
    package_version: PackageVersion
    model_digest: Digest
    since: Text
    until: Text
    reference_pictures: int
    pictures: int
    unreadable: int
    judged: bool
    drifted: bool
    line: Text
    figures: tuple[DriftFigure, ...]
