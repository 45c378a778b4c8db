"""Who prepares, in which environment, and what each does not do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.environments import REPOSITORY, ensure
from tests.bench.serving.workload import python_of

PEERS = Path(__file__).parents[1] / "preparation_peers"


@dataclass(frozen=True)
class Contestant:
    """One that prepares datasets. ``packages`` are those whose versions are told."""

    name: str
    module: str
    whole: str
    """What its whole job is."""
    packages: tuple[str, ...]
    requirements: Path
    python: Callable[[], Path]

    @property
    def versions(self) -> dict[str, str]:
        """The pinned versions of its packages."""
        text = "".join(file.read_text() for file in sorted(self.requirements.glob("requirements*.txt")))
        pinned = dict(re.findall(r"^([\w.\-]+)==(\S+)", text, re.MULTILINE))
        return {name: pinned[name] for name in self.packages if name in pinned}


def contestants() -> list[Contestant]:
    """All of them, ours first."""
    training = REPOSITORY / "containers" / "training"
    return [
        Contestant(
            "ours",
            "tests.bench.preparation.ours",
            "labels, full decode, digests, copies and near copies, leaks, splits balanced by class, files copied",
            ("simplejpeg", "pillow", "numpy"),
            training,
            lambda: python_of("training"),
        ),
        Contestant(
            "ultralytics",
            "tests.bench.preparation_peers.ultralytics_yolo.program",
            "labels, picture headers and JPEG end markers; splits drawn by chance; no decode, nothing copied",
            ("ultralytics", "opencv-python-headless", "pillow"),
            training,
            lambda: python_of("training"),
        ),
        _peer("supervision", "labels and picture headers read, splits drawn by chance, files copied; nothing judged"),
        _peer("datumaro", "labels judged by their statistics, splits balanced by class, files copied; no decode"),
    ]


def _peer(name: str, whole: str) -> Contestant:
    folder = PEERS / f"{name}_yolo"

    def python() -> Path:
        return ensure(f"peer-{name}", folder, say=lambda line: print(line, flush=True))

    return Contestant(name, f"tests.bench.preparation_peers.{name}_yolo.program", whole, (name,), folder, python)
