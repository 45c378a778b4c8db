"""Batch transform jobs: the serving image answers for every object of an S3 prefix."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from infra.local.sagemaker.instances import require_room
from infra.local.sagemaker.jobs.jobs import JobFailed, Jobs, JobStopped
from infra.local.sagemaker.models import Models
from infra.local.sagemaker.serving import NotServing, Server, ServingError
from infra.local.sagemaker.storage import relative_name, split
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG_GROUP = "/aws/sagemaker/TransformJobs"


class TransformJobs(Jobs):
    """CreateTransformJob and its three siblings."""

    noun = "TransformJob"
    kind = "transform-job"
    not_found = 'Could not find transform job with name "{name}".'

    def __init__(self, workshop: Workshop, models: Models) -> None:
        super().__init__(workshop)
        self._models = models

    def check(self, parameters: Record) -> None:
        """Refuse what would quietly be something else here."""
        self._models.container(parameters["ModelName"])
        resources = parameters["TransformResources"]
        require_room(self.workshop, resources["InstanceType"], "transform job usage", resources["InstanceCount"])

    def first_record(self, parameters: Record) -> Record:
        """Nothing beside the request: the clock starts with the container."""
        return {}

    def work(self, record: Record, stop: threading.Event) -> None:
        """Start the container, send every object, write every answer as ``<key>.out``."""
        name = record["TransformJobName"]
        container = self._models.container(record["ModelName"])
        folder = self.folder(name)
        environment = {**container.environment, **record.get("Environment", {})}
        served = type(container)(container.image, container.model_data_url, environment)
        server = Server(self.workshop, served, folder / "container", _LOG_GROUP, name)
        try:
            server.start()
            self.change(name, TransformStartTime=time.time())
            self._send_all(record, server, folder, stop)
        except (ServingError, NotServing, TimeoutError) as error:
            raise JobFailed(f"AlgorithmError: {error}") from error
        finally:
            shutil.copyfile(folder / "container" / "log.txt", folder / "log.txt")
            server.stop()

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock."""
        return {"TransformEndTime": time.time()}

    def _send_all(self, record: Record, server: Server, folder: Path, stop: threading.Event) -> None:
        storage = self.workshop.storage
        uri = record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, prefix = split(uri)
        target = record["TransformOutput"]["S3OutputPath"].rstrip("/")
        headers = {
            "Content-Type": record["TransformInput"].get("ContentType", "application/octet-stream"),
            "Accept": record["TransformOutput"].get("Accept", "*/*"),
        }
        keys = [key for key, _ in storage.objects(uri)]
        if not keys:
            raise JobFailed(f'ClientError: No S3 objects found under S3 URL "{uri}"')
        source, result = folder / "input", folder / "output"
        for key in keys:
            if stop.is_set():
                raise JobStopped
            storage.download_object(f"s3://{bucket}/{key}", source)
            answer = server.invoke(headers, source.read_bytes())
            if answer.status != 200:
                said = answer.body[:500].decode("utf-8", "replace")
                raise JobFailed(f"AlgorithmError: the container answered {answer.status} for {key}: {said}")
            result.write_bytes(answer.body)
            storage.upload_file(result, f"{target}/{relative_name(prefix, key)}.out")
