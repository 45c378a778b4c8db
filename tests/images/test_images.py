"""Both images are built from their Dockerfiles and do their work read-only, without network, without root."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.containers.serving.conftest import ROOT, picture
from tests.containers.serving.http.load_until_refused import outcome
from tests.containers.serving.tiny_onnx import CLASSES, archive_model, write_model
from tests.images.conftest import Containers

pytestmark = [pytest.mark.images, pytest.mark.timeout(2400)]
NOBODY = ("--user", "10001:10001")

ASK = """
import json, sys, urllib.request
address = "http://127.0.0.1:8080"
print(urllib.request.urlopen(address + "/ping", timeout=5).status)
image = open("/opt/ml/one.png", "rb").read()
request = urllib.request.Request(address + "/invocations", image, {"Content-Type": "image/png"})
print(urllib.request.urlopen(request, timeout=20).read().decode())
print(next(line.split()[1] for line in open("/proc/1/status") if line.startswith("Uid:")))
"""


def healthy(containers: Containers, name: str) -> float:
    """Wait until /ping answers inside the container; seconds it took."""
    ping = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/ping', timeout=2).status)"
    started = time.monotonic()
    while containers.call("exec", name, "python", "-c", ping).returncode != 0:
        assert time.monotonic() < started + 60, containers.call("logs", name).stderr
        time.sleep(0.1)
    return time.monotonic() - started


def mount(base: Path) -> tuple[str, ...]:
    return ("--volume", f"{base}:/opt/ml")


@pytest.mark.parametrize("user", [(), NOBODY], ids=["started as root", "started as nobody"])
def test_the_serving_image_answers_and_is_not_root(
    containers: Containers, serving_image: str, base: Path, user: tuple[str, ...]
) -> None:
    """/ping and a real answer from inside a container that reaches no network, then a clean end on SIGTERM."""
    digest = write_model(base / "model")
    (base / "one.png").write_bytes(picture({(1, 2): "red"}))
    name = containers.start(serving_image, "serve", options=(*mount(base), *user))
    try:
        print(f"healthy after {healthy(containers, name):.1f} s, the engine's own start included")
        asked = containers.call("exec", name, "python", "-c", ASK)
        assert asked.returncode == 0, asked.stderr + containers.call("logs", name).stdout
        status, answer, uid = asked.stdout.strip().splitlines()
        assert (status, uid) == ("200", "10001")
        found = json.loads(answer)
        assert (found["model_digest"], found["detections"][0]["box"]) == (digest, [8, 16, 16, 24])
        containers.call("stop", "-t", "20", name)
        assert containers.call("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip() == "0"
    finally:
        containers.call("rm", "--force", name)


def test_sigterm_under_load_loses_no_request_in_the_image(
    containers: Containers, serving_image: str, base: Path
) -> None:
    """Twelve callers on the container's own network, which reaches no other; SIGTERM comes as SageMaker says it.

    They are in a container of their own: one that ends takes all of its programs along, answers unread.
    """
    write_model(base / "model")
    (base / "one.png").write_bytes(picture({(1, 2): "red"}))
    shutil.copyfile(ROOT / "tests" / "containers" / "serving" / "http" / "load_until_refused.py", base / "load.py")
    (base / "log").touch(mode=0o666)
    (base / "log").chmod(0o666)
    name = containers.start(serving_image, "serve", options=mount(base))
    try:
        healthy(containers, name)
        callers = containers.start(
            serving_image,
            *("/opt/ml/load.py", "8080", "12", "/opt/ml/one.png", "/opt/ml/log"),
            options=(*mount(base), "--entrypoint", "python"),
            network=f"container:{name}",
        )
        time.sleep(3)
        containers.call("stop", "-t", "28", name)
        assert containers.call("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip() == "0"
        containers.call("wait", callers)
        containers.call("rm", "--force", callers)
    finally:
        containers.call("rm", "--force", "--depend", name)
    answered, lost = outcome(base / "log")
    print(f"answered {answered}, lost {len(lost)}")
    assert answered > 100
    assert lost == set()


def test_a_corrupt_model_never_becomes_healthy_and_the_log_says_why(
    containers: Containers, serving_image: str, base: Path
) -> None:
    """One byte more than the manifest's digest allows: the program ends, so /ping is never answered."""
    write_model(base / "model")
    with (base / "model" / "model.onnx").open("ab") as stream:
        stream.write(b"\0")
    done = containers.run(serving_image, "serve", options=mount(base), timeout=60)
    assert done.returncode == 1
    assert "cannot serve: model.onnx has the digest" in done.stderr


