"""The real evaluation writes a reference, and the real job holds windows of captured requests against it."""

from __future__ import annotations

import base64
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from containers.serving.drift.reference import Reference, ReferenceFileError
from tests.containers.serving.conftest import picture, serving_program
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.tiny_onnx import CLASSES
from workflow.contract.drift import PAGE, PICTURES, REFERENCE, REPORT, DriftReport

pytestmark = pytest.mark.serving
HELD_OUT = 40


def cells(random: np.random.Generator, kinds: tuple[str, ...] = ("red", "green", "blue")) -> bytes:
    """A picture with one to six cells."""
    places = random.choice(64, random.integers(1, 7), replace=False)
    return picture({(int(at) % 8, int(at) // 8): str(random.choice(kinds)) for at in places})


@dataclass
class Watched:
    """A version with its reference, ready to be watched."""

    python: Path
    evaluated: Job
    peak_bytes: int = 0
    """The most memory that the last job held."""

    def watch(self, base: Path, window: dict[str, bytes], **environ: str) -> tuple[int, str]:
        """Run the job over a window of captured bodies by their keys; its status and its last words."""
        inputs = base / "processing" / "input"
        for kind, source in (
            ("archive", self.evaluated.inputs / "candidate" / "model.tar.gz"),
            ("reference", self.evaluated.output / REFERENCE),
        ):
            (inputs / kind).mkdir(parents=True)
            shutil.copy(source, inputs / kind)
        for key, body in {**window, "window.manifest": b"[]"}.items():
            path = inputs / "window" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        metrics = self.evaluated.metrics()
        given = {
            "RUN": "watch-1",
            "MODEL_VERSION": "3",
            "SINCE": "2026-12-01T00:00:00+00:00",
            "UNTIL": "2026-12-02T00:00:00+00:00",
            "ARCHIVE_DIGEST": metrics.candidate.archive_digest,
            "REFERENCE_DIGEST": metrics.drift_reference_digest,
            "SAGEMAKER_BASE_DIR": str(base),
            **environ,
        }
        with (base / "log").open("w") as log:
            process = serving_program(self.python, "drift", given, log)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode, self.peak_bytes = os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024
        return process.returncode, (base / "output" / "message").read_text()


@pytest.fixture(scope="module")
def watched(serving_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A version that was judged by forty pictures."""
    job, random = Job(serving_python, tmp_path_factory.mktemp("judged")), np.random.default_rng(1)
    job.describe(CLASSES)
    for at in range(HELD_OUT):
        job.hold_out(f"{at:02d}.png", cells(random), [])
    job.candidate(gain=1.5)
    job.tell_champion(None)
    status, said = job.run()
    assert status == 0, said
    return Watched(serving_python, job)


def test_a_reference_is_pinned_by_the_figures_and_holds_every_held_out_picture(watched: Watched) -> None:
    digest = watched.evaluated.metrics().drift_reference_digest
    reference = Reference.read(watched.evaluated.output / REFERENCE, digest)
    assert reference.table.names == tuple(f"{at:02d}.png" for at in range(HELD_OUT))
    assert reference.table.classes.sum() == reference.table.figures["objects"].sum() > HELD_OUT
    assert all(one.startswith(b"\xff\xd8\xff") for one in reference.thumbnails)
    with pytest.raises(ReferenceFileError, match="the evaluation wrote"):
        Reference.read(watched.evaluated.output / REFERENCE, "0" * 64)


def test_a_window_of_every_form_of_request_is_like_the_reference(watched: Watched, tmp_path: Path) -> None:
    """A picture, an array and JSON of several are pictures; what holds none is counted."""
    random = np.random.default_rng(2)
    window = {f"captured/kept/2026/12/01/{at:02d}.png": cells(random) for at in range(30)}
    several = {"images": [base64.b64encode(cells(random)).decode() for _ in range(2)], "classes": ["red"]}
    window["captured/kept/2026/12/01/many.request.json"] = json.dumps(several).encode()
    window["captured/kept/2026/12/01/none.bin"] = b"no picture at all"
    status, said = watched.watch(tmp_path, window)
    assert (status, said) == (0, "32 pictures are as the held-out ones (1 file without a picture)")
    output = tmp_path / "processing" / "output" / "drift"
    report = DriftReport.parse(json.loads((output / REPORT).read_text()))
    assert (report.drifted, report.pictures, report.unreadable) == (False, 32, 1)
    rows = [json.loads(line) for line in (output / PICTURES).read_text().splitlines()]
    assert "captured/kept/2026/12/01/many.request.json#2" in {row["picture"] for row in rows}
    assert {row["nearest"] for row in rows} <= {f"{at:02d}.png" for at in range(HELD_OUT)}


def test_what_drifted_is_named_in_words_and_shown(watched: Watched, tmp_path: Path) -> None:
    """Only blue things come, which are darker than green ones."""
    random = np.random.default_rng(3)
    window = {f"captured/kept/2026/12/01/{at:02d}.png": cells(random, ("blue",)) for at in range(40)}
    status, said = watched.watch(tmp_path, window)
    assert (status, "more blue" in said, "darker" in said) == (0, True, True), said
    output = tmp_path / "processing" / "output" / "drift"
    report = DriftReport.parse(json.loads((output / REPORT).read_text()))
    assert report.drifted
    assert {"classes", "brightness", "warmth"} <= {one.name for one in report.figures if one.drifted}
    assert not {"side", "shape", "objects"} & {one.name for one in report.figures if one.drifted}
    assert (output / PAGE).read_text().count("data:image/jpeg;base64,") == 2 * 8


def test_a_window_too_small_is_said_to_be_too_small(watched: Watched, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    status, said = watched.watch(tmp_path, {f"{at}.png": cells(random) for at in range(29)})
    assert (status, said) == (0, "not judged: the window has 29 pictures, 30 are needed")


def test_of_a_request_of_many_pictures_one_is_in_memory_at_a_time(watched: Watched, tmp_path: Path) -> None:
    """Some hundred kilobytes may hold gigabytes of pixels, and whoever may ask production could end every watch."""
    random = np.random.default_rng(5)
    window = {f"{at:02d}.png": cells(random) for at in range(30)}
    large = base64.b64encode(picture({(0, 0): "red"}, size=(3000, 2400))).decode()
    window["many.request.json"] = json.dumps({"images": [large] * 24}).encode()
    status, said = watched.watch(tmp_path, window)
    assert (status, said.startswith("54 pictures")) == (0, True), said
    assert watched.peak_bytes < 24 * 3000 * 2400 * 3


def test_another_model_than_productions_is_not_asked(watched: Watched, tmp_path: Path) -> None:
    status, said = watched.watch(tmp_path, {}, ARCHIVE_DIGEST="0" * 64)
    assert (status, "production has 000" in said) == (1, True)
