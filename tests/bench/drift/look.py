"""Looks at every picture of a folder with a model, in the serving image's environment, and keeps the rows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from containers.serving.drift.examiner import Examiner
from containers.serving.drift.pictures import read_held_out
from containers.serving.drift.table import FIGURES, Row, Table


def main(model: str, folder: str, target: str) -> None:
    """Write the rows as a file of numpy's."""
    examiner, rows = Examiner(Path(model), 0.25), list[Row]()
    for name, found in examiner.examine(((one.name, one) for one in sorted(Path(folder).iterdir())), read_held_out):
        if isinstance(found, str):
            raise SystemExit(f"{name}: {found}")
        rows += found
    table = Table.of(rows, len(examiner.manifest.classes))
    figures = np.stack([table.figures[name] for name in FIGURES])
    np.savez(target, names=np.array(table.names), figures=figures, classes=table.classes, features=table.features)


if __name__ == "__main__":
    main(*sys.argv[1:])
