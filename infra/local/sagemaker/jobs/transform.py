"""Batch transform jobs: the serving image answers for every object of an S3 prefix.

The rules are CreateTransformJob's and those of "Using your own inference code with batch transform": the role is the
model's, the objects are dealt out to the instances, and one object that fails marks the whole job failed, while what
the others were answered is kept (TransformOutput, S3OutputPath).
"""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.instances import require_room
from infra.local.sagemaker.jobs.jobs import JobFailed, Jobs, JobStopped
from infra.local.sagemaker.models import Models, ServedContainer
from infra.local.sagemaker.serving import NotServing, Server, ServingError
from infra.local.sagemaker.storage import Storage, relative_name, split
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG_GROUP = "/aws/sagemaker/TransformJobs"
_MOST_MEGABYTES = 100
"""Of one payload, and of all that are on their way to an instance at one time."""
_USUAL_MEGABYTES = 6
_USUAL_RETRIES = 3
"""ModelClientConfig, InvocationsMaxRetries."""


@dataclass(frozen=True)
class _Sending:
    """How the objects of a job are sent: payloads of at most so many bytes, so many at one time to each instance."""

    most_bytes: int
    at_once: int
    tries: int


class TransformJobs(Jobs):
    """CreateTransformJob and its three siblings."""

    noun = "TransformJob"
    kind = "transform-job"
    not_found = 'Could not find transform job with name "{name}".'

    def __init__(self, workshop: Workshop, models: Models) -> None:
        super().__init__(workshop)
        self._models = models

    def check(self, parameters: Record) -> None:
        """Refuse what SageMaker refuses, and what would quietly be something else here."""
        self._models.container(parameters["ModelName"])
        megabytes = parameters.get("MaxPayloadInMB", _USUAL_MEGABYTES)
        at_once = parameters.get("MaxConcurrentTransforms", 0)
        if megabytes * max(1, at_once) > _MOST_MEGABYTES:
            raise invalid(
                f"MaxConcurrentTransforms ({max(1, at_once)}) * MaxPayloadInMB ({megabytes}) cannot exceed "
                f"{_MOST_MEGABYTES}MB."
            )
        resources = parameters["TransformResources"]
        require_room(self.workshop, resources["InstanceType"], "transform job usage", resources["InstanceCount"])

    def first_record(self, parameters: Record) -> Record:
        """Nothing beside the request: the clock starts with the container."""
        return {}

    def work(self, record: Record, stop: threading.Event) -> None:
        """Start a container for each instance, send every object, write every answer as ``<key>.out``."""
        name = record["TransformJobName"]
        container = self._models.container(record["ModelName"])
        folder = self.folder(name)
        served = replace(container, environment={**container.environment, **record.get("Environment", {})})
        storage = self.workshop.storage.of_role(container.role)
        keys = self._keys(record, storage)
        try:
            with ExitStack() as running:
                servers = [
                    self._serve(running, served, folder / f"algo-{number}", name)
                    for number in range(1, min(record["TransformResources"]["InstanceCount"], len(keys)) + 1)
                ]
                self.change(name, TransformStartTime=time.time())
                self._send_all(record, servers, storage, keys, stop)
        except (ServingError, NotServing, TimeoutError) as error:
            raise JobFailed(f"AlgorithmError: {error}") from error

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock."""
        return {"TransformEndTime": time.time()}

    def _keys(self, record: Record, storage: Storage) -> list[str]:
        """The objects' keys, in their order."""
        uri = record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        found = sorted(storage.objects(uri))
        if not found:
            raise JobFailed(f'ClientError: No S3 objects found under S3 URL "{uri}"')
        return [key for key, _ in found]

    def _serve(self, running: ExitStack, served: ServedContainer, folder: Path, name: str) -> Server:
        server = Server(self.workshop, served, folder, _LOG_GROUP, name)

        def end() -> None:
            if (folder / "log.txt").is_file():
                shutil.copyfile(folder / "log.txt", self.folder(name) / f"{folder.name}.txt")
            server.stop()

        running.callback(end)
        server.start()
        return server

    def _send_all(
        self, record: Record, servers: list[Server], storage: Storage, keys: list[str], stop: threading.Event
    ) -> None:
        """Deal the objects out to the instances, and fail once all are through where any of them was."""
        sending = _sending(record, servers[0])
        failed: list[str] = []
        numbers = itertools.count()

        def send(server: Server, key: str) -> None:
            if not stop.is_set() and (problem := self._send(record, server, storage, key, sending, next(numbers))):
                failed.append(problem)

        with ThreadPoolExecutor(sending.at_once * len(servers)) as pool:
            # Turn by turn, so that as many are on their way to one instance as to another.
            for _ in pool.map(send, itertools.cycle(servers), keys):
                pass
        if stop.is_set():
            raise JobStopped
        if failed:
            raise JobFailed(min(failed))

    def _send(self, record: Record, server: Server, storage: Storage, key: str, sending: _Sending, number: int) -> str:
        """Send one object and keep its answer; why it failed, empty where it did not."""
        bucket, prefix = split(record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
        target = record["TransformOutput"]["S3OutputPath"].rstrip("/")
        headers = {
            "Content-Type": record["TransformInput"].get("ContentType", "application/octet-stream"),
            "Accept": record["TransformOutput"].get("Accept", "*/*"),
        }
        folder = self.folder(record["TransformJobName"])
        source, result = folder / f"input-{number}", folder / f"output-{number}"
        try:
            storage.download_object(f"s3://{bucket}/{key}", source)
            body = source.read_bytes()
            if len(body) > sending.most_bytes:
                return f"ClientError: {key} is larger than MaxPayloadInMB allows ({len(body)} bytes)"
            for last in [False] * (sending.tries - 1) + [True]:
                answer = server.invoke(headers, body)
                if answer.status < 500 or last:
                    break
            if answer.status != 200:
                said = answer.body[:500].decode("utf-8", "replace")
                return f"AlgorithmError: the container answered {answer.status} for {key}: {said}"
            result.write_bytes(answer.body)
            storage.upload_file(result, f"{target}/{relative_name(prefix, key)}.out")
            return ""
        finally:
            source.unlink(missing_ok=True)
            result.unlink(missing_ok=True)


def _sending(record: Record, server: Server) -> _Sending:
    """What the request says; where it says no MaxConcurrentTransforms, what ``/execution-parameters`` does."""
    own = {} if record.get("MaxConcurrentTransforms") else server.parameters()
    at_once = record.get("MaxConcurrentTransforms") or own.get("MaxConcurrentTransforms", 1)
    megabytes = record.get("MaxPayloadInMB", own.get("MaxPayloadInMB", _USUAL_MEGABYTES))
    retries = record.get("ModelClientConfig", {}).get("InvocationsMaxRetries", _USUAL_RETRIES)
    # 0 is for payloads of any size (MaxPayloadInMB).
    most = megabytes * 1024 * 1024 if megabytes else _MOST_MEGABYTES * 1024 * 1024 * 1024
    return _Sending(most, at_once, retries + 1)
