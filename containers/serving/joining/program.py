"""Joins the answers of a batch transform job with their pictures' names, counts them, and writes the page.

Reads a processing job's inputs and writes ``answers.jsonl``, ``answers.csv``, ``summary.json`` and ``index.html``. Its
last words are the line that everyone is told.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from containers.serving.joining.answers import JoinError
from containers.serving.joining.joined import join
from containers.serving.joining.sheet import draw_sheet

MESSAGE_LENGTH = 1024
"""SageMaker shows this many characters of a job's exit message."""


def run(environ: Mapping[str, str]) -> int:
    """Join and return the exit status; what came of it, or why nothing did, also goes to ``output/message``."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    status = 1
    try:
        said, status = join(base / "processing", environ, draw_sheet), 0
    except JoinError as error:
        said = f"Join: {error}"
    except Exception as error:
        traceback.print_exc()
        said = f"Join: {type(error).__name__}: {error}"
    print(said, file=sys.stderr if status else sys.stdout, flush=True)
    message = base / "output" / "message"
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(said[:MESSAGE_LENGTH], encoding="utf-8")
    return status
