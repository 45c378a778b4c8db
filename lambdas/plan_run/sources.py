"""Reads what a run starts from in S3: the listing of its dataset and its pretrained weights.

An address that cannot be read is the input's fault, and says what to type so that the stack may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.plan_run.fingerprint import StoredFile
from lambdas.plan_run.plan import end_with_slash
from lambdas.plan_run.remote_file import Remote, open_remote
from workflow.contract.arrival import MARKER
from workflow.contract.digest import CHUNK_BYTES, sha256_of
from workflow.contract.names import split_s3_uri
from workflow.contract.rule import InputError
from workflow.contract.sources import explain_denial, split_sources
from workflow.contract.weights import Pretrained, WeightsError, read_pretrained

DENIED = {"403", "AccessDenied", "Forbidden"}
UNREADABLE = {*DENIED, "404", "NoSuchBucket", "NoSuchKey", "NotFound", "KMS.DisabledException", "KMS.NotFoundException"}


@dataclass(frozen=True)
class Weights:
    """The pretrained weights as they were read, and what they are: all empty where the input names none."""

    uri: str = ""
    sha256: str = ""
    etag: str = ""
    pretrained: Pretrained | None = None


@dataclass(frozen=True)
class Reader:
    """S3 as the stack may read it: its own bucket, its sources and the keys that they are encrypted with."""

    s3: Any
    own: tuple[str, ...]
    sources: tuple[str, ...]
    keys: tuple[str, ...]

    @staticmethod
    def of(s3: Any, bucket: str, default_dataset: str, environ: Mapping[str, str]) -> Reader:
        """The reader of a stack, from its function's settings."""
        default = ":::".join(("", "/".join(split_s3_uri(default_dataset)))) if default_dataset else ""
        own = (f":::{bucket}/", *((default,) if default else ()))
        return Reader(s3, own, split_sources(environ.get("SOURCES", "")), split_sources(environ.get("SOURCE_KEYS", "")))

    def list_files(self, uri: str) -> tuple[StoredFile, ...]:
        """Every file of the dataset; the first byte of one is read. Raises InputError where it cannot be read."""
        bucket, prefix = split_s3_uri(end_with_slash(uri))
        try:
            files = tuple(
                StoredFile(key=item["Key"][len(prefix) :], etag=item["ETag"].strip('"'), size=item["Size"])
                for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
                for item in page.get("Contents", [])
                if not item["Key"].endswith("/") and item["Key"] != prefix + MARKER
            )
            # A list says nothing of the key that its objects are encrypted with: the preparation would fail, paid for.
            first = next((file for file in files if file.size), None)
            if first is not None:
                self.s3.get_object(Bucket=bucket, Key=prefix + first.key, Range="bytes=0-0")
        except ClientError as error:
            raise self._explain("dataset", uri, error) from error
        return files

    def read_weights(self, uri: str) -> Weights:
        """The given weights, hashed from end to end. Raises InputError where they cannot be read, or are none."""
        if not uri:
            return Weights()
        bucket, key = split_s3_uri(uri)
        try:
            found = self.s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise self._explain("weights", uri, error) from error
        sha256 = sha256_of(found["Body"].iter_chunks(CHUNK_BYTES))
        try:
            with open_remote(self.s3, Remote(bucket, key, found["ETag"], found["ContentLength"])) as file:
                pretrained = read_pretrained(file)
        except WeightsError as error:
            raise InputError(f"weights = {uri!r}: {error}") from error
        return Weights(uri, sha256, found["ETag"], pretrained)

    def _explain(self, key: str, uri: str, error: ClientError) -> Exception:
        """What to raise for an S3 error: the input's fault where the address is wrong, the service's own otherwise."""
        code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code not in UNREADABLE:
            return error
        advice = ""
        if code in DENIED or code.startswith("KMS."):
            advice = f": {explain_denial(uri, self.own, self.sources, self.keys, said)}"
        return InputError(f"{key} = {uri!r}: cannot be read ({code}){advice}")
