"""What a dataset holds and what a run would build from it, each as one SHA-256.

Knows names, entity tags and sizes, never the bytes: a changed label changes its entity tag. Not the digest that
the preparation computes over the images and labels themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class StoredFile:
    """One object below the dataset's prefix. ``key`` is relative to the prefix, ``size`` is in bytes."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training gives."""

    dataset_digest: str
    model: str
    weights_etag: str
    hyperparameters: Mapping[str, str]
    training_image: str
    serving_image: str
    tune: bool


def dataset_digest(files: Iterable[StoredFile]) -> str:
    """SHA-256 (hex) over name, entity tag and size of every file, whatever the order they come in."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(json.dumps([file.key, file.etag, file.size]).encode() + b"\n")
    return digest.hexdigest()


def fingerprint(recipe: Recipe) -> str:
    """SHA-256 (hex) of a recipe: equal for two runs that would train the same thing."""
    parts = [
        recipe.dataset_digest,
        recipe.model,
        recipe.weights_etag,
        sorted(recipe.hyperparameters.items()),
        recipe.training_image,
        recipe.serving_image,
        recipe.tune,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
