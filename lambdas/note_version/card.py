"""The model card of a version: what it is for, how it was trained, what it scored. Pure.

Its content follows SageMaker's "Model package model card schema", which takes so many characters of a text and so many
items of a list; what is longer is cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.note_version.event import Registered
from lambdas.note_version.places import Place
from workflow.contract.figures import Figures, format_figure
from workflow.contract.plain_text import show_plain
from workflow.contract.scores import FIGURE_NAMES, Interval, figures_of
from workflow.contract.weights import FINDS

LONGEST_CARD = 100_000
"""Characters of a card's content that SageMaker takes."""

LONG, OBSERVATION, NOTE, SHORT, NAME = 2048, 2000, 1024, 255, 63
"""Characters that the schema takes of an account, an observation, a note, a value and a name."""

MOST_PARAMETERS = 100
CLASSES_SHOWN = 40


def write_card(version: Registered) -> str:
    """The card's content as SageMaker takes it: JSON on one line."""
    content = {
        "model_overview": {
            "model_creator": cut(version.plan.started_by or version.plan.execution_arn, NOTE),
            "model_artifact": [cut(version.gate.archive_uri, NOTE)],
        },
        "intended_uses": describe_uses(version),
        "training_details": describe_training(version),
        "evaluation_details": [describe_evaluation(version)],
        "additional_information": describe_more(version),
    }
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > LONGEST_CARD:
        raise ValueError(f"the card has {len(text)} characters, of which SageMaker takes {LONGEST_CARD}")
    return text


def describe_uses(version: Registered) -> dict[str, str]:
    """What the model finds, in which pictures, and what it depends on."""
    task, classes = version.dataset.task, version.dataset.classes
    named = ", ".join(show_plain(name) for name in classes[:CLASSES_SHOWN])
    more = len(classes) - CLASSES_SHOWN
    found = f"{named} and {more} more" if more > 0 else named
    return {
        "purpose_of_model": cut(f"Finds {FINDS[task]} in pictures: {found}.", LONG),
        "intended_uses": cut(f"Pictures like those of the dataset {version.plan.dataset.name}.", LONG),
        "factors_affecting_model_efficiency": cut(
            f"Pictures that differ from the dataset's; answers below a confidence of {version.plan.confidence:g} "
            "are left out.",
            LONG,
        ),
        "risk_rating": "Unknown",
        "explanations_for_risk_rating": "The flow that registered the version rates no risk.",
    }


def describe_training(version: Registered) -> dict[str, Any]:
    """The job, the data, the hyperparameters and what the training started from."""
    plan = version.plan
    start = "random weights" if plan.pretrained is None else "pretrained weights"
    parameters = [
        {"name": cut(name, SHORT), "value": cut(value, SHORT)} for name, value in plan.hyperparameters.items() if value
    ]
    searched = " Some hyperparameters were found by a search; the job names them all." if plan.tune else ""
    return {
        "training_observations": cut(
            f"{version.dataset.summary}. Started from {start}, on {version.instance}.{searched}", NOTE
        ),
        "training_job_details": {
            "training_arn": Place.of(version.package_arn).training_job(version.jobs.train),
            "training_datasets": [cut(uri, NOTE) for uri in (plan.dataset.uri, plan.uris.training)],
            "training_environment": {"container_image": [cut(version.training_image, NOTE)]},
            "hyper_parameters": parameters[:MOST_PARAMETERS],
        },
    }


def describe_evaluation(version: Registered) -> dict[str, Any]:
    """What the model scored on the held-out images, beside production where that was compared."""
    gate, champion = version.gate, version.gate.champion
    candidate = show_figures(gate.metrics, gate.metrics.intervals)
    groups = [{"name": "candidate", "metric_data": list(candidate)}]
    if champion is not None:
        values = [(name, champion.values.get(name)) for name in figures_of(gate.metrics.task)]
        shown = [
            {"name": FIGURE_NAMES[name], "type": "number", "value": value}
            for name, value in values
            if value is not None
        ]
        groups.append({"name": f"production, version {champion.package_version}", "metric_data": shown})
    return {
        "name": cut(f"{gate.metrics.images} held-out images", NAME),
        "evaluation_observation": cut(gate.summary, OBSERVATION),
        "evaluation_job_arn": Place.of(version.package_arn).processing_job(version.jobs.evaluate),
        "datasets": [cut(version.plan.uris.test, NOTE)],
        "metadata": {
            "dataset_digest": version.dataset.digest,
            "evaluation_digest": gate.evaluation_digest,
            "metrics": gate.metrics_uri,
            "report": gate.report_uri,
            "serving_image": cut(version.serving_image, NOTE),
        },
        "metric_groups": groups,
    }


def show_figures(figures: Figures, intervals: Mapping[str, Interval] | None = None) -> Iterator[dict[str, Any]]:
    """A model's figures, each with its interval where there is one."""
    for name in figures_of(figures.task):
        value, interval = figures.values.get(name), (intervals or {}).get(name)
        if value is not None:
            low_to_high = interval and f"{format_figure(interval.low)} to {format_figure(interval.high)}"
            noted = {"notes": f"95 % interval {low_to_high}"} if low_to_high else {}
            yield {"name": FIGURE_NAMES[name], "type": "number", "value": value, **noted}


def describe_more(version: Registered) -> dict[str, Any]:
    """Why the gate let it pass, what the run asked less of, and the digests of its bytes."""
    loosened = [f"loosened by the run: {one.text()}" for one in version.plan.loosened]
    return {
        "caveats_and_recommendations": cut("; ".join([*loosened, *version.gate.reasons]), LONG),
        "custom_details": {
            "run": cut(version.plan.run, NOTE),
            "execution": cut(version.plan.execution_arn, NOTE),
            "model_digest": version.gate.model_digest,
            "archive_digest": version.gate.archive_digest,
        },
    }


def cut(text: str, longest: int) -> str:
    """A text on one line, as much of it as may be."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
