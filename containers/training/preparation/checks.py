"""Looks at the dataset as a whole: pictures that are there twice, splits that overlap, classes that are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from containers.training.preparation.catalogue import BINS_PER_PIXEL, Array, Catalogue
from containers.training.preparation.completion import Made
from containers.training.preparation.coverage import ANY
from containers.training.preparation.findings import Findings
from containers.training.preparation.statistics import median_sides, objects_by_split
from workflow.contract.dataset_report import SPLITS
from workflow.contract.tiles import MOST_TILES, Tiling, count_tiles
from workflow.labels.files import common_folder

RARE = 50
"""A class with fewer than one object in training for so many of the most frequent class is reported as an imbalance."""
SMALL = 8.0
"""Median side in pixels below which a class counts as small: the finest cell that any family looks at."""


Agree = Callable[[bytes, bytes], bool]
"""Whether two labels of one picture mean the same."""


def check_copies(catalogue: Catalogue, equal: Array, near: Array, agree: Agree, findings: Findings) -> None:
    """Tell of equal and nearly equal pictures; those that the policy drops are left out from here on.

    ``equal`` and ``near`` are the first place of each picture's equals and of its series. Between splits it is the copy
    in the less held-out split that is reported and dropped: ``test`` keeps all of its pictures.
    """
    rows = catalogue.rows
    single = rows["kept"].copy()
    for held, others in _copies(catalogue, equal, single):
        for at in others:
            single[at] = False
            kinds = ("repeated-image", "leaked-image")
            action = _report(catalogue, at, held, "the same picture as", kinds, findings)
            # A copy that cannot stay takes its label along.
            if action == "noted" and not agree(catalogue.label(at), catalogue.label(held)):
                message = f"labelled otherwise than {catalogue.entries[held].image}, the same picture"
                pictures = (catalogue.entries[at].image, catalogue.entries[held].image)
                if findings.add("label-conflict", pictures[0], message, *pictures) == "dropped":
                    rows["kept"][at] = False
    for held, others in _copies(catalogue, near, single):
        for at in others:
            kinds = ("near-duplicate", "leaked-near-duplicate")
            _report(catalogue, at, held, "nearly the same picture as", kinds, findings)


def check_splits(catalogue: Catalogue, made: Made, findings: Findings) -> None:
    """Tell of splits without pictures or without objects, and why those have none that were made."""
    if not len(catalogue.rows):
        return
    for at, name in enumerate(SPLITS):
        places = catalogue.of(at)
        if not len(places):
            findings.add("empty-split", ".", f"no pictures for the {name} split")
        elif not catalogue.rows["objects"][places].any():
            message = f"no object is labelled in the {name} split{made.explain(ANY, [name])}"
            # A split that was made lies nowhere in particular.
            images = () if name in made.splits else (catalogue.entries[at].image for at in places.tolist())
            findings.add("empty-split", common_folder(images) or ".", message)


def check_losses(catalogue: Catalogue, findings: Findings) -> None:
    """Tell of objects left out of pictures that a model is measured with: finding them there counts as a mistake."""
    for at, name in enumerate(SPLITS[1:], 1):
        lost = catalogue.rows["lost"][catalogue.of(at)]
        if lost.any():
            message = f"{lost.sum():,} objects are left out of {(lost > 0).sum():,} {name} pictures"
            findings.add("lost-objects", ".", f"{message}: a model that finds them there is measured as mistaken")


def check_amounts(catalogue: Catalogue, most: int, findings: Findings) -> None:
    """Tell of pictures that show more objects than a model finds in one, which would be measured as missed."""
    objects = catalogue.rows["objects"]
    for at in np.flatnonzero(catalogue.rows["kept"] & (objects > most)).tolist():
        needed = int(objects[catalogue.rows["kept"]].max())
        message = (
            f"{objects[at]:,} objects are labelled, and a model finds {most:,} at most: set max_detections={needed}"
        )
        findings.add("many-objects", catalogue.entries[at].image, message, catalogue.entries[at].image)


def check_classes(catalogue: Catalogue, classes: tuple[str, ...], made: Made, findings: Findings) -> None:
    """Tell of classes that a split lacks, or that are rare beside others."""
    objects = objects_by_split(catalogue, len(classes))
    filled = [at for at in range(len(SPLITS)) if objects[at].any()]
    most = int(objects[0].max(initial=0))
    for class_id, name in enumerate(classes):
        lacking = [SPLITS[at] for at in filled if not objects[at, class_id]]
        if lacking:
            where = "anywhere" if lacking == [SPLITS[at] for at in filled] else f"in {' and '.join(lacking)}"
            findings.add("absent-class", ".", f"{name}: no object {where}{made.explain(class_id, lacking)}")
        count = int(objects[0, class_id])
        if 0 < count * RARE < most:
            frequent = classes[int(objects[0].argmax())]
            message = f"{name}: {count:,} objects to train on, fewer than 1 for {RARE} of {frequent} ({most:,})"
            findings.add("imbalance", ".", message)


def check_tiles(catalogue: Catalogue, image_size: int, findings: Findings) -> None:
    """Tell of pictures that are more tiles than are looked at, so that nobody could measure or serve them."""
    rows = catalogue.rows
    for at in np.flatnonzero(rows["kept"]).tolist():
        tiles = count_tiles(int(rows["width"][at]), int(rows["height"][at]), image_size, image_size)
        if tiles > MOST_TILES:
            message = (
                f"{rows['width'][at]}x{rows['height'][at]} pixels are {tiles:,} tiles of {image_size}, and at most "
                f"{MOST_TILES} are looked at"
            )
            findings.add("many-tiles", catalogue.entries[at].image, message, catalogue.entries[at].image)


def check_sizes(catalogue: Catalogue, classes: tuple[str, ...], tiles: Tiling, findings: Findings) -> None:
    """Tell of classes that are small as the model sees them, and what tiles would make of them."""
    seen = catalogue.sides_in_tiles if tiles == "auto" else catalogue.sides
    below = int(SMALL * BINS_PER_PIXEL)
    for at, (name, side) in enumerate(zip(classes, median_sides(seen), strict=True)):
        if not 0 < side < SMALL:
            continue
        message = f"{name}: half of the objects are below {side:.1f} pixels a side"
        small, left = (int(sides[at, :below].sum()) for sides in (seen, catalogue.sides_in_tiles))
        if left < small:
            message += f"; {small:,} of {seen[at].sum():,} are below {SMALL:g} and would be {left:,} with tiles=auto"
        findings.add("small-objects", ".", message)


def _copies(catalogue: Catalogue, groups: Array, among: Array) -> Iterator[tuple[int, list[int]]]:
    """Of each group with several members: the first in the most held-out split, and the others."""
    places = np.flatnonzero(among)
    places = places[np.argsort(groups[places], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[places], prepend=-1))
    sizes = np.diff(np.append(starts, len(places)))
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        members = places[start : start + size]
        held = int(members[np.argmax(catalogue.rows["split"][members])])
        yield held, [at for at in members.tolist() if at != held]


def _report(catalogue: Catalogue, at: int, held: int, message: str, kinds: tuple[str, str], findings: Findings) -> str:
    within, across = kinds
    splits = catalogue.rows["split"]
    pictures = (catalogue.entries[at].image, catalogue.entries[held].image)
    message = f"{message} {pictures[1]}" if pictures[0] != pictures[1] else "one picture in two splits"
    if splits[at] != splits[held]:
        message += f": {SPLITS[splits[at]]} must not show what {SPLITS[splits[held]]} is measured with"
    kind = within if splits[at] == splits[held] else across
    action = findings.add(kind, pictures[0], message, *pictures)
    if action == "dropped":
        catalogue.rows["kept"][at] = False
    return action
