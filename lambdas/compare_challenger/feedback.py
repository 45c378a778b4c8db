"""Reads what people said of the answers since a time, from the objects in the bucket that hold it.

What cannot be read is left out: it says of no answer whether it was right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from workflow.contract.feedback import Feedback
from workflow.contract.reading import ContractError
from workflow.contract.truth import name_folders

MOST = 5000
"""Objects that are read; of more, no more, evenly over the days. The interval of 5000 is 1.4 % either way at most."""
AT_ONCE = 10
"""As many as boto3 keeps connections for."""
LARGEST_BYTES = 1_000_000
"""Of an object: nobody draws more boxes than that."""


def read_judged(s3: Any, bucket: str, since_epoch: float, until_epoch: float) -> list[Feedback]:
    """What was said of answers since a time, which lies in the folders of the days until another.

    Raises ClientError where the bucket cannot be listed or read.
    """
    keys = [key for folder in name_folders(since_epoch, until_epoch) for key in list_keys(s3, bucket, folder)]
    chosen = keys[:: max(1, math.ceil(len(keys) / MOST))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda key: read_one(s3, bucket, key), chosen))
    return [one for one in found if one is not None and answered_epoch(one) >= since_epoch]


def answered_epoch(one: Feedback) -> float:
    """When the answer was given, in seconds of the epoch."""
    return datetime.fromisoformat(one.answered).timestamp()


def list_keys(s3: Any, bucket: str, folder: str) -> Sequence[str]:
    """The keys of a folder's documents."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    found = [one for page in pages for one in page.get("Contents", [])]
    return [one["Key"] for one in found if one["Key"].endswith(".json") and one["Size"] <= LARGEST_BYTES]


def read_one(s3: Any, bucket: str, key: str) -> Feedback | None:
    """One document; None where it is none, or is gone by now."""
    try:
        return Feedback.parse(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except (ContractError, ValueError, RecursionError):
        return None
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
