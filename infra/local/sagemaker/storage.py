"""Moves files between S3 and a folder, through the stand-in's own S3.

It knows keys and files; what they mean is somebody else's business. A key can name no file outside its folder.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.sagemaker.settings import Settings

_THREADS = 4


class StorageError(Exception):
    """S3 could not give or take what a job needs; the message becomes the job's failure reason."""


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise StorageError(f"{uri} is no S3 URI of the form s3://bucket/key")
    return bucket, key


def relative_name(prefix: str, key: str) -> str:
    """Where an object lies below the folder its prefix is downloaded to, as SageMaker lays it out."""
    if key == prefix:
        return PurePosixPath(key).name
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    if key.startswith(folder):
        return key[len(folder) :]
    return key[prefix.rfind("/") + 1 :]


def inside(folder: Path, name: str) -> Path:
    """The file ``name`` below ``folder``; a name that would leave it is refused."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise StorageError(f"the object name {name!r} leads out of its folder")
    return folder.joinpath(*parts)


class Storage:
    """S3 as jobs and endpoints use it."""

    def __init__(self, settings: Settings, role_arn: str = "") -> None:
        """S3 as whoever has the role sees it; as the account itself without one, or where nothing is enforced."""
        self._settings = settings
        self._role_arn = role_arn
        self._of_roles: dict[str, Storage] = {}

    def of_role(self, role_arn: str) -> Storage:
        """The same S3 for a job of this role."""
        if self._settings.role_credentials is None:
            return self
        return self._of_roles.setdefault(role_arn, Storage(self._settings, role_arn))

    @cached_property
    def client(self) -> Any:
        """One client for all threads, made when the stand-in answers: jobs may start while it is still starting."""
        wait_until_open(self._settings.endpoint_url)
        enforced = self._settings.role_credentials
        return client(self._settings, "s3", enforced(self._role_arn) if enforced and self._role_arn else {})

    def objects(self, uri: str) -> Iterator[tuple[str, int]]:
        """Key and size of every object under a prefix; folder markers are left out."""
        bucket, prefix = split(uri)
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):
                    yield item["Key"], item["Size"]

    def etag(self, uri: str) -> str | None:
        """The ETag of an object, or ``None`` when it is not there."""
        bucket, key = split(uri)
        try:
            return str(self.client.head_object(Bucket=bucket, Key=key)["ETag"]).strip('"')
        except ClientError:
            return None

    def download_prefix(self, uri: str, folder: Path, share: tuple[int, int] = (0, 1)) -> int:
        """Everything under a prefix into a folder; the number of files under the prefix.

        With a ``share`` of ``(number, of)`` only that part: the sorted keys are dealt out in turn.
        """
        bucket, prefix = split(uri)
        folder.mkdir(parents=True, exist_ok=True)
        number, of = share
        try:
            keys = sorted(key for key, _ in self.objects(uri))
            wanted = [(key, inside(folder, relative_name(prefix, key))) for key in keys[number::of]]
            with ThreadPoolExecutor(_THREADS) as pool:
                for _ in pool.map(lambda item: self._fetch(bucket, *item), wanted):
                    pass
        except ClientError as error:
            raise StorageError(f"{uri} could not be read: {error}") from error
        return len(keys)

    def download_manifest(self, uri: str, folder: Path, share: tuple[int, int] = (0, 1)) -> None:
        """What a manifest lists into a folder: ``[{"prefix": "s3://…/"}, "name", …]`` (S3DataSource, ManifestFile).

        Every object that is listed must be there, as SageMaker has it.
        """
        bucket, key = split(uri)
        try:
            listed = json.loads(self.client.get_object(Bucket=bucket, Key=key)["Body"].read())
            head, *names = listed
            base = head["prefix"]
        except ClientError as error:
            raise StorageError(f"{uri} could not be read: {error}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{uri} is no manifest: {error!r}") from error
        folder.mkdir(parents=True, exist_ok=True)
        number, of = share
        for name in names[number::of]:
            self.download_object(f"{base}{name}", inside(folder, name))

    def download_object(self, uri: str, target: Path) -> None:
        """One object into one file."""
        bucket, key = split(uri)
        try:
            self._fetch(bucket, key, target)
        except ClientError as error:
            raise StorageError(f"{uri} could not be read: {error}") from error

    def upload_file(self, source: Path, uri: str) -> None:
        """One file as one object; the object appears whole or not at all."""
        bucket, key = split(uri)
        try:
            self.client.upload_file(str(source), bucket, key)
        except (ClientError, boto3.exceptions.S3UploadFailedError) as error:
            raise StorageError(f"{uri} could not be written: {error}") from error

    def upload_folder(self, folder: Path, uri: str) -> int:
        """Every regular file below a folder, under a prefix; the number of files. Links are not followed."""
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        base = uri if uri.endswith("/") else f"{uri}/"
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(lambda path: self.upload_file(path, base + path.relative_to(folder).as_posix()), files):
                pass
        return len(files)

    def _fetch(self, bucket: str, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)


def client(settings: Settings, service: str, credentials: Mapping[str, str] = MappingProxyType({})) -> Any:
    """A client of one of the stand-in's services, with the account's own credentials unless others are given."""
    config = Config(retries={"mode": "standard", "max_attempts": 4}, s3={"addressing_style": "path"})
    session: Any = boto3.session.Session()
    return session.client(
        service,
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=credentials.get("AWS_ACCESS_KEY_ID", settings.access_key_id),
        aws_secret_access_key=credentials.get("AWS_SECRET_ACCESS_KEY", settings.secret_access_key),
        aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        config=config,
    )


def wait_until_open(url: str, limit_seconds: float = 60.0) -> None:
    """Return once something accepts connections at the URL."""
    parts = urlsplit(url)
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=2):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise StorageError(f"nothing answers at {url}") from error
            time.sleep(0.1)
