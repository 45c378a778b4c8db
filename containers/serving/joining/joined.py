"""Joins answers with their pictures' names, counts them, and writes tables and page. Draws nothing itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from containers.serving.joining.answers import JoinError, read_answers
from containers.serving.joining.page import Page
from containers.serving.joining.summary import Summary
from containers.serving.joining.tables import open_tables

if TYPE_CHECKING:
    from containers.serving.joining.sheet import Shown


Draw = Callable[[Path, Path, str], "Iterable[Shown]"]
"""Draws the pictures below a folder from the answers below another, by the model of a digest."""


def join(folder: Path, environ: Mapping[str, str], draw: Draw) -> str:
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
        shown=list(draw(folder / "input" / "sheet", answers, digest)),
    )
    (output / "index.html").write_text(page.html(), encoding="utf-8")
    return summary.line()
