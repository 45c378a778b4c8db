"""Tells before a run which of its addresses the stack's roles are not let read by the stack itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.clients import Cloud
from workflow.contract.sources import covers, split_sources, with_source
from workflow.stack.outputs import Stack, describe_stack
from workflow.stack.quotas import values_of


def tell_outside(cloud: Cloud, stack: Stack, given: Mapping[str, Any]) -> Iterator[str]:
    """A line for the dataset and the weights of a run's input, where they lie outside, with what to type.

    Only told: a policy of the bucket itself may let the roles in.
    """
    parameters = values_of(describe_stack(cloud, stack.project))
    sources = split_sources(parameters.get("Sources", ""))
    own = (f":::{stack.bucket}/", *split_sources(parameters.get("Dataset", "").replace("s3://", ":::")))
    for key in ("dataset", "weights"):
        uri = str(given.get(key, ""))
        if uri.startswith("s3://") and not covers((*own, *sources), uri):
            yield (
                f"{key} = {uri}: outside of what the stack reads, unless the bucket's own policy lets it. "
                f"Let it: greenlight deploy --parameter {with_source(sources, uri)}"
            )
