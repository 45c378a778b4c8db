"""Processing jobs: inputs into folders, the image's program, outputs back to S3 when it succeeds."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from infra.local.sagemaker.errors import lacking
from infra.local.sagemaker.jobs import JobFailed, Jobs, JobStopped, failure_reason, tree_path
from infra.local.sagemaker.launch import Container
from infra.local.sagemaker.processes import Outcome, run_to_end
from infra.local.sagemaker.store import Record

_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
_ROOT = "/opt/ml/processing"
_MESSAGE_BYTES = 1024


class ProcessingJobs(Jobs):
    """CreateProcessingJob and its three siblings."""

    noun = "ProcessingJob"
    kind = "processing-job"
    not_found = "Could not find requested job with name: {name}"

    def check(self, parameters: Record) -> None:
        """Refuse what would quietly be something else here."""
        self.workshop.launcher.check(parameters["AppSpecification"]["ImageUri"])
        if parameters["ProcessingResources"]["ClusterConfig"]["InstanceCount"] != 1:
            raise lacking("processing on more than one instance")
        for item in parameters.get("ProcessingInputs", []):
            source = item.get("S3Input")
            if source is None:
                raise lacking("processing inputs other than S3Input")
            if source["S3DataType"] != "S3Prefix" or source.get("S3InputMode", "File") != "File":
                raise lacking("processing inputs other than an S3Prefix in the mode File")
            tree_path(Path(), source.get("LocalPath", _ROOT), _ROOT)
        for item in parameters.get("ProcessingOutputConfig", {}).get("Outputs", []):
            target = item.get("S3Output")
            if target is None or target["S3UploadMode"] != "EndOfJob":
                raise lacking("processing outputs other than S3Output with the upload mode EndOfJob")
            tree_path(Path(), target.get("LocalPath", _ROOT), _ROOT)

    def first_record(self, parameters: Record) -> Record:
        """Nothing beside the request: the clock starts with the container."""
        return {}

    def work(self, record: Record, stop: threading.Event) -> None:
        """Download, run, upload."""
        name = record["ProcessingJobName"]
        tree = self.folder(name) / "ml"
        self._lay_out(record, tree)
        outcome, last_words = self._process(record, tree, stop)
        message = tree / "output" / "message"
        if message.is_file():
            self.change(name, ExitMessage=message.read_bytes()[:_MESSAGE_BYTES].decode("utf-8", "replace"))
        if outcome.ended_by == "time limit":
            self.change(name, ExitMessage="the job ran longer than MaxRuntimeInSeconds allows")
            raise JobStopped
        if outcome.ended_by == "request":
            raise JobStopped
        if outcome.exit_code != 0:
            said = tree / "output" / "failure"
            raise JobFailed(failure_reason(outcome, said if said.is_file() else message, last_words))
        for item in record.get("ProcessingOutputConfig", {}).get("Outputs", []):
            target = item["S3Output"]
            folder = tree_path(tree, target["LocalPath"], _ROOT)
            self.workshop.storage.upload_folder(folder, target["S3Uri"])

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock."""
        return {"ProcessingEndTime": time.time()}

    def _process(self, record: Record, tree: Path, stop: threading.Event) -> tuple[Outcome, str]:
        name, application = record["ProcessingJobName"], record["AppSpecification"]
        log = self.workshop.log(self.folder(name), _LOG_GROUP, name)
        try:
            container = Container(
                image=application["ImageUri"],
                tree=tree,
                arguments=application.get("ContainerArguments", []),
                entrypoint=application.get("ContainerEntrypoint"),
                environment={"PROCESSING_JOB_ARN": record["ProcessingJobArn"], **record.get("Environment", {})},
            )
            command = self.workshop.launcher.command(container, log.line)
            if stop.is_set():
                raise JobStopped
            self.change(name, ProcessingStartTime=time.time())
            process = self.workshop.processes.start(command, log.line)
            limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400)
            outcome = run_to_end(process, stop, limit, self.workshop.settings.stop_grace_seconds)
            return outcome, log.last_words
        finally:
            log.close()

    def _lay_out(self, record: Record, tree: Path) -> None:
        (tree / "output").mkdir(parents=True, exist_ok=True)
        for item in record.get("ProcessingInputs", []):
            source = item["S3Input"]
            folder = tree_path(tree, source["LocalPath"], _ROOT)
            if self.workshop.storage.download_prefix(source["S3Uri"], folder) == 0:
                raise JobFailed(
                    f'ClientError: Failed to download data. No S3 objects found under S3 URL "{source["S3Uri"]}"'
                )
        for item in record.get("ProcessingOutputConfig", {}).get("Outputs", []):
            tree_path(tree, item["S3Output"]["LocalPath"], _ROOT).mkdir(parents=True, exist_ok=True)
        config = tree / "config"
        config.mkdir(parents=True, exist_ok=True)
        instance = record["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        resources = {"current_host": "algo-1", "hosts": ["algo-1"], "current_instance_type": instance}
        (config / "resourceconfig.json").write_text(json.dumps(resources))
        (config / "processingjobconfig.json").write_text(json.dumps(record))
