"""Starting a run, a release or a batch: the form, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workflow.batches.start import name_batch
from workflow.console.form import (
    PACKAGE,
    PICTURES,
    STARTED_BY,
    Form,
    batch_form,
    build_form,
    check_batch,
    check_build,
    check_release,
    fill,
    has_errors,
    read_form,
    release_form,
)
from workflow.console.site import Site, Tab, address, posted
from workflow.contract.execution import own_keys
from workflow.contract.reading import ContractError
from workflow.errors import UsageError
from workflow.runs.start import start_run
from workflow.stack.demands import Demands, read_demands
from workflow.stack.quotas import check_quotas

TAB = Tab("Start", "/start/build", local=True)
NAMED = ("dataset", "dataset_version", PACKAGE, PICTURES)
"""The keys that an address may fill in: other pages lead here with what they are about."""


def routes(site: Site) -> list[Route]:
    """The form's addresses; none where nothing may be changed."""

    def show(request: Request) -> Response:
        machine = _machine(site, request)
        form = _empty(site, machine, read_demands(site.cloud, site.stack.project))
        like = site.executions.describe(machine, request.query_params.get("like", ""))
        given = {key: value for key, value in own_keys(like.given).items() if key != STARTED_BY} if like else {}
        named = {key: request.query_params[key] for key in NAMED if key in request.query_params}
        return _page(site, machine, fill(form, {**given, **named, STARTED_BY: site.user}))

    def start(request: Request, typed: Mapping[str, str]) -> Response:
        machine = _machine(site, request)
        demands = read_demands(site.cloud, site.stack.project)
        given, form = read_form(_empty(site, machine, demands), with_address(typed, site.stack.bucket))
        name = typed.get("name", "").strip()
        if has_errors(form):
            return _page(site, machine, form, name, "Nothing was started: see what is marked below.")
        try:
            _check(site, machine, given, demands)
            arn = site.executions.machine(machine)
            usual = name_batch(datetime.now(UTC)) if machine == "batch" else ""
            execution = start_run(site.cloud, arn, given, name or usual)
        except (ContractError, UsageError) as error:
            return _page(site, machine, form, name, f"Nothing was started: {error}")
        return RedirectResponse(address("runs", *site.executions.place(execution)), 303)

    if site.read_only:
        return []
    return [
        Route("/start/{machine}", show),
        Route("/start/{machine}", posted(start), methods=["POST"]),
    ]


def with_address(typed: Mapping[str, str], bucket: str) -> Mapping[str, str]:
    """What was typed, with the address of a dataset that was called by its name alone, as the command takes it."""
    name = typed.get("dataset", "").strip()
    if not name or name.startswith("s3:"):
        return typed
    return {**typed, "dataset": f"s3://{bucket}/datasets/{name}/"}


def _machine(site: Site, request: Request) -> str:
    machine = str(request.path_params["machine"])
    if not site.executions.knows(machine):
        raise HTTPException(404, f"Only a {' or a '.join(site.stack.machines_by_kind)} can be started.")
    return machine


def _empty(site: Site, machine: str, demands: Demands) -> Form:
    if machine == "build":
        return build_form(demands.defaults)
    packages = list_packages(site)
    return batch_form(packages) if machine == "batch" else release_form(demands.defaults, packages)


def _check(site: Site, machine: str, given: Mapping[str, Any], demands: Demands) -> None:
    """Raise where the machine's first state would refuse this input, as far as that can be told before."""
    if machine == "batch":
        check_batch(given)
        return
    if machine == "release":
        check_release(given, demands.defaults)
        return
    check_build(given, demands.defaults)
    if lines := demands.tell_loosened(given):
        raise UsageError("\n".join(lines))
    check_quotas(site.cloud, site.stack.project, given)


def _page(site: Site, machine: str, form: Form, name: str = "", wrong: str = "") -> Response:
    return site.render(
        "start.html",
        422 if wrong else 200,
        tab=TAB.name,
        machine=machine,
        machines=tuple(site.stack.machines_by_kind),
        form=form,
        name=name,
        wrong=wrong,
        datasets=list_datasets(site) if machine == "build" else (),
    )


def list_datasets(site: Site) -> list[str]:
    """The addresses of the datasets that were uploaded to the stack's bucket."""
    found = site.cloud.pages(
        "s3", "list_objects_v2", "CommonPrefixes", Bucket=site.stack.bucket, Prefix="datasets/", Delimiter="/"
    )
    return [f"s3://{site.stack.bucket}/{item['Prefix']}" for item in found]


def list_packages(site: Site) -> Sequence[str]:
    """The ARNs of the registered versions, newest first."""
    found = site.cloud.pages(
        "sagemaker",
        "list_model_packages",
        "ModelPackageSummaryList",
        ModelPackageGroupName=site.stack.package_group,
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    return [str(item["ModelPackageArn"]) for item in found]
