"""``serve`` keeps SageMaker's serving contract; ``evaluate`` writes the documents the gate and the smoke test read.

``join`` is the serving image's own, which draws no picture here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import tarfile
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workflow.contract.answer_name import AnswerName
from workflow.contract.drift import REFERENCE, REPORT, DriftReport
from workflow.contract.glance import Glance, GlancePicture, Shape, View
from workflow.contract.outcome import Counted, Outcome
from workflow.contract.scores import ClassScore, Comparison, Lead, Metrics, ModelScore

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
SIDE = 8
CONFIDENCE = 0.25
SCORE = 0.9
JPEG = base64.b64encode(b"\xff\xd8\xff no picture, but a page takes it for one").decode()
RETURNED = False
"""Whether this model has served on this endpoint before."""


def answer(content: bytes, *, serving: bool, confidence: float = CONFIDENCE) -> dict[str, Any]:
    """What the model sees: one box, or another one when it was told to be wrong in service."""
    behave = json.loads(content).get("behave")
    # The stand-in keeps an endpoint's files below its name: a fake may know, to be wrong in production alone.
    in_production = serving and "production" in str(BASE)
    wrong = (
        (serving and behave == "wrong-boxes")
        or (in_production and behave == "wrong-in-production")
        or (in_production and behave == "wrong-on-return" and RETURNED)
    )
    box = [4.0, 4.0, 8.0, 8.0] if wrong else [1.0, 1.0, 5.0, 5.0]
    shares = [round(edge / SIDE, 5) for edge in box]
    seen = {"class_id": 0, "class": "thing", "score": SCORE, "box": box, "box_normalised": shares}
    digest = hashlib.sha256(content).hexdigest()
    return {
        "inference_id": AnswerName.make(digest, datetime.now(UTC), os.urandom(8)).text(),
        "model_digest": digest,
        "width": SIDE,
        "height": SIDE,
        "detections": [seen] if confidence <= SCORE else [],
        "timings_ms": {"decode": 0.1, "inference": 0.1},
    }


def answer_video(said: dict[str, Any]) -> bytes:
    """The same of each of two frames, as one track."""
    head = {name: said[name] for name in ("inference_id", "model_digest", "width", "height")}
    objects = [{"track": 1, **item} for item in said["detections"]]
    frames = [{**head, "frame": at, "seconds": at / 25, "objects": objects} for at in range(2)]
    return "".join(json.dumps(frame) + "\n" for frame in frames).encode()


def wanted_confidence(attributes: str) -> float:
    """The ``confidence`` of the custom-attributes header. Raises ValueError where it is no number from 0 to 1."""
    given = dict(part.split("=", 1) for part in attributes.split(",") if part)
    confidence = float(given.get("confidence", CONFIDENCE))
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence = {confidence}: must be a number from 0 to 1")
    return confidence


def has_served(content: bytes) -> bool:
    """Whether this model has served on this endpoint before; remembered beside the folders of its containers."""
    mark = BASE.parents[2] / f"served-{hashlib.sha256(content).hexdigest()}"
    before = mark.exists()
    mark.touch()
    return before


def serve() -> int:
    """Answer /ping and /invocations until the process is told to stop."""
    global RETURNED
    content = (BASE / "model/model.onnx").read_bytes()
    RETURNED = has_served(content)
    ill = json.loads(content).get("behave") == "fails-in-production" and "production" in str(BASE)

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, body: dict[str, Any]) -> None:
            self.reply_with(status, "application/json", json.dumps(body).encode())

        def reply_with(self, status: int, content_type: str, body: bytes, name: str = "") -> None:
            self.send_response(status)
            if name:
                self.send_header("X-Amzn-SageMaker-Custom-Attributes", f"inference_id={name}")
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.reply(200, {})

        def do_POST(self) -> None:
            picture = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if ill:
                return self.reply(500, {"error": "as it was told"})
            if self.headers.get("Accept") == "image/jpeg":
                # The picture itself, to the last byte: nothing is drawn here.
                return self.reply_with(200, "image/jpeg", picture)
            try:
                confidence = wanted_confidence(self.headers.get("X-Amzn-SageMaker-Custom-Attributes", ""))
            except ValueError as error:
                return self.reply(400, {"error": str(error)})
            if self.headers.get("Content-Type", "").startswith("video/"):
                frames = answer_video(answer(content, serving=True, confidence=confidence))
                return self.reply_with(200, "application/jsonlines", frames)
            if picture.startswith(b"no picture"):
                answered = os.environ.get("GREENLIGHT_REFUSALS") == "answer"
                return self.reply(200 if answered else 400, {"error": "this is no picture"})
            said = answer(content, serving=True, confidence=confidence)
            self.reply_with(200, "application/json", json.dumps(said).encode(), said["inference_id"])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    address = os.environ.get("GREENLIGHT_BIND_HOST", "127.0.0.1"), int(os.environ.get("SAGEMAKER_BIND_TO_PORT", 8080))
    print("serving", flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()
    return 0


def evaluate() -> int:
    """Score candidate and champion with the figure they were trained to have."""
    inputs, output = BASE / "processing/input", BASE / "processing/output/evaluation"
    test = sorted((inputs / "test/images").iterdir())
    named = json.loads((inputs / "champion/champion.json").read_text())["champion"]
    champion = None
    if named is not None:
        archive = inputs / "champion/model.tar.gz"
        champion = score(archive, len(test), named["model_package_arn"], named["package_version"])
    content = model_of(inputs / "candidate/model.tar.gz")
    candidate = score(inputs / "candidate/model.tar.gz", len(test))
    comparison = None
    if champion is not None:
        ahead = Lead((candidate.map50_95 or 0) - (champion.map50_95 or 0), None, None)
        comparison = Comparison(overall=ahead, per_class={"thing": ahead})
    digest = os.environ["DATASET_DIGEST"]
    (output / "smoke").mkdir(parents=True)
    (output / REFERENCE).write_text(f"what {candidate.model_digest} saw")
    metrics = Metrics(
        digest,
        len(test),
        len(test),
        CONFIDENCE,
        candidate,
        champion,
        comparison=comparison,
        container="fake",
        drift_reference_digest=hashlib.sha256((output / REFERENCE).read_bytes()).hexdigest(),
    )
    (output / "report").mkdir()
    asked = json.loads((inputs / "record/run.json").read_text())["run"]
    found = json.loads((inputs / "dataset/dataset-report.json").read_text())["digest"]
    page = f"<!doctype html><title>Report</title><!--verdict--><p>{asked} on {found}, in {os.environ['CONTAINER']}."
    page += glance(len(test), champion is not None).comment()
    (output / "report/index.html").write_text(page)
    (output / "metrics.json").write_text(json.dumps(metrics.document()))
    shown = answer(content, serving=False)
    (output / "smoke/0.jpg").write_bytes(test[0].read_bytes())
    smoke = {
        "version": 1,
        "model_digest": shown["model_digest"],
        "confidence": CONFIDENCE,
        "images": [{"file": "0.jpg", "detections": shown["detections"]}],
    }
    (output / "smoke/smoke.json").write_text(json.dumps(smoke))
    return 0


def join() -> int:
    """Join the answers of a batch as the image does."""
    from containers.serving.joining.joined import join as join_answers

    said = join_answers(BASE / "processing", os.environ, lambda *_: ())
    (BASE / "output/message").write_text(said)
    return 0


def drift() -> int:
    """Find a drift where most of the window's pictures call themselves dark."""
    inputs, output = BASE / "processing/input", BASE / "processing/output/drift"
    for kind, name in (("reference", REFERENCE), ("archive", "model.tar.gz")):
        found = hashlib.sha256((inputs / kind / name).read_bytes()).hexdigest()
        assert found == os.environ[f"{kind.upper()}_DIGEST"], kind
    window = [path for path in (inputs / "window").rglob("*") if path.is_file() and path.suffix != ".manifest"]
    dark = sum(path.read_bytes().startswith(b"dark") for path in window)
    report = DriftReport(
        run=os.environ["RUN"],
        package_version=int(os.environ["MODEL_VERSION"]),
        model_digest=hashlib.sha256(model_of(inputs / "archive/model.tar.gz")).hexdigest(),
        since=os.environ["SINCE"],
        until=os.environ["UNTIL"],
        reference_pictures=3,
        pictures=len(window),
        unreadable=0,
        judged=True,
        drifted=2 * dark > len(window),
        line=f"{dark} of {len(window)} pictures are dark",
        figures=(),
    )
    output.mkdir(parents=True, exist_ok=True)
    (output / "index.html").write_text("<!doctype html><title>Drift</title>")
    (output / REPORT).write_text(json.dumps(report.document()))
    return 0


