"""A dataset as it lies in the bucket, opened without its pictures: its labels are fetched, its pictures are names.

The readers of labels look at names of pictures and at files of labels, so that a dataset of ten thousand pictures is
opened by what its labels weigh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.arrival import MARKER
from workflow.datasets.upload import DATASETS, list_objects
from workflow.errors import UsageError
from workflow.labels.files import is_image
from workflow.labels.recognition import open_source
from workflow.labels.source import Opened


@dataclass(frozen=True)
class StoredDataset:
    """A dataset of the bucket: its ``name``, its labels below ``root``, and every file by its path below the name.

    ``etags`` are those of its pictures without quotes: the MD5 of each, but under a KMS key.
    """

    name: str
    root: Path
    files: tuple[str, ...]
    opened: Opened
    etags: frozenset[str]

    @property
    def prefix(self) -> str:
        """Where it lies in the bucket."""
        return f"{DATASETS}{self.name}/"

    @property
    def ids(self) -> set[str]:
        """What its pictures are called, without ending."""
        return {PurePosixPath(name).stem for name in self.files if is_image(name)}

    def holds(self, picture: bytes) -> bool:
        """Whether a picture of these bytes is in it, whatever it is called; nobody can tell of one under a KMS key."""
        return hashlib.md5(picture, usedforsecurity=False).hexdigest() in self.etags


def choose_name(cloud: Cloud, bucket: str, wanted: str) -> str:
    """The dataset of that name, or the only one there is. Raises UsageError where none or several are meant."""
    found = cloud.pages("s3", "list_objects_v2", "CommonPrefixes", Bucket=bucket, Prefix=DATASETS, Delimiter="/")
    names = sorted(str(item["Prefix"]).removeprefix(DATASETS).rstrip("/") for item in found)
    if wanted in names or (not wanted and len(names) == 1):
        return wanted or names[0]
    there = f"there are {', '.join(names)}" if names else "none was uploaded yet: 'greenlight upload' does"
    raise UsageError(f"--name {wanted}: there is no such dataset; {there}." if wanted else f"--name: which? {there}.")


def fetch_dataset(cloud: Cloud, bucket: str, name: str, root: Path) -> StoredDataset:
    """Lay a dataset's labels out in an empty folder, and a name for each picture.

    Raises UsageError for a name that lies outside the folder, and where no format is recognised.
    """
    prefix = f"{DATASETS}{name}/"
    etags = {str(item["Key"])[len(prefix) :]: str(item["ETag"]) for item in list_objects(cloud, bucket, prefix)}
    files = [file for file in etags if file and not file.endswith("/") and file != MARKER]
    for file in files:
        if not _is_inside(file):
            raise UsageError(f"s3://{bucket}/{prefix}{file}: is no name of a file.")
        (root / file).parent.mkdir(parents=True, exist_ok=True)

    def fetch(file: str) -> None:
        if is_image(file):
            (root / file).touch()
            return
        body = cloud.call("s3", "get_object", Bucket=bucket, Key=prefix + file)["Body"]
        with (root / file).open("wb") as stream:
            stream.writelines(body.iter_chunks(1 << 20))

    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        list(at_once.map(fetch, files))
    opened = open_source(root)
    if not opened.entries or not opened.classes:
        found = "; ".join(one.message for one in opened.problems[:3]) or "no labels"
        raise UsageError(f"s3://{bucket}/{prefix} is no dataset that can be read: {found}.")
    pictures = frozenset(etags[file].strip('"') for file in files if is_image(file))
    return StoredDataset(name, root, tuple(files), opened, pictures)


def _is_inside(file: str) -> bool:
    parts: Sequence[str] = file.split("/")
    return not any(part in ("", ".", "..") for part in parts) and "\\" not in file
