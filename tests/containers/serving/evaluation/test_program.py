"""The evaluation as the real program: a candidate, a champion, and pictures whose answers are known."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from containers.serving.evaluation.own_code import code_digest
from tests.containers.serving.conftest import encode, picture, serving_program
from tests.containers.serving.tiny_onnx import CLASSES, add_engine, archive_model, write_archive, write_model
from workflow.contract.feedback import Feedback
from workflow.contract.feedback_figures import FeedbackSums
from workflow.contract.glance import MOST_PICTURES, find_glance
from workflow.contract.outcome import Counted, Outcome
from workflow.contract.scores import Interval, Lead, Metrics

pytestmark = pytest.mark.serving
PLACES = ((0, 0), (3, 5), (6, 2), (7, 7), (1, 4))


@dataclass
class Job:
    """The folders of one processing job."""

    python: Path
    base: Path
    seconds: float = 60

    @property
    def inputs(self) -> Path:
        return self.base / "processing" / "input"

    @property
    def output(self) -> Path:
        return self.base / "processing" / "output" / "evaluation"

    def run(self, **environ: str) -> tuple[int, str]:
        process = serving_program(self.python, "evaluate", {"SAGEMAKER_BASE_DIR": str(self.base), **environ})
        try:
            out, error = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, out + error

    def read(self, name: str) -> Any:
        return json.loads((self.output / name).read_text())

    def metrics(self) -> Metrics:
        return Metrics.parse(self.read("metrics.json"))

    def candidate(self, **options: Any) -> None:
        write_model(self.base / "made", **options)
        archive_model(self.base / "made", self.inputs / "candidate" / "model.tar.gz")

    def champion(self, **options: Any) -> dict[str, Any]:
        folder = self.inputs / "champion"
        digest = write_model(self.base / "former", **options)
        archive = archive_model(self.base / "former", folder / "model.tar.gz")
        known = {
            "model_package_arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight/3",
            "package_version": 3,
            "model_digest": digest,
            "archive_digest": hashlib.sha256(archive.read_bytes()).hexdigest(),
        }
        self.tell_champion(known)
        return known

    def tell_champion(self, known: dict[str, Any] | None) -> None:
        (self.inputs / "champion").mkdir(exist_ok=True)
        (self.inputs / "champion" / "champion.json").write_text(json.dumps({"version": 1, "champion": known}))

    def hold_out(self, name: str, data: bytes, rows: list[tuple[int, int, int]]) -> None:
        """A 64 x 64 picture with objects given as class, column, row of a cell."""
        image, label = self.inputs / "test" / "images" / name, self.inputs / "test" / "labels" / name
        for path in (image, label):
            path.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(data)
        lines = [f"{kind} {(column + 0.5) / 8} {(row + 0.5) / 8} 0.125 0.125" for kind, column, row in rows]
        label.with_suffix(".txt").write_text("\n".join(lines))

    def describe(self, classes: list[str], **changes: Any) -> None:
        (self.inputs / "test").mkdir(parents=True, exist_ok=True)
        document = {
            "version": 1,
            "classes": classes,
            "digest": "d" * 64,
            "task": "detect",
            "keypoints": None,
            **changes,
        }
        (self.inputs / "test" / "data.json").write_text(json.dumps(document))


@pytest.fixture
def job(serving_python: Path, tmp_path: Path) -> Job:
    """Ten pictures, each with one red, green or blue cell that is labelled as such; no champion."""
    job = Job(serving_python, tmp_path)
    job.describe(CLASSES)
    jpeg: dict[str, Any] = {"form": "JPEG", "quality": 100, "subsampling": 0}
    for at in range(10):
        place = PLACES[at % len(PLACES)]
        name = CLASSES[at % 3]
        suffix, form = (".png", {}) if at % 2 else (".jpg", jpeg)
        job.hold_out(f"{at}{suffix}", picture({place: name}, **form), [(at % 3, *place)])
    job.candidate()
    job.tell_champion(None)
    return job


def test_a_perfect_first_model_is_measured_as_one(job: Job) -> None:
    """Every figure, every document, and no champion."""
    assert job.run(RUN="run-1", CONFIDENCE="0.3", DATASET_DIGEST="d" * 64)[0] == 0
    metrics = job.metrics()
    assert (metrics.images, metrics.objects, metrics.confidence, metrics.champion) == (10, 10, 0.3, None)
    score = metrics.candidate
    assert (score.map50, score.map50_95) == (pytest.approx(0.995), pytest.approx(0.995))
    assert (score.precision, score.recall) == (1, 1)
    assert [(one.name, one.objects) for one in score.per_class] == [("red", 4), ("green", 3), ("blue", 3)]
    assert 0 < score.latency_p50_ms <= score.latency_p99_ms
    archive = (job.inputs / "candidate" / "model.tar.gz").read_bytes()
    assert score.archive_digest == hashlib.sha256(archive).hexdigest()
    assert score.model_digest == hashlib.sha256((job.base / "made" / "model.onnx").read_bytes()).hexdigest()
    assert set(score.intervals) == {"map50", "map50_95", "precision", "recall", "f1"}
    assert (metrics.task, metrics.comparison, metrics.container) == ("detect", None, "")
    assert metrics.code_digest == code_digest()
    assert score.model_bytes == (job.base / "made" / "model.onnx").stat().st_size
    predictions = job.read("predictions.json")
    assert predictions["model_digest"] == score.model_digest
    assert len(predictions["images"]) == 10
    assert predictions["images"][1]["detections"][0]["class"] == "green"
    assert (job.output / "report" / "index.html").read_text().count("<!--verdict-->") == 1


def test_the_page_shows_how_the_precision_was_chosen_and_the_figures_tell_which(job: Job) -> None:
    """From the model's own manifest to the approver's page, and to the registry by way of the figures."""
    tried = [{"precision": "f32", "quality": 0.7, "interval": {"low": 0.6, "high": 0.8}, "milliseconds": 4.2}]
    told = {"chosen": "f32", "reason": "because it was measured", "figure": "map50_95", "pictures": 9, "validation": 9}
    job.candidate(precision="f32", precision_choice={**told, "processor": "one of ours", "tried": tried})
    assert job.run()[0] == 0
    page = (job.output / "report" / "index.html").read_text()
    assert "It serves in <b>f32</b>: because it was measured." in page
    assert "on 9 validation pictures" in page
    assert job.metrics().candidate.serves_in == "f32"
    job.candidate(precision="f32", precision_choice={**told, "tried": tried})
    status, said = job.run()
    assert status == 1
    assert "the candidate: manifest.json: precision_choice.processor: missing" in said


def test_no_more_is_measured_than_the_model_will_answer(job: Job) -> None:
    """Its manifest says how many objects of a picture it finds at most; what a release is tried with has no more."""
    job.candidate(max_detections=1)
    job.hold_out("two.png", picture({(0, 0): "red", (4, 4): "red"}), [(0, 0, 0), (0, 4, 4)])
    assert job.run()[0] == 0
    red = next(one for one in job.metrics().candidate.per_class if one.name == "red")
    assert (red.objects, red.recall) == (6, 5 / 6)
    assert red.map50 == pytest.approx(5 / 6, abs=0.02)
    smoke = job.read("smoke/smoke.json")
    assert {len(one["detections"]) for one in smoke["images"]} == {1}


def test_mistakes_cost_what_they_should(job: Job) -> None:
    """A red cell that nobody labelled, a green object that nobody can see."""
    job.hold_out("extra.png", picture({(4, 4): "red"}), [(1, 0, 0)])
    assert job.run()[0] == 0
    by_name = {one.name: one for one in job.metrics().candidate.per_class}
    assert (by_name["red"].precision, by_name["red"].recall) == (4 / 5, 1)
    assert (by_name["green"].precision, by_name["green"].recall) == (1, 3 / 4)
    assert by_name["green"].map50 == pytest.approx(0.75, abs=0.01)
    report = (job.output / "report" / "index.html").read_text()
    assert report.index("extra.png") < report.index("0.jpg"), "the worst picture comes first"


def test_the_report_carries_what_its_approver_sees_first(job: Job) -> None:
    """How much either model finds, the worst pictures with both models' boxes; where it is given, what people said."""
    known = job.champion(gain=0.4)
    job.hold_out("extra.png", picture({(4, 4): "red"}), [(1, 0, 0)])
    at = "2026-11-30T12:00:00+00:00"
    said = FeedbackSums()
    said.add([Feedback("one", known["model_digest"], "right", at, at, "maria")])
    (job.inputs / "record").mkdir(exist_ok=True)
    (job.inputs / "record" / "feedback.json").write_text(json.dumps(said.figures().document()))
    assert job.run()[0] == 0
    page = (job.output / "report" / "index.html").read_text()
    assert "People judged 1 answer of production" in page
    carried = find_glance(page)
    assert carried is not None
    assert carried.outcome == Outcome("detect", 11, 11, Counted(10, 1), Counted(0, 0))
    worst = carried.pictures[0]
    assert (worst.name, len(carried.pictures)) == ("extra.png", MOST_PICTURES)
    assert sorted(shape.kind for shape in worst.candidate.shapes) == ["missed", "wrong"]
    assert worst.production is not None
    assert [(shape.kind, shape.label) for shape in worst.production.shapes] == [("missed", "green")]


