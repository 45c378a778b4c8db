"""What a dataset holds and what a run would build from it, each as one SHA-256.

Knows names, entity tags and sizes of a dataset's files, never their bytes: a changed label changes its entity tag.
Not the digest that the preparation computes over the images and labels themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workflow.contract.build_plan import Search
from workflow.contract.digest import sha256_of


@dataclass(frozen=True, order=True)
class StoredFile:
    """One object below the dataset's prefix. ``key`` is relative to the prefix, ``size`` is in bytes."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class Recipe:
    """Everything that decides which model a run gives and how it will serve.

    ``weights_sha256`` is empty where no weights were given, ``tuning`` None where one training is enough. Where and
    on how many instances the work is done is left out: the same recipe gives the same model there.
    """

    dataset_digest: str
    preparation: Mapping[str, Any]
    weights_sha256: str
    hyperparameters: Mapping[str, str]
    tuning: Search | None
    confidence: float
    training_image: str
    serving_image: str


def digest_dataset(files: Iterable[StoredFile]) -> str:
    """SHA-256 (hex) over name, entity tag and size of every file, whatever the order they come in."""
    return sha256_of(json.dumps([file.key, file.etag, file.size]).encode() + b"\n" for file in sorted(files))


def fingerprint(recipe: Recipe) -> str:
    """SHA-256 (hex) of a recipe: equal for two runs that would train the same thing."""
    return hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode()).hexdigest()
