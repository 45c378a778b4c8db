"""Every List operation in one way: filter, sort, cut a page.

The filters are the ones SageMaker's List operations share; others are refused before a request comes here.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.model_checks import epoch, operation, pick
from infra.local.sagemaker.store import Record

_TIMES = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}
_PAGE = 10
_EQUAL = {"StatusEquals": "Status", "ModelApprovalStatus": "ModelApprovalStatus"}
# The order AWS uses when the caller names none.
_NEWEST_FIRST = {
    *("ListEndpoints", "ListEndpointConfigs", "ListInferenceComponents", "ListModels", "ListTransformJobs"),
}


def listed(name: str, parameters: dict[str, Any], records: list[Record], prefix: str) -> Record:
    """The answer of the List operation ``name``.

    ``prefix`` is how the kind spells its own members (``TrainingJob`` has ``TrainingJobName`` and
    ``TrainingJobStatus``).
    """
    chosen = [record for record in records if _kept(parameters, record, prefix)]
    order = parameters.get("SortOrder", "Descending" if name in _NEWEST_FIRST else "Ascending")
    sort_by = parameters.get("SortBy", "CreationTime")
    key = {"Name": f"{prefix}Name", "Status": f"{prefix}Status"}.get(sort_by, sort_by)
    chosen.sort(key=lambda record: record.get(key, 0), reverse=order == "Descending")
    shape: Any = operation(name).output_shape
    (member,) = (member for member in shape.members if member != "NextToken")
    summary = shape.members[member].member
    start, size = _position(parameters.get("NextToken")), parameters.get("MaxResults", _PAGE)
    answer: Record = {member: [pick(summary, record) for record in chosen[start : start + size]]}
    if start + size < len(chosen):
        answer["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


def _kept(parameters: dict[str, Any], record: Record, prefix: str) -> bool:
    wanted = parameters.get("NameContains")
    if wanted is not None and wanted.lower() not in str(record.get(f"{prefix}Name", "")).lower():
        return False
    for filter_name, (member, direction) in _TIMES.items():
        if filter_name in parameters:
            bound, value = epoch(parameters[filter_name]), record.get(member)
            if value is None or direction * (value - bound) <= 0:
                return False
    for filter_name, member in _EQUAL.items():
        if filter_name in parameters:
            name = f"{prefix}Status" if member == "Status" else member
            if record.get(name) != parameters[filter_name]:
                return False
    return True


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid pagination token") from error
