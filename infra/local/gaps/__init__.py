"""What the engine (MiniStack) lacks and the flow needs; one module for each gap, named in its docstring.

Every module replaces functions of the engine through `patching.replace`, which refuses an engine it was not written
for. Importing this package imports the engine, so its environment has to be set before.
"""

from __future__ import annotations

from ministack import app

from infra.local.gaps import (
    alarms,
    api_addresses,
    bucket_policies,
    creation,
    data_paths,
    email,
    function_urls,
    functions,
    history,
    left_out,
    lifecycle,
    metric_namespaces,
    nested,
    objects,
    principals,
    resume,
    task,
    tokens,
    transport,
    waits,
    walk,
)
from infra.local.gaps.patching import replace
from infra.local.mailbox import Mailbox


def install(url: str, mailbox: Mailbox) -> None:
    """Close every gap for a stand-in reached at `url`; those that call SageMaker are installed with SageMaker."""
    for gap in (
        bucket_policies,
        alarms,
        metric_namespaces,
        creation,
        data_paths,
        history,
        left_out,
        lifecycle,
        walk,
        task,
        waits,
        tokens,
        nested,
        objects,
        principals,
        resume,
        functions,
        transport,
    ):
        gap.install()
    function_urls.install(url)
    api_addresses.install(url)
    email.install(url, mailbox)
    # Nothing here runs in a container: a Docker daemon of this machine, and what runs in it, is left alone.
    replace(app, "_docker_socket_present", lambda: False)