def test_the_champion_is_measured_on_the_same_pictures(job: Job) -> None:
    """A champion too shy for the confidence: same average precision, nothing shown."""
    known = job.champion(gain=0.4)
    assert job.run()[0] == 0
    champion = job.metrics().champion
    assert champion is not None
    assert (champion.map50, champion.recall) == (pytest.approx(0.995), 0)
    assert (champion.model_package_arn, champion.package_version) == (known["model_package_arn"], 3)
    assert champion.archive_digest == known["archive_digest"]
    comparison = job.metrics().comparison
    assert comparison is not None
    assert comparison.overall == Lead(0, 0, 0), "the same average precision on every draw"
    assert set(comparison.per_class) == set(CLASSES)
    assert champion.intervals["recall"] == Interval(0, 0)


def test_a_champion_with_its_classes_in_another_order_is_judged_by_their_names(job: Job) -> None:
    """It calls red blue and blue red: each answer counts for the class it names."""
    job.champion(classes=["blue", "green", "red"])
    job.hold_out("red-blue.png", picture({(0, 0): "blue"}), [(0, 0, 0)])
    assert job.run()[0] == 0
    champion = job.metrics().champion
    assert champion is not None
    comparison = job.metrics().comparison
    assert comparison is not None
    assert set(comparison.per_class) == {"red", "green", "blue"}
    found = {one.name: one.recall for one in champion.per_class}
    assert found == {"red": 1 / 5, "green": 1, "blue": 0}


