"""What a release is tried with: ``smoke.json`` and its pictures, as they lie in an evaluation's folder now.

Whoever may write there could make the test a trivial one. So a decision names the digest of all of it, and who tries a
release reads each object once and uses those very bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.smoke import Expectation

FOLDER = "smoke/"
"""Where an evaluation keeps it, below its own folder."""

MOST_PICTURES = 10
"""More than an evaluation chooses, and few enough to be held at once."""


@dataclass(frozen=True)
class StoredSmoke:
    """What is expected, the bytes of each picture by its file name, and the digest of both.

    The digest is the SHA-256 (hex) of a line for each object, ``smoke.json`` first and the pictures in its order: the
    SHA-256 of the object's bytes.
    """

    expectation: Expectation
    pictures: Mapping[str, bytes]
    digest: str


def read_smoke(s3: Any, evaluation_uri: str) -> StoredSmoke:
    """Read what lies below an evaluation's address; ``s3`` is a client.

    Raises ContractError where a part of it is missing or cannot be understood.
    """
    folder = evaluation_uri + FOLDER
    document = _read(s3, folder + "smoke.json")
    try:
        expectation = Expectation.parse(json.loads(document))
    except (ValueError, RecursionError) as error:
        raise ContractError(f"smoke.json cannot be understood: {error}") from error
    files = [image.file for image in expectation.images]
    if len(files) > MOST_PICTURES:
        raise ContractError(f"smoke.json names {len(files)} pictures; {MOST_PICTURES} are allowed")
    pictures = {file: _read(s3, folder + file) for file in files}
    lines = [sha256(content).hexdigest() for content in (document, *(pictures[file] for file in files))]
    return StoredSmoke(expectation, pictures, sha256("\n".join(lines).encode()).hexdigest())


def _read(s3: Any, uri: str) -> bytes:
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise ContractError(f"the evaluation left no {uri}") from error
    return content
