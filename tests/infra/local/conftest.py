"""One stand-in for all tests of this folder, and what they run on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.local.machines import ROLE, Machines
from tests.stand_in import StandIn

# A training image that sleeps, fails or succeeds, as its hyperparameters say.
_TRAINER = """\
import json, os, pathlib, sys, time
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
given = json.loads((base / "input/config/hyperparameters.json").read_text())
time.sleep(float(given.get("seconds", "0")))
if "failure" in given:
    (base / "output").mkdir(exist_ok=True)
    (base / "output/failure").write_text(given["failure"])
    sys.exit(1)
(base / "model").mkdir(exist_ok=True)
(base / "model/model.txt").write_text("a model")
"""


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the trainer's image."""
    folder = tmp_path_factory.mktemp("trainer")
    (folder / "Dockerfile").write_text('FROM scratch\nENTRYPOINT ["python", "train.py"]\n')
    (folder / "train.py").write_text(_TRAINER)
    return folder


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory, trainer: Path) -> Iterator[StandIn]:
    """A running stand-in whose image `trainer` is the one above."""
    with StandIn(tmp_path_factory.mktemp("stand-in"), {"trainer": trainer}) as running:
        running.role(ROLE)
        yield running


@pytest.fixture(scope="session")
def machines(stand_in: StandIn) -> Machines:
    """State machines and functions on the shared stand-in."""
    return Machines(stand_in)
