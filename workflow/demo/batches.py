"""How a demonstration asks a production that has no endpoint, and brings it back: a batch over the held-out pictures.

The pictures are sent as `greenlight batch FOLDER` sends a folder, and the answers shown as those of an endpoint are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflow.batches.outcome import Outcome, read_answers, read_outcome
from workflow.batches.start import Wanted, name_batch, start_batch, upload_pictures
from workflow.contract.package_properties import Origin
from workflow.contract.serving import batch_name
from workflow.demo.account import say
from workflow.demo.record import Finished, fetch_file, fetch_pictures
from workflow.demo.releasing import Back, release, show_to_its_end
from workflow.demo.steps import BATCH_PAGE, HELD_OUT, Site, Stops, draw_predictions
from workflow.errors import GreenlightError, UsageError
from workflow.predictions.prediction import Prediction, read_prediction
from workflow.runs.releases import choose_earlier, list_releases


def answer_held_out(site: Site, finished: Finished, stops: Stops) -> list[Prediction]:
    """What the version that production serves sees in pictures that no training saw. Raises where one has no answer."""
    pictures = fetch_pictures(site.cloud, finished.test_uri, HELD_OUT)
    outcome = answer(site, "the batch", stops)
    rows = {str(row["picture"]): row for row in read_answers(site.cloud, outcome)}
    found = [
        read_prediction(picture, "the batch", json.dumps(answered(rows, picture.name)).encode(), 0.0)
        for picture in pictures
    ]
    draw_predictions(found)
    fetch_file(site.cloud, f"{outcome.joined}index.html", BATCH_PAGE)
    say("answers", f"{outcome.summary['line']}: {BATCH_PAGE}")
    return found


def answer(site: Site, called: str, stops: Stops) -> Outcome:
    """Have the held-out pictures that are here answered by what production serves, and show it to its end."""
    name = name_batch(datetime.now(UTC))
    uri = upload_pictures(site.cloud, site.stack.bucket, HELD_OUT, name, lambda *_: None)
    execution = start_batch(site.cloud, site.stack.batch_machine_arn, uri, name, Wanted(started_by="make demo"))
    show_to_its_end(site, execution, called, stops)
    return read_outcome(site.cloud, execution)


def answered(rows: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The answer to a picture. Raises GreenlightError where there is none, with the reason."""
    row = rows.get(name, {"error": "it has no row"})
    if "error" in row:
        raise GreenlightError(f"the batch has no answer to {name}: {row['error']}")
    return row


def go_back_by_batches(site: Site, finished: Finished, stops: Stops) -> Back:
    """Release the version before once more, and have the next batch, which names no version, answered by it.

    Raises RunFailedError where either ends otherwise, GreenlightError where another model answered.
    """
    package = version_before(site, finished)
    began = time.monotonic()
    execution = release(site, package, stops, "rollback", "the way back")
    seconds = time.monotonic() - began
    digest = Origin.of(site.cloud.call("sagemaker", "describe_model_package", ModelPackageName=package)).model_digest
    rows = read_answers(site.cloud, answer(site, "the batch after it", stops))
    if others := {str(row.get("model_digest", "no model")) for row in rows} - {digest}:
        raise GreenlightError(f"after the way back {', '.join(sorted(others))} answered, and not {digest}")
    proof = f"and the next batch was answered by its model {digest[:12]}"
    return Back(execution, seconds, batch_name(site.stack.project), package.rpartition("/")[2], proof)


def version_before(site: Site, finished: Finished) -> str:
    """The package of the version released before this one, if it finds the same; this one's where there is none.

    In a first demonstration there is none, and the way back is the same.
    """
    try:
        earlier = choose_earlier(list_releases(site.cloud, site.stack.table), None).package
    except UsageError:
        return finished.model_package
    this, that = (
        Origin.of(site.cloud.call("sagemaker", "describe_model_package", ModelPackageName=package)).dataset_name
        for package in (finished.model_package, earlier)
    )
    return earlier if this == that else finished.model_package


def tell_batches(site: Site) -> str:
    """What stands for a production without an endpoint."""
    return f"by batches, without an endpoint: {site.stack.batch_machine_arn.rpartition(':')[2]} answers a folder"
