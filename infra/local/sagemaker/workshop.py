"""Everything a job or an endpoint works with, handed around as one thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.sagemaker.announcements import Announcements
from infra.local.sagemaker.figures import Figures, UseWatch
from infra.local.sagemaker.launch import Launcher, launcher
from infra.local.sagemaker.logs import LogFile, LogShipper
from infra.local.sagemaker.named_elsewhere import NamedElsewhere
from infra.local.sagemaker.processes import Command, Process, Processes
from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import Storage
from infra.local.sagemaker.store import Store
from infra.local.sagemaker.utilisation import Utilisation


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
    figures: Figures
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
            Figures(),
            NamedElsewhere(settings),
        )
        return cls(settings, Store(), *tools)

    def log(self, folder: Path, group: str, name: str, host: str = "algo-1") -> LogFile:
        """The log of one container: the job's file in ``folder`` and a CloudWatch stream named as SageMaker does."""
        return LogFile(folder / "log.txt", group, f"{name}/{host}-{int(time.time())}", self.shipper)

    def watch_use(
        self, command: Command, process: Process, namespace: str, dimensions: Mapping[str, str]
    ) -> Callable[[], None]:
        """What looks now and then at how much a container uses; of an engine's containers it could see nothing."""
        if command.afterwards:
            return lambda: None
        return UseWatch(self.figures, namespace, dimensions, Utilisation(process.pid, command.folder)).look_now_and_then
