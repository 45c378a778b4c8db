"""Whether what a run starts from and is compared with fits the data, before the training is paid for.

The training and the evaluation check the same once more, from the models themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from workflow.contract.build_plan import BuildPlan
from workflow.contract.dataset_report import DatasetReport
from workflow.contract.hyperparameters import OWN, SETTINGS, HyperparameterError, read_argument, require_meaning
from workflow.contract.scores import Metrics
from workflow.contract.weights import FINDS, WeightsError, require_fit

REPLACE = "to replace it all the same: greenlight start --set compare=false"


def find_misfits(report: DatasetReport, plan: BuildPlan, champion: Metrics | None) -> Iterator[str]:
    """What does not fit the data, and what to do about it. ``champion`` is how production's model was measured."""
    try:
        if plan.pretrained is not None:
            require_fit(plan.pretrained, task=report.task)
    except WeightsError as error:
        yield str(error)
    given = {name: text for name, text in plan.hyperparameters.items() if name in SETTINGS}
    try:
        arguments = {name: read_argument(name, text) for name, text in given.items()}
        model, tiles = (plan.hyperparameters.get(name, OWN[name]) for name in ("model", "tiles"))
        require_meaning(arguments, model, tiles, report.task, len(report.classes))
    except HyperparameterError as error:
        yield str(error)
    if champion is not None:
        yield from _compare(report, champion)


def _compare(report: DatasetReport, champion: Metrics) -> Iterator[str]:
    known = [one.name for one in champion.candidate.per_class]
    lost = [name for name in known if name not in report.classes]
    if champion.task != report.task:
        yield (
            f"production's model finds {FINDS[champion.task]} ({champion.task}), this data is labelled for "
            f"{FINDS[report.task]} ({report.task}), so that the two cannot be compared; {REPLACE}"
        )
    elif known and len(lost) == len(known):
        yield f"production's model knows {', '.join(known)}, and none of {', '.join(report.classes)}; {REPLACE}"
    elif lost:
        yield (
            f"production's model also finds {', '.join(lost)}, which this data does not name and the new model would "
            f"not find: add them, or {REPLACE}"
        )
