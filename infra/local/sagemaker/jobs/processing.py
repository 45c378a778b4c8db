"""Processing jobs: inputs into folders, the image's program, outputs back to S3 when it succeeds.

Every instance of a job is a host with an `/opt/ml` tree and a process of its own, all at the same time.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.instances import require_room
from infra.local.sagemaker.jobs.jobs import JobFailed, Jobs, JobStopped, failure_reason, tree_path
from infra.local.sagemaker.launch import Container
from infra.local.sagemaker.processes import Outcome, run_to_end
from infra.local.sagemaker.store import Record

_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
_ROOT = "/opt/ml/processing"
_MESSAGE_BYTES = 1024
_BETWEEN_LOOKS_SECONDS = 0.2


class ProcessingJobs(Jobs):
    """CreateProcessingJob and its three siblings."""

    noun = "ProcessingJob"
    kind = "processing-job"
    not_found = "Could not find requested job with name: {name}"

    def check(self, parameters: Record) -> None:
        """Refuse what would quietly be something else here."""
        self.workshop.launcher.check(parameters["AppSpecification"]["ImageUri"])
        for item in parameters.get("ProcessingInputs", []):
            source = item.get("S3Input")
            if source is None:
                raise invalid("A ProcessingInput must have an S3Input.")
            tree_path(Path(), source.get("LocalPath", _ROOT), _ROOT)
        for item in parameters.get("ProcessingOutputConfig", {}).get("Outputs", []):
            target = item.get("S3Output")
            if target is None:
                raise invalid("A ProcessingOutput must have an S3Output.")
            tree_path(Path(), target.get("LocalPath", _ROOT), _ROOT)
        cluster = parameters["ProcessingResources"]["ClusterConfig"]
        require_room(self.workshop, cluster["InstanceType"], "processing job usage", cluster["InstanceCount"])

    def first_record(self, parameters: Record) -> Record:
        """Nothing beside the request: the clock starts with the container."""
        return {}

    def work(self, record: Record, stop: threading.Event) -> None:
        """Download, run, upload, on every host."""
        name = record["ProcessingJobName"]
        count = record["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        hosts = [f"algo-{number}" for number in range(1, count + 1)]
        for host in hosts:
            self._lay_out(record, self._tree(name, host), host, hosts)
        if stop.is_set():
            raise JobStopped
        self.change(name, ProcessingStartTime=time.time())
        ended = self._process_all(record, hosts, stop)
        for host in hosts:
            message = self._tree(name, host) / "output" / "message"
            if message.is_file():
                self.change(name, ExitMessage=message.read_bytes()[:_MESSAGE_BYTES].decode("utf-8", "replace"))
                break
        self._judge(name, ended, stop)
        for host in hosts:
            for item in record.get("ProcessingOutputConfig", {}).get("Outputs", []):
                target = item["S3Output"]
                folder = tree_path(self._tree(name, host), target["LocalPath"], _ROOT)
                self.storage_of(record).upload_folder(folder, target["S3Uri"])

    def _judge(self, name: str, ended: dict[str, tuple[Outcome, str]], stop: threading.Event) -> None:
        """Raise unless every host ended well by itself; a host that failed is the reason, not those stopped for it."""
        for host, (outcome, last_words) in ended.items():
            if outcome.ended_by == "itself" and outcome.exit_code != 0:
                output = self._tree(name, host) / "output"
                # A message becomes the job's ExitMessage, and its FailureReason then says nothing of its own.
                silent = (output / "message").is_file()
                words = "See job logs for more information" if silent else last_words
                raise JobFailed(failure_reason(outcome, output / "failure", words))
        if any(outcome.ended_by == "time limit" for outcome, _ in ended.values()):
            self.change(name, ExitMessage="the job ran longer than MaxRuntimeInSeconds allows")
            raise JobStopped
        if stop.is_set():
            raise JobStopped

    def _tree(self, name: str, host: str) -> Path:
        """A host's `/opt/ml`."""
        return self.folder(name) / host / "ml"

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock."""
        return {"ProcessingEndTime": time.time()}

    def _process_all(self, record: Record, hosts: list[str], stop: threading.Event) -> dict[str, tuple[Outcome, str]]:
        """Run every host to its end, and end them all when one fails or the job is stopped."""
        halt = threading.Event()
        with ThreadPoolExecutor(len(hosts)) as pool:
            running = {host: pool.submit(self._process, record, host, halt) for host in hosts}
            waiting = set(running.values())
            while waiting:
                done, waiting = wait(waiting, _BETWEEN_LOOKS_SECONDS, FIRST_COMPLETED)
                if stop.is_set() or any(one.exception() or one.result()[0].exit_code for one in done):
                    halt.set()
            return {host: one.result() for host, one in running.items()}

    def _process(self, record: Record, host: str, halt: threading.Event) -> tuple[Outcome, str]:
        name, application = record["ProcessingJobName"], record["AppSpecification"]
        log = self.workshop.log(self.folder(name), _LOG_GROUP, name, host)
        try:
            container = Container(
                image=application["ImageUri"],
                tree=self._tree(name, host),
                arguments=application.get("ContainerArguments", []),
                entrypoint=application.get("ContainerEntrypoint"),
                environment={"PROCESSING_JOB_ARN": record["ProcessingJobArn"], **record.get("Environment", {})},
            )
            command = self.workshop.launcher.command(container, log.line)
            process = self.workshop.processes.start(command, log.line)
            look = self.workshop.watch_use(command, process, _LOG_GROUP, {"Host": f"{name}/{host}"})
            limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400)
            outcome = run_to_end(process, halt, limit, self.workshop.settings.stop_grace_seconds, look)
            return outcome, log.last_words
        finally:
            log.close()

    def _lay_out(self, record: Record, tree: Path, host: str, hosts: list[str]) -> None:
        (tree / "output").mkdir(parents=True, exist_ok=True)
        for item in record.get("ProcessingInputs", []):
            source = item["S3Input"]
            folder = tree_path(tree, source["LocalPath"], _ROOT)
            sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
            share = (hosts.index(host), len(hosts)) if sharded else (0, 1)
            storage = self.storage_of(record)
            if source.get("S3DataType") == "ManifestFile":
                storage.download_manifest(source["S3Uri"], folder, share)
            elif storage.download_prefix(source["S3Uri"], folder, share) == 0:
                raise JobFailed(
                    f'ClientError: Failed to download data. No S3 objects found under S3 URL "{source["S3Uri"]}"'
                )
        for item in record.get("ProcessingOutputConfig", {}).get("Outputs", []):
            tree_path(tree, item["S3Output"]["LocalPath"], _ROOT).mkdir(parents=True, exist_ok=True)
        config = tree / "config"
        config.mkdir(parents=True, exist_ok=True)
        instance = record["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        resources = {"current_host": host, "hosts": hosts, "current_instance_type": instance}
        (config / "resourceconfig.json").write_text(json.dumps(resources))
        (config / "processingjobconfig.json").write_text(json.dumps(record))
