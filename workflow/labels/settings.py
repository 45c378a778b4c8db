"""Reads the files that name a YOLO dataset's classes and its splits.

That is ``data.yaml`` as training reads it, or Darknet's ``obj.data``, and where they name no class a list of names:
``classes.txt``, ``obj.names``, at any level.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from workflow.labels.alike import compose
from workflow.labels.files import SPLITS, Files, Finder, clean_path, is_class_list

LARGEST_FILE = 1_000_000
"""Bytes of a file that names classes: a hundred for each of as many as are taken."""

DEEPEST = 50
"""Lists and maps in one another that are read: nothing that is meant here lies so deep, and PyYAML takes minutes."""


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
    ``documents`` are ``file`` and the lists of classes that were read beside it.
    """

    file: str
    classes: tuple[str, ...]
    keypoints: tuple[int, int] | None = None
    flip: tuple[int, ...] | None = None
    root: str = ""
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    documents: tuple[str, ...] = ()


def find_settings(files: Files) -> str:
    """The file that names the classes, relative to the root, or empty. Raises SettingsError for several."""
    base = files.base
    for name in ("data.yaml", "data.yml"):
        if base + name in files:
            return base + name
    others = [name for name in files.ending(".yaml", ".yml") if "/" not in name[len(base) :] and name.startswith(base)]
    others += [name for name in files.ending(".data") if _read_darknet(files, name)]
    if len(others) > 1:
        raise SettingsError(base or ".", 0, f"which one names the classes: {', '.join(others)}? Keep one as data.yaml")
    if others:
        return others[0]
    return base + "classes.txt" if base + "classes.txt" in files else ""


def read_settings(files: Files) -> Settings:
    """The settings of a dataset. Raises SettingsError that says what is missing or wrong, and where."""
    file = find_settings(files)
    if file.endswith(".data"):
        return _settings_of_darknet(files, file)
    if file.endswith((".yaml", ".yml")):
        return _settings_of_yaml(files, file)
    names, lists = _read_class_lists(files)
    if not lists:
        message = "no data.yaml that names the classes: looked for data.yaml, data.yml, another .yaml, classes.txt"
        message += " and *.names. One line is enough, such as  names: [bolt, nut, washer]"
        deeper = [name for name in files.all if name.rpartition("/")[2] in ("data.yaml", "data.yml")]
        message += f"; or give the folder of one of {shorten(deeper)}" if deeper else ""
        raise SettingsError(files.base or ".", 0, message)
    return Settings(lists[0], _name_classes(lists[0], names), documents=lists)


def _settings_of_yaml(files: Files, file: str) -> Settings:
    text = _read_text(files, file)
    lists: tuple[str, ...] = ()
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
        if isinstance(document, Mapping) and not document.get("names"):
            names, lists = _read_class_lists(files)
            document = {**document, "names": list(names)} if lists else document
        return replace(_settings(file, document), documents=(file, *lists))
    except SettingsError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        if "escape" in reason:
            reason += "; a path with backslashes goes in single quotes, or without any"
        raise SettingsError(file, mark.line + 1 if mark else 0, f"is not readable YAML: {reason}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(file, 0, str(error)) from error


def _settings_of_darknet(files: Files, file: str) -> Settings:
    said = _read_darknet(files, file)
    names, lists = _read_class_lists(files, said.get("names", ""))
    if not lists:
        there = ", ".join(name for name in files.all if is_class_list(name)) or "no other *.names and no classes.txt"
        message = f"names = {said.get('names', '')}, and no such list of classes is here; there is {there}"
        raise SettingsError(file, 0, message)
    classes = _name_classes(lists[0], names)
    if said.get("classes", str(len(classes))) != str(len(classes)):
        raise SettingsError(file, 0, f"classes = {said['classes']}, and {lists[0]} names {len(classes)}")
    root = file[len(files.base) :].rpartition("/")[0]
    return Settings(file, classes, root=root, places=_places(said), documents=(file, *lists))


def _read_darknet(files: Files, file: str) -> dict[str, str]:
    """What Darknet's file of settings says, line by line ``key = value``; nothing where it is none."""
    if files.path(file).stat().st_size > LARGEST_FILE:
        return {}
    lines = files.path(file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    pairs = [line.partition("=") for line in lines if not line.lstrip().startswith("#")]
    said = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    return said if {"train", "valid", "names"} & said.keys() else {}


def _read_class_lists(files: Files, said: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that name the classes, and the files that hold them: all there are, or just ``said``.

    Raises SettingsError for two that disagree.
    """
    lists = [name for name in files.all if is_class_list(name)]
    lists = Finder(lists).find(said) if said else lists
    # An empty line between others would move the number of every class below it.
    read = {
        name: tuple(compose(line.strip()) for line in _read_text(files, name).rstrip().splitlines()) for name in lists
    }
    for name, names in read.items():
        if names != read[lists[0]]:
            message = (
                f"names {shorten(names) or 'nothing'}, and {lists[0]} names {shorten(read[lists[0]]) or 'nothing'}"
            )
            message += ": which is meant? Keep one, or name the classes in data.yaml, such as  names: [bolt, nut]"
            raise SettingsError(name, 0, message)
    return (read[lists[0]] if lists else ()), tuple(lists)


def _name_classes(file: str, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return class_names({"names": list(names)})
    except ValueError as error:
        raise SettingsError(file, 0, str(error)) from error


def _read_text(files: Files, file: str) -> str:
    if (size := files.path(file).stat().st_size) > LARGEST_FILE:
        raise SettingsError(file, 0, f"has {size:,} bytes, and what names the classes may have {LARGEST_FILE:,}")
    try:
        return files.path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(file, 0, f"not a text in UTF-8: {error.reason} at byte {error.start}") from error


def shorten(names: Sequence[str]) -> str:
    """The first few names, for people to read."""
    return ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])


def class_names(document: Any) -> tuple[str, ...]:
    """The class names of a data.yaml in order. Raises ValueError saying what ``names`` must be."""
    names = document.get("names") if isinstance(document, Mapping) else None
    if isinstance(names, Mapping):
        numbered = {int(key) if isinstance(key, str) and key.isdecimal() else key: names[key] for key in names}
        if sorted(numbered, key=str) != sorted(range(len(names)), key=str):
            raise ValueError(f"names: the keys must be 0 to {len(names) - 1}, found {', '.join(map(str, names))}")
        names = [numbered[at] for at in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError(
            "names: must be a list of class names, such as  names: [bolt, nut], or a map from 0, 1, … to them"
        )
    if any(isinstance(name, (list, Mapping)) for name in names):
        raise ValueError("names: every class must be one name, found a list or a map")
    if odd := [name for name in names if type(name) not in (str, int)]:
        raise ValueError(f"names: {odd[0]!r} is no text: quote it, as in  names: ['no', '010']")
    classes = tuple(compose(str(name).strip()) for name in names)
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

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, "it is nested too deeply", self.get_mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

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
