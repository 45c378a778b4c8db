"""A running stand-in for its S3 and logs, and services with short limits on top of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.sagemaker.service import SageMaker
from infra.local.sagemaker.settings import Settings
from tests.infra.local.sagemaker.requests import BUCKET, CONTAINER, ROLE
from tests.stand_in import StandIn


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in with a bucket, one data set, and the image `fake`."""
    with StandIn(tmp_path_factory.mktemp("stand-in"), {"fake": CONTAINER}) as running:
        running.role(ROLE)
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="data/a.txt", Body=b"first")
        s3.put_object(Bucket=BUCKET, Key="data/deep/b.txt", Body=b"second")
        yield running


@pytest.fixture(scope="session")
def s3(stand_in: StandIn) -> Any:
    """The stand-in's S3."""
    return stand_in.client("s3")


@pytest.fixture(scope="module")
def open_service(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., SageMaker]]:
    """Opens services in this process with settings of the test's choice; all are stopped at the end."""
    opened: list[SageMaker] = []

    def open_one(**more: Any) -> SageMaker:
        limits = {
            "stop_grace_seconds": 1.0,
            "health_timeout_seconds": 30.0,
            "checkpoint_seconds": 0.2,
            "drain_seconds": 3.0,
        }
        state: Path = tmp_path_factory.mktemp("service")
        service = SageMaker(Settings(state, stand_in.url, images={"fake": CONTAINER}, **{**limits, **more}))
        opened.append(service)
        return service

    yield open_one
    for service in opened:
        service.stop()


@pytest.fixture(scope="module")
def service(open_service: Callable[..., SageMaker]) -> SageMaker:
    """One service with short limits for all tests of a file."""
    return open_service()
