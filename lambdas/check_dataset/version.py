"""What the index of datasets keeps of a run's data. Pure."""

from __future__ import annotations

from workflow.contract.build_plan import BuildPlan
from workflow.contract.dataset_index import REFUSED, DatasetUse, DatasetVersion
from workflow.contract.dataset_report import DatasetReport


def find_other_version(report: DatasetReport, plan: BuildPlan) -> tuple[str, ...]:
    """What to say where a run was to have an earlier version of the data and its preparation gave another one."""
    wanted = plan.dataset.version
    if not wanted or report.digest == wanted:
        return ()
    return (
        f"the run was to have the version {wanted[:12]} of {plan.dataset.name} once more, and its objects were "
        f"prepared as {report.digest[:12]}: with another task, format, policy, group_pattern or seed than that "
        "version's own run had, or by another training image, the same files give another version",
    )


def describe_version(
    plan: BuildPlan, report: DatasetReport, manifest: str, objects: str, now_epoch: int
) -> DatasetVersion:
    """The version that a report is about; ``manifest`` and ``objects`` are where those lists lie, empty for none."""
    counted = {one.name: sum(one.objects.values()) for one in report.class_counts}
    return DatasetVersion(
        digest=report.digest,
        name=plan.dataset.name,
        uri=plan.dataset.uri,
        task=report.task,
        pictures={name: split.images for name, split in report.splits.items()},
        classes={name: counted.get(name, 0) for name in report.classes},
        first_seen_epoch=now_epoch,
        manifest=manifest,
        objects=objects,
    )


def describe_use(plan: BuildPlan, report: DatasetReport, now_epoch: int, *, refused: bool) -> DatasetUse:
    """This run's use of it, which ends here where it was ``refused``."""
    return DatasetUse(
        run=plan.run,
        execution=plan.execution_arn,
        digest=report.digest,
        name=plan.dataset.name,
        used_epoch=now_epoch,
        ended=REFUSED if refused else "",
    )
