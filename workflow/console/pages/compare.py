"""Builds side by side: figures, curves, data, and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.comparison import MOST, Side, data, differing, figures, read_side
from workflow.console.curves import overlay
from workflow.console.executions import Execution
from workflow.console.jobs import kind_of, read_job
from workflow.console.pages.runs import TAB
from workflow.console.site import Site
from workflow.console.visits import follow
from workflow.runs.progress import Epoch


def routes(site: Site) -> list[Route]:
    """The address of a comparison: ``?run=`` for each of at most MOST builds."""

    def find(name: str) -> Execution:
        found = site.executions.describe("build", name)
        if found is None:
            raise HTTPException(404, f"There is no build named {name}.")
        return found

    def epochs_of(execution: Execution) -> Sequence[Epoch]:
        trainings = [
            attempt
            for visit in follow(site.events.of(execution.arn)).visits
            for attempt in visit.attempts
            if kind_of(attempt) == "training"
        ]
        job = read_job(site.cloud, trainings[-1]) if trainings else None
        return job.epochs if job else ()

    def show(request: Request) -> Response:
        names = list(dict.fromkeys(request.query_params.getlist("run")))[:MOST]
        sides: list[Side] = []
        for execution in map(find, names):
            sides.append(read_side(site.stored, execution, epochs_of(execution)))
        different, shared = differing(sides)
        return site.render(
            "compare.html",
            tab=TAB.name,
            sides=sides,
            figures=figures(sides),
            data=data(sides),
            different=different,
            shared=shared,
            charts=overlay({side.execution.name: side.epochs for side in sides if side.epochs}),
            most=MOST,
        )

    return [Route("/compare", show)]
