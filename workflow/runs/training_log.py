"""The epochs that a training printed, read from CloudWatch Logs from where the last look ended."""

from __future__ import annotations

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.runs.progress import Epoch, parse_epochs

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class TrainingLog:
    """The log of one training after another: a new job, or a new start of one, begins a new list."""

    def __init__(self, cloud: Cloud) -> None:
        """Read through ``cloud``."""
        self._cloud = cloud
        self._stream = ""
        self._token = ""
        self._lines: list[str] = []

    def epochs(self, job: str) -> list[Epoch]:
        """The epochs so far of a training job, none before its log is there."""
        try:
            self._read(job)
        except ServiceError as error:
            if error.code != "ResourceNotFoundException":
                raise
        return parse_epochs(self._lines)

    def _read(self, job: str) -> None:
        found = self._cloud.call("logs", "describe_log_streams", logGroupName=LOG_GROUP, logStreamNamePrefix=job)
        streams = sorted(str(item["logStreamName"]) for item in found.get("logStreams", []))
        if not streams:
            return
        if streams[-1] != self._stream:
            self._stream, self._token, self._lines = streams[-1], "", []
        while True:
            token = {"nextToken": self._token} if self._token else {}
            page = self._cloud.call(
                "logs",
                "get_log_events",
                logGroupName=LOG_GROUP,
                logStreamName=self._stream,
                startFromHead=True,
                **token,
            )
            self._lines += [str(event["message"]) for event in page.get("events", [])]
            ended = not page.get("events") or page["nextForwardToken"] == self._token
            self._token = page["nextForwardToken"]
            if ended:
                return
