"""One stand-in with one stack for all tests of the flow, with the small fake images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flow.driver import Flow
from tests.stand_in import StandIn
from workflow.stack import deploy

WAIT_SCALE = 0.02
FAKES = Path(__file__).parents[1] / "fakes"
IMAGES = {"greenlight-training": FAKES / "trainer", "greenlight-serving": FAKES / "server"}


ANY_FIGURE = {"maximum_regression": 1, "maximum_class_regression": 1}
BESIDE = {"when_busy": "beside"}
"""A test may leave a run behind that waits for a person; the next one does not wait for it."""


@contextmanager
def deployed(state: Path, *options: str, prepare: Callable[[StandIn], dict[str, Any]] = lambda _: {}) -> Iterator[Flow]:
    """A stack on a stand-in of its own, whose images learn and see nothing, quickly.

    ``prepare`` makes what the stack shall use, and gives what it shall be deployed with. Any figure may follow any
    other, unless a test says otherwise: the champion is whatever a test left behind.
    """
    with (
        StandIn(state, images=IMAGES, wait_scale=WAIT_SCALE, options=options) as stand_in,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in stand_in.environment().items():
            environment.setenv(name, value)
        yield Flow(
            stand_in,
            deploy.deploy(
                "greenlight", email="ada@example.com", defaults={**ANY_FIGURE, **BESIDE}, **prepare(stand_in)
            ),
        )


SHORT = ("ml.p2.xlarge", "ml.c4.xlarge")
"""Instance types that are nowhere to be had: one with a GPU, one without."""

NONE = "ml.p3.2xlarge"
"""An instance type that the account may train on none of, on demand."""


@pytest.fixture(scope="package")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """The stack that most tests share."""
    short = [word for instance in SHORT for word in ("--without-capacity", instance)]
    options = (*short, "--quota", f"{NONE} for training job usage=0")
    with deployed(tmp_path_factory.mktemp("state"), *options) as shared:
        yield shared


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Flow]:
    """A stack on a stand-in that enforces IAM policies."""
    with deployed(tmp_path / "state", "--iam") as alone:
        yield alone
