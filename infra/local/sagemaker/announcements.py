"""What SageMaker tells EventBridge. Until somebody listens, nothing is told.

Knows the events' form and not the bus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from infra.local.sagemaker.store import Record

Entry = dict[str, Any]

_TOLD = (
    *("ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription"),
    *("ModelPackageStatus", "ModelPackageStatusDetails", "InferenceSpecification", "ModelApprovalStatus"),
    *("ApprovalDescription", "CustomerMetadataProperties", "ModelMetrics", "ModelLifeCycle"),
)


class Announcements:
    """Hands entries of PutEvents to whoever listens."""

    def __init__(self) -> None:
        self._publish: Callable[[Entry], None] = lambda _: None

    def listen(self, publish: Callable[[Entry], None]) -> None:
        """From now on tell ``publish``."""
        self._publish = publish

    def package_changed(self, record: Record, changed: Sequence[str] = ()) -> None:
        """A version was registered, or these members of it changed.

        Call it without a lock: who hears of it may ask at once.
        """
        detail = {member: record[member] for member in _TOLD if member in record}
        if changed:
            detail["UpdatedModelPackageFields"] = list(changed)
        name = f"{record['ModelPackageGroupName']}/{record['ModelPackageVersion']}"
        milliseconds = int(record["CreationTime"] * 1000)
        self._publish(
            {
                "Source": "aws.sagemaker",
                "DetailType": "SageMaker Model Package State Change",
                "Detail": json.dumps({"ModelPackageName": name, "CreationTime": milliseconds, **detail}),
                "Resources": [record["ModelPackageArn"]],
            }
        )
