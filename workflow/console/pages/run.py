"""One execution: its facts, its machine's picture, the state that is looked at, its events; stop and redrive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from workflow.console.curves import charts
from workflow.console.events import rows_of, show_document
from workflow.console.executions import Execution, read_message
from workflow.console.jobs import read_job
from workflow.console.mails import link_of_run, read_mails
from workflow.console.pages.documents import written
from workflow.console.pages.runs import TAB, as_number
from workflow.console.picture import Look, draw, states_of
from workflow.console.site import Site, address, posted
from workflow.console.visits import Status, Trail, Visit, details_of, follow
from workflow.contract.execution import parent_of
from workflow.contract.reading import object_or_empty, read_object
from workflow.errors import UsageError
from workflow.runs.steering import redrive_run, stop_run

FEW, MANY = 30, 200
"""Newest events on the page of a run, and events of one page of their own."""


def routes(site: Site) -> list[Route]:
    """The addresses of one execution."""

    def find(request: Request) -> Execution:
        machine, name = request.path_params["machine"], request.path_params["name"]
        found = site.executions.describe(machine, name) if site.executions.knows(machine) else None
        if found is None:
            raise HTTPException(404, f"There is no {machine} named {name}.")
        return found

    def show(request: Request) -> Response:
        execution = find(request)
        events = site.events.of(execution.arn)
        trail = follow(events)
        visit = choose(trail, request.query_params)
        here = address("runs", execution.machine, execution.name)
        asking = any(one.status is Status.ASKING for one in trail.visits[-1:])
        return site.render(
            "run.html",
            tab=TAB.name,
            execution=execution,
            live=execution.running,
            part_of_a_release=not site.executions.is_listed(execution.machine),
            here=here,
            facts=facts_of(execution, trail),
            trail=trail,
            documents=written(execution.machine, trail.visits),
            visit=visit,
            siblings=trail.of(visit.state) if visit else (),
            picture=draw_picture(execution, trail, visit),
            unseen=sorted(set(trail.by_state()) - states_of(execution.machine)),
            nested=site.executions.place(visit.last.nested) if visit and visit.last and visit.last.nested else ("", ""),
            parent=site.executions.place(parent_of(execution.given)),
            decide=link_of_run(read_mails(site.mailbox), execution.name) if asking and site.mailbox else "",
            # What went to its end, where everyone was told, would only come to that end again.
            redrivable=execution.redrivable and not any(one.kind == "Fail" for one in trail.visits[-1:]),
            status=Status.ASKING if asking else execution.status,
            events=rows_of(events)[-FEW:][::-1],
            count=len(events),
            **describe_job(site, visit),
        )

    def list_events(request: Request) -> Response:
        execution = find(request)
        events = site.events.of(execution.arn)
        pages = max(1, -(-len(events) // MANY))
        page = min(max(1, as_number(request.query_params.get("page", ""))), pages)
        shown = rows_of(events)[::-1][(page - 1) * MANY : page * MANY]
        here = address("runs", execution.machine, execution.name)
        return site.render(
            "events.html",
            tab=TAB.name,
            execution=execution,
            here=here,
            events=shown,
            count=len(events),
            page=page,
            pages=pages,
        )

    def show_event(request: Request) -> Response:
        execution, number = find(request), request.path_params["number"]
        event = next((one for one in site.events.of(execution.arn) if one["id"] == number), None)
        if event is None:
            raise HTTPException(404, f"{execution.name} has no event {number}.")
        return PlainTextResponse(show_document(json.dumps(details_of(event), default=str)))

    def stop(request: Request, _: Mapping[str, str]) -> Response:
        execution = find(request)
        try:
            stop_run(site.cloud, execution.arn, f"stopped in the console by {site.user}")
        except UsageError as error:
            return site.render("message.html", 409, tab=TAB.name, title="It cannot be stopped", text=str(error))
        return RedirectResponse(address("runs", execution.machine, execution.name), 303)

    def redrive(request: Request, _: Mapping[str, str]) -> Response:
        execution = find(request)
        try:
            redrive_run(site.cloud, execution.arn)
        except UsageError as error:
            return site.render("message.html", 409, tab=TAB.name, title="It cannot be redriven", text=str(error))
        return RedirectResponse(address("runs", execution.machine, execution.name), 303)

    one = "/runs/{machine}/{name}"
    return [
        Route(one, show),
        Route(f"{one}/events", list_events),
        Route(f"{one}/events/{{number:int}}", show_event),
        Route(f"{one}/stop", posted(stop), methods=["POST"]),
        Route(f"{one}/redrive", posted(redrive), methods=["POST"]),
    ]


def choose(trail: Trail, asked: Mapping[str, str]) -> Visit | None:
    """The visit that is looked at: the one asked for, the latest to the state asked for, or what matters most now."""
    number = asked.get("visit", "")
    found = [visit for visit in trail.visits if str(visit.number) == number] or trail.of(asked.get("state", ""))
    return found[-1] if found else trail.current()


def draw_picture(execution: Execution, trail: Trail, visit: Visit | None) -> str:
    """The machine's picture as far as the execution is; a state of it leads to its latest visit."""
    statuses = {state: latest.status for state, latest in trail.by_state().items()}
    look = Look(statuses, trail.ways(), visit.state if visit else "")
    return draw(execution.machine, look, lambda state: address("runs", execution.machine, execution.name, state=state))


def describe_job(site: Site, visit: Visit | None) -> dict[str, Any]:
    """The job of a visit's last attempt with its curves."""
    job = read_job(site.cloud, visit.last) if visit and visit.last else None
    return {"job": job, "charts": charts(job.epochs) if job and job.epochs else []}


def facts_of(execution: Execution, trail: Trail) -> list[tuple[str, str]]:
    """What is known of an execution beside its status and its times, each by its name; what is unknown is left out."""
    data = read_object(trail.visits[-1].given) if trail.visits else {}
    known = {**data, **execution.output}
    plan, approval = object_or_empty(known.get("plan")), object_or_empty(known.get("approval"))
    registered = object_or_empty(known.get("package")).get("arn")
    package = str(registered or execution.given.get("model_package_arn") or plan.get("model_package_arn") or "")
    decided = str(approval.get("decision") or "")
    by = str(approval.get("by") or "")
    found = [
        ("Dataset", execution.dataset or str(plan.get("dataset_name") or "")),
        ("Pictures", str(execution.given.get("pictures") or "")),
        ("Version", package.rpartition("/")[2]),
        ("Stage", str(plan.get("stage") or "")),
        ("Started by", execution.started_by or str(plan.get("started_by") or "")),
        ("Why it builds", str(plan.get("reason") or "")),
        ("Gate", str(object_or_empty(known.get("gate")).get("summary") or "")),
        ("Came of it", str(read_message(object_or_empty(known.get("join"))) or "")),
        ("Decision", f"{decided} by {by or 'somebody'}" if decided else ""),
        ("Comment", str(approval.get("comment") or "")),
    ]
    return [(name, text) for name, text in found if text]
