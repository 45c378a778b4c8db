"""What the tests of all wings share: their layers, the Python of each image, a browser."""

from __future__ import annotations

import functools
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.loaders
import hypothesis
import pytest

from tests.browser import QUIET, find_chromium
from tests.layers import Guard, markers_of
from tests.warm_python import WarmPython

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
GUARD = Guard()


def pytest_configure() -> None:
    """Give what the tests start its share of the processors, let it hear Ctrl-C, and read each service's model once.

    Trainings that each take every processor wait for one another. A shell's background hears no Ctrl-C. A first client
    takes 0.1 s of processor time to read what its service can do, and every command that a test runs makes some anew.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)
    # On a busy machine any example may take long; what hangs is ended by the time that a test has.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test with its layers."""
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    for name in markers_of(fixtures, (mark.name for mark in item.iter_markers())):
        item.add_marker(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the fast tests last: of several workers, none then still has a long file to go when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("fast") is not None)


def pytest_collection_finish() -> None:
    """Look for garbage among what the tests make, and no more among all that was imported and collected."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """While a test runs, only processes of its layers start."""
    GUARD.markers = {mark.name for mark in item.iter_markers()}
    return (yield)


@pytest.fixture(scope="session")
def training_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The interpreter of an environment made from the training image's requirements, or a skip that says why.

    Its libraries are imported already, where that is possible.
    """
    real = image_python("training")
    if sys.platform != "linux":
        yield real
        return
    warm = WarmPython.start(real, tmp_path_factory.mktemp("warm"))
    yield warm.path
    warm.stop()


@pytest.fixture(scope="session")
def serving_python() -> Path:
    """The interpreter of an environment made from the serving image's requirements, or a skip that says why."""
    return image_python("serving")


def image_python(image: str) -> Path:
    """The Python named by GREENLIGHT_<IMAGE>_PYTHON, or of the newest environment made for the image."""
    named = os.environ.get(f"GREENLIGHT_{image.upper()}_PYTHON")
    if named:
        return Path(named)
    made = sorted(ROOT.glob(f".greenlight/environments/{image}-*/bin/python"), key=lambda path: path.lstat().st_mtime)
    if not made:
        pytest.skip(f"no environment of the {image} image: run `python -m infra.local.environments {image}`")
    return made[-1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file, or a skip where there is none."""
    from playwright.sync_api import sync_playwright

    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()
