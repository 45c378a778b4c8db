"""One stand-in with one stack for all tests of the flow, with the small fake images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.driver import Flow
from tests.stand_in import StandIn
from workflow import deploy

FAKES = Path(__file__).parents[1] / "fakes"


@pytest.fixture(scope="session")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A deployed stack on a stand-in whose images learn and see nothing, quickly."""
    images = {"greenlight-training": FAKES / "trainer", "greenlight-serving": FAKES / "server"}
    state = tmp_path_factory.mktemp("state")
    with (
        StandIn(state, images=images, wait_scale=0.02) as stand_in,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in stand_in.environment().items():
            environment.setenv(name, value)
        stack = deploy.deploy("greenlight", email="ada@example.com")
        yield Flow(stand_in, stack)
