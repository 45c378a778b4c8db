"""Lists are filtered, sorted and cut into pages in one way."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.listing import listed

RECORDS = [
    {
        "TrainingJobName": f"job-{number:02d}",
        "TrainingJobArn": f"arn:{number}",
        "TrainingJobStatus": "Failed" if number % 2 else "Completed",
        "CreationTime": 1000.0 + number,
    }
    for number in range(12)
]


def names(**parameters: Any) -> list[str]:
    """The names on the first page."""
    answer = listed("ListTrainingJobs", parameters, RECORDS, "TrainingJob")
    return [item["TrainingJobName"] for item in answer["TrainingJobSummaries"]]


def test_a_page_holds_ten_by_default() -> None:
    """As on AWS, so that a caller who forgets the next page notices here."""
    assert len(names()) == 10


def test_pages_together_hold_everything_once() -> None:
    """Following NextToken loses and repeats nothing."""
    seen, token = [], None
    while True:
        page = {"MaxResults": 5} | ({"NextToken": token} if token else {})
        answer = listed("ListTrainingJobs", page, RECORDS, "TrainingJob")
        seen += [item["TrainingJobName"] for item in answer["TrainingJobSummaries"]]
        token = answer.get("NextToken")
        if token is None:
            break
    assert seen == [record["TrainingJobName"] for record in RECORDS]


def test_filters_and_order_count_together() -> None:
    """Status, part of the name, time and order at once."""
    found = names(
        StatusEquals="Failed", NameContains="JOB-0", CreationTimeAfter=1003, SortBy="Name", SortOrder="Descending"
    )
    assert found == ["job-09", "job-07", "job-05"]


def test_a_made_up_token_is_refused() -> None:
    """A token is one that an earlier page gave."""
    with pytest.raises(ServiceError, match="Invalid pagination token"):
        names(NextToken="page two")
