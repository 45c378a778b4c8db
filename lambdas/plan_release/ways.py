"""How a version that goes back is served where production has no endpoint. Pure."""

from __future__ import annotations

from workflow.contract.serving import BATCH, REALTIME, SAME, Serving, batch_name


def as_it_was(serving: Serving, recorded: str, project: str) -> Serving:
    """The way of a version that goes back: by batches where production serves so, whatever it was built for.

    And by an endpoint where it has one.
    """
    if recorded == batch_name(project):
        return serving.changed({"serve": BATCH, "staging_serve": SAME, "maximum_instances": 0})
    return serving.changed({"serve": REALTIME}) if recorded and serving.serve == BATCH else serving
