"""How a run trains: its hyperparameters, on which instances in turn, and what a search varies.

SageMaker carries every hyperparameter as text. What ultralytics makes of one is the training image's concern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lambdas.plan_run.clusters import cluster
from lambdas.plan_run.ranges import DEFAULT, render_ranges
from workflow.contract.build_plan import Attempt, Search
from workflow.contract.hyperparameters import OWN, as_text
from workflow.contract.names import job_name
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput

SEARCH_OPTIMIZER = "AdamW"
"""Named in a search, because ultralytics' own choice of an optimiser ignores ``lr0``."""

GPU_INSTANCE = r"ml\.[gp]\d.*"
"""Instance families with a GPU that PyTorch trains on: ``ml.g5.…``, ``ml.p4d.…``."""

TRAIN_SECONDS = 24 * 3600
"""Longest a training may take."""
SPOT_WAIT_SECONDS = 6 * 3600
"""What a training on spot capacity may wait for it, its interruptions included, on top of its own time."""
QUEUE_SECONDS = 2 * 3600
"""What the state waits on top, for an instance and for its start."""


def select_hyperparameters(given: RunInput) -> dict[str, str]:
    """Every hyperparameter of the training as text."""
    own = {name: getattr(given, name) for name in OWN}
    return {name: as_text(value) for name, value in {**own, **given.hyperparameters}.items()}


def takes_spot(given: RunInput, instance: str) -> bool:
    """Whether a training on this instance takes spot capacity: asked for, and only where a GPU makes it worth it."""
    return given.spot and re.fullmatch(GPU_INSTANCE, instance) is not None


def plan_attempts(given: RunInput, subject: str, key: str = "") -> Attempt:
    """Where to train first, and below ``fallback`` where next when capacity is short there, as deep as the list goes.

    Each names its job, so that no try takes the name of another. SageMaker wants MaxWaitTimeInSeconds with spot
    capacity and refuses it without, so the whole StoppingCondition is given. ``seconds`` is what the state waits;
    ``key`` is the KMS key of the volumes, empty for none.
    """
    *earlier, last = enumerate((given.training_instance, *given.fallback_instances), 1)
    planned = plan_attempt(given, subject, *last, key)
    for number, instance in reversed(earlier):
        planned = replace(plan_attempt(given, subject, number, instance, key), fallback=planned)
    return planned


def plan_attempt(given: RunInput, subject: str, number: int, instance: str, key: str) -> Attempt:
    """The try of this number, from 1, without what comes after it."""
    spot = takes_spot(given, instance)
    whole = TRAIN_SECONDS + (SPOT_WAIT_SECONDS if spot else 0)
    return Attempt(
        job=job_name(subject, "train" if number == 1 else f"train-{number}"),
        instance=instance,
        spot=spot,
        stopping={"MaxRuntimeInSeconds": TRAIN_SECONDS, **({"MaxWaitTimeInSeconds": whole} if spot else {})},
        seconds=whole + QUEUE_SECONDS,
        resources=cluster(instance, key),
    )


def plan_search(given: RunInput, trained_with: Mapping[str, str]) -> Search:
    """What the Tune state needs: how it searches, the fixed hyperparameters and SageMaker's ParameterRanges.

    Raises InputError for ranges that make no sense and, where a search is asked for, when there is nothing to vary.
    """
    for name in given.tuning_ranges:
        if name in given.hyperparameters:
            raise InputError(f"tuning_ranges.{name}: hyperparameters.{name} fixes it; give one of the two")
    varied = given.tuning_ranges or {name: entry for name, entry in DEFAULT.items() if name not in trained_with}
    ranges = render_ranges(varied)
    static = {**({} if "optimizer" in varied else {"optimizer": SEARCH_OPTIMIZER}), **trained_with}
    optimizers = varied["optimizer"]["values"] if "optimizer" in varied else [static["optimizer"]]
    if given.tune and not varied:
        raise InputError(f"tune = True: hyperparameters fixes {', '.join(DEFAULT)} and leaves nothing to search")
    if given.tune and "lr0" in varied and "auto" in optimizers:
        raise InputError("the optimizer 'auto' ignores the learning rate lr0 that a search varies: name another")
    return Search(
        jobs=given.tuning_jobs,
        parallel=min(given.tuning_parallel, given.tuning_jobs),
        strategy=given.tuning_strategy,
        stopping={"MaxRuntimeInSeconds": TRAIN_SECONDS},
        static=static,
        ranges=ranges,
    )