def test_the_smoke_test_holds_the_predictors_answers_to_the_very_bytes(job: Job) -> None:
    """Three images that cover the classes, byte for byte those of the held-out set."""
    assert job.run(CONFIDENCE="0.4")[0] == 0
    smoke = job.read("smoke/smoke.json")
    assert (smoke["version"], smoke["confidence"]) == (1, 0.4)
    assert smoke["model_digest"] == job.metrics().candidate.model_digest
    assert {one["detections"][0]["class"] for one in smoke["images"]} == set(CLASSES)
    held_out = {path.read_bytes() for path in (job.inputs / "test" / "images").iterdir()}
    for one in smoke["images"]:
        assert (job.output / "smoke" / one["file"]).read_bytes() in held_out


def test_pictures_too_large_to_send_are_made_smaller_for_the_smoke_test(job: Job) -> None:
    """Else a model of large pictures would be approved, and no release could try it.

    Noise as a PNG has more bytes than pixels; WebP becomes a PNG before it is sent.
    """
    for path in (job.inputs / "test" / "images").iterdir():
        path.unlink()
    noise = np.random.default_rng(0).integers(0, 60, (1600, 1600, 3), np.uint8)
    noise[400:600, 400:600] = (0, 0, 255)
    image = Image.fromarray(noise)
    job.hold_out("large.png", encode(image, "PNG", compress_level=1), [(2, 2, 2)])
    job.hold_out("becomes-large.webp", encode(image, "WEBP", lossless=True, method=0), [(2, 2, 2)])
    assert job.run()[0] == 0
    smoke = job.read("smoke/smoke.json")
    assert [one["file"] for one in smoke["images"]] == ["0.jpg", "1.jpg"]
    for one in smoke["images"]:
        assert [found["class"] for found in one["detections"]] == ["blue"]
        sent = job.output / "smoke" / one["file"]
        assert sent.stat().st_size <= 4_000_000
        with Image.open(sent) as shown:
            right, bottom = one["detections"][0]["box"][2:]
            assert right <= shown.width
            assert bottom <= shown.height


