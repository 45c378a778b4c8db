"""Finds which pictures must go where for every class to be in every split that is made, and says why where none can.

Pure: what each unit shows in, choices out. A class needs a unit of its own in each split, and a unit can serve several
classes at once but one split alone, so this is a search: the scarcest classes choose first, and are taken back where a
later one is left with too few. Small data are searched to the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

ANY = -1
"""Stands for all classes together: a split without a single object is of no use."""
FIRST = ("train", "test", "validation")
"""Where a class belongs that is in fewer units than there are splits: what is not learned need not be measured."""
TRIALS = 100_000
"""Choices after which a search is given up; a second or two."""
RECENT = 20
"""How many of the last choices are looked at for the class that is left with least."""

Classes = Sequence[Mapping[int, int]]
"""For each unit, in how many of its pictures each class is seen."""


def holders(classes: Classes) -> dict[int, list[int]]:
    """The units of each class, those of ANY class last."""
    found: dict[int, list[int]] = {}
    for unit, seen in enumerate(classes):
        for class_id in sorted(seen):
            found.setdefault(class_id, []).append(unit)
    labelled = [unit for unit, seen in enumerate(classes) if seen]
    return {**found, ANY: labelled} if labelled else {}


def find_lacking(classes: Classes, chosen: Sequence[str], splits: Sequence[str]) -> dict[int, list[str]]:
    """The splits that each class is not in, although it has units for them; by FIRST where it has too few for all."""
    lacking = {}
    for class_id, units in holders(classes).items():
        there = {chosen[unit] for unit in units}
        if absent := [split for split in _wanted(splits, len(units)) if split not in there]:
            lacking[class_id] = absent
    return lacking


def find_pins(classes: Classes, ranked: Sequence[int], splits: Sequence[str]) -> dict[int, str]:
    """A split for as many units as it takes to have every class in every split; the others are free.

    ``ranked`` are all units, those first that should rather be trained on. Where not all classes can be everywhere,
    those give way that are found to be in the way of others.
    """
    rank = {unit: at for at, unit in enumerate(ranked)}
    found = {class_id: sorted(units, key=rank.__getitem__) for class_id, units in holders(classes).items()}
    wanted = {class_id: _wanted(splits, len(units)) for class_id, units in found.items()}
    trials = TRIALS
    while True:
        search = _Search(classes, found, wanted)
        if search.run(trials):
            return search.best
        trials -= search.tried
        # Who could not be served gives way in the least important split; a split without any object never does.
        in_the_way = search.failed if search.failed != ANY else search.order[-2] if len(search.order) > 1 else ANY
        if trials <= 0 or in_the_way == ANY:
            return search.fill()
        wanted[in_the_way] = wanted[in_the_way][:-1]


def explain(classes: Classes, pictures: Mapping[int, int], splits: Sequence[str]) -> dict[int, str]:
    """Why each class cannot be, or is not, in all of these splits; ``pictures`` counts those that show it."""
    reasons = {}
    for class_id, units in holders(classes).items():
        count, several = pictures[class_id], "" if pictures[class_id] == 1 else "s"
        if count < len(splits):
            reasons[class_id] = f"{count} picture{several} cannot be in {len(splits)} splits"
        elif len(units) < len(splits):
            apart = "a single one" if len(units) == 1 else f"{len(units)} groups or series"
            reasons[class_id] = f"its {count} pictures stay together in {apart}, for {len(splits)} splits"
        else:
            reasons[class_id] = "no division of the pictures was found that has every class in every split"
    return reasons


class _Search:
    def __init__(
        self, classes: Classes, found: Mapping[int, Sequence[int]], wanted: Mapping[int, Sequence[str]]
    ) -> None:
        self._classes, self._found, self._wanted = classes, found, wanted
        asking = [class_id for class_id in found if wanted[class_id]]
        self.order = sorted(asking, key=lambda c: (c == ANY, len(found[c]) - len(wanted[c]), c))
        self._pins: dict[int, str] = {}
        self._serving = {(class_id, split): 0 for class_id in asking for split in wanted[class_id]}
        self._free = {class_id: len(units) for class_id, units in found.items()}
        self._open = {class_id: len(splits) for class_id, splits in wanted.items()}
        self.tried = 0
        self.failed = ANY
        """The class at which the search got stuck with most pins."""
        self.best: dict[int, str] = {}

    def run(self, trials: int) -> bool:
        """Whether every need could be served; ``best`` has the most pins there were."""
        way: list[tuple[int, str, Iterator[int]]] = []
        start, starts = 0, list[int]()
        while True:
            while start < len(self.order) and not self._open[self.order[start]]:
                start += 1
            if start == len(self.order):
                self.best = dict(self._pins)
                return True
            class_id = self._choose(self.order[start])
            split = next(split for split in self._wanted[class_id] if not self._serving[class_id, split])
            way.append((class_id, split, self._candidates(class_id, split)))
            starts.append(start)
            while not self._advance(way[-1][1], way[-1][2]):
                if len(self._pins) >= len(self.best):
                    self.best, self.failed = dict(self._pins), way[-1][0]
                way.pop()
                starts.pop()
                if not way or self.tried > trials:
                    return False
                self._take_back()
            start = starts[-1]

    def fill(self) -> dict[int, str]:
        """The best pins there were, and more of them for whatever can still be served, at the cost of others."""
        while self._pins:
            self._take_back()
        for unit, split in self.best.items():
            self._pin(unit, split)
        for class_id in self.order:
            for split in self._wanted[class_id]:
                if self._serving[class_id, split] or self._advance(split, self._candidates(class_id, split)):
                    continue
                left = next(self._candidates(class_id, split), None)
                if left is not None:
                    self._pin(left, split)
        return self._pins

    def _choose(self, scarcest: int) -> int:
        """The class to serve next: of those that the last pins have left least room, or else the scarcest."""
        last = itertools.islice(reversed(self._pins), RECENT)
        touched = (class_id for unit in last for class_id in self._classes[unit] if self._open[class_id])
        return min((scarcest, *touched), key=lambda c: (self._free[c] - self._open[c], self._free[c], c))

    def _candidates(self, class_id: int, split: str) -> Iterator[int]:
        units = self._found[class_id]
        return (unit for unit in (units if split == "train" else reversed(units)) if unit not in self._pins)

    def _advance(self, split: str, candidates: Iterator[int]) -> bool:
        """Pin the next candidate that leaves enough units for all others; whether there is one."""
        for unit in candidates:
            self.tried += 1
            if self._pin(unit, split):
                return True
            self._take_back()
        return False

    def _pin(self, unit: int, split: str) -> bool:
        self._pins[unit] = split
        enough = True
        for class_id in (*self._classes[unit], ANY):
            self._free[class_id] -= 1
            if (class_id, split) in self._serving:
                self._open[class_id] -= not self._serving[class_id, split]
                self._serving[class_id, split] += 1
            enough = enough and self._free[class_id] >= self._open[class_id]
        return enough

    def _take_back(self) -> None:
        unit, split = self._pins.popitem()
        for class_id in (*self._classes[unit], ANY):
            self._free[class_id] += 1
            if (class_id, split) in self._serving:
                self._serving[class_id, split] -= 1
                self._open[class_id] += not self._serving[class_id, split]


def _wanted(splits: Sequence[str], units: int) -> list[str]:
    return [split for split in FIRST if split in splits][:units]
