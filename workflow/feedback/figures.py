"""Reads what people said of production's answers and sums it up, in the memory of models and weeks.

The bucket lists it by the day of the answers, and all that is said of one answer together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

from workflow.clients import Cloud
from workflow.contract.feedback import FEEDBACK, Feedback
from workflow.contract.feedback_figures import FEEDBACK_FILE, FeedbackFigures, FeedbackSums, PeriodFigures, Share
from workflow.contract.figures import format_figure
from workflow.contract.reading import ContractError
from workflow.contract.served_model import ServedModel
from workflow.contract.table_items import plain_item
from workflow.contract.table_keys import SERVED
from workflow.errors import ServiceError, UsageError
from workflow.predictions.in_order import in_order

AT_ONCE = 16
READ_AT_ONCE = 256
"""Answers whose feedback is in memory at a time."""
MOST_PEOPLE = 100
"""Of one answer; whoever speaks after so many is not counted."""


def read_figures(cloud: Cloud, bucket: str, *, days: int | None = None, now: datetime) -> FeedbackFigures:
    """Production's real figures, of the answers of the last ``days``, or of all that is kept."""
    return sum_up(cloud, bucket, since="" if days is None else day_of(now - timedelta(days=days))).figures()


def day_of(moment: datetime) -> str:
    """Below which lies what was said of the answers of a day."""
    return f"{FEEDBACK}{moment:%Y/%m/%d}/"


def sum_up(cloud: Cloud, bucket: str, prefix: str = FEEDBACK, *, since: str = "") -> FeedbackSums:
    """Sum up what lies below a prefix, from ``since`` on. What is no feedback, or is gone meanwhile, is left out."""
    answers = groupby((str(item["Key"]) for item in listed(cloud, bucket, prefix, since)), _answer_of)
    sums = FeedbackSums()

    def read(keys: list[str]) -> list[Feedback]:
        return [found for key in keys if (found := read_feedback(cloud, bucket, key)) is not None]

    people = (list(islice(keys, MOST_PEOPLE)) for _, keys in answers)
    while some := list(islice(people, READ_AT_ONCE)):
        for said in in_order(read, some, AT_ONCE):
            sums.add(said)
    return sums


def listed(cloud: Cloud, bucket: str, prefix: str = FEEDBACK, since: str = "") -> Iterator[Mapping[str, Any]]:
    """The objects below a prefix in the order of their keys, from ``since`` on."""
    asked = {"Bucket": bucket, "Prefix": prefix, **({"StartAfter": since} if since else {})}
    yield from cloud.pages("s3", "list_objects_v2", "Contents", **asked)


def _answer_of(key: str) -> str:
    return key.rpartition("/")[0]


def read_feedback(cloud: Cloud, bucket: str, key: str) -> Feedback | None:
    """One feedback; None where the object is none, or is gone."""
    try:
        found = Feedback.parse(json.loads(cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()))
    except ServiceError as error:
        if error.code == "NoSuchKey":
            return None
        raise
    except (ContractError, ValueError, RecursionError):
        return None
    return found if found.key() == key else None


def give_to_run(cloud: Cloud, bucket: str, run: str, figures: FeedbackFigures) -> str:
    """Put the figures beside a run's record, for its report; their address. Raises UsageError for no such run."""
    folder = f"runs/{run}/record/"
    if not any(True for _ in islice(listed(cloud, bucket, f"{folder}run.json"), 1)):
        raise UsageError(f"there is no run {run} that was planned: 'greenlight runs' lists them.")
    body = json.dumps(figures.document()).encode()
    cloud.call("s3", "put_object", Bucket=bucket, Key=f"{folder}{FEEDBACK_FILE}", Body=body)
    return f"s3://{bucket}/{folder}{FEEDBACK_FILE}"


def served_versions(cloud: Cloud, table: str) -> dict[str, int]:
    """The version of each model that production has served, by the model's digest."""
    items = cloud.pages(
        "dynamodb",
        "scan",
        "Items",
        TableName=table,
        FilterExpression="begins_with(id, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": SERVED}},
    )
    served = (ServedModel.parse(plain_item(item)) for item in items)
    return {one.model_digest: one.package_version for one in served}


def tell_share(share: Share | None) -> str:
    """A share with its interval in words; empty where there is none.

    >>> tell_share(Share.count(9, 10))
    '0.900 (0.596 to 0.982)'
    """
    if share is None or share.share is None:
        return ""
    return f"{format_figure(share.share)} ({format_figure(share.low)} to {format_figure(share.high)})"


def rows(figures: tuple[PeriodFigures, ...], versions: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """A line of a table for each: week, version, answers, the share that was right, of boxes precision and recall."""
    for one in figures:
        yield (
            one.week or f"{one.first:.10} to {one.last:.10}",
            tell_version(one.model_digest, versions),
            str(one.right.of),
            tell_share(one.right),
            str(one.boxed or ""),
            tell_share(one.precision),
            tell_share(one.recall),
        )


def tell_version(model_digest: str, versions: Mapping[str, int]) -> str:
    """A model as people call it: by its version, or by its digest where no release recorded it."""
    return f"v{versions[model_digest]}" if model_digest in versions else model_digest[:12]