def glance(images: int, beside: bool) -> Glance:
    """What the approval page shows: everything found, on one picture."""
    counted = Counted(images, 0)
    view = View((Shape("right", f"thing {SCORE}", (0.125, 0.125, 0.625, 0.625)),))
    picture = GlancePicture("0.jpg", SIDE, SIDE, JPEG, view, view if beside else None)
    outcome = Outcome("detect", images, images, counted, counted if beside else None)
    return Glance(outcome=outcome, pictures=(picture,))


def model_of(archive: Path) -> bytes:
    """The model file of an archive."""
    with tarfile.open(archive) as content:
        member = content.extractfile("model.onnx")
        assert member is not None
        return member.read()


def score(archive: Path, images: int, package_arn: str = "", version: int = 0) -> ModelScore:
    """The figures of one archive."""
    content = model_of(archive)
    figure = float(json.loads(content).get("map50", 0.9))
    return ModelScore(
        model_digest=hashlib.sha256(content).hexdigest(),
        archive_digest=hashlib.sha256(archive.read_bytes()).hexdigest(),
        map50=figure,
        map50_95=figure * 0.75,
        precision=figure,
        recall=figure,
        f1=figure,
        per_class=(ClassScore("thing", images, figure, figure * 0.75, figure, figure, figure, figure * 0.75),),
        latency_p50_ms=1.0,
        latency_p99_ms=2.0,
        model_bytes=len(content),
        model_package_arn=package_arn,
        package_version=version,
    )


if __name__ == "__main__":
    sys.exit({"serve": serve, "evaluate": evaluate, "join": join, "drift": drift}[sys.argv[1]]())
