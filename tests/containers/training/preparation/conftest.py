"""Jobs of the preparation: a folder as SageMaker lays it out, with a small dataset and the run's record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from containers.training.__main__ import main
from tests.containers.training.conftest import Write
from workflow.contract.dataset_report import DatasetReport, Finding

SPLITS = {"images/train": 6, "images/val": 3, "images/test": 3}


@dataclass(frozen=True)
class Job:
    """One processing job below ``base``."""

    base: Path

    @property
    def dataset(self) -> Path:
        return self.base / "processing/input/dataset"

    def record(self, **options: Any) -> None:
        """Write the run's record, with these options of the preparation."""
        preparation = {"task": "auto", "format": "auto", "policy": {}, "group_pattern": "", "seed": 0}
        preparation |= {"image_size": 64, "instances": 1, **options}
        record = {"version": 1, "dataset": "bolts", "preparation": preparation}
        write_json(self.base / "processing/input/record/run.json", record)

    def run(self, program: str = "prepare") -> int:
        """The program's exit status."""
        return main([program], {"SAGEMAKER_BASE_DIR": str(self.base)})

    def output(self, name: str) -> Path:
        return self.base / "processing/output" / name

    def read(self, name: str) -> Any:
        return json.loads(self.output(name).read_text(encoding="utf-8"))

    @property
    def report(self) -> DatasetReport:
        return DatasetReport.parse(self.read("report/dataset-report.json"))

    def prepared(self) -> DatasetReport:
        """Run the program, which must end well, and return its report."""
        assert self.run() == 0
        return self.report

    def handed_on(self) -> dict[str, bytes]:
        """Every file of the two outputs that others read."""
        return {
            path.relative_to(self.output("")).as_posix(): path.read_bytes()
            for name in ("training", "test")
            for path in sorted(self.output(name).rglob("*"))
            if path.is_file()
        }


def write_json(file: Path, document: object) -> None:
    """Write a document and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document), encoding="utf-8")


def texts(report: DatasetReport, kind: str) -> list[str]:
    """The findings of one kind, one line each."""
    return [plain(finding) for finding in report.findings if finding.kind == kind]


def plain(finding: Finding) -> str:
    """A finding on one line, without its kind."""
    return finding.text().removesuffix(f" [{finding.kind}]")


Make = Callable[..., Job]


@pytest.fixture
def make_job(tmp_path: Path, write_dataset: Write) -> Make:
    """Makes a job with a dataset of these folders and numbers of pictures."""

    def make(counts: Mapping[str, int] = SPLITS, **options: Any) -> Job:
        job = Job(tmp_path / "job")
        write_dataset(counts)
        job.dataset.parent.mkdir(parents=True)
        (tmp_path / "dataset").rename(job.dataset)
        job.record(**options)
        return job

    return make
