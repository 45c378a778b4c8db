"""Starting a run, or a release: the form, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workflow.console.form import (
    STARTED_BY,
    Form,
    build_form,
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
NAMED = ("dataset", "dataset_version", "model_package_arn")
"""The keys that an address may fill in: other pages lead here with what they are about."""


def routes(site: Site) -> list[Route]:
    """The form's addresses; none where nothing may be changed."""

    def show(request: Request) -> Response:
        machine = _machine(request)
        form = _empty(site, machine, read_demands(site.cloud, site.stack.project))
        like = site.executions.describe(machine, request.query_params.get("like", ""))
        given = {key: value for key, value in own_keys(like.given).items() if key != STARTED_BY} if like else {}
        named = {key: request.query_params[key] for key in NAMED if key in request.query_params}
        return _page(site, machine, fill(form, {**given, **named, STARTED_BY: site.user}))

    def start(request: Request, typed: Mapping[str, str]) -> Response:
        machine = _machine(request)
        demands = read_demands(site.cloud, site.stack.project)
        given, form = read_form(_empty(site, machine, demands), with_address(typed, site.stack.bucket))
        name = typed.get("name", "").strip()
        if has_errors(form):
            return _page(site, machine, form, name, "Nothing was started: see what is marked below.")
        try:
            _check(site, machine, given, demands)
            arn = site.executions.machine(machine)
            execution = start_run(site.cloud, arn, given, name)
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


def _machine(request: Request) -> str:
    machine = str(request.path_params["machine"])
    if machine not in ("build", "release"):
        raise HTTPException(404, "Only a build or a release can be started.")
    return machine


def _empty(site: Site, machine: str, demands: Demands) -> Form:
    if machine == "build":
        return build_form(demands.defaults)
    return release_form(demands.defaults, list_packages(site))


def _check(site: Site, machine: str, given: Mapping[str, Any], demands: Demands) -> None:
    """Raise where the machine's first state would refuse this input, as far as that can be told before."""
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
