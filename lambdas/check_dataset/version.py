"""What the index of datasets keeps of a run's data. Pure."""

from __future__ import annotations

from workflow.contract.build_plan import BuildPlan
from workflow.contract.dataset_index import REFUSED, DatasetUse, DatasetVersion
from workflow.contract.dataset_report import DatasetReport


def describe_version(plan: BuildPlan, report: DatasetReport, manifest: str, now_epoch: int) -> DatasetVersion:
    """The version that a report is about; ``manifest`` is the address of its manifest, empty for none."""
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
