"""Whether new data has settled, and what the build that it starts is called. Pure.

An object's message waits as long as data has to lie still, and then finds the dataset as it is: where something came
after it, that has a message of its own, and this one is nothing. The last one starts the build. It is named after what
lies there, so that messages that come twice, out of order or side by side start one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflow.contract.digest import sha256_of

SLACK = timedelta(seconds=5)
"""By how much the times of an object and of its event may differ: both are cut to whole seconds."""


@dataclass(frozen=True, order=True)
class Stored:
    """One object below the dataset's prefix, as it is listed."""

    key: str
    etag: str
    size: int
    modified: datetime


def has_settled(objects: Iterable[Stored], told: datetime) -> bool:
    """Whether nothing came after the newest of the events that are told of."""
    return max((one.modified for one in objects), default=told) <= told + SLACK


def name_after(objects: Iterable[Stored]) -> str:
    """The execution's name: when something last came, and all that lies there by name, entity tag and size."""
    ordered = sorted(objects)
    newest = max(one.modified for one in ordered)
    digest = sha256_of(json.dumps([one.key, one.etag, one.size]).encode() + b"\n" for one in ordered)
    return f"data-{newest:%Y-%m-%dT%H-%M-%S}-{digest[:12]}"
