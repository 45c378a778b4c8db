"""Training jobs: data in, the image's `train`, checkpoints along the way, `model.tar.gz` out."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from infra.local.sagemaker.archives import pack
from infra.local.sagemaker.errors import invalid, lacking
from infra.local.sagemaker.instances import require_room, training_use
from infra.local.sagemaker.jobs.checkpoints import CheckpointSync
from infra.local.sagemaker.jobs.jobs import JobFailed, Jobs, JobStopped, failure_reason, tree_path
from infra.local.sagemaker.jobs.metrics import MetricWatch
from infra.local.sagemaker.launch import Container
from infra.local.sagemaker.processes import Outcome, run_to_end
from infra.local.sagemaker.store import Record

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds",
    "MaxWaitTimeExceeded": "Training job waited for spot capacity longer than MaxWaitTimeInSeconds",
}
_NO_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
_LIMIT_EXCEEDED = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")


OBJECTIVE_KEY = "_tuning_objective_metric"
"""The hyperparameter by which a search tells its trainings which metric it goes by."""


class TrainingJobs(Jobs):
    """CreateTrainingJob and its three siblings."""

    noun = "TrainingJob"
    kind = "training-job"

    def check(self, parameters: Record) -> None:
        """Refuse what would quietly be something else here."""
        algorithm = parameters["AlgorithmSpecification"]
        if "TrainingImage" not in algorithm:
            raise invalid("AlgorithmSpecification must have a TrainingImage.")
        self.workshop.launcher.check(algorithm["TrainingImage"])
        MetricWatch(algorithm.get("MetricDefinitions", []))
        resources = parameters.get("ResourceConfig", {})
        if "InstanceType" not in resources or resources.get("InstanceCount", 0) < 1:
            raise invalid("ResourceConfig must have an InstanceType and an InstanceCount of at least 1.")
        if resources["InstanceCount"] != 1:
            raise lacking("training on more than one instance")
        if "StoppingCondition" not in parameters:
            raise invalid("StoppingCondition must be specified.")
        check_spot(parameters)
        for channel in parameters.get("InputDataConfig", []):
            if "S3DataSource" not in channel["DataSource"]:
                raise invalid(f"The channel {channel['ChannelName']} must have an S3DataSource.")
        if "CheckpointConfig" in parameters:
            tree_path(Path(), parameters["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints"))
        instance = parameters["ResourceConfig"].get("InstanceType", "")
        require_room(self.workshop, instance, training_use(parameters), 1)

    def first_record(self, parameters: Record) -> Record:
        """A training job starts in the secondary status Starting."""
        now = time.time()
        started = {"Status": "Starting", "StartTime": now, "StatusMessage": _MESSAGES["Starting"]}
        return {
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": [started],
            "ModelArtifacts": {"S3ModelArtifacts": self.model_uri(parameters)},
            "EnableNetworkIsolation": parameters.get("EnableNetworkIsolation", False),
            "EnableInterContainerTrafficEncryption": parameters.get("EnableInterContainerTrafficEncryption", False),
            "EnableManagedSpotTraining": parameters.get("EnableManagedSpotTraining", False),
        }

    def model_uri(self, parameters: Record) -> str:
        """Where the model archive will be."""
        base = parameters["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        return f"{base}/{parameters['TrainingJobName']}/output/model.tar.gz"

    def work(self, record: Record, stop: threading.Event) -> None:
        """Download, train, upload."""
        name = record["TrainingJobName"]
        tree = self.folder(name) / "ml"
        self._find_capacity(record, stop)
        self._advance(name, "Downloading")
        self._lay_out(record, tree)
        checkpoints = self._checkpoints(record, tree)
        checkpoints.download()
        watch = MetricWatch(record["AlgorithmSpecification"].get("MetricDefinitions", []))
        outcome, last_words = self._train(record, tree, stop, checkpoints, watch)
        self._advance(name, "Uploading" if outcome.ended_by == "itself" else "Stopping")
        checkpoints.upload()
        self.change(name, FinalMetricDataList=watch.final() or None)
        self._upload_output(record, tree)
        if outcome.ended_by == "itself" and outcome.exit_code != 0:
            raise JobFailed(failure_reason(outcome, tree / "output" / "failure", last_words))
        has_model = any((tree / "model").iterdir())
        if has_model:
            archive = self.folder(name) / "model.tar.gz"
            pack(tree / "model", archive)
            self.storage_of(record).upload_file(archive, self.model_uri(record))
        if outcome.ended_by == "time limit":
            self._advance(name, "MaxRuntimeExceeded")
            raise JobStopped
        if outcome.ended_by == "request":
            raise JobStopped
        if not has_model:
            raise JobFailed("AlgorithmError: the container exited 0 and left no model in /opt/ml/model")

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock, and the last secondary status."""
        record = self.find(name)
        if not (status == "Stopped" and record["SecondaryStatus"] in _LIMIT_EXCEEDED):
            self._advance(name, status, reason)
        now = time.time()
        self._close_transition(name, now)
        if "TrainingStartTime" not in record:
            return {}
        seconds = max(1, round(now - record["TrainingStartTime"]))
        return {"TrainingEndTime": now, "TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}

    def _find_capacity(self, record: Record, stop: threading.Event) -> None:
        """End the job where its instance type is short: on demand it fails, on spot it waits as long as it may."""
        settings = self.workshop.settings
        if record["ResourceConfig"].get("InstanceType") not in settings.without_capacity:
            return
        if record["EnableManagedSpotTraining"]:
            if not stop.wait(record["StoppingCondition"]["MaxWaitTimeInSeconds"] * settings.wait_scale):
                self._advance(record["TrainingJobName"], "MaxWaitTimeExceeded")
            raise JobStopped
        raise JobFailed(_NO_CAPACITY)

    def _train(
        self, record: Record, tree: Path, stop: threading.Event, checkpoints: CheckpointSync, watch: MetricWatch
    ) -> tuple[Outcome, str]:
        name = record["TrainingJobName"]
        algorithm, settings = record["AlgorithmSpecification"], self.workshop.settings
        log = self.workshop.log(self.folder(name), _LOG_GROUP, name)

        objective = record.get("HyperParameters", {}).get(OBJECTIVE_KEY)

        def on_line(text: str) -> None:
            log.line(text)
            if objective in watch.line(text):
                self.change(name, _Curve=watch.values(objective))

        try:
            container = Container(
                image=algorithm["TrainingImage"],
                tree=tree,
                arguments=algorithm.get("ContainerArguments", ["train"]),
                entrypoint=algorithm.get("ContainerEntrypoint"),
                environment={
                    "TRAINING_JOB_NAME": name,
                    "TRAINING_JOB_ARN": record["TrainingJobArn"],
                    **record.get("Environment", {}),
                },
            )
            command = self.workshop.launcher.command(container, log.line)
            if stop.is_set():
                raise JobStopped
            self._advance(name, "Training")
            self.change(name, TrainingStartTime=time.time())
            process = self.workshop.processes.start(command, on_line)
            look = self.workshop.watch_use(command, process, _LOG_GROUP, {"Host": f"{name}/algo-1"})

            def go_along() -> None:
                look()
                checkpoints.upload_now_and_then()

            limit = record["StoppingCondition"].get("MaxRuntimeInSeconds", 86_400)
            outcome = run_to_end(process, stop, limit, settings.stop_grace_seconds, go_along)
            return outcome, log.last_words
        finally:
            log.close()

    def _lay_out(self, record: Record, tree: Path) -> None:
        algorithm = record["AlgorithmSpecification"]
        for folder in ("input/config", "input/data", "model", "output/data"):
            (tree / folder).mkdir(parents=True, exist_ok=True)
        channels: dict[str, Any] = {}
        for channel in record.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            folder = tree / "input" / "data" / channel["ChannelName"]
            if self.storage_of(record).download_prefix(source["S3Uri"], folder) == 0:
                raise JobFailed(
                    f'ClientError: No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source.'
                )
            channels[channel["ChannelName"]] = {
                "TrainingInputMode": channel.get("InputMode", algorithm["TrainingInputMode"]),
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
        instance = record["ResourceConfig"]["InstanceType"]
        resources = {
            "current_host": "algo-1",
            "current_instance_type": instance,
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "network_interface_name": "lo",
        }
        for file, document in (
            ("hyperparameters", record.get("HyperParameters", {})),
            ("inputdataconfig", channels),
            ("resourceconfig", resources),
        ):
            (tree / "input" / "config" / f"{file}.json").write_text(json.dumps(document))

    def _checkpoints(self, record: Record, tree: Path) -> CheckpointSync:
        config = record.get("CheckpointConfig", {})
        folder = tree_path(tree, config.get("LocalPath", "/opt/ml/checkpoints"))
        settings = self.workshop.settings
        return CheckpointSync(self.storage_of(record), folder, config.get("S3Uri"), settings.checkpoint_seconds)

    def _upload_output(self, record: Record, tree: Path) -> None:
        data = tree / "output" / "data"
        if any(data.iterdir()):
            archive = self.folder(record["TrainingJobName"]) / "output.tar.gz"
            pack(data, archive)
            self.storage_of(record).upload_file(
                archive, self.model_uri(record).replace("model.tar.gz", "output.tar.gz")
            )

    def _advance(self, name: str, status: str, message: str | None = None) -> None:
        with self.workshop.store.lock:
            now = time.time()
            self._close_transition(name, now)
            transitions = self.find(name)["SecondaryStatusTransitions"]
            transitions.append({"Status": status, "StartTime": now, "StatusMessage": message or _MESSAGES[status]})
            self.change(name, SecondaryStatus=status, SecondaryStatusTransitions=transitions)

    def _close_transition(self, name: str, now: float) -> None:
        transitions = self.find(name)["SecondaryStatusTransitions"]
        transitions[-1].setdefault("EndTime", now)
        self.change(name, SecondaryStatusTransitions=transitions)


def check_spot(parameters: Record) -> None:
    """Refuse a longest wait that SageMaker would refuse: it belongs to spot capacity, and includes the run itself."""
    condition = parameters["StoppingCondition"]
    longest = condition.get("MaxWaitTimeInSeconds")
    if not parameters.get("EnableManagedSpotTraining"):
        if longest is not None:
            raise invalid(
                "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
            )
        return
    if longest is None or longest < condition.get("MaxRuntimeInSeconds", 86_400):
        raise invalid(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds "
            "when EnableManagedSpotTraining is set to true"
        )
