"""How a version is served where production has no endpoint, and where that may not be. Pure."""

from __future__ import annotations

from lambdas.plan_release.package import RefusalError
from workflow.contract.serving import BATCH, REALTIME, SAME, Serving, batch_name


def as_it_was(serving: Serving, recorded: str, project: str) -> Serving:
    """The way of a version that goes back: by batches where production serves so, whatever it was built for.

    And by an endpoint where it has one.
    """
    if recorded == batch_name(project):
        return serving.changed({"serve": BATCH, "staging_serve": SAME, "maximum_instances": 0})
    return serving.changed({"serve": REALTIME}) if recorded and serving.serve == BATCH else serving


def check_way(serving: Serving, endpoint: str) -> None:
    """Raise RefusalError where a version would serve by batches while an endpoint, by its name, serves another.

    It would go on serving that one, and cost what it costs.
    """
    if serving.serve == BATCH and endpoint:
        raise RefusalError(
            f"production is the endpoint {endpoint}, and what serves by batches has none: it would go on serving what "
            f"it serves. Delete it first (aws sagemaker delete-endpoint --endpoint-name {endpoint}), or release with "
            "serve=realtime"
        )
