"""Looks into the manifests of datasets' versions: what differs between two, and which of them hold a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.dataset_manifest import Changes, ManifestPicture, compare_manifests, read_manifest
from workflow.contract.digest import CHUNK_BYTES, sha256_of
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.datasets.index import Dataset
from workflow.errors import GreenlightError, ServiceError

ROLES = {"train": "learned from it", "validation": "was chosen by it", "test": "was judged on it"}
"""What a model has to do with a picture of each split."""


class NoManifestError(GreenlightError):
    """A version whose pictures nobody knows."""


@dataclass(frozen=True)
class Wanted:
    """The picture that is looked for, by its bytes or by its path or the end of that."""

    sha256: str = ""
    name: str = ""

    def meets(self, picture: ManifestPicture) -> bool:
        """Whether it is this picture."""
        if self.sha256:
            return picture.sha256 == self.sha256
        return f"/{picture.name}".endswith(f"/{self.name}")

    def text(self) -> str:
        """The picture in words."""
        return f"a picture of the SHA-256 {self.sha256}" if self.sha256 else f"a picture called {self.name}"


@dataclass(frozen=True)
class Holding:
    """A version that holds a picture."""

    dataset: Dataset
    picture: ManifestPicture

    @property
    def role(self) -> str:
        """What the models that came of this data have to do with it."""
        return ROLES[self.picture.split]

    def document(self) -> dict[str, Any]:
        """The holding as JSON."""
        return {
            "digest": self.dataset.digest,
            "dataset": self.dataset.name,
            "picture": describe_picture(self.picture),
            "role": self.role,
            "runs": [use.document() for use in self.dataset.uses],
            "model_versions": self.dataset.models,
            "serving": self.dataset.live,
        }


def want(text: str) -> Wanted:
    """What a person means: the bytes of a file that is there, a SHA-256, or else a name."""
    if re.fullmatch("[0-9a-fA-F]{64}", text):
        return Wanted(sha256=text.lower())
    if Path(text).is_file():
        with Path(text).open("rb") as stream:
            return Wanted(sha256=sha256_of(iter(lambda: stream.read(CHUNK_BYTES), b"")))
    return Wanted(name=text.lstrip("/"))


def find_picture(cloud: Cloud, datasets: Sequence[Dataset], wanted: Wanted) -> tuple[list[Holding], list[Dataset]]:
    """The versions that hold the picture, and those that could not be asked because they have no manifest."""
    holding, unknown = [], []
    for dataset in datasets:
        try:
            pictures = read_pictures(cloud, dataset, wanted.sha256 or wanted.name)
            holding += [Holding(dataset, one) for one in pictures if wanted.meets(one)]
        except NoManifestError:
            unknown.append(dataset)
    return holding, unknown


def compare_datasets(cloud: Cloud, before: Dataset, after: Dataset) -> Changes:
    """What differs between two versions. Raises NoManifestError where one has no manifest."""
    return compare_manifests(read_pictures(cloud, before), read_pictures(cloud, after))


def read_pictures(cloud: Cloud, dataset: Dataset, holding: str = "") -> Iterator[ManifestPicture]:
    """Every picture of a version as it comes, or those whose line has ``holding`` in it.

    Raises NoManifestError where there is no manifest, GreenlightError where it is not whole.
    """
    if dataset.kept is None or not dataset.kept.manifest:
        raise NoManifestError(f"{dataset.title()} has no manifest: it is from before there were any.")
    uri = dataset.kept.manifest
    try:
        bucket, key = split_s3_uri(uri)
        body = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"]
        yield from read_manifest(body.iter_lines(CHUNK_BYTES), holding)
    except ServiceError as error:
        if error.code not in {"NoSuchKey", "404"}:
            raise
        raise NoManifestError(f"{dataset.title()} has no manifest any more: {uri} was deleted.") from error
    except ContractError as error:
        raise GreenlightError(f"{uri}: {error}.") from error


def describe_picture(picture: ManifestPicture) -> dict[str, Any]:
    """A picture as JSON."""
    return asdict(picture)
