"""Judges labelled objects: what a row of each task must say, and what the policy makes of one that does not.

Pure: numbers in, rows and problems out. Knows no files and no format but YOLO's own rows of text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workflow.labels.columns import hint_at, read_number, show_word
from workflow.labels.geometry import (
    Numbers,
    area,
    box_around,
    clip_box,
    clip_points,
    corners,
    edges,
    is_box_with_points,
    smallest_rectangle,
)
from workflow.labels.source import Labelled, Problem, Row, problem

TOLERANCE = 1e-6
"""How far, in fractions of the image, an edge may lie outside: what six decimals lose."""
FAR = 2.0
"""Where nobody draws an edge, in fractions of the image: such a number of a row is one of pixels."""
NOMINAL = 640
"""Pixels on a side of an image whose size nobody knows, for the one pixel that a box may overhang."""


@dataclass(frozen=True)
class Rules:
    """What holds for every row of a dataset: its task, how many classes, its keypoints, and the policy."""

    task: str
    classes: int
    keypoints: tuple[int, int] | None
    policy: Mapping[str, str]


class Judge:
    """Judges the objects of one image; ``file`` is where they are written, ``image`` its name where others are, too."""

    def __init__(self, rules: Rules, file: str, width: int, height: int, image: str = "") -> None:
        """Size of the upright image in pixels, 0 where unknown."""
        self._rules = rules
        self._file = file
        self._image = image
        self._pixel = (1 / (width or NOMINAL), 1 / (height or NOMINAL))
        self._rows: list[Row] = []
        self._seen: set[tuple[int, Numbers]] = set()
        self._problems: list[Problem] = []
        self._numbers: Numbers = ()
        """Of the object that is judged."""
        self._simplified = 0

    def labelled(self) -> Labelled:
        """What was read."""
        problems = [*self._problems]
        if self._simplified:
            shape = "the smallest turned box" if self._rules.task == "obb" else "the box"
            count = f"{self._simplified:,} objects are" if self._simplified > 1 else "1 object is"
            count = f"{self._image}: {count}" if self._image else count
            message = f"{count} drawn in more detail than {self._rules.task} needs: {shape} around each is taken"
            problems.append(problem("simplified-object", self._file, 0, message, self._rules.policy))
        return Labelled(tuple(self._rows), tuple(problems), labelled=True, dropped=False)

    def read(self, text: str) -> None:
        """Judge YOLO's rows; empty lines are skipped."""
        boxes, classes, take = self._rules.task == "detect", self._rules.classes, self.take
        keep, seen = self._rows.append, self._seen
        odd = "_" in text  # Python reads 1_0 as ten; nobody else does
        for line, written in enumerate(text.splitlines(), start=1):
            columns = written.split()
            if not columns:
                continue
            try:
                class_id = int(columns[0])
                numbers = tuple(map(float, columns[1:]))
            except ValueError:
                self._take_text(columns, line)
                continue
            if boxes and len(numbers) == 4 and 0 <= class_id < classes and not odd:
                # The way of nearly every row; NaN fails every comparison.
                x, y, width, height = numbers
                side, up = width / 2, height / 2
                if (
                    0 < width <= 1
                    and 0 < height <= 1
                    and side - TOLERANCE <= x <= 1 + TOLERANCE - side
                    and up - TOLERANCE <= y <= 1 + TOLERANCE - up
                    and (class_id, numbers) not in seen
                ):
                    seen.add((class_id, numbers))
                    keep(Row(class_id, numbers, line))
                    continue
            if odd:
                self._take_text(columns, line)
            else:
                take(class_id, numbers, line)

    def take(self, class_id: int, numbers: Sequence[float], line: int = 0, what: str = "") -> None:
        """Judge one object; ``what`` names it where a line does not.

        ``numbers`` are those of a row of any task; each check hands on what is left of them, or nothing.
        """
        self._numbers = tuple(numbers)
        left = self._check(class_id, self._numbers, line, what)
        if left is not None:
            self._rows.append(Row(class_id, left, line))
        self._numbers = ()

    def _check(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        left: Numbers | None = numbers
        for check in (
            self._check_numbers,
            self._check_columns,
            self._check_class,
            self._check_visibility,
            self._check_area,
            self._check_place,
            self._check_repeated,
        ):
            if left is None:
                break
            left = check(class_id, left, line, what)
        return left

    def report(
        self,
        kind: str,
        message: str,
        line: int = 0,
        *,
        given: Numbers | None = None,
        mended: Numbers | None = None,
    ) -> Numbers | None:
        """Note a problem and return what the policy leaves: nothing, the ``mended`` numbers, or those ``given``.

        What cannot be mended although the policy says so is rejected.
        """
        found = problem(kind, self._file, line, message, self._rules.policy)
        if found.action == "repaired" and mended is None:
            found = replace(found, message=f"{found.message} (this cannot be repaired)", action="rejected")
        self._problems.append(replace(found, numbers=self._numbers) if self._numbers else found)
        return {"repaired": mended, "noted": given}.get(found.action)

    # --- the checks, in the order in which they are made ---------------------------------------

    def _take_text(self, columns: Sequence[str], line: int) -> None:
        values = [read_number(column) for column in columns]
        wrong = next((text for text, value in zip(columns, values, strict=True) if value is None), None)
        if wrong is not None:
            self.report("not-a-number", f"{show_word(wrong)} is not a finite number{hint_at(columns)}", line)
            return
        class_id, *numbers = [value for value in values if value is not None]
        if class_id != int(class_id):
            self._numbers = tuple(numbers)
            self.report("fractional-class", f"class {columns[0][:20]} is not a whole number", line)
            self._numbers = ()
            return
        self.take(int(class_id), numbers, line)

    def _check_numbers(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        wrong = next((value for value in numbers if not math.isfinite(value)), None)
        if wrong is None:
            return numbers
        return self.report("not-a-number", f"{what}'{wrong}' is not a finite number", line)

    def _check_columns(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        task, found = self._rules.task, self._task_of(len(numbers))
        if found in ("segment", "obb") and len(numbers) >= 8 and numbers[:2] == numbers[-2:]:
            # A ring that comes back to its first corner, as some tools write it.
            numbers = numbers[:-2]
            found = self._task_of(len(numbers))
        if found == "segment" and is_box_with_points(numbers):
            found = "pose"  # of a set that does not say how many keypoints an object has
        if found == task or (task == "segment" and found == "obb"):
            return numbers
        simple = self._simplify(found, numbers)
        if simple:
            self._simplified += 1
            return simple
        if not found:
            return self.report("malformed-row", f"{what}{len(numbers) + 1} columns; {self._describe_columns()}", line)
        hint = " (a polygon or keypoints?)" if found != "detect" else " (a box: with task=detect all become boxes)"
        message = f"{what}{len(numbers) + 1} columns{hint}; {self._describe_columns()}"
        return self.report("wrong-task", message, line, mended=_convert(task, found, numbers))

    def _simplify(self, found: str, numbers: Numbers) -> Numbers | None:
        """A row of another task as one of this, where it says all that this needs: the box around, straight or turned.

        A turned box's corners outside of the picture are moved to its edge, where its outline lies in it.
        """
        task = self._rules.task
        if task == "detect" and found == "pose":
            return numbers[:4]
        if task == "detect" and found in ("segment", "obb"):
            return box_around(numbers)
        if task != "obb" or found != "segment":
            return None
        turned = smallest_rectangle(numbers, 1 / self._pixel[0], 1 / self._pixel[1])
        inside = min(numbers) >= -TOLERANCE and max(numbers) <= 1 + TOLERANCE
        return clip_points(turned, 2) if inside else turned

    def _task_of(self, count: int) -> str:
        """The task whose rows have so many numbers, the dataset's own first; empty where none has."""
        points = self._rules.keypoints
        if points and count == 4 + points[0] * points[1]:
            return "pose"
        if count in (4, 8):
            return {4: "detect", 8: "obb"}[count]
        return "segment" if count >= 6 and count % 2 == 0 else ""

    def _describe_columns(self) -> str:
        points, each = self._rules.keypoints or (0, 0)
        return {
            "detect": "a box has 5: class x y width height",
            "segment": "an outline has 7 or more: class and x y of every corner",
            "obb": "a turned box has 9: class and x y of its four corners",
            "pose": f"an object has {5 + points * each}: class x y width height and {points} keypoints of {each}",
        }[self._rules.task]

    def _check_class(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        if 0 <= class_id < self._rules.classes:
            return numbers
        message = f"{what}class {class_id} is unknown; {self._rules.classes} are named, counted from 0"
        return self.report("unknown-class", message, line)

    def _check_visibility(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        if self._rules.task != "pose" or not self._rules.keypoints or self._rules.keypoints[1] == 2:
            return numbers
        odd = next((value for value in numbers[6::3] if value not in (0, 1, 2)), None)
        if odd is None:
            return numbers
        return self.report("malformed-row", f"{what}a keypoint's visibility is 0, 1 or 2, not {odd:g}", line)

    def _check_area(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        if self._rules.task in ("detect", "pose"):
            if numbers[2] > 0 and numbers[3] > 0:
                return numbers
            message = f"a box of no area: width {numbers[2]:g}, height {numbers[3]:g}"
            return self.report("empty-box", what + message, line)
        return numbers if area(numbers) > 0 else self.report("empty-box", f"{what}an outline of no area", line)

    def _check_place(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        each = (self._rules.keypoints or (0, 2))[1] if self._rules.task == "pose" else 2
        head = 4 if self._rules.task in ("detect", "pose") else 0
        box, points = numbers[:head], numbers[head:]
        outside = {
            name: value
            for name, value in _find_extremes(box, points, each).items()
            if not -TOLERANCE <= value <= 1 + TOLERANCE
        }
        clipped = (*(clip_box(box) if box else ()), *clip_points(points, each))
        if not outside:
            # What the tolerance lets pass is left as it is written, but for a number above 1.
            return clipped if not box or max(box) > 1 else (*box, *clipped[head:])
        shown = ", ".join(f"{name} {value:.6g}" for name, value in outside.items())
        message = f"{what}the {'box' if box else 'outline'} leaves the image: {shown}"
        if not what and max(outside.values()) > FAR:
            message += " (in pixels? fractions of the picture are meant)"
        empty = min(clipped[2:4]) <= 0 if box else area(clipped) <= 0
        if not empty and all(
            max(-value, value - 1) <= self._pixel[name in ("top", "bottom")] + TOLERANCE
            for name, value in outside.items()
        ):
            return self.report("overhanging-box", message, line, mended=clipped)
        return self.report("outside-image", message, line, mended=None if empty else clipped)

    def _check_repeated(self, class_id: int, numbers: Numbers, line: int, what: str) -> Numbers | None:
        if (class_id, numbers) not in self._seen:
            self._seen.add((class_id, numbers))
            return numbers
        return self.report("repeated-object", f"{what}the same object once more", line, given=numbers)


def _find_extremes(box: Sequence[float], points: Sequence[float], each: int) -> dict[str, float]:
    """The outermost edges of a box with its keypoints, or of an outline; keypoints that are not labelled are left out.

    A keypoint of three numbers is not labelled where the last, its visibility, is 0.
    """
    xs, ys = list(points[0::each]), list(points[1::each])
    if each == 3:
        seen = [at for at, visible in enumerate(points[2::3]) if visible]
        xs, ys = [xs[at] for at in seen], [ys[at] for at in seen]
    if box:
        left, top, right, bottom = edges(box)
        xs += (left, right)
        ys += (top, bottom)
    return {"left": min(xs), "top": min(ys), "right": max(xs), "bottom": max(ys)}


def _convert(task: str, found: str, numbers: Numbers) -> Numbers | None:
    """A row of another task as one of this, where that needs no guess: the box's own corners."""
    return corners(numbers) if found == "detect" and task in ("segment", "obb") else None
