"""What production is asked in a loop, and that it is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from workflow.contract.capture import KEPT, RAW, Captured
from workflow.datasets.upload import delete_objects, list_objects
from workflow.demo.steps import Site
from workflow.errors import GreenlightError
from workflow.labelling.kept import list_days, read_kept
from workflow.predictions.ask import ask
from workflow.predictions.prediction import Prediction

_KEPT_SECONDS = 120
_LOOK_SECONDS = 0.5


def forget_kept(site: Site) -> None:
    """Delete what is kept of production's requests: an earlier loop's would be among this one's."""
    bucket = site.stack.bucket
    keys = [str(item["Key"]) for prefix in (RAW, KEPT) for item in list_objects(site.cloud, bucket, prefix)]
    delete_objects(site.cloud, bucket, keys)


def ask_about(site: Site, pictures: Sequence[Path]) -> list[Prediction]:
    """What production answers to each picture. Raises GreenlightError where one has no answer."""
    return [ask(site.cloud, site.stack.production_endpoint, picture) for picture in pictures]


def wait_until_kept(site: Site, answers: Sequence[Prediction]) -> list[Captured]:
    """What is kept of these answers, once all of them are. Raises GreenlightError where that takes too long."""
    wanted = {one.inference_id for one in answers}
    until = time.monotonic() + _KEPT_SECONDS
    found: Mapping[str, Captured] = {}
    while wanted - found.keys():
        if time.monotonic() > until:
            raise GreenlightError(f"{len(wanted - found.keys())} of {len(wanted)} answers of production were not kept")
        time.sleep(_LOOK_SECONDS)
        days = list_days(datetime.now(UTC).date(), 2)
        found = {one.id: one for one in read_kept(site.cloud, site.stack.bucket, days) if one.id in wanted}
    return list(found.values())
