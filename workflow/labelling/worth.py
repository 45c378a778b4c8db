"""What the label of a picture would teach, by what is known of it without one. Pure.

Every reason gives a picture a figure, and what counts is the picture's rank in it: figures of different kinds cannot be
added, and ranks can. The reasons are those of active learning: how unsure the model is of what it found, as its least
confidence (Lewis and Gale, 1994) in the mean over a picture's objects (Brust et al., "Active Learning for Deep Object
Detection", 2019: a sum would choose the crowded pictures, of which there are as many where nothing is new); two models
that see different things, query by committee (Seung et al., 1992); and what people and the watch over production say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract.box_pairs import SAME_PLACE
from workflow.contract.feedback import RIGHT, WRONG
from workflow.contract.plain_text import show_plain
from workflow.contract.smoke import overlap

UNSUSPECTED = 0.5
"""Worth of a picture that nothing speaks for: so much that one of another scene comes before a tenth of one."""

Answer = Mapping[str, Any]
"""An endpoint's answer about one picture: ``detections`` or a ``classification``."""


@dataclass(frozen=True)
class Known:
    """What is known of a picture: production's answer, another model's, how far it has drifted, what a person said.

    ``second`` is None where no other model was asked, ``drift`` where nobody has measured it (the larger, the further).
    """

    id: str
    answer: Answer
    second: Answer | None = None
    drift: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class Worth:
    """How much a label is expected to teach, comparable within one choice alone, and why in words."""

    value: float
    why: str


@dataclass(frozen=True)
class Reason:
    """One reason: its figure for a picture, None where it is not known, and how that is said.

    ``weight`` is how many others it outweighs.
    """

    figure: Callable[[Known], float | None]
    words: Callable[[Known], str]
    weight: float = 1


def judge(pictures: Sequence[Known]) -> dict[str, Worth]:
    """The worth of each picture by its id. What a person found right is left out: its label is known to teach nothing.

    A picture's rank in a reason is the share of the others that have a smaller figure in it; where its own is not
    known, such as the drift of what no watch has looked at, the mean rank of those whose figure is.
    """
    left = [one for one in pictures if one.verdict != RIGHT]
    figures = [[reason.figure(one) for one in left] for reason in REASONS]
    ranks = [_rank(column) for column in figures]
    worth = {}
    for at, one in enumerate(left):
        weighed = [reason.weight * rank[at] for reason, rank in zip(REASONS, ranks, strict=True)]
        told = [place for place, column in enumerate(figures) if column[at] is not None]
        strongest = max(told, key=lambda place: weighed[place])
        speaks = weighed[strongest] > 0
        why = REASONS[strongest].words(one) if speaks else "nothing speaks for it but that it is unlike the others"
        worth[one.id] = Worth(UNSUSPECTED + sum(weighed), why)
    return worth


def _rank(figures: Sequence[float | None]) -> list[float]:
    known = sorted(figure for figure in figures if figure is not None)
    rank = {figure: at / max(1, len(known) - 1) for at, figure in reversed(list(enumerate(known)))}
    usual = sum(rank[figure] for figure in known) / max(1, len(known))
    return [usual if figure is None else rank[figure] for figure in figures]


def doubt(answer: Answer) -> float:
    """How unsure a model is, from 0 to 1: what its objects' scores lack to 1, in the mean, and 0 where it saw none; of
    a sorted picture, how near the second class is to the first (the margin).
    """
    if "classification" in answer:
        scores = sorted((_score(item) for item in answer["classification"]), reverse=True)
        return 1 - (scores[0] - scores[1]) if len(scores) > 1 else 0.0
    seen = [_score(item) for item in answer["detections"]]
    return 1 - sum(seen) / len(seen) if seen else 0.0


def disagree(one: Answer, other: Answer) -> float:
    """From 0 to 1, how differently two models see a picture: the share of all objects that the other has no match for.

    Objects match where class and place are the same; of sorted pictures the best classes are compared.
    """
    if "classification" in one:
        nothing: Mapping[str, Any] = {}
        best, second = (max(each.get("classification", []), key=_score, default=nothing) for each in (one, other))
        return abs(_score(best) - _score(second)) if best.get("class") == second.get("class") else 1.0
    mine, others = list(one.get("detections", [])), list(other.get("detections", []))
    total = len(mine) + len(others)
    matched = 0
    for item in sorted(mine, key=_score, reverse=True):
        near = [(overlap(item["box"], each["box"]), at) for at, each in enumerate(others) if _same_class(item, each)]
        best_overlap, at = max(near, default=(0.0, -1))
        if best_overlap >= SAME_PLACE:
            others.pop(at)
            matched += 2
    return (total - matched) / total if total else 0.0


def _score(item: Mapping[str, Any]) -> float:
    return float(item.get("score", 0))


def _same_class(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    # By name: another version may number its classes otherwise.
    return bool(one["class"] == other["class"])


def _tell_doubt(one: Known) -> str:
    if "classification" in one.answer:
        best = sorted(one.answer["classification"], key=_score, reverse=True)[:2]
        return "unsure between " + " and ".join(f"{show_plain(str(item['class']))} {_score(item):.2f}" for item in best)
    unsure = sorted(one.answer["detections"], key=_score)[:3]
    return "unsure of " + ", ".join(f"{show_plain(str(item['class']))} {_score(item):.2f}" for item in unsure)


REASONS = (
    Reason(lambda one: doubt(one.answer), _tell_doubt),
    # Of an answer without objects no score tells anything; it is the odder, the rarer such answers are.
    Reason(
        lambda one: float("classification" not in one.answer and not one.answer["detections"]),
        lambda one: "nothing was found in it",
    ),
    Reason(
        lambda one: disagree(one.answer, one.second) if one.second is not None else 0.0,
        lambda one: "the other version sees something else",
    ),
    Reason(lambda one: one.drift, lambda one: f"unlike the data it was trained on: drift {one.drift:.3g}"),
    # A person's word outweighs all that is only suspected.
    Reason(lambda one: float(one.verdict == WRONG), lambda one: "somebody said that the answer is wrong", weight=5),
)
