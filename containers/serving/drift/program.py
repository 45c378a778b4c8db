"""Holds a window of production's pictures against what their model was judged by.

Reads a processing job's inputs and writes ``drift.json``, ``pictures.jsonl`` and ``index.html``. Its last words are the
line that everyone is told.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from containers.serving.drift.examiner import Examiner
from containers.serving.drift.judging import About, judge
from containers.serving.drift.moving import Moved, measure_moves
from containers.serving.drift.page import Page
from containers.serving.drift.pictures import Read, captured_reader
from containers.serving.drift.reference import Reference, ReferenceFileError
from containers.serving.drift.sheet import draw_pairs
from containers.serving.drift.table import FIGURES, Row, Table
from containers.serving.evaluation.archive import archive_digest, unpack
from containers.serving.model.manifest import ModelError
from workflow.contract.drift import PAGE, PICTURES, REFERENCE, REPORT, DriftReport

REASON_LENGTH = 1024
"""SageMaker shows this many characters of a job's exit message."""


class DriftError(ValueError):
    """The job's inputs do not allow a comparison: says why."""


def run(environ: Mapping[str, str]) -> int:
    """Compare and return the exit status; what came of it, or why nothing did, also goes to ``output/message``."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    status = 1
    try:
        said, status = watch(base / "processing", environ).line, 0
    except (DriftError, ReferenceFileError, ModelError) as error:
        said = f"Drift: {error}"
    except Exception as error:
        traceback.print_exc()
        said = f"Drift: {type(error).__name__}: {error}"
    print(said, file=sys.stderr if status else sys.stdout, flush=True)
    message = base / "output" / "message"
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(said[:REASON_LENGTH], encoding="utf-8")
    return status


def watch(folder: Path, environ: Mapping[str, str]) -> DriftReport:
    """Read everything below ``folder``/input, write everything below ``folder``/output; what it came to.

    ``drift.json`` comes last, so that its presence means completeness.
    """
    inputs, output = folder / "input", folder / "output" / "drift"
    reference = Reference.read(inputs / "reference" / REFERENCE, environ["REFERENCE_DIGEST"])
    examiner = load(inputs / "archive" / "model.tar.gz", environ["ARCHIVE_DIGEST"], reference)
    read, unreadable = captured_reader(examiner.manifest.classes), 0
    files = inputs / "window"

    def rows() -> Iterator[Row]:
        nonlocal unreadable
        paths = sorted(path for path in files.rglob("*") if path.is_file() and path.suffix != ".manifest")
        for name, found in examiner.examine(((path.relative_to(files).as_posix(), path) for path in paths), read):
            if isinstance(found, str):
                unreadable += 1
                print(f"{name}: {found}", flush=True)
            else:
                yield from found

    window = Table.of(rows(), len(reference.classes))
    about = About(environ["RUN"], int(environ["MODEL_VERSION"]), environ["SINCE"], environ["UNTIL"])
    report = judge(reference, window, unreadable, about)
    output.mkdir(parents=True, exist_ok=True)
    moved = measure_moves(reference.table, window) if len(window) and len(reference.table) else None
    write(output, report, reference, window, moved, files, read)
    return report


def load(archive: Path, digest: str, reference: Reference) -> Examiner:
    """The model of the archive of that digest. Raises DriftError where the reference is about another."""
    found = archive_digest(archive)
    if found != digest:
        raise DriftError(f"the archive has the digest {found}, production has {digest}")
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(archive, Path(unpacked))
        examiner = Examiner(Path(unpacked), reference.confidence)
    if examiner.manifest.model_digest != reference.model_digest:
        raise DriftError(f"the reference is about the model {reference.model_digest}")
    if examiner.runtime != reference.runtime:
        raise DriftError(f"the reference was computed by {reference.runtime}, and this image has {examiner.runtime}")
    return examiner


def write(
    folder: Path, report: DriftReport, reference: Reference, window: Table, moved: Moved | None, files: Path, read: Read
) -> None:
    """Write the table of pictures, the page and the report."""
    with (folder / PICTURES).open("w", encoding="utf-8") as lines:
        if moved is not None:
            rows = (_row(reference, window, moved, at) for at in range(len(window)))
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    pairs = [] if moved is None else list(draw_pairs(files, read, reference, window, moved))
    page = Page(report, reference, window, pairs)
    (folder / PAGE).write_text(page.html(), encoding="utf-8")
    (folder / REPORT).write_text(json.dumps(report.document(), indent=1), encoding="utf-8")


def _row(reference: Reference, window: Table, moved: Moved, at: int) -> dict[str, object]:
    counts = window.classes[at]
    values = {name: float(window.figures[name][at]) for name in FIGURES}
    return {
        "picture": window.names[at],
        "distance": round(float(moved.distance[at]), 5),
        "rank": round(float(moved.rank[at]), 5),
        "nearest": reference.table.names[int(moved.nearest[at])],
        "figures": {name: None if value != value else value for name, value in values.items()},
        "classes": {name: int(count) for name, count in zip(reference.classes, counts, strict=True) if count},
    }
