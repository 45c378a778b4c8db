"""Our preparation: ``python -m tests.bench.preparation.ours whole|checks DATASET OUTPUT``.

``whole`` is the processing job itself: labels and pictures checked, digests made, copies, near copies and leaks found,
splits made, pictures and labels copied, manifest, report and contact sheet written. ``checks`` ends before the copying.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from containers.training.folders import Folders
from containers.training.preparation.judgement import judge
from containers.training.preparation.options import Options
from containers.training.preparation.program import prepare
from workflow.labels.recognition import open_source


def main(job: str, folder: Path, output: Path) -> None:
    """Prepare, or only check."""
    if job == "checks":
        with tempfile.TemporaryFile() as spool:
            assert judge(open_source(folder), folder, Options(), spool).sound
        return
    given = output / "processing" / "input"
    (given / "record").mkdir(parents=True)
    (given / "dataset").symlink_to(folder)
    options = {"task": "auto", "format": "auto", "policy": {}, "group_pattern": "", "seed": 0, "image_size": 640}
    (given / "record" / "run.json").write_text(json.dumps({"version": 1, "preparation": options}), encoding="utf-8")
    prepare(Folders(output))


if __name__ == "__main__":
    started = time.perf_counter()
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    print(f"seconds={time.perf_counter() - started:.3f}")
