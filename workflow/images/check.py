"""Tries whether an image keeps the contract of containers/README.md, step by step, as SageMaker would start it.

A run from the data to an answering endpoint: the steps of the kind that is checked are the image's, the others are
those of this repository's own images. Every step says what it expects; the first that is not kept ends the check.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.contract.dataset_report import DatasetReport
from workflow.contract.reading import ContractError
from workflow.contract.scores import Metrics
from workflow.contract.smoke import Expectation, answer_of
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.images.account import Account, Ended, open_account
from workflow.images.samples import CLASSES, HYPERPARAMETERS, METRICS, SPLITS, dataset, documents
from workflow.standin import ROOT

KINDS = ("training", "serving")
LONGEST_REASON = 1024
_LOG_LINES = 15
_OURS = "of-this-repository"
"""How the stand-in knows the other images, which are folders; no built image that is checked is called like them."""
_CLIENT_ERROR = "client error"


@dataclass(frozen=True)
class Step:
    """One promise of the contract: what it is, how long it took, and why it is not kept, or nothing."""

    name: str
    seconds: float
    broken: str = ""


class Broken(Exception):
    """The contract is not kept; the text says in which way."""


Try = Callable[[], None]


def check_image(image: str, kind: str, tool: str, say: Callable[[Step], None]) -> str:
    """Check the image of this name or folder; ``tool`` runs one of a name, such as podman.

    ``say`` is told every step. Gives the last lines of its log where a promise was broken, nothing where all are kept.
    Raises UsageError for what is neither a folder with a Dockerfile nor a name.
    """
    kind = kind or guess_kind(image)
    name, options = place(image, kind, tool)
    with open_account(options) as account:
        account.put(dataset(), "dataset/")
        account.put(documents())
        images = {other: f"{_OURS}-{other}" for other in KINDS} | {kind: name}
        for what, attempt in steps(account, images, kind):
            began, broken = time.monotonic(), ""
            try:
                attempt()
            except (Broken, ContractError, GreenlightError) as error:
                broken = str(error)
            say(Step(what, time.monotonic() - began, broken))
            if broken:
                return account.last_lines(_LOG_LINES)
    return ""


def guess_kind(image: str) -> str:
    """Which of the two an image is, by the end of its name. Raises UsageError where that does not say."""
    end = image.rstrip("/").rsplit("/", 1)[-1].split("@")[0].split(":")[0].rsplit("-", 1)[-1]
    if end not in KINDS:
        raise UsageError(f"{image}: say --kind training or --kind serving; the name does not end with either.")
    return end


def place(image: str, kind: str, tool: str) -> tuple[str, list[str]]:
    """The name by which the stand-in knows an image, and what it is started with for that."""
    others = [f"--image={_OURS}-{other}={ROOT / 'containers' / other}" for other in KINDS]
    folder = Path(image)
    if folder.is_dir():
        if not (folder / "Dockerfile").is_file():
            raise UsageError(f"{folder} holds no Dockerfile, so it is no image.")
        return f"checked-{kind}", [f"--image=checked-{kind}={folder.resolve()}", *others]
    if image.startswith((".", "/")):
        raise UsageError(f"{folder}: there is no such folder.")
    return image, [f"--runtime={tool}", *others]


def steps(account: Account, images: dict[str, str], kind: str) -> Iterator[tuple[str, Try]]:
    """Every step, in order; those that try the refusals are of the checked kind alone."""
    training, serving = images["training"], images["serving"]
    made: dict[str, Any] = {}

    def inspect() -> None:
        ended = account.process(training, "inspect", {"dataset": "dataset/"}, "out", ["inspected"])
        expect_success(ended)
        if not account.keys("out/inspected/"):
            raise Broken("it wrote nothing to /opt/ml/processing/output/inspected")

    def prepare() -> None:
        inputs = {"dataset": "dataset/", "record": "record/", "inspected": "inspected/"}
        expect_success(account.process(training, "prepare", inputs, "out", ["training", "test", "report"]))
        report = DatasetReport.parse(_json(account.get("out/report/dataset-report.json")))
        if report.errors or report.classes != CLASSES:
            raise Broken(f"dataset-report.json tells {report.errors} errors and {', '.join(report.classes)}")
        if report.splits["test"].images != SPLITS["test"]:
            raise Broken(f"dataset-report.json counts {report.splits['test'].images} test images of {SPLITS['test']}")
        made["digest"] = report.digest
        if _json(account.get("out/test/data.json")).get("digest") != report.digest:
            raise Broken("test/data.json has another digest than dataset-report.json")

    def refuse_to_prepare() -> None:
        inputs = {"dataset": "dataset/", "record": "broken/", "inspected": "inspected/"}
        expect_failure(account.process(training, "prepare", inputs, "refused", ["report"]))

    def train() -> None:
        channels = {"training": "out/training/", "pretrained": "pretrained/"}
        ended = account.train(training, channels, HYPERPARAMETERS)
        expect_success(ended)
        told = {item["MetricName"] for item in ended.job.get("FinalMetricDataList", [])}
        if missing := sorted(set(METRICS) - told):
            raise Broken(f"no line of its log has {', '.join(f'{name}=…' for name in missing)}")
        made["archive"] = str(ended.job["ModelArtifacts"]["S3ModelArtifacts"]).split("/", 3)[3]
        made["digest of model"] = read_model(account.get(made["archive"]))

    def refuse_to_train() -> None:
        channels = {"training": "out/training/", "pretrained": "pretrained/"}
        expect_failure(account.train(training, channels, {**HYPERPARAMETERS, "epochs": "none"}))

    def evaluation(champion: str, output: str) -> Ended:
        inputs = {"test": "out/test/", "candidate": made["archive"], "champion": champion}
        inputs |= {"record": "record/", "dataset": "out/report/"}
        variables = {"RUN": "image-check", "CONFIDENCE": "0.01", "DATASET_DIGEST": made["digest"]}
        return account.process(serving, "evaluate", inputs, output, ["evaluation"], **variables)

    def evaluate() -> None:
        expect_success(evaluation("champion/", "out"))
        metrics = Metrics.parse(_json(account.get("out/evaluation/metrics.json")))
        if metrics.candidate.model_digest != made["digest of model"]:
            raise Broken("metrics.json tells of another model than the archive's manifest.json")
        if (metrics.dataset_digest, metrics.images) != (made["digest"], SPLITS["test"]):
            raise Broken(f"metrics.json tells of {metrics.images} images of the dataset {metrics.dataset_digest}")
        made["smoke"] = Expectation.parse(_json(account.get("out/evaluation/smoke/smoke.json")))
        for name in ("predictions.json", "report/index.html"):
            account.get(f"out/evaluation/{name}")

    def refuse_to_evaluate() -> None:
        expect_failure(evaluation("no-champion/", "refused"))

    def serve() -> None:
        made["endpoint"] = account.serve(serving, made["archive"])

    def answer() -> None:
        smoke: Expectation = made["smoke"]
        for expected in smoke.images:
            picture = account.get(f"out/evaluation/smoke/{expected.file}")
            body = json.dumps({"image": _base64(picture), "confidence": smoke.confidence}).encode()
            said = account.ask(made["endpoint"], body, "application/json")
            if said.get("model_digest") != smoke.model_digest:
                raise Broken(f"its answer names the model {said.get('model_digest')}, not {smoke.model_digest}")
            if len(answer_of(said)) != len(expected.answer):
                raise Broken(f"it sees {len(answer_of(said))} objects where its evaluation saw {len(expected.answer)}")

    def refuse_to_answer() -> None:
        try:
            account.ask(made["endpoint"], b"no picture", "image/jpeg")
        except ServiceError as error:
            if _CLIENT_ERROR in str(error):
                return
            raise Broken(f"a body that is no picture is answered as its own failure: {error}") from error
        raise Broken("a body that is no picture is answered like one")

    checks_training = kind == "training"
    yield "inspect: looks at a share of the dataset", inspect
    yield "prepare: makes splits and a report", prepare
    if checks_training:
        yield "prepare: ends with a reason where it cannot", refuse_to_prepare
    yield "train: tells its figures and leaves a model", train
    if checks_training:
        yield "train: ends with a reason where it cannot", refuse_to_train
    yield "evaluate: measures the model", evaluate
    if not checks_training:
        yield "evaluate: ends with a reason where it cannot", refuse_to_evaluate
    yield "serve: is healthy with the model", serve
    yield "serve: answers as it was measured", answer
    if not checks_training:
        yield "serve: refuses what is no picture", refuse_to_answer


def expect_success(ended: Ended) -> None:
    """Raise Broken unless a job completed."""
    if ended.status != "Completed":
        raise Broken(f"the job ended {ended.status}: {ended.reason or 'without a reason'}")


def expect_failure(ended: Ended) -> None:
    """Raise Broken unless a job failed by its exit status, with a reason of one line of its own."""
    if ended.status != "Failed":
        raise Broken(f"the job ended {ended.status} where it had to fail, by an exit status other than 0")
    reason = ended.written.strip()
    if not reason:
        raise Broken("it failed without a reason: that belongs in /opt/ml/output/failure, or message of processing")
    if "\n" in reason or len(reason) > LONGEST_REASON:
        raise Broken(f"its reason is no line of at most {LONGEST_REASON} characters: {reason[:200]!r}")


def read_model(archive: bytes) -> str:
    """The digest of a model's graph, as its manifest tells. Raises Broken for an archive that cannot be served."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
            names = {name.removeprefix("./") for name in files.getnames()}
            member = files.extractfile("manifest.json" if "manifest.json" in files.getnames() else "./manifest.json")
            manifest = {} if member is None else _json(member.read())
    except (tarfile.TarError, KeyError) as error:
        raise Broken(f"model.tar.gz holds no manifest.json: {error}") from error
    if "model.onnx" not in names:
        raise Broken(f"model.tar.gz holds no model.onnx, but {', '.join(sorted(names))}")
    if tuple(manifest.get("classes", ())) != CLASSES:
        raise Broken(f"manifest.json names the classes {manifest.get('classes')}")
    return str(manifest.get("model_digest", ""))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise Broken(f"a document is no JSON: {error}") from error


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()