def test_the_serving_image_holds_no_framework_no_compiler_and_no_telemetry(
    containers: Containers, serving_image: str
) -> None:
    """What is not there cannot be attacked; what is there, a scanner finds by its package records."""
    program = (
        "import importlib.metadata as m, shutil; "
        "print(sorted(d.name.lower() for d in m.distributions())); print(shutil.which('gcc'), shutil.which('cc'))"
    )
    done = containers.run(serving_image, "-c", program, options=("--entrypoint", "python", *NOBODY))
    packages, compilers = done.stdout.strip().splitlines()
    assert "openvino" in packages
    for absent in ("torch", "ultralytics", "telemetry"):
        assert absent not in packages
    assert compilers == "None None"


def test_the_serving_image_evaluates(containers: Containers, serving_image: str, base: Path) -> None:
    """The same image measures a candidate on a picture and writes its documents where SageMaker collects them."""
    inputs = base / "processing" / "input"
    write_model(base / "made")
    archive_model(base / "made", inputs / "candidate" / "model.tar.gz")
    for folder in ("test/images", "test/labels", "champion"):
        (inputs / folder).mkdir(parents=True)
    (inputs / "champion" / "champion.json").write_text('{"version": 1, "champion": null}')
    (inputs / "test" / "data.json").write_text(
        json.dumps({"version": 1, "classes": CLASSES, "digest": "d", "task": "detect", "keypoints": None})
    )
    (inputs / "test" / "images" / "one.png").write_bytes(picture({(1, 2): "red"}))
    (inputs / "test" / "labels" / "one.txt").write_text("0 0.1875 0.3125 0.125 0.125")
    (base / "processing").chmod(0o777)
    done = containers.run(serving_image, "evaluate", options=(*mount(base), *NOBODY))
    assert done.returncode == 0, done.stderr
    metrics = json.loads((base / "processing" / "output" / "evaluation" / "metrics.json").read_text())
    assert metrics["candidate"]["recall"] == 1


def test_the_training_image_prepares_a_dataset(containers: Containers, training_image: str, base: Path) -> None:
    """A dozen pictures become the three prepared folders."""
    dataset = base / "processing" / "input" / "dataset"
    for folder in ("images", "labels"):
        (dataset / folder).mkdir(parents=True)
    (dataset / "data.yaml").write_text(json.dumps({"names": CLASSES}))
    for at in range(12):
        place = (at % 8, at // 8)
        (dataset / "images" / f"{at}.png").write_bytes(picture({place: CLASSES[at % 3]}))
        centre = f"{(place[0] + 0.5) / 8} {(place[1] + 0.5) / 8}"
        (dataset / "labels" / f"{at}.txt").write_text(f"{at % 3} {centre} 0.125 0.125\n")
    record = base / "processing" / "input" / "record"
    record.mkdir()
    reading = {"task": "auto", "format": "auto", "policy": {}, "group_pattern": "", "seed": 0, "image_size": 640}
    (record / "run.json").write_text(json.dumps({"version": 1, "preparation": reading}))
    (base / "processing").chmod(0o777)
    done = containers.run(training_image, "prepare", options=(*mount(base), *NOBODY))
    assert done.returncode == 0, done.stderr
    output = base / "processing" / "output"
    report = json.loads((output / "report" / "dataset-report.json").read_text())
    assert (report["errors"], report["classes"]) == (0, CLASSES)
    assert sum(split["images"] for split in report["splits"].values()) == 12
    assert (output / "training" / "data.yaml").is_file()
    assert (output / "test" / "data.json").is_file()


def test_the_training_image_imports_all_that_a_training_needs(containers: Containers, training_image: str) -> None:
    """Torch and ultralytics load in the built image, with nothing writable but /tmp, and without a network."""
    program = (
        "from pathlib import Path; from containers.training.environment import set_up; set_up(Path('/tmp/yolo')); "
        "from ultralytics import YOLO; print(YOLO('yolov8n.yaml').model.stride.max())"
    )
    done = containers.run(training_image, "-c", program, options=("--entrypoint", "python", *NOBODY))
    assert done.returncode == 0, done.stderr
    assert "32" in done.stdout
