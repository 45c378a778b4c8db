"""Which stages answer asynchronously, and what SageMaker is told where one shall. Pure."""

from __future__ import annotations

from workflow.contract.asynchronous import ASYNC, LONGEST_SECONDS, Outlets, inference_config
from workflow.contract.release_plan import Asynchronous
from workflow.contract.serving import REALTIME, Serving
from workflow.contract.standing import Standing

BODY_MEGABYTES = 160
"""A picture of 50 megapixels, the largest that a model is shown, as it is without compression; or some minutes of
video."""


def answering_as(serving: Serving, production: Standing | None) -> Serving:
    """How a version that goes back is served: as production answers now, which its callers know how to ask.

    A version is brought back because what serves is worse; how it was once registered to answer is no reason to fail.
    """
    if production is None or production.asynchronous == (serving.serve == ASYNC):
        return serving
    if production.asynchronous:
        return serving.changed({"serve": ASYNC})
    # What answers at once keeps an instance.
    return serving.changed({"serve": REALTIME, "minimum_instances": max(1, serving.minimum_instances)})


def queue_limits(serving: Serving) -> dict[str, str]:
    """What the serving image is told of the largest body and the longest answer: nothing without a queue.

    There SageMaker itself lets only small bodies in, and waits for a minute.
    """
    if ASYNC not in (serving.stage("staging"), serving.stage("production")):
        return {}
    return {"GREENLIGHT_BODY_MEGABYTES": str(BODY_MEGABYTES), "GREENLIGHT_ANSWER_SECONDS": str(LONGEST_SECONDS)}


def describe_answering(serving: Serving, outlets: Outlets | None) -> Asynchronous | None:
    """The AsyncInferenceConfig of each stage that answers so; None where none does."""
    if outlets is None or ASYNC not in (serving.stage("staging"), serving.stage("production")):
        return None

    def configured(stage: str) -> dict[str, object] | None:
        return inference_config(serving.async_concurrency, stage, outlets) if serving.stage(stage) == ASYNC else None

    return Asynchronous(configured("staging"), configured("production"))
