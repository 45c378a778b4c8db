"""The edge of putting endpoints away: staging that nobody asks any more, production at the end of its time.

Never while a release is under way, and in an order that no release can miss (workflow.contract.put_away). What is put
away comes back with the next release, which makes an endpoint that is not there. Configurations and models stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from lambdas.watch_production.idle import HOUR, Limits
from workflow.contract.champion import ChampionRecord
from workflow.contract.deployment import VARIANT
from workflow.contract.names import NOT_THERE
from workflow.contract.put_away import PutAwayRecord
from workflow.contract.table_keys import PUT_AWAY

DAY_HOURS = 24


@dataclass(frozen=True)
class PuttingAway:
    """Puts endpoints away, over the clients of each stage and the table.

    ``is_releasing`` tells whether a release is under way.
    """

    sagemaker: Callable[[str], Any]
    cloudwatch: Callable[[str], Any]
    table: Any
    project: str
    limits: Limits
    is_releasing: Callable[[], bool]

    def run(self, recorded: ChampionRecord | None, now_epoch: int) -> tuple[str, ...]:
        """Put away what has had its time, and give the names. Raises the client's error where nobody can tell.

        ``recorded`` is what production should serve. What serves something else is nobody's to put away.
        """
        found = {"staging": self._due_staging(now_epoch), "production": self._due_production(recorded, now_epoch)}
        leaving = {stage: name for stage, name in found.items() if name}
        due = tuple(leaving.values())
        if not due:
            self.forget()
            return ()
        self.table.put_item(Item=PutAwayRecord(due, now_epoch).item())
        if self.is_releasing():
            self.forget()
            return ()
        for stage, name in leaving.items():
            self.sagemaker(stage).delete_endpoint(EndpointName=name)
        return due

    def forget(self) -> None:
        """Take the note back: nothing is being put away, or SageMaker says so itself by now."""
        self.table.delete_item(Key={"id": PUT_AWAY})

    def _due_staging(self, now_epoch: int) -> str:
        if not self.limits.staging_hours:
            return ""
        name = f"{self.project}-staging"
        found = self._in_service("staging", name)
        if found is None or not self.limits.ends_staging(found["LastModifiedTime"].timestamp(), now_epoch):
            return ""
        return "" if self._was_asked(name, self.limits.staging_hours, now_epoch) else name

    def _due_production(self, recorded: ChampionRecord | None, now_epoch: int) -> str:
        if recorded is None or not self.limits.ends_production(recorded.released_epoch, now_epoch):
            return ""
        name = f"{self.project}-production"
        found = self._in_service("production", name)
        return name if found is not None and found["EndpointConfigName"] == recorded.production_configuration else ""

    def _in_service(self, stage: str, name: str) -> dict[str, Any] | None:
        """The endpoint, None where there is none that serves and nothing else."""
        try:
            described: dict[str, Any] = self.sagemaker(stage).describe_endpoint(EndpointName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return None
            raise
        return described if described["EndpointStatus"] == "InService" else None

    def _was_asked(self, name: str, hours: int, now_epoch: int) -> bool:
        """Whether anybody sent a request to an endpoint in the last hours."""
        now = datetime.fromtimestamp(now_epoch, UTC)
        counted = self.cloudwatch("staging").get_metric_statistics(
            Namespace="AWS/SageMaker",
            # Counted for every way to serve: an asynchronous endpoint publishes no Invocations.
            MetricName="ModelLatency",
            Dimensions=[{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": VARIANT}],
            StartTime=now - timedelta(hours=hours),
            EndTime=now,
            # Few enough points for one answer, however long it is.
            Period=HOUR if hours <= DAY_HOURS else DAY_HOURS * HOUR,
            Statistics=["SampleCount"],
        )
        return any(point["SampleCount"] > 0 for point in counted["Datapoints"])
