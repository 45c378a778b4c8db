"""The image's entry point: ``train`` for a training job, ``inspect`` and ``prepare`` for processing jobs.

Turns an exception into the reason that SageMaker shows and into the exit status. Each program is
imported only when asked for, so that preparing a dataset never loads torch.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from containers.training.folders import Folders

USAGE = "usage: python -m containers.training train|inspect|prepare|examine"
REASON_LENGTH = 1024
"""SageMaker shows this many characters of a failure's reason."""


def reason(error: BaseException) -> str:
    """What went wrong on one line of at most 1,024 characters; a name in front unless the text explains itself."""
    text = " ".join(str(error).split())
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line if len(line) <= REASON_LENGTH else line[: REASON_LENGTH - 1] + "…"


def note(file: Path, error: BaseException) -> None:
    """Write the reason of a failure where SageMaker looks for it; a full disk must not hide the exit status."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(reason(error), encoding="utf-8")
    except OSError as failed:
        print(f"could not write {file}: {failed}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the program that the arguments name; the exit status."""
    folders = Folders.of(environ)
    try:
        match list(arguments):
            case ["train"]:
                from containers.training.train import train

                train(folders)
            case ["inspect"]:
                from containers.training.preparation.program import inspect

                inspect(folders)
            case ["prepare"]:
                from containers.training.preparation.program import prepare

                prepare(folders)
            case ["examine"]:
                from containers.training.preparation.program import examine

                examine(folders)
            case _:
                print(f"{USAGE}\nfound: {' '.join(arguments) or 'no argument'}", file=sys.stderr)
                return 2
    except Exception as error:
        traceback.print_exc()
        note(folders.failure if arguments[0] == "train" else folders.message, error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
