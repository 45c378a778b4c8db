"""What a test may need beyond this interpreter: the stand-in, an image's environment, a browser, an installation.

Each is a layer, and a marker. A test bears the markers of the fixtures that it requests; one that starts such a thing
without a fixture names the marker itself. A test without any of them is `fast`. Nobody can forget it: where a process
of a layer would start in a test that does not bear its marker, the test fails.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

LAYERS = ("standin", "training", "serving", "browser", "install")
OF_FIXTURES = {
    "stand_in": "standin",
    "flow": "standin",
    "guarded": "standin",
    "platform": "standin",
    "governed": "standin",
    "training_python": "training",
    "serving_python": "serving",
    "browser": "browser",
}
_APART = {"images", "bench"}
"""Markers of tests that run only when asked for, and start what they like."""
_OF_PROGRAMS = {"infra.local": {"standin"}, "workflow.demo": {"standin"}, "venv": {"install"}, "pip": {"install"}}
_OF_PATHS = {
    "/environments/training-": "training",
    "/environments/serving-": "serving",
    "/playwright/driver/": "browser",
}


class LayerError(Exception):
    """A test starts what its markers do not tell."""


def markers_of(fixtures: Iterable[str], markers: Iterable[str]) -> set[str]:
    """The layers of a test that requests these fixtures and bears these markers; ``fast`` where there is none."""
    bears = set(markers)
    layers = {OF_FIXTURES[name] for name in fixtures if name in OF_FIXTURES} | bears.intersection(LAYERS)
    if "standin" in layers:
        # A stack that is deployed packs its functions, with what they need.
        layers.add("install")
    return layers or ({"fast"} if bears.isdisjoint(_APART) else set())


def layers_of(words: Iterable[str]) -> set[str]:
    """The layers of a process with this command line."""
    given = {os.environ.get(f"GREENLIGHT_{image.upper()}_PYTHON"): image for image in ("training", "serving")}
    found = set()
    for word in words:
        found |= _OF_PROGRAMS.get(word, set())
        found |= {layer for part, layer in _OF_PATHS.items() if part in word}
        found |= {given[word]} if word in given else set()
    return found


class Guard:
    """Lets processes start only in tests that bear the markers of their layers."""

    def __init__(self) -> None:
        self.markers: set[str] = set()
        """Of the test that runs now."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen" or not self.markers.isdisjoint(_APART):
            return
        said = arguments[1]
        words = [os.fsdecode(word) for word in ([said] if isinstance(said, str | bytes) else said)]
        missing = sorted(layers_of(words) - self.markers)
        if missing:
            raise LayerError(f"{' '.join(words)} needs pytest.mark.{' and pytest.mark.'.join(missing)}")