def test_pictures_of_other_formats_are_measured_as_a_client_would_send_them(job: Job) -> None:
    """A BMP in the data is found like any other, and goes to the smoke test as a PNG."""
    for path in (job.inputs / "test" / "images").iterdir():
        path.unlink()
    image = Image.fromarray(np.zeros((64, 64, 3), np.uint8))
    image.paste((0, 0, 255), (16, 16, 24, 24))
    job.hold_out("one.bmp", encode(image, "BMP"), [(2, 2, 2)])
    assert job.run()[0] == 0
    assert job.metrics().candidate.recall == 1
    assert [one["file"] for one in job.read("smoke/smoke.json")["images"]] == ["0.png"]


def test_an_empty_held_out_set_is_measured_as_nothing(job: Job) -> None:
    """The gate refuses it by its number of images; here it is no crash."""
    for path in (job.inputs / "test" / "images").iterdir():
        path.unlink()
    assert job.run()[0] == 0
    assert (job.metrics().images, job.metrics().candidate.map50) == (0, 0)
    assert job.read("smoke/smoke.json")["images"] == []


def break_nothing_but(job: Job, fault: str) -> None:
    """One thing wrong with the job's inputs."""
    champion = job.inputs / "champion"
    if fault == "candidate missing":
        (job.inputs / "candidate" / "model.tar.gz").unlink()
    elif fault == "candidate corrupt":
        (job.inputs / "candidate" / "model.tar.gz").write_bytes(b"corrupt")
    elif fault == "candidate with a link":
        write_archive(job.inputs / "candidate" / "model.tar.gz", {"../model.onnx": b""})
    elif fault == "candidate whose engine is not run":
        write_model(job.base / "made")
        add_engine(job.base / "made")
        archive_model(job.base / "made", job.inputs / "candidate" / "model.tar.gz")
    elif fault == "candidate of other classes":
        job.describe([*CLASSES, "yellow"])
    elif fault == "candidate of another task":
        job.describe(CLASSES, task="obb")
        for path in (job.inputs / "test" / "labels").iterdir():
            path.write_text("0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2")
    elif fault == "champion of strangers":
        job.champion(classes=["bolt", "nut", "cap"])
    elif fault == "champion that finds more":
        job.champion(classes=["red", "green", "yellow"])
    elif fault == "champion with a broken story":
        job.champion()
        members = {path.name: path.read_bytes() for path in (job.base / "former").iterdir()}
        archive = write_archive(champion / "model.tar.gz", {**members, "dataset.json": b"[]"})
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        known = json.loads((champion / "champion.json").read_text())["champion"]
        job.tell_champion({**known, "archive_digest": digest})
    elif fault == "record corrupt":
        (job.inputs / "record").mkdir()
        (job.inputs / "record" / "run.json").write_text("{")
    elif fault == "champion.json missing":
        (champion / "champion.json").unlink()
    elif fault == "champion.json corrupt":
        (champion / "champion.json").write_text("{")
    elif fault == "champion without an archive":
        job.champion()
        (champion / "model.tar.gz").unlink()
    elif fault == "champion of another digest":
        job.tell_champion({**job.champion(), "archive_digest": "0" * 64})
    elif fault == "champion of another model":
        job.tell_champion({**job.champion(), "model_digest": "0" * 64})
    elif fault == "held-out image damaged":
        job.hold_out("0.jpg", b"\xff\xd8\xff", [])
    elif fault == "held-out label damaged":
        (job.inputs / "test" / "labels" / "0.txt").write_text("0 nan 0 0 0")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("candidate missing", "the candidate: model.tar.gz is missing"),
        ("candidate corrupt", "the candidate: model.tar.gz is no readable archive"),
        ("candidate with a link", "'../model.onnx'"),
        ("candidate whose engine is not run", "without the engine for a GPU: this image has no TensorRT"),
        ("candidate of other classes", "the candidate: it knows red, green, blue"),
        ("candidate of another task", "the candidate: its task is detect, the held-out images are labelled for obb"),
        ("champion of strangers", "the champion: it knows bolt, nut, cap, and none of red, green, blue"),
        ("champion that finds more", "the champion: it also finds yellow, which this dataset does not name"),
        ("champion with a broken story", "the champion: dataset.json in the archive must be a JSON object"),
        ("record corrupt", "run.json cannot be read"),
        ("champion.json missing", "champion.json cannot be read"),
        ("champion.json corrupt", "champion.json cannot be read"),
        ("champion without an archive", "the champion: model.tar.gz is missing"),
        ("champion of another digest", "the champion: its archive has the digest"),
        ("champion of another model", "the champion: its model has the digest"),
        ("held-out image damaged", "0.jpg: the JPEG is truncated or damaged"),
        ("held-out label damaged", "0.txt:1"),
    ],
)
def test_what_cannot_be_measured_fairly_fails_with_a_reason(job: Job, fault: str, said: str) -> None:
    """Status 1, the reason on stderr and where SageMaker looks for it, and no metrics to be taken for good."""
    break_nothing_but(job, fault)
    status, log = job.run()
    assert status == 1
    assert said in log
    assert "Traceback" not in log
    assert said in (job.base / "output" / "message").read_text()
    assert not (job.output / "metrics.json").exists()


