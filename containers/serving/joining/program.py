"""Joins the answers of a batch transform job with their pictures' names, counts them, and writes the page.

Reads a processing job's inputs and writes ``answers.jsonl``, ``answers.csv``, ``summary.json`` and ``index.html``. Its
last words are the line that everyone is told.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from containers.serving.joining.answers import JoinError, read_answers
from containers.serving.joining.page import Page
from containers.serving.joining.sheet import draw_sheet
from containers.serving.joining.summary import Summary
from containers.serving.joining.tables import open_tables

MESSAGE_LENGTH = 1024
"""SageMaker shows this many characters of a job's exit message."""


def run(environ: Mapping[str, str]) -> int:
    """Join and return the exit status; what came of it, or why nothing did, also goes to ``output/message``."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    status = 1
    try:
        said, status = join(base / "processing", environ), 0
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


def join(folder: Path, environ: Mapping[str, str]) -> str:
    """Read everything below ``folder``/input, write everything below ``folder``/output; all of it on one line.

    Raises JoinError where an answer is none or another model's, or where not a single picture was answered.
    """
    answers, output = folder / "input" / "answers", folder / "output" / "batch"
    digest = environ["MODEL_DIGEST"]
    output.mkdir(parents=True, exist_ok=True)
    summary = Summary()
    with open_tables(output) as tell:
        for one in read_answers(answers, digest):
            summary.add(one)
            tell(one)
    if not summary.answered:
        why = f": {summary.reasons[0][0]}: {summary.reasons[0][1]}" if summary.reasons else ""
        raise JoinError(f"none of {summary.pictures:,} pictures was answered{why}")
    document = {"version": 1, "run": environ["RUN"], "planned": int(environ["COUNT"]), **summary.document()}
    (output / "summary.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    page = Page(
        run=environ["RUN"],
        dataset=environ["DATASET"],
        version=environ["MODEL_VERSION"],
        pictures=environ["PICTURES"],
        summary=summary,
        shown=list(draw_sheet(folder / "input" / "sheet", answers, digest)),
    )
    (output / "index.html").write_text(page.html(), encoding="utf-8")
    return summary.line()
