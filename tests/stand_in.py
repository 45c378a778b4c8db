"""Starts the real stand-in for a test, as a process, and never leaves it running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

REPOSITORY = Path(__file__).resolve().parents[1]
_START_SECONDS = 60
_STOP_SECONDS = 40
# One for all clients: it reads a service's model once.
_SESSION: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


class StandIn:
    """`python -m infra.local` on a free port, with its state in `state`; starts on entry, stops on exit."""

    def __init__(
        self,
        state: Path,
        images: Mapping[str, Path] | None = None,
        wait_scale: float = 0.05,
        port: int = 0,
        options: tuple[str, ...] = (),
    ) -> None:
        self.state = state
        self.url = ""
        self._words = [sys.executable, "-m", "infra.local", "--state", str(state), "--port", str(port)]
        self._words += ["--wait-scale", str(wait_scale), *options]
        for name, folder in (images or {}).items():
            self._words += ["--image", f"{name}={folder}"]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start it and wait for the line that says it answers."""
        self._process = subprocess.Popen(
            self._words,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        watchdog = threading.Timer(_START_SECONDS, self.kill)
        watchdog.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        watchdog.cancel()
        if not line.startswith("AWS_ENDPOINT_URL="):
            self.kill()
            said = self._process.stderr.read() if self._process.stderr else ""
            raise RuntimeError(f"the stand-in did not start: {line}{said}\n{self.log()[-3000:]}")
        self.url = line.strip().partition("=")[2]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, whatever happened."""
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on, to start it there again."""
        return int(self.url.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("the stand-in was not started")
        return self._process.pid

    def stop(self) -> int | None:
        """End it in order, by SIGTERM; gives its exit code. Harmless when it is stopped already."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return self._process.returncode

    def kill(self) -> None:
        """End it as a power cut would, with everything it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def client(self, service: str, *, account: str = "", **more: Any) -> Any:
        """A boto3 client that talks to it, in another account where one is named."""
        root = {"aws_access_key_id": account, "aws_secret_access_key": "test"} if account else {}
        usual = {"endpoint_url": self.url, "config": Config(retries={"max_attempts": 1}), **root}
        return _SESSION.client(service, **usual | more)

    def role(self, arn: str, *services: str) -> None:
        """Make the role of an ARN, which these services may assume; SageMaker without any."""
        trusted = [f"{service}.amazonaws.com" for service in services or ("sagemaker",)]
        statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("iam").create_role(RoleName=arn.rpartition("/")[2], AssumeRolePolicyDocument=document)

    def subscribe(self, topic: str, address: str) -> None:
        """Subscribe an address to a topic, and open the link that confirms it."""
        self.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
        (link,) = next(mail["links"] for mail in self.mail() if mail["to"] == address)
        with urllib.request.urlopen(link, timeout=20):
            pass

    def environment(self) -> dict[str, str]:
        """The environment of a program that shall talk to it."""
        return os.environ | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def mail(self) -> list[dict[str, Any]]:
        """Its mailbox, newest first."""
        with urllib.request.urlopen(f"{self.url}/_local/mail", timeout=10) as response:
            found: list[dict[str, Any]] = json.load(response)
            return found

    def log(self) -> str:
        """What it wrote to its log so far."""
        path = self.state / "log.txt"
        return path.read_text() if path.exists() else ""