@pytest.mark.parametrize("environ", [{"DATASET_DIGEST": "e" * 64}, {"CONFIDENCE": "nan"}, {"CONFIDENCE": "high"}])
def test_settings_that_do_not_fit_fail_with_a_reason(job: Job, environ: dict[str, str]) -> None:
    """Pictures of another dataset, a confidence that is no number."""
    status, log = job.run(**environ)
    assert status == 1
    assert "Traceback" not in log


def test_a_champion_of_another_task_ends_the_evaluation(job: Job) -> None:
    """It is in production all the same: never "no champion"."""
    job.champion()
    manifest = json.loads((job.base / "former" / "manifest.json").read_text())
    members = {
        "model.onnx": (job.base / "former" / "model.onnx").read_bytes(),
        # The tiny graph answers 7 rows, which may also be a box, two classes and an angle.
        "manifest.json": json.dumps({**manifest, "task": "obb", "classes": ["red", "green"]}).encode(),
    }
    archive = write_archive(job.inputs / "champion" / "model.tar.gz", members)
    known = json.loads((job.inputs / "champion" / "champion.json").read_text())["champion"]
    job.tell_champion({**known, "archive_digest": hashlib.sha256(archive.read_bytes()).hexdigest()})
    status, log = job.run()
    assert status == 1
    assert "the champion: its task is obb, the held-out images are labelled for detect" in log
    assert not (job.output / "metrics.json").exists()
