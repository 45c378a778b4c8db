"""The network to train: from scratch as the data asks, or from weights that fit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from containers.training.digest import file_digest
from containers.training.weights import check_weights
from workflow.contract.weights import FINDS, SUFFIXES, WeightsError


def pretrained_weights(folder: Path) -> Path | None:
    """The weights to start from, looked through for anything but weights; None to start from scratch.

    Raises WeightsError where they are missing, refused, or not the file whose digest the flow noted.
    """
    if not (folder / "pretrained.json").is_file():
        return None
    noted = json.loads((folder / "pretrained.json").read_text(encoding="utf-8"))
    source, digest = noted.get("source"), noted.get("sha256")
    if source is None:
        return None
    weights = folder / "weights.pt"
    if not weights.is_file():
        raise WeightsError(f"pretrained.json names {source}, but weights.pt is not there")
    if digest is not None and file_digest(weights) != digest:
        raise WeightsError(
            f"the pretrained weights have the sha256 {file_digest(weights)}, and {digest} is expected: {source} has "
            "changed; start a new run, with the new digest as weights_sha256 if one was given"
        )
    check_weights(weights)
    return weights


def make_untrained(model: str, task: str) -> Any:
    """An untrained network of ultralytics; training gives it the classes and keypoints of the data."""
    return load(f"{model}{SUFFIXES[task]}.yaml", task)


def load_pretrained(weights: Path, model: str, task: str) -> Any:
    """The network of these weights. Raises WeightsError unless it finds what the dataset asks for, and is ``model``."""
    network = load(weights, None)
    if network.task != task:
        raise WeightsError(
            f"the pretrained weights find {FINDS.get(network.task, network.task)} ({network.task}), the dataset asks "
            f"for {FINDS[task]} ({task})"
        )
    wanted = make_untrained(model, task).model.yaml
    given = network.model.yaml
    if given.get("scale") != model[-1]:
        raise WeightsError(f"the pretrained weights are of scale {given.get('scale')!r}, and model is {model}")
    if any(_layers(given, part) != _layers(wanted, part) for part in ("backbone", "head")):
        raise WeightsError(f"the pretrained weights are of {given.get('yaml_file')}, and model is {model}")
    return network


def load(source: Path | str, task: str | None) -> Any:
    """What ultralytics makes of weights or of an architecture's name."""
    from ultralytics import YOLO

    return YOLO(str(source), task=task)


def _layers(description: dict[str, Any], part: str) -> Any:
    # Where a layer takes from, how often it is repeated, and its kind; its arguments name classes and keypoints.
    return [(layer[0], layer[1], str(layer[2])) for layer in description[part]]
