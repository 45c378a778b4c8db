"""Reads the file that names a YOLO dataset's classes: ``data.yaml`` as training reads it, or ``classes.txt``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from workflow.labels.files import SPLITS, Files, clean_path

LARGEST_FILE = 1_000_000
"""Bytes of a file that names classes: a hundred for each of as many as are taken."""


class SettingsError(ValueError):
    """What is wrong with the file that names the classes, at which line (0 where it is the whole of it)."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


@dataclass(frozen=True)
class Word:
    """What YAML takes for something else than it is written as: ``no`` for False, ``010`` for 8. ``line`` from 1."""

    written: str
    meaning: object
    line: int

    def __repr__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Settings:
    """What ``data.yaml`` says.

    ``places`` maps splits to the folders or lists that it names, with slashes; ``root`` is what they lie below.
    """

    file: str
    classes: tuple[str, ...]
    keypoints: tuple[int, int] | None = None
    flip: tuple[int, ...] | None = None
    root: str = ""
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_settings(files: Files) -> str:
    """The file that names the classes, relative to the root, or empty. Raises SettingsError for several."""
    base = files.base
    for name in ("data.yaml", "data.yml"):
        if base + name in files:
            return base + name
    others = [name for name in files.ending(".yaml", ".yml") if "/" not in name[len(base) :] and name.startswith(base)]
    if len(others) > 1:
        raise SettingsError(base or ".", 0, f"which one names the classes: {', '.join(others)}? Keep one as data.yaml")
    if others:
        return others[0]
    return base + "classes.txt" if base + "classes.txt" in files else ""


def read_settings(files: Files) -> Settings:
    """The settings of a dataset. Raises SettingsError that says what is missing or wrong, and where."""
    file = find_settings(files)
    if not file:
        message = "no data.yaml that names the classes: looked for data.yaml, data.yml, another .yaml and classes.txt"
        raise SettingsError(files.base or ".", 0, f"{message}. One line is enough, such as  names: [bolt, nut, washer]")
    if (size := files.path(file).stat().st_size) > LARGEST_FILE:
        raise SettingsError(file, 0, f"has {size:,} bytes, and what names the classes may have {LARGEST_FILE:,}")
    try:
        text = files.path(file).read_text(encoding="utf-8-sig")
        if file.endswith("classes.txt"):
            # An empty line between others would move the number of every class below it.
            return Settings(file, class_names({"names": text.rstrip().splitlines()}))
        return _settings(file, yaml.load(text, _Loader))  # noqa: S506 - a safe loader
    except SettingsError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise SettingsError(file, mark.line + 1 if mark else 0, f"is not readable YAML: {reason}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(file, 0, f"not a text in UTF-8: {error.reason} at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(file, 0, str(error)) from error


def class_names(document: Any) -> tuple[str, ...]:
    """The class names of a data.yaml in order. Raises ValueError saying what ``names`` must be."""
    names = document.get("names") if isinstance(document, Mapping) else None
    if isinstance(names, Mapping):
        if sorted(names, key=str) != sorted(range(len(names)), key=str):
            raise ValueError(f"names: the keys must be 0 to {len(names) - 1}, found {', '.join(map(str, names))}")
        names = [names[at] for at in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError(
            "names: must be a list of class names, such as  names: [bolt, nut], or a map from 0, 1, … to them"
        )
    if any(isinstance(name, (list, Mapping)) for name in names):
        raise ValueError("names: every class must be one name, found a list or a map")
    if odd := [name for name in names if type(name) not in (str, int)]:
        raise ValueError(f"names: {odd[0]!r} is no text: quote it, as in  names: ['no', '010']")
    classes = tuple(str(name).strip() for name in names)
    if not all(classes) or len(set(classes)) != len(classes):
        raise ValueError(f"names: every class needs a name of its own, found {', '.join(classes)}")
    count = document.get("nc", len(classes))
    if count != len(classes):
        raise ValueError(f"nc: {count!r}, but names has {len(classes)}")
    return classes


def _settings(file: str, document: Any) -> Settings:
    _check_words(file, document.get("names") if isinstance(document, Mapping) else None)
    classes = class_names(document)
    shape = document.get("kpt_shape")
    keypoints = None
    if shape is not None:
        if not (_whole_numbers(shape) and len(shape) == 2 and 1 <= shape[0] <= 1000 and shape[1] in (2, 3)):
            raise ValueError(f"kpt_shape: must be [keypoints, 2 or 3], such as [17, 3], found {shape!r}")
        keypoints = (shape[0], shape[1])
    flip = document.get("flip_idx") or None
    if flip is not None and (
        keypoints is None or not _whole_numbers(flip) or sorted(flip) != list(range(keypoints[0]))
    ):
        raise ValueError(f"flip_idx: must name every keypoint of kpt_shape once, counted from 0, found {flip!r}")
    root = clean_path(document["path"]) if isinstance(document.get("path"), str) else ""
    return Settings(file, classes, keypoints, tuple(flip) if flip else None, root, _places(document))


class _Loader(yaml.SafeLoader):
    """Keeps as it is written what is neither text nor a plain whole number, and takes no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen and key.value != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} is there twice", key.start_mark
                )
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)

    def construct_word(self, node: yaml.ScalarNode) -> Any:
        kind = node.tag.rpartition(":")[2]
        try:
            meaning = getattr(yaml.SafeLoader, f"construct_yaml_{kind}")(self, node)
        except (ValueError, LookupError, AttributeError):
            meaning = node.value  # a tag that somebody wrote before a word that is none of its kind
        plain = kind == "int" and re.fullmatch("0|-?[1-9][0-9]*", node.value)
        return meaning if plain else Word(node.value, meaning, node.start_mark.line + 1)


for _kind in ("bool", "int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_word)


def _check_words(file: str, names: Any) -> None:
    """Raise SettingsError for the first class that YAML takes for something else than its name."""
    for name in names.values() if isinstance(names, Mapping) else names if isinstance(names, list) else ():
        if isinstance(name, Word):
            message = f"names: YAML reads {name.written} as {name.meaning}: quote it, '{name.written}'"
            raise SettingsError(file, name.line, message)


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int for item in value)


def _places(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    places: dict[str, tuple[str, ...]] = {}
    for split, names in SPLITS.items():
        said: Any = next((document[name] for name in names if document.get(name)), None)
        listed = [item for item in (said if isinstance(said, list) else [said]) if isinstance(item, str)]
        if listed:
            places[split] = tuple(map(clean_path, listed))
    return places
