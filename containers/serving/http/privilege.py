"""Gives root away before the first request is read.

SageMaker starts every container as root and advises against any other user in the image, because the folders it
mounts belong to root. So the image starts as root, reads the model, and serves as the user it names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping


class PrivilegeError(RuntimeError):
    """Root could not be given away, so nothing is served."""


def step_down(environ: Mapping[str, str]) -> None:
    """Become the user id in GREENLIGHT_USER for good; does nothing where it is empty or this process is not root."""
    user = environ.get("GREENLIGHT_USER", "")
    if not user or os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    except (OSError, ValueError) as error:
        raise PrivilegeError(f"GREENLIGHT_USER={user}: {error}; leave it empty to serve as root") from None
