"""Has the precision that serves chosen by the program that serves, on the validation pictures.

That program and its runtime are the serving image's, which this image carries along: it runs as a process of its own,
and all that passes between the two are files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from containers.training.channel import Channel
from containers.training.export import Candidate
from workflow.contract.document import read
from workflow.contract.precision_choice import ENDPOINT_INSTANCE, PrecisionChoice
from workflow.contract.reading import VERSION
from workflow.contract.stand_in import is_on_stand_in


def serving_instance(environ: Mapping[str, str]) -> str:
    """The instance type that is to serve; empty where nobody says, and on the stand-in, where one machine does all."""
    return "" if is_on_stand_in(environ) else environ.get(ENDPOINT_INSTANCE, "")


class ChoosingError(RuntimeError):
    """The candidates could not be measured; what the program said stands above in the log."""


@dataclass(frozen=True)
class Chooser:
    """What is needed to measure candidates: the data, a folder to work in, the instance types of here and of there."""

    channel: Channel
    data: Path
    work: Path
    instance: str = ""
    endpoint: str = ""

    def __call__(self, candidates: Mapping[str, Candidate]) -> PrecisionChoice:
        """Choose between ``candidates``, of floats and of integers. Raises ChoosingError where the program fails."""
        for name, candidate in candidates.items():
            _lay_out_candidate(self.work / name, candidate)
        self._lay_out_pictures(self.work / "validation")
        places = [f"--instance={self.instance}", f"--endpoint={self.endpoint}"]
        _run([sys.executable, "-m", "containers.serving", "choose", str(self.work), *places])
        told = json.loads((self.work / "choice.json").read_text(encoding="utf-8"))
        return read(PrecisionChoice, told, "choice.json")

    def _lay_out_pictures(self, folder: Path) -> None:
        """The validation split as the evaluation reads held-out pictures."""
        folder.mkdir(parents=True)
        for kind in ("images", "labels"):
            (folder / kind).symlink_to((self.data / kind / "validation").resolve())
        points = self.channel.keypoints
        document = {
            "version": VERSION,
            "digest": self.channel.digest,
            "task": self.channel.task,
            "classes": list(self.channel.classes),
            "keypoints": None if points is None else list(points),
        }
        (folder / "data.json").write_text(json.dumps(document), encoding="utf-8")


def _lay_out_candidate(folder: Path, candidate: Candidate) -> None:
    folder.mkdir(parents=True)
    (folder / "model.onnx").symlink_to(candidate.graph.resolve())
    (folder / "manifest.json").write_text(json.dumps(candidate.manifest), encoding="utf-8")


def _run(command: list[str]) -> None:
    """Run a program whose lines go to this job's log; it ends with this one. Raises ChoosingError where it fails."""
    with subprocess.Popen(command) as process:
        try:
            status = process.wait()
        finally:
            process.kill()
    if status:
        raise ChoosingError(f"the precision could not be chosen: {' '.join(command[1:4])} ended with {status}")
