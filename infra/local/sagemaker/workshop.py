"""Everything a job or an endpoint works with, handed around as one thing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from infra.local.sagemaker.announcements import Announcements
from infra.local.sagemaker.launch import Launcher, launcher
from infra.local.sagemaker.logs import LogFile, LogShipper
from infra.local.sagemaker.named_elsewhere import NamedElsewhere
from infra.local.sagemaker.processes import Processes
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import Storage
from infra.local.sagemaker.store import Store


@dataclass(frozen=True)
class Workshop:
    """The settings, what is remembered, and the tools that reach S3, processes and logs."""

    settings: Settings
    store: Store
    storage: Storage
    processes: Processes
    launcher: Launcher
    shipper: LogShipper
    announcements: Announcements
    named_elsewhere: NamedElsewhere

    @classmethod
    def open(cls, settings: Settings) -> Workshop:
        """A workshop with nothing remembered and nothing running."""
        tools = (
            Storage(settings),
            Processes(),
            launcher(settings),
            LogShipper(settings),
            Announcements(),
            NamedElsewhere(settings),
        )
        return cls(settings, Store(), *tools)

    def log(self, folder: Path, group: str, name: str, host: str = "algo-1") -> LogFile:
        """The log of one container: the job's file in ``folder`` and a CloudWatch stream named as SageMaker does."""
        return LogFile(folder / "log.txt", group, f"{name}/{host}-{int(time.time())}", self.shipper)
