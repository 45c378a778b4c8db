"""Which pictures belong together because the dataset says so: ``groups.csv`` with the columns ``file,group``."""

from __future__ import annotations

import csv
from collections.abc import Mapping

from workflow.labels.alike import show_names
from workflow.labels.files import Files, Finder
from workflow.labels.source import Problem, problem

NAME = "groups.csv"


def groups_file(files: Files) -> list[str]:
    """``groups.csv`` among the dataset's files; none where it has no such file."""
    return [file for file in (files.base + NAME,) if file in files]


def read_groups(files: Files, policy: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """The group of each picture that has one, by its path relative to the root, and what is wrong with the file."""
    file = files.base + NAME
    if file not in files:
        return {}, []
    finder = Finder(files.images)
    groups: dict[str, str] = {}
    problems: list[Problem] = []
    try:
        with files.path(file).open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            if not {"file", "group"} <= set(rows.fieldnames or ()):
                return {}, [problem("layout", file, 1, "the first line must name the columns file,group", policy)]
            for row in rows:
                found = finder.find(row["file"] or "")
                if len(found) == 1:
                    groups[found[0]] = (row["group"] or "").strip()
                else:
                    many = f"more than one picture of this set: {show_names(found[:3])}"
                    message = f"{row['file']!r} is {many if found else 'no picture of this set'}"
                    problems.append(problem("unused-file", file, rows.line_num, message, policy))
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(problem("layout", file, 0, f"cannot be read as CSV in UTF-8: {error}", policy))
    return groups, problems
