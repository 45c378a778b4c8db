"""What the engine (MiniStack) lacks and the flow needs; one module for each gap, named in its docstring.

Every module replaces functions of the engine through `patching.replace`, which refuses an engine it was not written
for. Importing this package imports the engine, so its environment has to be set before.
"""

from __future__ import annotations

from ministack import app

from infra.local.gaps import (
    alarm_rights,
    alarms,
    api_addresses,
    api_key_identity,
    bucket_policies,
    change_sets,
    creation,
    data_paths,
    deletion,
    email,
    encrypted_objects,
    execution_figures,
    foreign_buckets,
    forked_starts,
    function_code,
    function_logs,
    function_urls,
    function_variables,
    functions,
    history,
    http_apis,
    image_pulls,
    left_out,
    lifecycle,
    metric_namespaces,
    nested,
    objects,
    principals,
    reservations,
    resume,
    runtimes,
    scheduled_times,
    service_models,
    service_quotas,
    task,
    task_roles,
    template_parser,
    time_zones,
    tokens,
    transport,
    waits,
    walk,
)
from infra.local.gaps.patching import replace
from infra.local.mailbox import Mailbox
from infra.local.quotas import Quotas


def install(url: str, mailbox: Mailbox, quotas: Quotas) -> None:
    """Close every gap for a stand-in reached at `url`; those that call SageMaker are installed with SageMaker."""
    for gap in (
        bucket_policies,
        encrypted_objects,
        foreign_buckets,
        image_pulls,
        alarm_rights,
        alarms,
        metric_namespaces,
        service_models,
        template_parser,
        change_sets,
        creation,
        data_paths,
        history,
        deletion,
        left_out,
        lifecycle,
        execution_figures,
        walk,
        task,
        task_roles,
        waits,
        tokens,
        nested,
        objects,
        principals,
        resume,
        functions,
        function_code,
        runtimes,
        forked_starts,
        function_variables,
        function_logs,
        api_key_identity,
        time_zones,
        scheduled_times,
        transport,
    ):
        gap.install()
    function_urls.install(url)
    api_addresses.install(url)
    http_apis.install(url)
    email.install(url, mailbox)
    service_quotas.install(quotas)
    reservations.install(quotas)
    # Nothing here runs in a container: a Docker daemon of this machine, and what runs in it, is left alone.
    replace(app, "_docker_socket_present", lambda: False)
