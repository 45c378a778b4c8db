"""Does on this machine what a run's preparation does: reads every picture, finds copies and leaks, makes the splits.

Runs the training image's own program where its libraries are, on exactly the files that would be uploaded, so that what
passes here passes there. Knows nothing of what that program looks for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workflow.contract.dataset_report import DatasetReport
from workflow.contract.reading import VERSION
from workflow.contract.run_input import RunInput
from workflow.datasets.check import Dataset
from workflow.datasets.refusal import Again, refuse
from workflow.errors import GreenlightError
from workflow.standin import ROOT

LIBRARIES = ("numpy", "PIL", "simplejpeg", "yaml")
"""What the preparation imports."""
MISSING = (
    "the pictures themselves are read when the run prepares them: what reads them is not installed here "
    "(python -m infra.local.environments training)"
)


def find_interpreter(root: Path = ROOT) -> Path | None:
    """A Python that has the preparation's libraries: this one, or that of the training image; None without either."""
    if not (root / "containers" / "training").is_dir():
        return None
    if all(find_spec(name) for name in LIBRARIES):
        return Path(sys.executable)
    whole = (root / ".greenlight" / "environments").glob("training-*/complete")
    newest = max(whole, key=lambda file: file.stat().st_mtime, default=None)
    return None if newest is None else newest.parent / "bin" / "python"


def prepare_here(
    dataset: Dataset, settings: Mapping[str, Any], command: str, kept: Path, say: Callable[[str], None]
) -> DatasetReport | None:
    """What a run would find in a dataset, None where it cannot be looked at here; ``say`` gets how far it is.

    The report, the page for people and all findings stay in the folder ``kept``; earlier ones go in any case.

    ``settings`` are keys of a run's input, ``command`` what goes on with another ``{policy}``. Raises UsageError for
    what a run would refuse, GreenlightError where the preparation itself fails.
    """
    _forget(kept)
    interpreter = find_interpreter()
    if interpreter is None:
        return None
    given = RunInput.parse(dict(settings), {"dataset": "s3://bucket/any/"})
    with tempfile.TemporaryDirectory(prefix="greenlight-") as name:
        base = Path(name)
        lay_out(dataset, base / "processing" / "input" / "dataset")
        record = {"version": VERSION, "dataset": dataset.name, "preparation": given.preparation()}
        _write(base / "processing" / "input" / "record" / "run.json", record)
        _run(interpreter, base, say)
        kept.mkdir(parents=True, exist_ok=True)
        for file in (base / "processing" / "output" / "report").iterdir():
            shutil.copyfile(file, kept / file.name)
    report = DatasetReport.parse(json.loads((kept / "dataset-report.json").read_text("utf-8")))
    if report.errors:
        errors = [finding for finding in report.findings if finding.severity == "error"]
        again = Again(command, given.policy)
        raise refuse(dataset.folder, errors, again, whole=dataset.name, counted=report.rejected, kept=kept)
    return report


def _forget(kept: Path) -> None:
    """Remove what was found before: it must not be taken for what is found now."""
    for file in kept.iterdir() if kept.is_dir() else ():
        file.unlink()


def lay_out(dataset: Dataset, folder: Path) -> None:
    """Lay the files out as an upload would: below the names of their keys, with links instead of contents."""
    folder.mkdir(parents=True)
    for key, path in dataset.files.items():
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.resolve())


def _run(interpreter: Path, base: Path, say: Callable[[str], None]) -> None:
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": str(ROOT)}
    command = [str(interpreter), "-m", "containers.training", "examine"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None  # noqa: S101 - it was asked for
        said = []
        for line in running.stdout:
            said.append(line)
            say(line.rstrip())
    if running.returncode:
        reason = base / "processing" / "output" / "message"
        raise GreenlightError(
            f"the pictures could not be looked at: {reason.read_text('utf-8') if reason.is_file() else said[-1:]}"
        )


def _write(file: Path, document: object) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document), encoding="utf-8")
