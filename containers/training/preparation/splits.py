"""Makes the splits that a dataset lacks, the same way every time for the same content and seed.

Pure: what belongs together and what it shows in, choices out. Knows no files and no names.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from containers.training.preparation.coverage import ANY, find_lacking, find_pins

SHARE = 0.15
"""The part of the pictures that a missing validation or test split gets."""


class SplitError(ValueError):
    """Too few pictures, or too few groups of them, to take a split from."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Pictures that must stay together: how many, and in how many of them each class is seen.

    ``key`` comes from the content, so that it is the same wherever the pictures lie and whatever they are called.
    """

    key: bytes
    pictures: int
    classes: Mapping[int, int]


def assign(units: Sequence[Unit], missing: Sequence[str], seed: int) -> list[str]:
    """For every unit the split it belongs to: ``train``, or one of the missing ones.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-Label Data, 2011): the
    class with the fewest pictures left is dealt out first, every unit to the split that still wants most of the class.
    Larger units go before smaller ones, and none of several pictures to a missing split with room for less than half
    of them. Where that leaves a split without a class, those units are dealt out first that bring every class into
    every split. Each missing split gets one unit at least. Raises SplitError where none would be left to train on.
    """
    if len(units) <= len(missing):
        raise SplitError(f"{len(units)} different pictures or groups are too few to take {' and '.join(missing)} from")
    order = sorted(range(len(units)), key=lambda at: (-units[at].pictures, _draw(units[at].key, seed)))
    classes, splits = [unit.classes for unit in units], ["train", *missing]
    chosen = _deal_out(units, missing, order, {})
    if lacking := find_lacking(classes, chosen, splits):
        better = _deal_out(units, missing, order, find_pins(classes, order, splits))
        if _weigh(find_lacking(classes, better, splits)) < _weigh(lacking):
            return better
    return chosen


def _weigh(lacking: Mapping[int, Sequence[str]]) -> tuple[bool, int]:
    """How bad it is what splits lack: one without any object is worst."""
    return ANY in lacking, sum(map(len, lacking.values()))


def _deal_out(
    units: Sequence[Unit], missing: Sequence[str], order: Sequence[int], pins: Mapping[int, str]
) -> list[str]:
    """Deal all units out; what ``pins`` says of some goes first."""
    deal = _Deal(units, missing)
    holders: dict[int, list[int]] = {}
    for at in order:
        # Pictures without any object are dealt out as a class of their own.
        for class_id in units[at].classes or (-1,):
            holders.setdefault(class_id, []).append(at)
    left = {class_id: sum(deal.weight(at, class_id) for at in found) for class_id, found in holders.items()}
    for at, name in pins.items():
        deal.put(at, name)
        for class_id in units[at].classes:
            left[class_id] -= deal.weight(at, class_id)
    queue = [(count, class_id) for class_id, count in left.items()]
    heapq.heapify(queue)
    while queue:
        count, rarest = heapq.heappop(queue)
        if left[rarest] != count:
            continue  # It is in the queue once more, with what is left of it now.
        for at in holders[rarest]:
            if not deal.chosen[at]:
                deal.give(at, rarest)
                for class_id in units[at].classes:
                    left[class_id] -= deal.weight(at, class_id)
                    if class_id != rarest:
                        heapq.heappush(queue, (left[class_id], class_id))
    deal.fill_empty([at for at in order if at not in pins])
    return deal.chosen


class _Deal:
    def __init__(self, units: Sequence[Unit], missing: Sequence[str]) -> None:
        self._units, self._missing = units, missing
        self.chosen = [""] * len(units)
        self._shares = {"train": 1 - SHARE * len(missing), **dict.fromkeys(missing, SHARE)}
        total = sum(unit.pictures for unit in units)
        self._room = {name: share * total for name, share in self._shares.items()}
        totals: dict[int, int] = {}
        for at, unit in enumerate(units):
            for class_id in unit.classes or (-1,):
                totals[class_id] = totals.get(class_id, 0) + self.weight(at, class_id)
        self._wanted = {
            name: {class_id: share * count for class_id, count in totals.items()}
            for name, share in self._shares.items()
        }

    def weight(self, at: int, class_id: int) -> int:
        """The unit's pictures in which the class is seen."""
        unit = self._units[at]
        return unit.pictures if class_id < 0 else unit.classes[class_id]

    def give(self, at: int, class_id: int) -> None:
        """Put a unit where its class is wanted most."""
        unit = self._units[at]
        fitting = [name for name in self._missing if unit.pictures <= max(1, self._room[name] * 2)]
        self.put(at, max(["train", *fitting], key=lambda name: (self._wanted[name][class_id], self._room[name])))

    def put(self, at: int, name: str) -> None:
        """Put a unit into a split."""
        unit = self._units[at]
        self.chosen[at] = name
        self._room[name] -= unit.pictures
        for seen in unit.classes or (-1,):
            self._wanted[name][seen] -= self.weight(at, seen)

    def fill_empty(self, order: Sequence[int]) -> None:
        """Give every split that got nothing the smallest unit of the split with the most units."""
        for name in ("train", *self._missing):
            if name not in self.chosen:
                largest = max(self._shares, key=[self.chosen[at] for at in order].count)
                self.chosen[next(at for at in reversed(order) if self.chosen[at] == largest)] = name


def _draw(key: bytes, seed: int) -> bytes:
    return hashlib.sha256(b"%d:" % seed + key).digest()
