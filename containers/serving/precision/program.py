"""Measures the candidates that a training has exported on its validation pictures, and says which shall serve.

Reads ``floats/`` and ``integers/``, each with a graph and its manifest, and ``validation/``, laid out as held-out
pictures are; writes ``choice.json``. Started by the training job, as a process of its own: its runtime shares neither
threads nor memory with the one that trained.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from containers.serving.evaluation.held_out import HeldOut, read_held_out
from containers.serving.evaluation.scoring import Standing, compare
from containers.serving.precision.candidates import load_candidates
from containers.serving.precision.decision import ClassLead, Measured, Place, choose, explain, publish_as, refuse
from containers.serving.precision.measuring import look_in_turns, time_in_turns
from containers.serving.precision.processor import Processor
from containers.serving.precision.sampling import bound, spread
from workflow.contract.document import render
from workflow.contract.precision_choice import PrecisionChoice, Tried
from workflow.contract.scores import QUALITY

RESULT = "choice.json"


def run(arguments: Sequence[str]) -> int:
    """Measure, choose and write; whatever cannot be read or run raises as it does in an evaluation."""
    parser = argparse.ArgumentParser(prog="python -m containers.serving choose", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--instance", default="", help="the instance type of this machine, where it is one")
    parser.add_argument("--endpoint", default="", help="that of the endpoint, where it is another machine's")
    given = parser.parse_args(arguments)
    here = Processor.here()
    choice = measure(given.folder, Place(here.name, here.bfloat16, given.instance, given.endpoint))
    text = json.dumps(render(choice), indent=1, ensure_ascii=False)
    (given.folder / RESULT).write_text(text, encoding="utf-8")
    return 0


def measure(folder: Path, place: Place) -> PrecisionChoice:
    """Measure what lies in ``folder`` here, and choose."""
    whole = read_held_out(folder / "validation")
    candidates = load_candidates(folder, bfloat16=place.bfloat16)
    times = time_in_turns(candidates, whole)
    count = bound(len(whole.pictures), sum(times.values()) / 1000)
    held_out = replace(whole, pictures=spread(whole.pictures, count))
    _say(f"measuring {', '.join(candidates)} on {len(held_out.pictures)} of {len(whole.pictures)} validation pictures")
    return decide(look_in_turns(candidates, held_out, _say), times, held_out, len(whole.pictures), place)


def decide(
    standings: Mapping[str, Standing], times: Mapping[str, float], held_out: HeldOut, validation: int, place: Place
) -> PrecisionChoice:
    """The choice between ``standings``, the most exact first, whose pictures take ``times`` milliseconds."""
    figure = QUALITY[held_out.task]
    measured = [hold_against_exact(name, standings, times[name], held_out) for name in standings]
    return PrecisionChoice(
        chosen=publish_as(choose(measured), place),
        reason=explain(measured, place),
        figure=figure,
        pictures=len(held_out.pictures),
        validation=validation,
        processor=place.processor,
        tried=tuple(
            Tried(
                precision=one.precision,
                quality=one.quality,
                interval=standings[one.precision].intervals(held_out.task).get(figure),
                milliseconds=one.milliseconds,
                lead=one.lead,
                refused=refuse(one, measured[0]),
            )
            for one in measured
        ),
    )


def hold_against_exact(
    name: str, standings: Mapping[str, Standing], milliseconds: float, held_out: HeldOut
) -> Measured:
    """A candidate beside f32, over all classes and for each."""
    quality = standings[name].overall(held_out.task)[QUALITY[held_out.task]]
    if name == "f32":
        return Measured(name, milliseconds, quality)
    exact = standings["f32"]
    found = compare(standings[name], exact, held_out, frozenset(held_out.classes))
    figures = dict(zip(held_out.classes, exact.now.per_class["quality"][:, 0].tolist(), strict=True))
    classes = tuple(ClassLead(of, figures[of], lead) for of, lead in found.per_class.items())
    return Measured(name, milliseconds, quality, found.overall, classes)


def _say(line: str) -> None:
    print(line, flush=True)
