"""A container that learns nothing: it does what its hyperparameters or arguments say, in the SageMaker layout.

Standard library only, so that it needs no environment of its own and starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def train() -> int:
    """Do what the hyperparameter `behaviour` says."""
    settings: dict[str, str] = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    behaviour = settings.get("behaviour", "learn")
    print(f"behaviour={behaviour}", flush=True)
    checkpoints = BASE / "checkpoints"
    if (checkpoints / "last.txt").exists():
        print(f"resumed from {(checkpoints / 'last.txt').read_text()}", flush=True)
    if behaviour == "fail":
        (BASE / "output" / "failure").write_text("the learning rate is a potato")
        return 1
    if behaviour == "crash":
        print("ValueError: nobody said why", flush=True)
        return 3
    if behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "no model":
        return 0
    if behaviour in ("wait", "ignore SIGTERM"):
        wait(checkpoints, polite=behaviour == "wait")
    score = 1.0 - abs(float(settings.get("rate", "0.5")) - 0.5)
    for epoch in range(1, 4):
        print(f"epoch={epoch} map50={score * epoch / 3:.5f}", flush=True)
        time.sleep(float(settings.get("epoch_seconds", "0")))
        (checkpoints / "last.txt").write_text(str(epoch))
    data = sorted(path.name for path in (BASE / "input/data/training").rglob("*") if path.is_file())
    (BASE / "model" / "model.json").write_text(json.dumps({"learned": data, "settings": settings}))
    return 0


def wait(checkpoints: Path, *, polite: bool) -> None:
    """Run until told to end, with a child process that must not outlive this one."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (checkpoints / "child.txt").write_text(str(child.pid))
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    print("waiting", flush=True)
    while not (asked and polite):
        time.sleep(0.05)
    (checkpoints / "last.txt").write_text("interrupted")
    sys.exit(0)


def process(arguments: list[str]) -> int:
    """Copy what came in to what goes out, or fail as told."""
    if arguments[:1] == ["fail"]:
        (BASE / "output" / "message").write_text("the data are upside down")
        return 2
    resources: dict[str, Any] = json.loads((BASE / "config/resourceconfig.json").read_text())
    host = resources["current_host"]
    print(host, "has", *sorted(path.name for path in (BASE / "processing/input").rglob("*.txt")), flush=True)
    if arguments[:1] == ["fail on"]:
        if host == arguments[1]:
            (BASE / "output" / "message").write_text(f"{host} lost its share")
            return 2
        time.sleep(60)
    target = BASE / "processing/output/copy"
    (target / "hosts").mkdir(parents=True)
    (target / "hosts" / f"{host}.json").write_text(json.dumps(resources))
    for path in sorted((BASE / "processing/input").rglob("*")):
        if path.is_file():
            copy = target / path.relative_to(BASE / "processing/input")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (target / "about.json").write_text(json.dumps({"arguments": arguments, "wish": os.environ.get("WISH", "")}))
    return 0


class Handler(BaseHTTPRequestHandler):
    """Answers with what it was asked and which model it serves."""

    model: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        """Healthy unless the model says otherwise."""
        self.answer(503 if self.model.get("settings", {}).get("sick") else 200, b"")

    def do_POST(self) -> None:
        """Echo the body, or fail when it asks for it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(9)
        if body == b"slow":
            print("slowly", flush=True)
            time.sleep(1)
        if body in (b"400", b"500"):
            self.answer(int(body), b'{"error": "as you wish"}')
            return
        answer = {
            "body": body.decode(),
            "model": self.model,
            "attributes": self.headers.get("X-Amzn-SageMaker-Custom-Attributes"),
            "type": self.headers["Content-Type"],
            "environment": os.environ.get("FLAVOUR", ""),
            "pid": os.getpid(),
        }
        self.answer(200, json.dumps(answer).encode())

    def answer(self, status: int, body: bytes) -> None:
        """One whole response."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: only what the tests look for is in the log."""


def serve() -> int:
    """Serve on the port that SageMaker names until told to end."""
    model = BASE / "model" / "model.json"
    if model.exists():
        Handler.model = json.loads(model.read_text())
    if Handler.model.get("settings", {}).get("behaviour") == "no serve":
        print("no such layer", flush=True)
        return 1
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    print("serving", flush=True)
    server.serve_forever()
    return 0


def main(arguments: list[str]) -> int:
    """The verb that SageMaker gives, or a processing job's own arguments."""
    if arguments == ["train"]:
        return train()
    if arguments == ["serve"]:
        return serve()
    return process(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
