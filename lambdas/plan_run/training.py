"""How a run trains: its hyperparameters, on which instances in turn, and what a search varies.

SageMaker carries every hyperparameter as text. What ultralytics makes of one is the training image's concern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lambdas.plan_run.clusters import cluster
from lambdas.plan_run.limits import QUEUE_SECONDS, choose_volume, seconds
from lambdas.plan_run.ranges import DEFAULT, render_ranges
from workflow.contract.build_plan import Attempt, Search
from workflow.contract.hyperparameters import OWN, as_text
from workflow.contract.instances import tried_instances
from workflow.contract.job_names import name_training
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput

SEARCH_OPTIMIZER = "AdamW"
"""Named in a search, because ultralytics' own choice of an optimiser ignores ``lr0``."""


def select_hyperparameters(given: RunInput) -> dict[str, str]:
    """Every hyperparameter of the training as text."""
    own = {name: getattr(given, name) for name in OWN}
    return {name: as_text(value) for name, value in {**own, **given.hyperparameters}.items()}


def plan_attempts(given: RunInput, project: str, run: str, data_bytes: int, key: str = "") -> Attempt:
    """Where to train first, and below ``fallback`` where next when capacity is short there, as deep as the list goes.

    The last is on demand: a single instance that would be tried on spot capacity alone is tried once more without it.
    Each names its job, so that no try takes the name of another. SageMaker wants MaxWaitTimeInSeconds with spot
    capacity and refuses it without, so the whole StoppingCondition is given. ``seconds`` is what the state waits;
    ``key`` is the KMS key of the volumes, empty for none.
    """
    *earlier, last = enumerate(tried_instances(given), 1)
    planned = plan_attempt(given, name_training(project, run, last[0]), data_bytes, key, last[1])
    for number, tried in reversed(earlier):
        attempt = plan_attempt(given, name_training(project, run, number), data_bytes, key, tried)
        planned = replace(attempt, fallback=planned)
    return planned


def plan_attempt(given: RunInput, job: str, data_bytes: int, key: str, tried: tuple[str, bool]) -> Attempt:
    """The try that has this name, without what comes after it."""
    instance, spot = tried
    longest = seconds(given.training_hours)
    whole = longest + (seconds(given.spot_wait_hours) if spot else 0)
    return Attempt(
        job=job,
        instance=instance,
        spot=spot,
        stopping={"MaxRuntimeInSeconds": longest, **({"MaxWaitTimeInSeconds": whole} if spot else {})},
        seconds=whole + QUEUE_SECONDS,
        resources=cluster(instance, key, choose_volume(given.volume_gb, data_bytes, instance)),
    )


def plan_search(given: RunInput, trained_with: Mapping[str, str]) -> Search:
    """What the Tune state needs: how it searches, the fixed hyperparameters and SageMaker's ParameterRanges.

    Raises InputError for ranges that make no sense, for a learning rate that the optimizer would ignore and, where a
    search is asked for, when there is nothing to vary.
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
    if not given.tune and "lr0" in given.hyperparameters and given.hyperparameters.get("optimizer", "auto") == "auto":
        raise InputError("hyperparameters.lr0: the optimizer 'auto' ignores it; give hyperparameters.optimizer, too")
    return Search(
        jobs=given.tuning_jobs,
        parallel=min(given.tuning_parallel, given.tuning_jobs),
        strategy=given.tuning_strategy,
        stopping={"MaxRuntimeInSeconds": seconds(given.training_hours)},
        static=static,
        ranges=ranges,
    )
