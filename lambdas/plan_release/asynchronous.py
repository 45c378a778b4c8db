"""Whether the endpoints that are there can answer asynchronously, and what SageMaker is told where one shall. Pure.

SageMaker takes AsyncInferenceConfig from no endpoint that has it (UpdateEndpoint: "The AsyncInferenceConfig parameter
cannot be removed from this endpoint"), and documents no way to give it to one that is there.
"""

from __future__ import annotations

from typing import Protocol

from lambdas.plan_release.package import RefusalError
from workflow.contract.asynchronous import ASYNC, Outlets, inference_config
from workflow.contract.release_plan import Asynchronous
from workflow.contract.serving import REALTIME, SAME, Serving

BODY_MEGABYTES = 160
"""A picture of 50 megapixels, the largest that a model is shown, as it is without compression."""


class Standing(Protocol):
    """An endpoint that exists."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def asynchronous(self) -> bool:
        """Whether it answers asynchronously."""


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


def check_answering(
    serving: Serving, staging: Standing | None, production: Standing | None, outlets: Outlets | None
) -> None:
    """Raise RefusalError where a stage cannot come to answer as it is asked to.

    Without ``outlets`` the stages are in other accounts, which have no way to this one's bucket and topics.
    """
    if outlets is not None and outlets.has_api and serving.stage("production") == ASYNC:
        raise RefusalError(
            f"serve = {ASYNC}: the stack's API in front of production waits for answers, and there production gives "
            "none: take it away (greenlight deploy --parameter PredictionApi=none), or release with serve=realtime"
        )
    for stage, endpoint in (("staging", staging), ("production", production)):
        wanted = serving.stage(stage) == ASYNC
        key = "serve" if stage == "production" or serving.staging_serve == SAME else "staging_serve"
        if wanted and outlets is None:
            raise RefusalError(f"{key} = {ASYNC}: {stage} is in another account, where it cannot: say {key}={REALTIME}")
        if endpoint is None or endpoint.asynchronous == wanted:
            continue
        now = ASYNC if endpoint.asynchronous else REALTIME
        raise RefusalError(
            f"{key} = {serving.stage(stage)}: {endpoint.name} is {now}, and SageMaker turns no endpoint into an "
            f"{ASYNC} one, or back. Release with {'serve' if stage == 'production' else 'staging_serve'}={now}, "
            f"or delete the endpoint (aws sagemaker delete-endpoint --endpoint-name {endpoint.name}), with all that "
            "waits in its queue, and start the release again, which makes it anew"
        )


def body_limit(serving: Serving) -> dict[str, str]:
    """What the serving image is told of the size of bodies: nothing where SageMaker itself lets only small ones in."""
    if ASYNC not in (serving.stage("staging"), serving.stage("production")):
        return {}
    return {"GREENLIGHT_BODY_MEGABYTES": str(BODY_MEGABYTES)}


def describe_answering(serving: Serving, outlets: Outlets | None) -> Asynchronous | None:
    """The AsyncInferenceConfig of each stage that answers so; None where none does."""
    if outlets is None or ASYNC not in (serving.stage("staging"), serving.stage("production")):
        return None

    def configured(stage: str) -> dict[str, object] | None:
        return inference_config(serving.async_concurrency, stage, outlets) if serving.stage(stage) == ASYNC else None

    return Asynchronous(configured("staging"), configured("production"))
