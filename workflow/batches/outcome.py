"""What a batch that has ended left: its summary, and where its answers and its page are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.contract.batch import BATCHES
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import object_or_empty, read_object

MOST_NAMED = 5
"""Refused pictures that are named on the terminal; all of them are in the tables."""


@dataclass(frozen=True)
class Outcome:
    """``joined`` is the folder of the answers and the page, ``summary`` is ``summary.json``."""

    joined: str
    summary: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """The outcome as JSON."""
        places = {"page": f"{self.joined}index.html", "answers": f"{self.joined}answers.jsonl"}
        return {**self.summary, **places, "table": f"{self.joined}answers.csv"}

    def text(self) -> str:
        """The outcome for a person."""
        classes = [f"{one['objects']:,} {one['class']}" for one in self.summary.get("classes", [])]
        refused = self.summary.get("reasons", [])
        lines = [
            f"{self.summary.get('line', '')}{': ' + ', '.join(classes[:8]) if classes else ''}",
            *(f"  refused  {one['picture']}: {one['error']}" for one in refused[:MOST_NAMED]),
            f"  page     {self.joined}index.html",
            f"  answers  {self.joined}answers.jsonl, answers.csv",
        ]
        return "\n".join(lines)


def read_outcome(cloud: Cloud, execution: str) -> Outcome:
    """The outcome of a batch that succeeded."""
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    plan = object_or_empty(read_object(found.get("output")).get("plan"))
    joined = str(object_or_empty(plan.get("uris")).get("joined", ""))
    bucket, prefix = split_s3_uri(joined)
    body = cloud.call("s3", "get_object", Bucket=bucket, Key=f"{prefix}summary.json")["Body"].read()
    return Outcome(joined, read_object(body.decode()))


def read_answers(cloud: Cloud, outcome: Outcome) -> list[dict[str, Any]]:
    """Every row of the answers of a batch that is small enough to hold: an object with its ``picture``."""
    bucket, prefix = split_s3_uri(outcome.joined)
    body = cloud.call("s3", "get_object", Bucket=bucket, Key=f"{prefix}answers.jsonl")["Body"].read()
    return [read_object(line) for line in body.decode().split("\n") if line]


def count_answers(cloud: Cloud, bucket: str, run: str) -> int:
    """How many pictures are answered so far."""
    listed = cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=f"{BATCHES}{run}/answers/")
    return sum(1 for _ in listed)
