"""Whether a function or a job runs on the stand-in for AWS: there is no console there, no instance, and no bill."""

from __future__ import annotations

from collections.abc import Mapping


def is_on_stand_in(environ: Mapping[str, str]) -> bool:
    """Whether this environment is the stand-in's, which tells every program where it answers in AWS's place."""
    return "AWS_ENDPOINT_URL" in environ
