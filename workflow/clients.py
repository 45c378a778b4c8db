"""The only way to AWS, or to its stand-in: calls a service and turns its errors into the project's own.

Knows how to connect, to page and to name an error; knows no state machine, no bucket and no endpoint.
boto3 is imported when the first call is made, so that ``greenlight --help`` stays quick.
"""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from workflow.errors import GreenlightError, ServiceError, UsageError

if TYPE_CHECKING:
    from boto3.session import Session

CONNECTIONS = 16
"""Connections a client keeps open: as many as an upload has threads."""

_ANSWER_SECONDS = 40

_REFUSED_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}


class Cloud(Protocol):
    """What the rest of ``workflow`` needs of AWS. ``local`` is true on the stand-in."""

    @property
    def local(self) -> bool:
        """Whether calls stay on this machine."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call one operation (boto3's snake_case name). Raises ServiceError, UsageError or GreenlightError."""

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Yield what every page of a listing holds under ``key``."""

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        """POST JSON to an address that asks for IAM's signature; the answer's HTTP status and body."""


def signing_name(url: str) -> str:
    """The service that a request to this address is signed for: API Gateway's, or a function's own.

    >>> signing_name("http://127.0.0.1:4566/_aws/execute-api/ab12/decide")
    'execute-api'
    """
    return "execute-api" if "execute-api" in url else "lambda"


class AwsCloud:
    """The services of one account and region, through boto3. Safe to use from several threads."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Read the endpoint from ``environ``; everything else is boto3's own configuration."""
        self._endpoint = environ.get("AWS_ENDPOINT_URL", "")
        self._session: Session | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def local(self) -> bool:
        """Whether ``AWS_ENDPOINT_URL`` names this machine."""
        return urlsplit(self._endpoint).hostname in {"127.0.0.1", "localhost", "::1"}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call one operation (boto3's snake_case name). Raises ServiceError, UsageError or GreenlightError."""
        try:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
        except Exception as error:
            raise self._translate(error, f"{service}:{operation}") from error
        return answer

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Yield what every page of a listing holds under ``key``."""
        try:
            for page in self._client(service).get_paginator(operation).paginate(**parameters):
                yield from page.get(key, [])
        except Exception as error:
            raise self._translate(error, f"{service}:{operation}") from error

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        """POST JSON to an address that asks for IAM's signature; the answer's HTTP status and body.

        Raises UsageError without credentials or a region, GreenlightError where nothing answers.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError, NoRegionError

        session = self._open()
        credentials = session.get_credentials()
        if credentials is None:
            raise self._translate(NoCredentialsError(), url)
        if not session.region_name:
            raise self._translate(NoRegionError(), url)
        signed = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
        SigV4Auth(credentials.get_frozen_credentials(), signing_name(url), session.region_name).add_auth(signed)
        request = urllib.request.Request(url, data=body, headers=dict(signed.headers), method="POST")  # noqa: S310 - the stack's own address
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            raise GreenlightError(f"{url} cannot be reached: {error}") from error

    def _open(self) -> Session:
        with self._lock:
            from boto3.session import Session

            self._session = self._session or Session()
            return self._session

    def _client(self, service: str) -> Any:
        session = self._open()
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config

                retries: Any = {"mode": "standard", "total_max_attempts": 2 if self.local else 5}
                config = Config(retries=retries, connect_timeout=5, max_pool_connections=CONNECTIONS)
                make: Any = session.client
                self._clients[service] = make(service, config=config)
            return self._clients[service]

    def _translate(self, error: Exception, operation: str) -> Exception:
        """The project's own error for one of boto3's; any other error as it is."""
        from botocore import exceptions

        if isinstance(error, exceptions.ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
            if code in _REFUSED_CREDENTIALS:
                return UsageError(f"AWS does not accept these credentials ({code}): sign in again, then repeat.")
            return ServiceError(code, f"{operation}: {code}: {message}")
        if isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)):
            if not self._endpoint:
                return GreenlightError(f"AWS cannot be reached ({operation}): {error}")
            return GreenlightError(
                f"nothing answers at {self._endpoint} ({operation}).\n"
                "  AWS_ENDPOINT_URL points there: start the stand-in (greenlight local --detach), or unset it for AWS."
            )
        if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
            return UsageError(
                "no AWS credentials were found.\n"
                "  Sign in (aws sso login, or AWS_PROFILE=…), or use the stand-in: source .greenlight/local/env"
            )
        if isinstance(error, exceptions.NoRegionError):
            return UsageError("no AWS region is set: export AWS_DEFAULT_REGION=eu-central-1, or the region you use.")
        if isinstance(error, exceptions.BotoCoreError):
            return GreenlightError(f"{operation}: {error}")
        return error
