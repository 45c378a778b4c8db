"""What every kind of job has in common: a name, a thread, a status, a stop, an end that says why.

The kinds (`training.py`, `processing.py`, `transform.py`, `tuning.py`) say how to check a request and what the work is.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from infra.local.environments import InstallationError
from infra.local.sagemaker.archives import ArchiveError
from infra.local.sagemaker.errors import LONGEST_REASON, ServiceError, invalid, resource_in_use, shorten_reason
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.processes import Outcome
from infra.local.sagemaker.storage import Storage, StorageError
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")
_ENDED = {"Completed", "Failed", "Stopped"}


class JobFailed(Exception):
    """The work ended without success; the message becomes the job's FailureReason."""


class JobStopped(Exception):
    """The work was stopped before or while it ran."""


class Jobs(ABC):
    """One kind of job: its four operations and the thread of each job."""

    noun: ClassVar[str]
    kind: ClassVar[str]
    not_found: ClassVar[str] = "Requested resource not found."

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self._stops: dict[str, threading.Event] = {}

    @abstractmethod
    def check(self, parameters: Record) -> None:
        """Refuse what SageMaker's model allows and this machine cannot do."""

    @abstractmethod
    def first_record(self, parameters: Record) -> Record:
        """The members that Describe shows from the start, beside the request's own."""

    @abstractmethod
    def work(self, record: Record, stop: threading.Event) -> None:
        """Do the work; raise :class:`JobFailed` or :class:`JobStopped`."""

    def create(self, parameters: Record) -> Record:
        """Check, remember, start."""
        name = parameters[f"{self.noun}Name"]
        self.check(parameters)
        arn = self.workshop.settings.arn(f"{self.kind}/{name}")
        now = time.time()
        record: Record = {
            **described(f"Describe{self.noun}", {k: v for k, v in parameters.items() if k != "Tags"}),
            f"{self.noun}Arn": arn,
            f"{self.noun}Status": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
            **self.first_record(parameters),
        }
        stop = threading.Event()
        with self.workshop.store.lock:
            if not self.workshop.store.add(self.kind, name, record):
                raise resource_in_use(
                    f"{self.noun} names must be unique within an AWS account and region, "
                    f"and a job with this name already exists ({arn})"
                )
            self.workshop.store.tag(arn, parameters.get("Tags"))
            self._stops[name] = stop
        self._start(name, record, stop)
        return {f"{self.noun}Arn": arn}

    def describe(self, parameters: Record) -> Record:
        """The job as it stands."""
        return described(f"Describe{self.noun}", self.find(parameters[f"{self.noun}Name"]))

    def list_all(self, parameters: Record) -> Record:
        """The jobs, filtered and in pages."""
        name = f"List{self.noun}s"
        return listed(name, parameters, self.workshop.store.every(self.kind), self.noun)

    def stop(self, parameters: Record) -> Record:
        """Ask a running job to end; a job that has ended is refused."""
        name = parameters[f"{self.noun}Name"]
        with self.workshop.store.lock:
            status = self.find(name)[f"{self.noun}Status"]
            if status in _ENDED:
                raise invalid(f"The request was rejected because the job {name} is in status {status}.")
            self.change(name, **{f"{self.noun}Status": "Stopping"})
            self._stops[name].set()
        return {}

    def find(self, name: str) -> Record:
        """A job's record, or AWS's error for an unknown one."""
        record = self.workshop.store.read(self.kind, name)
        if record is None:
            raise invalid(self.not_found.format(name=name))
        return record

    def storage_of(self, record: Record) -> Storage:
        """S3 as the job's role may use it."""
        return self.workshop.storage.of_role(record["RoleArn"])

    def folder(self, name: str) -> Path:
        """Everything of one job on this machine."""
        return self.workshop.settings.state / "jobs" / self.kind / name

    def change(self, name: str, **members: Any) -> None:
        """Set members of a job's record."""
        self.workshop.store.change(self.kind, name, LastModifiedTime=time.time(), **members)

    def after_load(self) -> None:
        """Start again what ran when the stand-in ended, from its last checkpoint where it has one."""
        for record in self.workshop.store.every(self.kind):
            name, status = record[f"{self.noun}Name"], record[f"{self.noun}Status"]
            if status == "Stopping":
                self.finish(name, "Stopped")
            elif status not in _ENDED:
                self._stops[name] = threading.Event()
                self._start(name, record, self._stops[name])

    def finish(self, name: str, status: str, reason: str | None = None) -> None:
        """The job's last status."""
        end = {} if reason is None else {"FailureReason": shorten_reason(reason)}
        self.change(name, **self.last_members(name, status, reason), **end, **{f"{self.noun}Status": status})
        self.workshop.settings.job_ended()

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """Further members that a kind shows at the end."""
        return {}

    def _tidy(self, name: str) -> None:
        """S3 has everything of a job that completed; only its log stays."""
        for path in self.folder(name).glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != "log.txt":
                path.unlink()

    def _start(self, name: str, record: Record, stop: threading.Event) -> None:
        shutil.rmtree(self.folder(name), ignore_errors=True)
        threading.Thread(target=self._run, args=(name, record, stop), name=f"{self.kind} {name}", daemon=True).start()

    def _run(self, name: str, record: Record, stop: threading.Event) -> None:
        try:
            self.work(record, stop)
        except JobStopped:
            self.finish(name, "Stopped")
        except JobFailed as error:
            self.finish(name, "Failed", str(error))
        except (StorageError, ArchiveError, InstallationError) as error:
            self.finish(name, "Failed", f"ClientError: {error}")
        except ServiceError as error:
            self.finish(name, "Failed", f"ClientError: {error.message}")
        except Exception as error:
            _LOG.exception("%s %s", self.kind, name)
            self.finish(name, "Failed", f"InternalServerError: {type(error).__name__}: {error}")
        else:
            self._tidy(name)
            self.finish(name, "Completed")
        finally:
            self._stops.pop(name, None)


def failure_reason(outcome: Outcome, said: Path, last_words: str) -> str:
    """Why a container failed: what it wrote to ``said``, else what killed it, else the last line of its log."""
    text = said.read_bytes()[:LONGEST_REASON].decode("utf-8", "replace").strip() if said.is_file() else ""
    if not text and outcome.exit_code == 137:
        text = "the container was killed (SIGKILL), as happens when memory runs out"
    elif not text and outcome.exit_code > 128:
        text = f"the container was ended by signal {outcome.exit_code - 128}"
    return f"AlgorithmError: {text or last_words or 'the container said nothing'}, exit code: {outcome.exit_code}"


def tree_path(tree: Path, container_path: str, root: str = "/opt/ml") -> Path:
    """The folder of this machine that stands for a path below `/opt/ml`."""
    path = Path(container_path)
    if ".." in path.parts or not path.is_relative_to(root):
        raise invalid(f"the local path {container_path} must be below {root}")
    return tree / path.relative_to("/opt/ml")
