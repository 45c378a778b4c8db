"""One turn of the loop, in its order: what production is asked drifts, is found, chosen, labelled, learned, released.

Each step is by the functions of the command that does it, and a line or a block of what a person sees.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.arrival import MARKED
from workflow.contract.capture import Captured
from workflow.contract.drift import MAIL, PAGE, PICTURES, DriftInput
from workflow.contract.names import split_s3_uri
from workflow.datasets.upload import upload_weights
from workflow.demo.account import say
from workflow.demo.loop import labels
from workflow.demo.loop.measuring import measure_on, read_judgement
from workflow.demo.loop.page import WATCH, write_page
from workflow.demo.loop.pairs import Pair
from workflow.demo.loop.story import Compared, Story
from workflow.demo.loop.traffic import ask_about, forget_kept, wait_until_kept
from workflow.demo.options import LOOP_DEFAULTS, PROJECT, Options
from workflow.demo.record import Finished, fetch_file, job_seconds, read_finished
from workflow.demo.releasing import show_to_its_end
from workflow.demo.sample.evening import DAY, EVENING, take_pictures
from workflow.demo.settings import set_policy
from workflow.demo.steps import LOOP, Built, Site, Stops, see_to
from workflow.demo.ways import Asking
from workflow.drift.outcome import Outcome, read_outcome
from workflow.drift.start import name_watch, start_watch
from workflow.errors import GreenlightError
from workflow.labelling.scores import read_scores
from workflow.runs.watch import Job
from workflow.stack.deploy import deploy

TRAFFIC: Mapping[str, int] = {DAY: 12, EVENING: 60}
"""Pictures that production is asked about, by their light."""
UNSEEN: Mapping[str, int] = {EVENING: 32}
"""Pictures on which both versions are measured, and which nobody labels for a training."""
BUDGET = 24
"""Pictures that somebody has time to label."""
MORE_EPOCHS, MORE_SLOWLY = 12, 0.001
"""Of the second training, which begins where the first one ended: passes over the pictures, and the learning rate."""
_TRAFFIC_SEED, _UNSEEN_SEED = 11, 13
_PAUSE_SECONDS = 0.3
"""Between two requests of the client: the training beside it needs the processors."""
_STARTS_SECONDS = 120
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Turn:
    """What a turn left: the build that new data started, how it ended, seconds of all jobs, the story as a document."""

    built: Built
    finished: Finished
    jobs: Mapping[str, float]
    document: Mapping[str, Any]


def go_round(
    site: Site, options: Options, dataset: str, given: Mapping[str, Any], finished: Finished, stops: Stops
) -> Turn:
    """Take production, which serves ``finished``, round the loop once.

    ``dataset`` is the name of its data, ``given`` the input of the run that trained it.
    Raises RunFailedError where a run does not end well, GreenlightError where nothing drifted or a request was lost.
    """
    began = time.monotonic()
    truth = take_pictures(LOOP / "traffic", _TRAFFIC_SEED, TRAFFIC)
    kept = send(site, list(truth))
    drift, watching = watch(site, stops)
    scores = read_scores(_fetch(site.cloud, f"{drift.found}{PICTURES}"), PICTURES)
    task = labels.pick(site, dataset, kept, scores, BUDGET, LOOP / "task")
    known = {labels.digest(file): file for file in truth}
    lights = {one.name: known[labels.digest(task.file(one))].stem.partition("-")[0] for one in task.handed.pictures}
    of_evening = sum(light == EVENING for light in lights.values())
    say("chosen", f"{len(lights)} of {len(kept)} pictures to label, {of_evening} of them in the other light")
    labels.draw(task, {digest: truth[file] for digest, file in known.items()})
    listen(site, options, dataset, {**given, **train_on(site, given, finished)})
    unseen = take_pictures(LOOP / "unseen", _UNSEEN_SEED, UNSEEN)
    before = ask_about(site, list(unseen))
    with Asking(site, _PAUSE_SECONDS) as asking:
        objects = labels.take(site, task)
        say("labels", f"{objects} objects, by the sample's own truth → the next version of {dataset}")
        built = see_to(site, options, wait_for_start(site, finished.build_execution), stops)
    asking.require_answers()
    new = read_finished(site.cloud, built.view.execution)
    after = ask_about(site, list(unseen))
    measured, measuring = measure_on(site, built, task.handed.classes, unseen, stops)
    story = Story(
        versions=(finished.version, new.version),
        sent=TRAFFIC,
        pictures=(next(iter(truth)), list(truth)[-1]),
        drift=drift,
        task=task,
        lights=lights,
        objects=objects,
        run=built.view.run,
        answered=(asking.answered[before[0].model_digest], asking.answered[after[0].model_digest]),
        lost=asking.asked - asking.answered.total(),
        old=Compared.of(read_judgement(site, built)),
        new=Compared.of(measured),
        pairs=[Pair.of(*one, task.handed.classes) for one in zip(before, after, unseen.values(), strict=True)],
        seconds=time.monotonic() - began,
    )
    fetch_file(site.cloud, f"{drift.found}{PAGE}", LOOP / WATCH)
    page = write_page(LOOP, story)
    tell(story, page)
    again = {f"{name}, again": one for name, one in job_seconds(site.cloud, built.view.jobs).items()}
    jobs = {**again, **job_seconds(site.cloud, (*watching, measuring))}
    return Turn(built, new, jobs, {**story.document(), "page": str(page)})


def send(site: Site, pictures: list[Path]) -> list[Captured]:
    """Ask production about the pictures, and wait until all of that is kept."""
    forget_kept(site)
    kept = wait_until_kept(site, ask_about(site, pictures))
    say("traffic", f"{TRAFFIC[DAY]} pictures in the light it knows, {TRAFFIC[EVENING]} in another, all of them kept")
    return kept


def watch(site: Site, stops: Stops) -> tuple[Outcome, tuple[Job, ...]]:
    """Hold what production was asked against what its model was judged by, and by which jobs.

    Raises GreenlightError where nothing has drifted.
    """
    execution = start_watch(
        site.cloud, site.stack.drift_machine_arn, name_watch(datetime.now(UTC)), DriftInput(1, MAIL, "make demo")
    )
    view = show_to_its_end(site, execution, "the watch for drift", stops)
    outcome = read_outcome(site.cloud, execution)
    say("drift", outcome.line)
    if not outcome.report.get("drifted"):
        raise GreenlightError("production was asked in another light, and the watch has found no drift")
    return outcome, view.jobs


def train_on(site: Site, given: Mapping[str, Any], finished: Finished) -> dict[str, Any]:
    """The keys of a run whose training begins where that of production's version ended, and not from scratch."""
    package = site.cloud.call("sagemaker", "describe_model_package", ModelPackageName=finished.model_package)
    archive, weights = LOOP / "model.tar.gz", LOOP / f"version-{finished.version}"
    fetch_file(site.cloud, package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"], archive)
    with tarfile.open(archive) as opened:
        opened.extract("weights.pt", weights, filter="data")
    file = (weights / "weights.pt").rename(weights.with_suffix(".pt"))
    return {
        "weights": upload_weights(site.cloud, site.stack.bucket, file),
        "epochs": min(given["epochs"], MORE_EPOCHS),
        "hyperparameters": {**given["hyperparameters"], "lr0": MORE_SLOWLY},
    }


def listen(site: Site, options: Options, dataset: str, given: Mapping[str, Any]) -> None:
    """Have the stack start a run as ``given`` once its data is said to be complete, judged against production."""
    settings = {key: given[key] for key in sorted(LOOP_DEFAULTS & given.keys())}
    deploy(
        PROJECT,
        cloud=site.cloud,
        dataset=f"s3://{site.stack.bucket}/datasets/{dataset}/",
        defaults={**set_policy(site.cloud, {**options.policy(), "compare": True}), **settings},
        parameters={"DataStarts": MARKED},
    )


def wait_for_start(site: Site, before: str) -> str:
    """The build that new data has started, after the execution ``before``. Raises GreenlightError where none comes."""
    until = time.monotonic() + _STARTS_SECONDS
    while time.monotonic() < until:
        found = site.cloud.call("stepfunctions", "list_executions", stateMachineArn=site.stack.build_machine_arn)
        newest = found["executions"][0]
        if newest["executionArn"] != before and str(newest["name"]).startswith("data-"):
            say("new data", f"has started {newest['name']}")
            return str(newest["executionArn"])
        time.sleep(_LOOK_SECONDS)
    raise GreenlightError(f"new data has started no build within {_STARTS_SECONDS} s")


def tell(story: Story, page: Path) -> None:
    """The lines of what the turn came to."""
    (old, new), (first, second) = story.versions, story.answered
    say("client", f"{first} answers by version {old}, {second} by version {new}, {story.lost} lost")
    say("other light", f"{story.new.text()}, on {story.new.pictures} pictures that nobody learned from")
    say("as before", f"{story.old.text()}, on the {story.old.pictures} held-out pictures")
    say("the story", str(page))


def _fetch(cloud: Cloud, uri: str) -> bytes:
    bucket, key = split_s3_uri(uri)
    return bytes(cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read())
